package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * The background-aware proposal network (Zheng et al. 2021, Sec. 3.4): it tells objects from
 * background by two learnt word vectors for each shape of anchor. The vector of background serves
 * the detector and the mask head, too. Or, for ablations, a plain one (Ren et al. 2015) with a
 * linear map in their place.
 */
final class ProposalNetwork {

  static final Kernels KERNELS = Kernels.of(ProposalNetwork.class, "zsi.torchscript");

  private final Weights weights;
  private final Mode mode;
  private final NDArray[] folded;

  private ProposalNetwork(Weights weights, Mode mode, NDArray[] folded) {
    this.weights = weights;
    this.mode = mode;
    this.folded = folded;
  }

  /** The network on {@code rpn_head} weights, each of its layers by itself. */
  static ProposalNetwork of(Weights weights, Mode mode) {
    return new ProposalNetwork(weights, mode, new NDArray[0]);
  }

  /**
   * What it says of one level.
   *
   * @param scores {@code [B, 2 A, H, W]}: background and foreground of every shape
   * @param deltas {@code [B, 4 A, H, W]}
   */
  record Answer(NDArray scores, NDArray deltas) {

    /** The part of one picture. */
    static Proposals.Level level(float[] scores, float[] deltas, int picture, int pictures) {
      return new Proposals.Level(part(scores, picture, pictures), part(deltas, picture, pictures));
    }

    private static float[] part(float[] values, int picture, int pictures) {
      int length = values.length / pictures;
      return Arrays.copyOfRange(values, picture * length, (picture + 1) * length);
    }
  }

  private boolean isBackgroundAware() {
    return weights.find("rpn_cls.weight").isEmpty();
  }

  Answer forward(NDArray level) {
    if (folded.length > 0) {
      NDArray both =
          KERNELS.call(
              "propose_folded",
              level,
              weights.get("rpn_conv.weight"),
              weights.get("rpn_conv.bias"),
              folded[0],
              folded[1]);
      NDList parts = both.split(new long[] {2L * Anchors.PUBLISHED.shapes()}, 1);
      return new Answer(parts.get(0), parts.get(1));
    }
    if (!isBackgroundAware()) {
      NDList answer =
          mode.callAll(
              KERNELS,
              "propose_plainly",
              level,
              weights.get("rpn_conv.weight"),
              weights.get("rpn_conv.bias"),
              weights.get("rpn_cls.weight"),
              weights.get("rpn_cls.bias"),
              weights.get("rpn_reg.weight"),
              weights.get("rpn_reg.bias"));
      return new Answer(answer.get(0), answer.get(1));
    }
    NDArray[] arguments = {
      level,
      weights.get("rpn_conv.weight"),
      weights.get("rpn_conv.bias"),
      weights.get("rpn_cls_conv_T.weight"),
      weights.get("rpn_cls_conv_T.bias"),
      weights.get("vec_fb.weight"),
      weights.get("rpn_reg.weight"),
      weights.get("rpn_reg.bias")
    };
    NDList answer = mode.callAll(KERNELS, "propose", arguments);
    return new Answer(answer.get(0), answer.get(1));
  }

  /**
   * The same network with its linear maps to scores and deltas as one; for inference.
   *
   * @param manager owns the product
   */
  ProposalNetwork folded(NDManager manager) {
    Matrix map;
    float[] bias;
    if (isBackgroundAware()) {
      Matrix words = Matrix.of(weights.get("vec_fb.weight"));
      map = words.times(Matrix.of(weights.get("rpn_cls_conv_T.weight")));
      bias = words.times(Matrix.column(weights.get("rpn_cls_conv_T.bias"))).floats();
    } else {
      map = Matrix.of(weights.get("rpn_cls.weight"));
      bias = weights.get("rpn_cls.bias").toFloatArray();
    }
    float[] map32 = map.floats();
    float[] deltas = weights.get("rpn_reg.weight").toFloatArray();
    float[] deltaBias = weights.get("rpn_reg.bias").toFloatArray();
    float[] all = Arrays.copyOf(map32, map32.length + deltas.length);
    System.arraycopy(deltas, 0, all, map32.length, deltas.length);
    float[] allBias = Arrays.copyOf(bias, bias.length + deltaBias.length);
    System.arraycopy(deltaBias, 0, allBias, bias.length, deltaBias.length);
    return new ProposalNetwork(
        weights,
        Mode.INFERENCE,
        new NDArray[] {
          manager.create(all, new Shape(allBias.length, map.columns(), 1, 1)),
          manager.create(allBias)
        });
  }

  /**
   * v_b: the mean of the background vectors of all shapes. It does not depend on the picture; a
   * plain network has none.
   */
  float[] backgroundVector() {
    return backgroundVector(weights.get("vec_fb.weight"));
  }

  static float[] backgroundVector(NDArray words) {
    int rows = (int) words.getShape().get(0);
    float[] all = words.toFloatArray();
    int dimensions = all.length / rows;
    float[] mean = new float[dimensions];
    float shapes = rows / 2f;
    for (int d = 0; d < dimensions; d++) {
      float sum = 0;
      for (int row = 0; row < rows; row += 2) {
        sum += all[row * dimensions + d];
      }
      mean[d] = sum / shapes;
    }
    return mean;
  }

  /**
   * The losses of one level of a batch.
   *
   * @param classes of background or not
   * @param boxes of the deltas
   */
  record Losses(NDArray classes, NDArray boxes) {}

  /**
   * Losses of a level.
   *
   * @param labels of all pictures' anchors of this level, as in {@link AnchorTargets}
   * @param targets their deltas
   * @param samples of the whole batch
   */
  static Losses losses(Answer answer, long[] labels, float[] targets, int samples) {
    NDManager call = answer.scores().getManager();
    NDList losses =
        KERNELS.differentiableAll(
            "proposal_losses",
            answer.scores(),
            answer.deltas(),
            call.create(labels),
            call.create(targets, new Shape(labels.length, 4)),
            Kernels.numbers(call, samples));
    return new Losses(losses.get(0), losses.get(1));
  }
}
