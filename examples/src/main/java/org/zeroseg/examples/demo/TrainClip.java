package org.zeroseg.examples.demo;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipTrainer;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.eval.report.TrainingCurves;
import org.zeroseg.examples.scenes.CaptionedScenes;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/**
 * Trains the demo CLIP models on ShapeWorld: {@code TrainClip resnet|vit FOLDER}. A training that
 * was stopped goes on where it was.
 *
 * <p>The folder then holds {@code model.safetensors} (float16, with its provenance), {@code
 * merges.txt} and {@code vocab.json}, which {@link Clip#load(Path)} reads, and for each phase a
 * folder with its checkpoint and loss curve.
 *
 * @param image sizes of the image tower
 * @param phases what is trained on, in order
 */
public record TrainClip(ClipConfig.Image image, List<Phase> phases) {

  private static final long SEED = 1;
  private static final int BATCH = 128;
  private static final int EMBEDDING = 128;
  private static final int TEXT_WIDTH = 128;
  private static final int TEXT_LAYERS = 2;

  /** The longest caption: six objects of four tokens each, the background, start and end. */
  private static final int CONTEXT = 32;

  private static final double WEIGHT_DECAY = 0.05;
  private static final int WARM_UP = 100;

  /**
   * A part of the run, over which the learning rate rises and falls once.
   *
   * @param steps updates
   * @param learningRate the highest
   * @param group pictures of a batch that share two looks, see {@link ShapeWorld#ofTwoLooks}
   * @param objects of a scene at most
   * @param seed of its scenes
   */
  public record Phase(int steps, double learningRate, int group, int objects, long seed) {}

  /**
   * A ResNet of two stages, stride 8. First it learns what looks and shapes are from random
   * batches, then to tell shapes apart from batches in which looks say little.
   *
   * @return the recipe of the shipped model
   */
  public static TrainClip resNet() {
    return new TrainClip(
        new ClipConfig.ResNet(32, List.of(1, 2), 8),
        List.of(
            new Phase(1250, 1e-3, BATCH, 3, SEED),
            new Phase(1250, 1e-3, 32, 3, SEED + 1),
            new Phase(500, 5e-4, 32, 3, SEED + 2)));
  }

  /**
   * A vision transformer for the joint space of another model, whose embeddings of pictures and
   * their parts it learns: of scenes, then of single objects, which show what shapes are, and then
   * of scenes for long.
   *
   * @return the recipe of the shipped model
   */
  public static TrainClip vit() {
    return new TrainClip(
        new ClipConfig.Vit(128, 4, 8, 8),
        List.of(
            new Phase(1500, 1e-3, 32, 3, SEED + 3),
            new Phase(1000, 1e-3, 32, 1, SEED + 4),
            new Phase(7000, 1e-3, 32, 3, SEED + 5)));
  }

  /**
   * Trains one of the models.
   *
   * @param arguments {@code resnet} or {@code vit}, and a folder
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 2 || !List.of("resnet", "vit").contains(arguments[0])) {
      System.err.println("Usage: TrainClip resnet|vit FOLDER");
      System.exit(2);
    }
    Path folder = Path.of(arguments[1]);
    Progress progress =
        (task, done, total) -> {
          if (done % 25 == 0) {
            System.out.println(done + "/" + total + " " + task);
          }
        };
    if (arguments[0].equals("resnet")) {
      resNet().train(folder, progress);
    } else {
      try (Clip teacher = DemoModels.clip()) {
        vit().distil(teacher, folder, progress);
      }
    }
    System.out.println("Trained: " + folder.resolve("model.safetensors"));
  }

  /**
   * Trains both towers from random weights.
   *
   * @param folder where the phases and the model go
   * @param progress told the loss of every step
   * @throws IOException if a file cannot be read or written
   */
  public void train(Path folder, Progress progress) throws IOException {
    ClipTokenizer tokenizer = tokenizer();
    ClipConfig.Text text =
        new ClipConfig.Text(TEXT_WIDTH, TEXT_LAYERS, CONTEXT, tokenizer.vocabularySize());
    ClipConfig config = new ClipConfig(image, text, EMBEDDING);
    try (NDManager manager = TorchEngine.newManager()) {
      ClipTrainer trainer = ClipTrainer.of(config, new SplittableRandom(SEED), manager);
      run(trainer, tokenizer, "contrastive loss", folder, progress);
    }
  }

  /**
   * Trains the image tower from random weights, in the joint space of another model.
   *
   * @param teacher whose embeddings are learnt, and whose text tower is taken over
   * @param folder where the phases and the model go
   * @param progress told the loss of every step
   * @throws IOException if a file cannot be read or written
   */
  public void distil(Clip teacher, Path folder, Progress progress) throws IOException {
    if (!(image instanceof ClipConfig.Vit vit)) {
      throw new IllegalArgumentException(
          "a vision transformer learns from a teacher, not " + image);
    }
    try (NDManager manager = TorchEngine.newManager()) {
      ClipTrainer trainer =
          ClipTrainer.distilling(vit, teacher, new SplittableRandom(SEED), manager);
      String loss =
          "contrastive loss, and distance to the embeddings of pictures and cells by "
              + teacher.config();
      run(trainer, teacher.tokenizer(), loss, folder, progress);
    }
  }

  private void run(
      ClipTrainer trainer, ClipTokenizer tokenizer, String loss, Path folder, Progress progress)
      throws IOException {
    Map<String, String> provenance = provenance(loss);
    for (int number = 1; number <= phases.size(); number++) {
      Phase phase = phases.get(number - 1);
      TrainingPlan plan =
          TrainingPlan.of(folder.resolve("phase-" + number), phase.steps())
              .withSaveEvery(250)
              .withProvenance(provenance)
              .withReport(TrainingCurves::write);
      trainer.run(
          scenes(phase, tokenizer),
          new ClipTrainer.Options(phase.learningRate(), WARM_UP, WEIGHT_DECAY),
          plan,
          progress);
    }
    tokenizer.write(folder);
    Checkpoint weights = trainer.model().weights().checkpoint().as(DataType.FLOAT16);
    SafetensorsWriter.write(folder.resolve("model.safetensors"), weights, provenance);
  }

  private CaptionedScenes scenes(Phase phase, ClipTokenizer tokenizer) {
    ShapeWorld world = world(phase.objects(), phase.seed());
    LongFunction<Scene> scenes =
        phase.group() < BATCH ? world.ofTwoLooks(BATCH, phase.group()) : world::scene;
    return new CaptionedScenes(scenes, world.size(), tokenizer, BATCH);
  }

  private ShapeWorld world(int objects, long seed) {
    return new ShapeWorld(seed, image.inputSize(), 1, objects, Split.SEEN);
  }

  private Map<String, String> provenance(String loss) {
    Map<String, String> provenance = new LinkedHashMap<>();
    provenance.put("model", "CLIP, image tower " + image);
    provenance.put("data", world(3, SEED) + ", a phase's objects and seed in place of these");
    provenance.put("loss", loss);
    provenance.put("phases", phases.toString());
    provenance.put(
        "optimiser",
        "AdamW, batch %d, weight decay %s, warm-up %d, cosine, initial weights of seed %d"
            .formatted(BATCH, WEIGHT_DECAY, WARM_UP, SEED));
    provenance.put("software", "zeroseg 0.1.0, PyTorch 2.7.1 by DJL 0.35.0");
    provenance.put("licence", "Apache-2.0");
    return provenance;
  }

  /** A vocabulary in which every word of a caption is one token. */
  private ClipTokenizer tokenizer() {
    ShapeWorld world = world(3, SEED);
    List<String> captions =
        LongStream.range(0, 3000).mapToObj(i -> world.scene(i).caption()).toList();
    return ClipTokenizer.learn(captions, 400, CONTEXT);
  }
}
