package org.zeroseg.zutis;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.TrainingPlan;

/**
 * A training run of ZUTIS: from a CLIP, archives of pictures and their pseudo-masks to a network,
 * without manual masks.
 *
 * <pre>{@code
 * import ai.djl.ndarray.types.DataType;
 * Archives archives = Archives.read(Path.of("archives.json"));
 * PseudoMasks masks = new PseudoMasks(Path.of("pseudo-masks"));
 * MaskedArchives data = new MaskedArchives(archives, Path.of("pictures"), masks);
 * try (Clip clip = Clip.load("openai/clip-vit-base-patch16");
 *     ZutisTraining training = ZutisTraining.of(clip, data, ZutisRecipe.DEFAULT)) {
 *   training.run(TrainingPlan.of(Path.of("zutis"), 20_000), Progress.SILENT);
 *   training.write(Path.of("zutis", "model.safetensors"), DataType.FLOAT16);
 * }
 * }</pre>
 *
 * <p>A CLIP that is held in bfloat16 cannot be started from; load it in float32. Not thread-safe.
 */
public final class ZutisTraining implements AutoCloseable {

  private final Clip clip;
  private final MaskedArchives data;
  private final ZutisRecipe recipe;
  private final ZutisConfig config;
  private final SyntheticScenes scenes;
  private final NDManager manager;
  private final ZutisTrainer trainer;
  private Map<String, String> provenance = Map.of();

  private ZutisTraining(
      Clip clip,
      MaskedArchives data,
      ZutisRecipe recipe,
      ZutisConfig config,
      SyntheticScenes scenes,
      NDManager manager,
      ZutisTrainer trainer) {
    this.clip = clip;
    this.data = data;
    this.recipe = recipe;
    this.config = config;
    this.scenes = scenes;
    this.manager = manager;
    this.trainer = trainer;
  }

  /**
   * Weights to begin with, and scenes to learn from.
   *
   * @param clip whose image tower is copied and whose words are learnt; with a vision transformer
   *     and in float32. It stays open until this is closed
   * @param data archives of the categories, pictures, masks
   * @param recipe sizes and hyper-parameters. Where there are more categories than its label to
   *     ignore allows for, the label is raised
   * @return what to {@link #run}
   * @throws IllegalArgumentException if the CLIP has a ResNet, or a category has no picture with a
   *     mask
   */
  public static ZutisTraining of(Clip clip, MaskedArchives data, ZutisRecipe recipe) {
    if (!(clip.config().image() instanceof ClipConfig.Vit vit)) {
      throw new IllegalArgumentException(
          "ZUTIS starts from a CLIP with a vision transformer; this one has a ResNet");
    }
    ZutisRecipe.Sizes sizes = recipe.sizes();
    ZutisConfig config =
        new ZutisConfig(
            vit,
            clip.config().embedding(),
            sizes.queries(),
            sizes.decoderLayers(),
            sizes.feedForward(),
            sizes.hidden());
    Criterion criterion = recipe.options().criterion();
    // The released code ignores 255, and 1000 for ImageNet-S with its 919 categories.
    int ignore = Math.max(criterion.ignore(), data.archives().pictures().size() + 1);
    ZutisTrainer.Options options = recipe.options().withCriterion(criterion.ignoring(ignore));
    PastedScenes pasted = PastedScenes.of(data, recipe.scenes().withIgnore(ignore));
    NDManager manager = TorchEngine.newManager();
    try {
      Map<String, NDArray> weights = weights(config, clip, recipe.scenes().seed(), manager);
      ZutisTrainer trainer =
          ZutisTrainer.of(config, weights, vectors(data.archives(), clip), options);
      SyntheticScenes scenes = new SyntheticScenes(pasted, recipe.batch());
      return new ZutisTraining(clip, data, recipe, config, scenes, manager, trainer);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private static Map<String, NDArray> weights(
      ZutisConfig config, Clip clip, long seed, NDManager manager) {
    return clip.compute(
        (network, call) -> {
          Map<String, NDArray> tower = new LinkedHashMap<>();
          for (String name : network.weights().names()) {
            tower.put(name, network.weights().get(name));
          }
          return config.initialWeights(tower, new SplittableRandom(seed), manager);
        });
  }

  private static float[][] vectors(Archives archives, Clip clip) {
    List<String> categories = new ArrayList<>(List.of("background"));
    categories.addAll(archives.categories());
    return clip.textEmbeddings().classifier(categories, PromptTemplates.BARE);
  }

  /**
   * The network as it is at every step, to measure it on the way.
   *
   * @param answer what is asked of it
   * @return a segmenter that must be closed before this
   * @throws IOException never, since nothing is read
   */
  public Zutis network(Zutis.Answer answer) throws IOException {
    return Zutis.builder()
        .clip(clip)
        .answer(answer)
        .build(trainer.model(), manager.newSubManager());
  }

  /**
   * Trains to the end of a plan, or resumes there.
   *
   * @param plan length, folder, measurements on the way. Its provenance should name the CLIP;
   *     recipe and fingerprints of the data are added to it, so that a run resumes only on the data
   *     that it was begun with
   * @param progress told the loss of every step, and the share of time spent waiting for scenes
   * @return the loss of every step
   * @throws IOException if a file cannot be read or written
   */
  public float[] run(TrainingPlan plan, Progress progress) throws IOException {
    Map<String, String> origin = new LinkedHashMap<>(plan.provenance());
    origin.putAll(data.fingerprints());
    provenance = provenance(origin, plan.steps());
    TrainingPlan whole = plan.withProvenance(provenance);
    if (plan.formerly().isPresent()) {
      whole = whole.withFormerProvenance(provenance(plan.formerly().get(), plan.steps()));
    }
    return trainer.run(scenes, whole, progress);
  }

  private Map<String, String> provenance(Map<String, String> origin, long steps) {
    PastedScenes.Options pasted = recipe.scenes();
    ZutisTrainer.Options options = recipe.options();
    boolean byArchive = pasted.labels() == PastedScenes.Labels.OF_ARCHIVE;
    Map<String, String> all = new LinkedHashMap<>();
    all.put("method", "ZUTIS (Shin et al. 2023)");
    all.putAll(origin);
    all.put("config", config.toString());
    all.put("steps", Long.toString(steps));
    all.put("batch", Integer.toString(recipe.batch()));
    all.put("size", Integer.toString(pasted.size()));
    all.put("objects", Integer.toString(pasted.mostObjects()));
    all.put("least-scale", Double.toString(pasted.leastScale()));
    all.put("greatest-scale", Double.toString(pasted.greatestScale()));
    all.put("true-colours", Boolean.toString(!pasted.photometric()));
    all.put("learning-rate", Double.toString(options.learningRate()));
    all.put("encoder-factor", Double.toString(options.encoderFactor()));
    all.put("word-scale", Double.toString(options.wordScale()));
    all.put("labels-by-archive", Boolean.toString(byArchive));
    all.put("bfloat16", Boolean.toString(options.bfloat16()));
    all.put("seed", Long.toString(pasted.seed()));
    // What the paper does not have is told where it is used.
    if (Double.isFinite(options.longestGradient())) {
      all.put("longest-gradient", Double.toString(options.longestGradient()));
    }
    if (options.averaging() > 0) {
      all.put("averaging", Double.toString(options.averaging()));
    }
    return Collections.unmodifiableMap(all);
  }

  /**
   * Writes the network that training has come to, with its provenance.
   *
   * @param file replaced if it exists
   * @param type of its numbers: float32, or float16 for half the size
   * @throws IOException if it cannot be written
   */
  public void write(Path file, DataType type) throws IOException {
    Checkpoint trained = trainer.result().checkpoint();
    SafetensorsWriter.write(
        file, type == DataType.FLOAT32 ? trained : trained.as(type), provenance);
  }

  /** Frees the weights. */
  @Override
  public void close() {
    manager.close();
  }
}
