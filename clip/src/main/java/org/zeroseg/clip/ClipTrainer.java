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
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.network.BatchNorm;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Adam;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.Objective;
import org.zeroseg.core.train.Optimiser;
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

  /** Weight of each distance to the teacher beside the contrastive loss. */
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
   * @param learningRate the highest, after the warm-up
   * @param warmUp steps of linear rise
   * @param weightDecay of matrices and convolutions; gains, biases and the temperature have none
   */
  public record Options(double learningRate, int warmUp, double weightDecay) {}

  private final ClipModel model;
  private final Map<String, NDArray> weights;
  private final NDManager manager;
  private final Optional<Clip> teacher;

  private ClipTrainer(
      ClipConfig config, Map<String, NDArray> weights, NDManager manager, Optional<Clip> teacher) {
    this.model = ClipModel.of(config, Weights.of(weights, "CLIP in training"), manager);
    this.weights = weights;
    this.manager = manager;
    this.teacher = teacher;
  }

  /**
   * Trains both towers from random weights.
   *
   * @param config the sizes
   * @param random where the weights come from
   * @param manager owns them
   * @return the trainer
   */
  public static ClipTrainer of(ClipConfig config, RandomGenerator random, NDManager manager) {
    return new ClipTrainer(
        config, config.initialWeights(random, manager), manager, Optional.empty());
  }

  /**
   * Trains both towers, the image tower from what a model has learnt of other pictures. Words are
   * new.
   *
   * @param start a model of this trainer; its image tower and sizes are taken over
   * @param text sizes of the text tower
   * @param random where the text tower's weights come from
   * @param manager owns the weights
   * @return the trainer
   */
  public static ClipTrainer startingFrom(
      Checkpoint start, ClipConfig.Text text, RandomGenerator random, NDManager manager) {
    ClipConfig known = ClipConfig.of(start);
    ClipConfig config =
        new ClipConfig(known.image(), text, known.embedding(), known.activation(), known.epsilon());
    Map<String, NDArray> weights = config.initialWeights(random, manager);
    Weights learnt = Weights.load(start, known.shapes(), manager);
    weights.replaceAll((name, array) -> name.startsWith("visual.") ? learnt.get(name) : array);
    return new ClipTrainer(config, weights, manager, Optional.empty());
  }

  /**
   * Trains a vision transformer alone, from random weights, in the joint space of another model:
   * with the loss above against that model's words, and with the distance to its embeddings of the
   * pictures (Hinton et al. 2015) and of their cells ({@link DenseClip}), which the patch tokens
   * learn. What learns slowly from few pictures so starts from what a ResNet has learnt.
   *
   * @param image sizes of the vision transformer
   * @param teacher whose text tower and temperature are taken over, best in float32
   * @param random where the weights come from
   * @param manager owns them
   * @return the trainer
   */
  public static ClipTrainer distilling(
      ClipConfig.Vit image, Clip teacher, RandomGenerator random, NDManager manager) {
    ClipConfig config = student(image, teacher);
    return distilling(config, config.initialWeights(random, manager), teacher, manager);
  }

  /**
   * The same from what a vision transformer has learnt of other pictures.
   *
   * @param start its image tower and sizes are taken over
   * @param teacher whose text tower and temperature are taken over, best in float32
   * @param manager owns the weights
   * @return the trainer
   * @throws IllegalArgumentException if the model has no vision transformer, or a joint space of
   *     another size than the teacher's
   */
  public static ClipTrainer distilling(Checkpoint start, Clip teacher, NDManager manager) {
    ClipConfig known = ClipConfig.of(start);
    if (!(known.image() instanceof ClipConfig.Vit image)
        || known.embedding() != teacher.config().embedding()) {
      throw new IllegalArgumentException(
          "expected a vision transformer with a joint space of %d dimensions, found %s"
              .formatted(teacher.config().embedding(), known));
    }
    ClipConfig config = student(image, teacher);
    Weights learnt = Weights.load(start, known.shapes(), manager);
    // What is not the image tower's is the teacher's in a moment.
    Map<String, NDArray> weights = config.initialWeights(new SplittableRandom(0), manager);
    weights.replaceAll((name, array) -> name.startsWith("visual.") ? learnt.get(name) : array);
    return distilling(config, weights, teacher, manager);
  }

  private static ClipConfig student(ClipConfig.Vit image, Clip teacher) {
    ClipConfig known = teacher.config();
    return new ClipConfig(
        image, known.text(), known.embedding(), known.activation(), known.epsilon());
  }

  private static ClipTrainer distilling(
      ClipConfig config, Map<String, NDArray> weights, Clip teacher, NDManager manager) {
    weights.replaceAll(
        (name, array) -> {
          if (name.startsWith("visual.")) {
            return array;
          }
          float[] learnt =
              teacher.compute(
                  (other, call) -> {
                    // The engine reads no bfloat16, which a teacher may be held in.
                    try (NDArray wide =
                        Kernels.core().call("to_float32", other.weights().get(name))) {
                      return wide.toFloatArray();
                    }
                  });
          return manager.create(learnt, array.getShape());
        });
    return new ClipTrainer(config, weights, manager, Optional.of(teacher));
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
   * @param options hyper-parameters
   * @param plan length and folder
   * @param progress told the loss of every step
   * @return the loss of every step
   * @throws IOException if a file of the plan's folder cannot be read or written
   */
  public float[] run(Batches<Pairs> batches, Options options, TrainingPlan plan, Progress progress)
      throws IOException {
    Schedule schedule =
        Schedule.cosine(options.learningRate(), plan.steps(), 0).warmUp(options.warmUp());
    Map<String, NDArray> trained = new LinkedHashMap<>(weights);
    trained
        .keySet()
        .removeIf(
            name ->
                BatchNorm.isStatistic(name)
                    || (teacher.isPresent() && !name.startsWith("visual.")));
    List<Optimiser.Group> groups =
        Optimiser.Group.decayingMatrices(trained, schedule, options.weightDecay());
    try (Optimiser adam = new Adam(groups, Adam.Options.ADAM_W)) {
      return new Training<>(weights, adam, batches, new Contrastive()).run(plan, progress);
    }
  }

  /** What a teacher says; through the heap, since a backward pass saves no results of inference. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Taught(float[] images, float[] cells) {}

  private final class Contrastive implements Objective<Pairs> {

    private final ClipModel learner = model.in(Mode.TRAINING);

    @Override
    public NDArray loss(Pairs batch, NDManager step) {
      Shape shape = new Shape(batch.tokens().length, 3, batch.size(), batch.size());
      NDArray pixels = step.create(batch.pixels(), shape);
      NDArray texts = learner.text().encode(step.create(batch.tokens()));
      NDArray captions = step.create(numbers(batch.tokens()));
      if (teacher.isEmpty()) {
        return contrastiveLoss(learner.logits(learner.image().encode(pixels), texts), captions);
      }
      VisionTransformer tower = (VisionTransformer) learner.image();
      NDArray tokens = tower.blocks().forward(tower.tokens(pixels, PositionResampling.TARGET_SIZE));
      NDArray embedded = tower.project(tower.normalize(tokens));
      NDArray images = embedded.get(":, 0");
      NDArray cells = embedded.get(":, 1:");
      Taught taught = taught(teacher.get(), batch, shape);
      return contrastiveLoss(learner.logits(images, texts), captions)
          .add(distance(images, taught.images()))
          .add(distance(cells, taught.cells()));
    }

    /** The teacher's cells are averaged over each patch. */
    private Taught taught(Clip other, Pairs batch, Shape shape) {
      DenseClip dense = other.dense(false);
      long patches = batch.size() / learner.config().image().stride();
      return other.compute(
          (known, call) -> {
            DenseClip.Embedded embedded = dense.embed(call.create(batch.pixels(), shape));
            DenseClip.Features cells = embedded.cells();
            NDArray pooled =
                KERNELS.call(
                    "pool_cells",
                    cells.features(),
                    call.create(new long[] {cells.height(), cells.width()}),
                    call.create(new long[] {patches, patches}));
            return new Taught(embedded.pictures().toFloatArray(), pooled.toFloatArray());
          });
    }

    private NDArray distance(NDArray learnt, float[] taught) {
      NDArray goal = learnt.getManager().create(taught, learnt.getShape());
      return Kernels.scaled(KERNELS.differentiable("cosine_distance", learnt, goal), DISTANCE);
    }

    @Override
    public void afterUpdate() {
      try (NDManager call = manager.newSubManager()) {
        KERNELS.call("limit", call.create(LARGEST_SCALE), weights.get("logit_scale"));
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
