package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.network.Dropout;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Adam;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.CrossEntropy;
import org.zeroseg.core.train.Objective;
import org.zeroseg.core.train.Optimiser;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.core.train.Training;
import org.zeroseg.core.train.TrainingPlan;

/**
 * Trains NamedMask's segmenter, its category experts and ReCo+ (Shin et al. 2023, Sec. 3.3 and 4.2,
 * and the released code): cross-entropy and Adam, with one learning rate for the backbone and one
 * for the head; both follow the poly schedule.
 *
 * <pre>{@code
 * import ai.djl.ndarray.*;
 * MaskedArchives data =
 *     new MaskedArchives(
 *         Archives.read(Path.of("archives.json")),
 *         Path.of("pictures"),
 *         new PseudoMasks(Path.of("pseudo-masks")));
 * List<String> names = data.archives().categories();
 * DeepLabConfig config = DeepLabConfig.resNet50(names.size() + 1);
 * try (NDManager manager = TorchEngine.newManager();
 *     Checkpoint dino = Checkpoints.open(Path.of("dino_resnet50_pretrain.pth"))) {
 *   Checkpoint resNet = BackboneLayout.backbone(dino);
 *   Weights pretrained = Weights.load(resNet, config.backbone().shapes(""), manager);
 *   Map<String, NDArray> backbone = new HashMap<>();
 *   pretrained.names().forEach(name -> backbone.put(name, pretrained.get(name)));
 *   NamedMaskTrainer trainer =
 *       NamedMaskTrainer.of(
 *           config,
 *           config.initialWeights(backbone, new SplittableRandom(0), manager),
 *           NamedMaskTrainer.Options.DEFAULT);
 *   ArchiveSamples samples =
 *       new ArchiveSamples(PastedScenes.of(data, ArchiveSamples.NAMED_MASK), 16);
 *   trainer.run(samples, TrainingPlan.of(Path.of("namedmask"), 20_000), Progress.SILENT);
 *   trainer.save(Path.of("namedmask", "model.safetensors"), names, Map.of());
 * }
 * }</pre>
 */
public final class NamedMaskTrainer {

  /** The rate never falls below this, in the released code. */
  private static final double FLOOR = 1e-6;

  private static final double POWER = 0.9;

  /**
   * A batch of samples of one size.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised, row-major
   * @param height H
   * @param width W
   * @param labels {@code [B, H, W]}: a class for every pixel, 0 for background
   * @param dropout where the draws of this batch's dropout begin
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  public record Samples(float[] pixels, int height, int width, long[] labels, long dropout) {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if they do not fit together
     */
    public Samples {
      long area = (long) height * width;
      if (area == 0 || labels.length % area != 0 || pixels.length != 3L * labels.length) {
        throw new IllegalArgumentException(
            "%d values and %d labels for samples of %d x %d pixels"
                .formatted(pixels.length, labels.length, width, height));
      }
    }

    int count() {
      return labels.length / height / width;
    }
  }

  /**
   * Hyper-parameters.
   *
   * @param learningRate of the head at the start
   * @param backboneFactor what the backbone's rate is multiplied by
   * @param weightDecay added to the gradient of every parameter, times the parameter
   * @param beta1 Adam's decay of the running mean of gradients
   * @param beta2 Adam's decay of the running mean of their squares
   * @param ignore label of pixels that no class is asked for
   * @param dropout the share of the pyramid's output that is dropped
   * @param bfloat16 whether products are computed in bfloat16; the weights stay float32
   */
  public record Options(
      double learningRate,
      double backboneFactor,
      double weightDecay,
      double beta1,
      double beta2,
      int ignore,
      double dropout,
      boolean bfloat16) {

    /** The released code's values: 5e-4, a tenth of it for the backbone, 2e-4, 255. */
    public static final Options DEFAULT =
        new Options(5e-4, 0.1, 2e-4, 0.9, 0.999, 255, DeepLab.DROPOUT, false);

    /**
     * These options with other learning rates.
     *
     * @param rate of the head at the start
     * @param factor what the backbone's rate is multiplied by
     * @return the options
     */
    public Options withLearningRate(double rate, double factor) {
      return new Options(rate, factor, weightDecay, beta1, beta2, ignore, dropout, bfloat16);
    }

    /**
     * These options with another weight decay.
     *
     * @param decay added to the gradient of every parameter, times the parameter
     * @return the options
     */
    public Options withWeightDecay(double decay) {
      return new Options(
          learningRate, backboneFactor, decay, beta1, beta2, ignore, dropout, bfloat16);
    }

    /**
     * These options with another memory of gradients.
     *
     * @param first Adam's decay of the running mean of gradients
     * @param second Adam's decay of the running mean of their squares
     * @return the options
     */
    public Options withBetas(double first, double second) {
      return new Options(
          learningRate, backboneFactor, weightDecay, first, second, ignore, dropout, bfloat16);
    }

    /**
     * These options with another label to ignore.
     *
     * @param label of pixels that no class is asked for
     * @return the options
     */
    public Options withIgnore(int label) {
      return new Options(
          learningRate, backboneFactor, weightDecay, beta1, beta2, label, dropout, bfloat16);
    }

    /**
     * These options with products in bfloat16 or float32.
     *
     * @param reduced whether products are computed in bfloat16
     * @return the options
     */
    public Options withBfloat16(boolean reduced) {
      return new Options(
          learningRate, backboneFactor, weightDecay, beta1, beta2, ignore, dropout, reduced);
    }
  }

  private final DeepLabConfig config;
  private final Map<String, NDArray> weights;
  private final Options options;

  private NamedMaskTrainer(DeepLabConfig config, Map<String, NDArray> weights, Options options) {
    this.config = config;
    this.weights = weights;
    this.options = options;
  }

  /**
   * Trains from where the weights are.
   *
   * @param config the sizes
   * @param weights every array of {@link DeepLabConfig#shapes()}; changed in place
   * @param options hyper-parameters
   * @return the trainer
   * @throws IllegalArgumentException if the classes reach the label that is ignored, or a weight is
   *     missing
   */
  public static NamedMaskTrainer of(
      DeepLabConfig config, Map<String, NDArray> weights, Options options) {
    if (config.classes() > options.ignore()) {
      throw new IllegalArgumentException(
          "%d classes reach the label %d, which is ignored; choose a higher one"
              .formatted(config.classes(), options.ignore()));
    }
    List<String> missing =
        config.shapes().keySet().stream().filter(name -> !weights.containsKey(name)).toList();
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException("no weights to train from for " + missing);
    }
    return new NamedMaskTrainer(config, weights, options);
  }

  /**
   * What training has come to so far.
   *
   * @return the arrays themselves, which change with every step
   */
  public Weights result() {
    return Weights.of(weights, "NamedMask in training");
  }

  /**
   * The network as it is at every step.
   *
   * @return the network, for inference
   */
  public DeepLab model() {
    return DeepLab.of(config, result(), manager());
  }

  private NDManager manager() {
    return weights.get(DeepLabConfig.CLASSES + ".weight").getManager();
  }

  /**
   * Trains to the end of a plan, or resumes there. Batches in which every pixel is ignored change
   * nothing; so do batches of one sample, whose pooled features have no variance.
   *
   * @param batches the data
   * @param plan length, folder, measurements on the way
   * @param progress told the loss of every step, and the share of time spent waiting for batches
   * @return the loss of every step
   * @throws IOException if a file of the plan's folder cannot be read or written
   */
  public float[] run(Batches<Samples> batches, TrainingPlan plan, Progress progress)
      throws IOException {
    try (Optimiser adam = optimiser(plan.steps());
        NDManager constants = manager().newSubManager()) {
      return new Training<>(weights, adam, batches, new Loss(constants)).run(plan, progress);
    }
  }

  /**
   * Writes the network so that {@link NamedMask} loads it with its categories.
   *
   * @param file replaced if it exists
   * @param categories the names of the classes from 1 on, or of all where there is no background
   * @param provenance what the weights come from
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if there are not as many categories as classes besides the
   *     background
   */
  public void save(Path file, List<String> categories, Map<String, String> provenance)
      throws IOException {
    save(file, DataType.FLOAT32, categories, provenance);
  }

  void save(Path file, DataType type, List<String> categories, Map<String, String> provenance)
      throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>(provenance);
    metadata.putAll(config.metadata());
    metadata.putAll(new Categories(categories).checked(config.classes(), "the network").metadata());
    Checkpoint trained = result().checkpoint();
    SafetensorsWriter.write(file, type == DataType.FLOAT32 ? trained : trained.as(type), metadata);
  }

  /** Adam in two groups: the backbone, and the head. */
  Optimiser optimiser(long steps) {
    Map<String, NDArray> backbone = new LinkedHashMap<>();
    Map<String, NDArray> head = new LinkedHashMap<>();
    weights.forEach(
        (name, array) -> {
          if (config.trains(name)) {
            (name.startsWith(DeepLabConfig.BACKBONE) ? backbone : head).put(name, array);
          }
        });
    double rate = options.learningRate();
    return new Adam(
        List.of(group(backbone, rate * options.backboneFactor(), steps), group(head, rate, steps)),
        new Adam.Options(options.beta1(), options.beta2(), 1e-8, false));
  }

  private Optimiser.Group group(Map<String, NDArray> parameters, double rate, long steps) {
    return new Optimiser.Group(
        parameters, Schedule.poly(rate, steps, POWER, FLOOR), options.weightDecay());
  }

  /** The loss of a batch; its small constants outlive a step. */
  final class Loss implements Objective<Samples> {

    private final DeepLab learner;
    private final CrossEntropy criterion = new CrossEntropy(options.ignore());
    private final Dropout dropout = new Dropout(options.dropout());

    Loss(NDManager constants) {
      this.learner = DeepLab.of(config, result(), constants).in(Mode.TRAINING);
    }

    @Override
    public NDArray loss(Samples batch, NDManager manager) {
      Shape maps = new Shape(batch.count(), batch.height(), batch.width());
      NDArray pixels =
          manager.create(
              batch.pixels(), new Shape(batch.count(), 3, batch.height(), batch.width()));
      SplittableRandom random = new SplittableRandom(batch.dropout());
      NDArray logits = logits(pixels, pyramid -> dropout.forward(pyramid, random, Mode.TRAINING));
      return criterion.of(logits, manager.create(batch.labels(), maps));
    }

    @Override
    public boolean usable(Samples batch) {
      return batch.count() > 1 && criterion.usable(batch.labels());
    }

    /** Class maps of the pixels' size. */
    NDArray logits(NDArray pixels, UnaryOperator<NDArray> dropped) {
      DeepLab network = options.bfloat16() ? reduced(pixels) : learner;
      NDArray maps = network.logits(pixels, dropped);
      return Interpolation.resize(
          maps, pixels.getShape().get(2), pixels.getShape().get(3), Interpolation.Mode.BILINEAR);
    }

    /** The network of this step, with copies of its filters for products. */
    private DeepLab reduced(NDArray anchor) {
      Weights copies = Weights.bfloat16(weights, this::inProducts, anchor, "NamedMask in training");
      return DeepLab.of(config, copies, anchor.getManager()).in(Mode.TRAINING);
    }

    private boolean inProducts(String name) {
      return config.shapes().get(name).dimension() == 4
          || name.equals(DeepLabConfig.CLASSES + ".bias");
    }
  }
}
