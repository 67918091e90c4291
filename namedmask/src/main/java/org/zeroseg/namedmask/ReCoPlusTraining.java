package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.TrainingPlan;

/**
 * A training run of ReCo+: a DeepLabv3+ learns from what ReCo and a conditional random field say of
 * a data set's pictures (Shin et al. 2022, Sec. 3.3). Every class has a name; there is no
 * background.
 *
 * <pre>{@code
 * import ai.djl.ndarray.types.DataType;
 * List<ReCoPlusSamples.Pair> pairs =
 *     List.of(
 *         new ReCoPlusSamples.Pair(Path.of("street1.png"), Path.of("labels1.png")),
 *         new ReCoPlusSamples.Pair(Path.of("street2.png"), Path.of("labels2.png")));
 * ReCoPlusSamples samples = new ReCoPlusSamples(pairs, 320, 2, 0);
 * Optional<Path> resNet = Optional.of(Path.of("resnet101.pth"));
 * try (ReCoPlusTraining training =
 *     ReCoPlusTraining.of(
 *         samples,
 *         List.of("road", "car"),
 *         resNet,
 *         DeepLabConfig.resNet101(2),
 *         NamedMaskTrainer.Options.DEFAULT)) {
 *   training.run(TrainingPlan.of(Path.of("reco-plus"), 20_000), Progress.SILENT);
 *   training.write(Path.of("reco-plus", "model.safetensors"), DataType.FLOAT32);
 * }
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class ReCoPlusTraining implements AutoCloseable {

  private final ReCoPlusSamples samples;
  private final List<String> categories;
  private final Optional<Path> backbone;
  private final NDManager manager;
  private final NamedMaskTrainer trainer;
  private final Map<String, String> settings;
  private Map<String, String> provenance = Map.of();

  private ReCoPlusTraining(
      ReCoPlusSamples samples,
      List<String> categories,
      Optional<Path> backbone,
      NDManager manager,
      NamedMaskTrainer trainer,
      Map<String, String> settings) {
    this.samples = samples;
    this.categories = categories;
    this.backbone = backbone;
    this.manager = manager;
    this.trainer = trainer;
    this.settings = settings;
  }

  /**
   * Weights to begin with, and pictures to learn from.
   *
   * @param samples pictures with ReCo's labels
   * @param categories the names of the labels from 0 on
   * @param backbone a pretrained ResNet of the network's sizes, torchvision's in the paper; random
   *     weights without one, as only small networks bear
   * @param network sizes; its number of classes counts for nothing
   * @param options hyper-parameters, {@link NamedMaskTrainer.Options#DEFAULT} as published
   * @return what to {@link #run}
   * @throws IOException if the backbone cannot be read
   * @throws IllegalArgumentException if the backbone has other sizes
   */
  public static ReCoPlusTraining of(
      ReCoPlusSamples samples,
      List<String> categories,
      Optional<Path> backbone,
      DeepLabConfig network,
      NamedMaskTrainer.Options options)
      throws IOException {
    DeepLabConfig config = network.withClasses(categories.size());
    NDManager manager = TorchEngine.newManager();
    try {
      Map<String, NDArray> weights =
          NamedMaskTraining.weights(config, backbone, samples.seed(), manager);
      NamedMaskTrainer trainer = NamedMaskTrainer.of(config, weights, options);
      Map<String, String> settings = new LinkedHashMap<>();
      settings.put("config", config.toString());
      settings.put("options", options.toString());
      return new ReCoPlusTraining(
          samples, List.copyOf(categories), backbone, manager, trainer, settings);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * The network with its weights as they are now, to measure it on the way.
   *
   * @param refined whether labels go through the conditional random field, as the released code
   *     measures
   * @return a segmenter of its own, to be closed
   */
  public NamedMask network(boolean refined) {
    NamedMaskBuilder builder =
        NamedMask.builder().categories(categories).precision(Precision.FLOAT32);
    return (refined ? builder.withCrf() : builder).build(trainer.model());
  }

  /**
   * Trains to the end of a plan, or resumes there.
   *
   * @param plan length, folder, measurements on the way. Settings and fingerprints of labels and
   *     the backbone are added to its provenance, so that a run resumes only on what it was begun
   *     with
   * @param progress told the loss of every step, and the share of time spent waiting for pictures
   * @return the loss of every step
   * @throws IOException if a file cannot be read or written
   */
  public float[] run(TrainingPlan plan, Progress progress) throws IOException {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("method", "ReCo+ (Shin et al. 2022)");
    all.putAll(plan.provenance());
    all.putAll(settings);
    Fingerprint labels = new Fingerprint();
    for (ReCoPlusSamples.Pair pair : samples.pictures()) {
      labels.add(String.valueOf(pair.picture().getFileName())).add(pair.labels());
    }
    all.put("labels-sha256", labels.hex());
    all.put(
        "backbone-sha256",
        backbone.isPresent() ? new Fingerprint().add(backbone.get()).hex() : "random weights");
    all.put("pictures", Integer.toString(samples.pictures().size()));
    all.put("steps", Long.toString(plan.steps()));
    all.put("batch", Integer.toString(samples.batch()));
    all.put("size", Integer.toString(samples.size()));
    all.put("seed", Long.toString(samples.seed()));
    provenance = Collections.unmodifiableMap(all);
    return trainer.run(samples, plan.withProvenance(provenance), progress);
  }

  /**
   * Writes the network as it is now, with its categories and provenance.
   *
   * @param file replaced if it exists
   * @param type of its numbers: float32, or float16 for half the size
   * @throws IOException if it cannot be written
   */
  public void write(Path file, DataType type) throws IOException {
    write(file, type, Map.of());
  }

  /**
   * The same with notes, such as a score that was measured on the way.
   *
   * @param file replaced if it exists
   * @param type of its numbers
   * @param notes added to the provenance
   * @throws IOException if it cannot be written
   */
  public void write(Path file, DataType type, Map<String, String> notes) throws IOException {
    Map<String, String> all = new LinkedHashMap<>(provenance);
    all.putAll(notes);
    trainer.save(file, type, categories, all);
  }

  /** Frees the weights. */
  @Override
  public void close() {
    manager.close();
  }
}
