package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.zeroseg.core.Progress;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Adam;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.Objective;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.core.train.Training;
import org.zeroseg.core.train.TrainingPlan;

/**
 * Trains CLIP on pictures with captions: symmetric cross-entropy over the cosines of a batch with a
 * learnt temperature (Radford et al. 2021, Sec. 2.3), AdamW, warm-up and cosine.
 *
 * <p>Departure from the paper: captions that occur twice in a batch count as right for each other's
 * pictures. Where all captions differ the loss is the paper's.
 */
public final class ClipTrainer {

  private static final Kernels KERNELS = Kernels.of(ClipTrainer.class, "training.torchscript");

  /** "Clipped to prevent scaling the logits by more than 100" (Sec. 2.5). */
  private static final double LARGEST_SCALE = Math.log(100);

  /** Weight of the distance to the teacher beside the contrastive loss. */
  private static final float DISTANCE = 5;

  /**
   * A batch.
   *
   * @param pixels {@code [B, 3, S, S]}, normalised, row-major
   * @param size the pictures' side, S
   * @param tokens ids of each caption, ended by the end token and padded to one length
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  public record Pairs(float[] pixels, int size, long[][] tokens) {}

  /**
   * Hyper-parameters.
   *
   * @param learningRate the highest, behind the warm-up
   * @param warmUp steps of linear rise
   * @param weightDecay of matrices and convolutions; gains, biases and the temperature have none
   */
  public record Options(double learningRate, int warmUp, double weightDecay) {}

  private final ClipModel model;
  private final Map<String, NDArray> weights;
  private final Predicate<String> trained;
  private final Optional<ClipModel> teacher;
  private final Options options;

  private ClipTrainer(
      ClipModel model,
      Map<String, NDArray> weights,
      Predicate<String> trained,
      Optional<ClipModel> teacher,
      Options options) {
    this.model = model;
    this.weights = weights;
    this.trained = trained;
    this.teacher = teacher;
    this.options = options;
  }

  /**
   * Trains both towers from where the weights are.
   *
   * @param config the sizes
   * @param weights every array of {@link ClipConfig#shapes()}; changed in place
   * @param options hyper-parameters
   * @return the trainer
   */
  public static ClipTrainer of(ClipConfig config, Map<String, NDArray> weights, Options options) {
    return new ClipTrainer(
        model(config, weights), weights, name -> true, Optional.empty(), options);
  }

  /**
   * Trains the image tower alone, in a joint space that exists: with the loss above against the
   * words of the given text tower, plus the distance of its embeddings to those of another image
   * tower. A vision transformer, which learns slowly from few pictures, so starts from what a
   * ResNet has learnt (Hinton et al. 2015).
   *
   * @param config the sizes; the text tower's are the teacher's
   * @param weights every array of {@link ClipConfig#shapes()}, the text tower's and the temperature
   *     those of the teacher; changed in place
   * @param teacher whose embeddings are learnt
   * @param options hyper-parameters
   * @return the trainer
   */
  public static ClipTrainer distilling(
      ClipConfig config, Map<String, NDArray> weights, ClipModel teacher, Options options) {
    return new ClipTrainer(
        model(config, weights),
        weights,
        name -> name.startsWith("visual."),
        Optional.of(teacher),
        options);
  }

  private static ClipModel model(ClipConfig config, Map<String, NDArray> weights) {
    NDManager manager = weights.values().iterator().next().getManager();
    return ClipModel.of(config, Weights.of(weights, "CLIP in training"), manager);
  }

  /**
   * The model in its present state.
   *
   * @return the model, for inference
   */
  public ClipModel model() {
    return model;
  }

  /**
   * Trains to the end of a plan, or resumes there.
   *
   * @param batches the data
   * @param plan length and folder
   * @param progress told the loss of every step
   * @return the loss of every step
   * @throws IOException if a file of the plan's folder cannot be read or written
   */
  public float[] run(Batches<Pairs> batches, TrainingPlan plan, Progress progress)
      throws IOException {
    Schedule schedule =
        Schedule.cosine(options.learningRate(), plan.steps(), 0).warmUp(options.warmUp());
    Map<String, NDArray> decayed = new LinkedHashMap<>();
    Map<String, NDArray> free = new LinkedHashMap<>();
    weights.forEach(
        (name, array) -> {
          boolean statistic = name.contains("running_") || name.endsWith("num_batches_tracked");
          if (trained.test(name) && !statistic) {
            (array.getShape().dimension() > 1 ? decayed : free).put(name, array);
          }
        });
    List<Adam.Group> groups =
        List.of(
            new Adam.Group(decayed, schedule, options.weightDecay()),
            new Adam.Group(free, schedule, 0));
    // Beta 2 and epsilon are the paper's for ResNets (Table 18) and do no harm to transformers
    // here.
    try (Adam adam = new Adam(groups, new Adam.Options(0.9, 0.999, 1e-8, true));
        NDManager constants = weights.get("logit_scale").getManager().newSubManager()) {
      return new Training<>(weights, adam, batches, new Contrastive(constants)).run(plan, progress);
    }
  }

  private final class Contrastive implements Objective<Pairs> {

    private final ClipModel learner = model.training();
    private final NDManager constants;

    Contrastive(NDManager constants) {
      this.constants = constants;
    }

    @Override
    public NDArray loss(Pairs batch, NDManager manager) {
      int count = batch.tokens().length;
      int size = batch.size();
      NDArray pixels = manager.create(batch.pixels(), new Shape(count, 3, size, size));
      NDArray images = learner.image().encode(pixels);
      NDArray texts = learner.text().encode(manager.create(batch.tokens()));
      NDArray captions = manager.create(numbers(batch.tokens()));
      NDArray loss = contrastiveLoss(learner.logits(images, texts), captions);
      if (teacher.isPresent()) {
        // A copy: results of inference cannot be saved for a backward pass.
        NDArray goal = teacher.get().image().encode(pixels).duplicate();
        loss = loss.add(KERNELS.differentiable("cosine_distance", images, goal).mul(DISTANCE));
      }
      return loss;
    }

    @Override
    public void constrain() {
      try (NDArray limit = constants.create(LARGEST_SCALE)) {
        KERNELS.call("limit", limit, weights.get("logit_scale")).close();
      }
    }
  }

  /** Symmetric cross-entropy of {@code [B, B]} logits; equal numbers stand for equal captions. */
  static NDArray contrastiveLoss(NDArray logits, NDArray captions) {
    return KERNELS.differentiable("contrastive_loss", logits, captions);
  }

  /** Equal captions get equal numbers. */
  private static long[] numbers(long[][] tokens) {
    Map<List<Long>, Long> known = new HashMap<>();
    long[] numbers = new long[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      List<Long> caption = Arrays.stream(tokens[i]).boxed().toList();
      numbers[i] = known.computeIfAbsent(caption, key -> (long) known.size());
    }
    return numbers;
  }
}
