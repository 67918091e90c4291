package org.zeroseg.zeroguide.caption;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.zeroguide.gpt2.Gpt2;
import org.zeroseg.zeroguide.gpt2.Memory;

/**
 * One next-token distribution of ZeroCap (Tewel et al. 2022, Sec. 3): the memory of the language
 * model is moved by a few gradient steps so that the likeliest next tokens agree with CLIP, and
 * thrown away afterwards. The loss is differentiated by hand down to the logits, and the language
 * model from there to its memory, so neither CLIP nor the softmaxes are ever differentiated.
 */
record Steering(
    Gpt2 model,
    SpecialTokens special,
    ZeroCapSettings settings,
    ContinuationScorer scorer,
    Observer observer) {

  static final Kernels KERNELS = Kernels.of(Steering.class, "steering.torchscript");

  /** Sees the inside of a step. */
  interface Observer {

    /** Before one gradient: the candidates, and terms of the loss by rows. */
    default void iteration(long[] candidates, float[] clipLoss, float[] fluencyLoss) {}

    /** One layer's part of a gradient, from the last to the first. */
    default void gradient(int layer, Memory.Layer gradient) {}

    /** At the end: logits before and after special tokens, and the moved memory. */
    default void steered(float[][] logits, float[][] special, float[][] unsteered, Memory moved) {}
  }

  /**
   * What a step gives.
   *
   * @param fused R rows, not normalised
   * @param memory of the contexts whole, unmoved
   */
  record Step(List<float[]> fused, Memory memory) {}

  /**
   * The distributions of the next token.
   *
   * @param call owns the returned memory
   * @param memory of R contexts without their last tokens
   * @param contexts R contexts of one length
   * @param step number of tokens generated so far
   * @param targets R unit vectors
   */
  Step next(NDManager call, Memory memory, List<int[]> contexts, int step, List<float[]> targets) {
    long[] last = contexts.stream().mapToLong(ids -> ids[ids.length - 1]).toArray();
    Shape column = new Shape(last.length, 1);
    try (NDManager inner = call.newSubManager()) {
      NDArray ids = inner.create(last, column);
      // The first pass is made on the memory as it is: it gives the unsteered distribution as well.
      Gpt2.Pass unmoved = model.pass(ids, memory);
      NDArray unsteered = KERNELS.call("log_softmax", unmoved.logits());
      Memory moved = memory;
      for (int i = 0; i < settings.iterations(); i++) {
        try (NDManager iteration = inner.newSubManager()) {
          Gpt2.Pass pass = i == 0 ? unmoved : model.pass(iteration.create(last, column), moved);
          NDArray gradient = lossGradient(iteration, pass, unsteered, contexts, targets);
          moved = descend(iteration, moved, i > 0, pass, gradient);
        }
      }
      boolean steered = settings.iterations() > 0;
      float[][] logits = rows((steered ? model.pass(ids, moved) : unmoved).logits());
      List<float[]> fused = fuse(logits, rows(unsteered), contexts, step, moved);
      if (steered) {
        moved.close();
      }
      return new Step(fused, model.append(memory, unmoved));
    }
  }

  private NDArray lossGradient(
      NDManager iteration,
      Gpt2.Pass pass,
      NDArray unsteered,
      List<int[]> contexts,
      List<float[]> targets) {
    NDArray current = KERNELS.call("log_softmax", pass.logits());
    current.attach(iteration);
    int count = Math.min(settings.candidates(), model.config().vocabulary());
    NDArray index = KERNELS.call("likeliest", current, Kernels.numbers(iteration, count));
    long[] candidates = index.toLongArray();
    NDArray believed =
        iteration.create(opinion(candidates, count, contexts, targets), index.getShape());
    NDArray scales = Kernels.numbers(iteration, settings.clipScale(), settings.fluencyScale());
    NDList loss = KERNELS.callAll("loss_gradient", current, unsteered, index, believed, scales);
    observer.iteration(candidates, loss.get(1).toFloatArray(), loss.get(2).toFloatArray());
    return loss.get(0);
  }

  /** Moves a memory layer by layer, each freed once its successor is there if it is a copy. */
  private Memory descend(
      NDManager iteration, Memory memory, boolean copied, Gpt2.Pass pass, NDArray gradient) {
    NDArray options = Kernels.numbers(iteration, settings.stepSize(), settings.normExponent());
    Memory.Layer[] moved = new Memory.Layer[memory.layers().size()];
    model.gradient(
        memory,
        pass,
        gradient,
        (i, g) -> {
          observer.gradient(i, g);
          Memory.Layer layer = memory.layers().get(i);
          moved[i] = layer.descend(g, options);
          if (copied) {
            layer.close();
          }
        });
    return new Memory(List.of(moved));
  }

  /** CLIP's distribution over the candidates of each row: softmax of cosines by temperature. */
  private float[] opinion(
      long[] candidates, int count, List<int[]> contexts, List<float[]> targets) {
    int[][] asked = new int[contexts.size()][count];
    for (int i = 0; i < candidates.length; i++) {
      asked[i / count][i % count] = (int) candidates[i];
    }
    float[][] cosines = scorer.cosines(contexts, asked, targets);
    float[] opinion = new float[candidates.length];
    for (int row = 0; row < cosines.length; row++) {
      double greatest = Double.NEGATIVE_INFINITY;
      for (float cosine : cosines[row]) {
        greatest = Math.max(greatest, cosine / settings.temperature());
      }
      double sum = 0;
      double[] weights = new double[count];
      for (int i = 0; i < count; i++) {
        weights[i] = Math.exp(cosines[row][i] / settings.temperature() - greatest);
        sum += weights[i];
      }
      for (int i = 0; i < count; i++) {
        opinion[row * count + i] = (float) (weights[i] / sum);
      }
    }
    return opinion;
  }

  /** Special tokens, then the geometric mean with the unsteered distribution. */
  private List<float[]> fuse(
      float[][] logits, float[][] unsteered, List<int[]> contexts, int step, Memory moved) {
    float[][] changed = new float[logits.length][];
    List<float[]> fused = new ArrayList<>();
    for (int row = 0; row < logits.length; row++) {
      changed[row] = logits[row].clone();
      special.apply(changed[row], contexts.get(row), step, settings);
      fused.add(new float[changed[row].length]);
    }
    IntStream.range(0, logits.length)
        .parallel()
        .forEach(row -> fuse(changed[row], unsteered[row], fused.get(row)));
    observer.steered(logits, changed, unsteered, moved);
    return fused;
  }

  private void fuse(float[] logits, float[] unsteered, float[] fused) {
    double greatest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      greatest = Math.max(greatest, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - greatest);
    }
    double divisor = greatest + Math.log(sum);
    double share = settings.fusion();
    for (int i = 0; i < fused.length; i++) {
      fused[i] = (float) Math.exp(share * (logits[i] - divisor) + (1 - share) * unsteered[i]);
    }
  }

  private static float[][] rows(NDArray matrix) {
    float[] values = matrix.toFloatArray();
    int width = (int) matrix.getShape().get(1);
    float[][] rows = new float[(int) matrix.getShape().get(0)][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(values, i * width, (i + 1) * width);
    }
    return rows;
  }
}
