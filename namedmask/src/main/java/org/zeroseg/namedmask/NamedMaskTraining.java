package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.network.BackboneLayout;
import org.zeroseg.core.network.BatchNorm;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;

/**
 * A training run of NamedMask, or of a category expert: from archives of pictures and their
 * pseudo-masks to a model file, without manual masks (Shin et al. 2023, Sec. 3.2 and 3.3).
 *
 * <pre>{@code
 * import ai.djl.ndarray.types.DataType;
 * import ai.djl.ndarray.types.Shape;
 * MaskedArchives data =
 *     new MaskedArchives(
 *         Archives.read(Path.of("archives.json")),
 *         Path.of("pictures"),
 *         new PseudoMasks(Path.of("refined-masks")),
 *         true);
 * Optional<Path> dino = Optional.of(Path.of("dino_resnet50_pretrain.pth"));
 * try (NamedMaskTraining training = NamedMaskTraining.of(data, dino, NamedMaskRecipe.DEFAULT)) {
 *   training.run(TrainingPlan.of(Path.of("namedmask"), 20_000), Progress.SILENT);
 *   training.write(Path.of("namedmask", "model.safetensors"), DataType.FLOAT16);
 * }
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class NamedMaskTraining implements AutoCloseable {

  /** What an expert calls whatever it finds. */
  static final String OBJECT = "object";

  private final MaskedArchives data;
  private final Optional<Path> backbone;
  private final NamedMaskRecipe recipe;
  private final DeepLabConfig config;
  private final ArchiveSamples samples;
  private final NDManager manager;
  private final NamedMaskTrainer trainer;
  private Map<String, String> provenance = Map.of();

  private NamedMaskTraining(
      MaskedArchives data,
      Optional<Path> backbone,
      NamedMaskRecipe recipe,
      DeepLabConfig config,
      ArchiveSamples samples,
      NDManager manager,
      NamedMaskTrainer trainer) {
    this.data = data;
    this.backbone = backbone;
    this.recipe = recipe;
    this.config = config;
    this.samples = samples;
    this.manager = manager;
    this.trainer = trainer;
  }

  /**
   * Weights to begin with, and scenes to learn from.
   *
   * @param data archives of the categories, pictures, masks
   * @param backbone a pretrained ResNet of the recipe's sizes, such as DINO's; random weights
   *     without one, as only small networks bear
   * @param recipe sizes and hyper-parameters. Where there are more categories than its label to
   *     ignore allows for, the label is raised
   * @return what to {@link #run}
   * @throws IOException if the backbone cannot be read
   * @throws IllegalArgumentException if the backbone has other sizes, or a category has no picture
   *     with a mask
   */
  public static NamedMaskTraining of(
      MaskedArchives data, Optional<Path> backbone, NamedMaskRecipe recipe) throws IOException {
    int categories = recipe.isExpert() ? 1 : data.archives().categories().size();
    // The released code ignores 255, and 1000 for ImageNet-S with its 919 categories.
    int ignore = Math.max(recipe.options().ignore(), data.archives().categories().size() + 1);
    PastedScenes scenes = PastedScenes.of(data, recipe.scenes().withIgnore(ignore));
    ArchiveSamples samples = new ArchiveSamples(scenes, recipe.batch());
    DeepLabConfig config = recipe.network().withClasses(categories + 1);
    NDManager manager = TorchEngine.newManager();
    try {
      Map<String, NDArray> weights = weights(config, backbone, recipe.scenes().seed(), manager);
      NamedMaskTrainer trainer =
          NamedMaskTrainer.of(config, weights, recipe.options().withIgnore(ignore));
      return new NamedMaskTraining(data, backbone, recipe, config, samples, manager, trainer);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  static Map<String, NDArray> weights(
      DeepLabConfig config, Optional<Path> backbone, long seed, NDManager manager)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    try (NDManager scratch = manager.newSubManager()) {
      Map<String, NDArray> pretrained =
          backbone.isPresent()
              ? pretrained(config.backbone(), backbone.get(), scratch)
              : config.backbone().initialWeights(random, scratch);
      return config.initialWeights(pretrained, random, manager);
    }
  }

  /** The arrays of a published ResNet; counts of batches, which some lack, begin at zero. */
  private static Map<String, NDArray> pretrained(ResNetConfig sizes, Path file, NDManager scratch)
      throws IOException {
    try (Checkpoint opened = Checkpoints.open(file)) {
      Checkpoint resNet = BackboneLayout.backbone(opened);
      Map<String, Shape> expected = sizes.shapes("");
      expected
          .keySet()
          .removeIf(name -> BatchNorm.isCount(name) && !resNet.tensors().containsKey(name));
      Weights weights = Weights.load(resNet, expected, scratch);
      Map<String, NDArray> arrays = new LinkedHashMap<>();
      weights.names().forEach(name -> arrays.put(name, weights.get(name)));
      return arrays;
    }
  }

  /**
   * The categories of the network's classes from 1 on.
   *
   * @return the archives' ones, or one for whatever an expert finds
   */
  public List<String> categories() {
    return recipe.isExpert() ? List.of(OBJECT) : data.archives().categories();
  }

  /**
   * The network with its weights as they are now, to measure it on the way.
   *
   * @param input what pictures are resized to for it
   * @return a segmenter of its own, to be closed
   */
  public NamedMask network(InputSize input) {
    return NamedMask.builder()
        .categories(categories())
        .input(input)
        .precision(Precision.FLOAT32)
        .build(trainer.model());
  }

  /**
   * Trains to the end of a plan, or resumes there.
   *
   * @param plan length, folder, measurements on the way. Recipe and fingerprints of the data and
   *     the backbone are added to its provenance, so that a run resumes only on what it was begun
   *     with
   * @param progress told the loss of every step, and the share of time spent waiting for scenes
   * @return the loss of every step
   * @throws IOException if a file cannot be read or written
   */
  public float[] run(TrainingPlan plan, Progress progress) throws IOException {
    provenance = provenance(plan);
    return trainer.run(samples, plan.withProvenance(provenance), progress);
  }

  /** What the model of a plan comes from. */
  Map<String, String> provenance(TrainingPlan plan) throws IOException {
    PastedScenes.Options pasted = recipe.scenes();
    NamedMaskTrainer.Options options = recipe.options();
    Map<String, String> all = new LinkedHashMap<>();
    all.put(
        "method", (recipe.isExpert() ? "NamedMask's expert" : "NamedMask") + " (Shin et al. 2023)");
    all.putAll(plan.provenance());
    all.putAll(data.fingerprints());
    all.put(
        "backbone-sha256",
        backbone.isPresent() ? new Fingerprint().add(backbone.get()).hex() : "random weights");
    all.put("config", config.toString());
    all.put("steps", Long.toString(plan.steps()));
    all.put("batch", Integer.toString(recipe.batch()));
    all.put("size", Integer.toString(pasted.size()));
    all.put("objects", Integer.toString(pasted.mostObjects()));
    all.put("least-scale", Double.toString(pasted.leastScale()));
    all.put("greatest-scale", Double.toString(pasted.greatestScale()));
    all.put("true-colours", Boolean.toString(!pasted.photometric()));
    all.put("labels", pasted.labels().toString());
    all.put("learning-rate", Double.toString(options.learningRate()));
    all.put("backbone-factor", Double.toString(options.backboneFactor()));
    all.put("weight-decay", Double.toString(options.weightDecay()));
    all.put("betas", options.beta1() + ", " + options.beta2());
    all.put("dropout", Double.toString(options.dropout()));
    all.put("bfloat16", Boolean.toString(options.bfloat16()));
    all.put("seed", Long.toString(pasted.seed()));
    // So that a run that is under way can be tried out, too.
    all.putAll(config.metadata());
    all.putAll(new Categories(categories()).metadata());
    return Collections.unmodifiableMap(all);
  }

  /**
   * Writes the network that training has come to, with its categories and provenance.
   *
   * @param file replaced if it exists
   * @param type of its numbers: float32, or float16 for half the size
   * @throws IOException if it cannot be written
   */
  public void write(Path file, DataType type) throws IOException {
    trainer.save(file, type, categories(), provenance);
  }

  /** Frees the weights. */
  @Override
  public void close() {
    manager.close();
  }
}
