package org.zeroseg.examples.demo;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipTrainer;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.eval.report.TrainingCurves;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Everyday;
import org.zeroseg.examples.everyday.Part;
import org.zeroseg.examples.scenes.CaptionedScenes;
import org.zeroseg.examples.scenes.LabelledScene;
import org.zeroseg.examples.scenes.World;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/**
 * Trains the demo CLIP models, {@code TrainClip resnet|vit FOLDER} on ShapeWorld, {@code TrainClip
 * everyday FOLDER WORDS PACKAGES} and {@code TrainClip everyday-vit FOLDER WORDS PACKAGES TEACHER}
 * on everyday things, with the list of words and the folder of packages that {@link CutOuts} reads
 * and the folder of a CLIP to learn from. The latter two may be followed by the {@code
 * model.safetensors} of a model of the same sizes whose image tower the training starts from. A
 * training that was stopped goes on where it was.
 *
 * <p>The folder then holds {@code model.safetensors} (float16, with its provenance), {@code
 * merges.txt} and {@code vocab.json}, which {@link Clip#load(Path)} reads, and for each phase a
 * folder with its checkpoint and loss curve.
 *
 * @param image sizes of the image tower
 * @param phases what is trained on, in order
 * @param worlds where scenes come from
 * @param merges pairs that the vocabulary joins at most
 */
public record TrainClip(ClipConfig.Image image, List<Phase> phases, Worlds worlds, int merges) {

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

  /** Makes the scenes of a phase. */
  @FunctionalInterface
  public interface Worlds {

    /**
     * The scenes of a phase.
     *
     * @param phase how many objects, and which seed
     * @param size side of the pictures in pixels
     * @return scenes of their own
     */
    World of(Phase phase, int size);
  }

  /**
   * A training on ShapeWorld.
   *
   * @param image sizes of the image tower
   * @param phases what is trained on, in order
   */
  public TrainClip(ClipConfig.Image image, List<Phase> phases) {
    this(
        image,
        phases,
        (phase, size) -> new ShapeWorld(phase.seed(), size, 1, phase.objects(), Split.SEEN),
        400);
  }

  /**
   * A ResNet for everyday things, each of which few drawings show: single things first, strongly
   * changed, then scenes.
   *
   * @param pictures drawings to train with
   * @return the recipe
   */
  public static TrainClip everyday(CutOuts pictures) {
    return new TrainClip(
        new ClipConfig.ResNet(32, List.of(1, 2), 8),
        List.of(
            new Phase(2000, 1e-3, BATCH, 1, SEED + 6), new Phase(2500, 1e-3, BATCH, 3, SEED + 7)),
        everydayScenes(pictures),
        1500);
  }

  /**
   * A vision transformer for the joint space of the ResNet that knows everyday things.
   *
   * @param pictures drawings to train with
   * @return the recipe
   */
  public static TrainClip everydayVit(CutOuts pictures) {
    return new TrainClip(
        new ClipConfig.Vit(128, 4, 8, 8),
        List.of(
            new Phase(1000, 1e-3, BATCH, 1, SEED + 8), new Phase(3500, 1e-3, BATCH, 3, SEED + 9)),
        everydayScenes(pictures),
        0);
  }

  private static Worlds everydayScenes(CutOuts pictures) {
    return (phase, size) ->
        new Everyday(phase.seed(), size, 1, phase.objects(), Everyday.Variety.STRONG, pictures);
  }

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
   * @param arguments which, a folder, and what more the class tells
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    String kind = arguments.length == 0 ? "" : arguments[0];
    boolean complete =
        switch (kind) {
          case "resnet", "vit" -> arguments.length == 2;
          case "everyday" -> arguments.length == 4 || arguments.length == 5;
          case "everyday-vit" -> arguments.length == 5 || arguments.length == 6;
          default -> false;
        };
    if (!complete) {
      System.err.println("Usage: TrainClip resnet|vit FOLDER");
      System.err.println("       TrainClip everyday FOLDER WORDS PACKAGES [START]");
      System.err.println("       TrainClip everyday-vit FOLDER WORDS PACKAGES TEACHER [START]");
      System.exit(2);
    }
    Path folder = Path.of(arguments[1]);
    Progress progress =
        (task, done, total) -> {
          if (done % 25 == 0) {
            System.out.println(done + "/" + total + " " + task);
          }
        };
    switch (kind) {
      case "resnet" -> resNet().train(folder, progress);
      case "vit" -> {
        try (Clip teacher = DemoModels.clip()) {
          vit().distil(teacher, folder, progress);
        }
      }
      default -> {
        CutOuts pictures =
            CutOuts.read(Path.of(arguments[2]), Path.of(arguments[3]), Part.TRAIN, false);
        pictures.problems().forEach(problem -> System.out.println("Left out: " + problem));
        if (kind.equals("everyday-vit")) {
          try (Clip teacher = Clip.load(Path.of(arguments[4]), Precision.FLOAT32, Device.cpu())) {
            if (arguments.length == 6) {
              everydayVit(pictures).distilFrom(Path.of(arguments[5]), teacher, folder, progress);
            } else {
              everydayVit(pictures).distil(teacher, folder, progress);
            }
          }
        } else if (arguments.length == 5) {
          everyday(pictures).goOnFrom(Path.of(arguments[4]), folder, progress);
        } else {
          everyday(pictures).train(folder, progress);
        }
        pictures.writeWords(folder.resolve("words.txt"));
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
    train(
        (text, random, manager) ->
            ClipTrainer.of(new ClipConfig(image, text, EMBEDDING), random, manager),
        "contrastive loss",
        folder,
        progress);
  }

  /** Makes the trainer of both towers. */
  private interface Start {
    ClipTrainer trainer(ClipConfig.Text text, RandomGenerator random, NDManager manager);
  }

  private void train(Start start, String loss, Path folder, Progress progress) throws IOException {
    ClipTokenizer tokenizer = tokenizer();
    ClipConfig.Text text =
        new ClipConfig.Text(TEXT_WIDTH, TEXT_LAYERS, CONTEXT, tokenizer.vocabularySize());
    try (NDManager manager = TorchEngine.newManager()) {
      ClipTrainer trainer = start.trainer(text, new SplittableRandom(SEED), manager);
      run(trainer, tokenizer, loss, folder, progress);
    }
  }

  /**
   * Trains both towers, the image tower from what another model has learnt.
   *
   * @param start a model that {@link #train} left; its image tower has this one's sizes
   * @param folder where the phases and the model go
   * @param progress told the loss of every step
   * @throws IOException if a file cannot be read or written
   */
  public void goOnFrom(Path start, Path folder, Progress progress) throws IOException {
    try (Checkpoint learnt = opened(start)) {
      train(
          (text, random, manager) -> ClipTrainer.startingFrom(learnt, text, random, manager),
          "contrastive loss, image tower from " + start.getFileName(),
          folder,
          progress);
    }
  }

  /** A model with an image tower like this. */
  private Checkpoint opened(Path start) throws IOException {
    Checkpoint learnt = Checkpoints.open(start);
    ClipConfig.Image known = ClipConfig.of(learnt).image();
    if (!image.equals(known)) {
      learnt.close();
      throw new IOException(
          "%s: expected an image tower %s, found %s".formatted(start, image, known));
    }
    return learnt;
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
      run(trainer, teacher.tokenizer(), distance(teacher), folder, progress);
    }
  }

  /**
   * Trains the image tower from what another model has learnt, in the joint space of a third.
   *
   * @param start a vision transformer that {@link #distil} left; its image tower has this one's
   *     sizes
   * @param teacher whose embeddings are learnt, and whose text tower is taken over
   * @param folder where the phases and the model go
   * @param progress told the loss of every step
   * @throws IOException if a file cannot be read or written
   */
  public void distilFrom(Path start, Clip teacher, Path folder, Progress progress)
      throws IOException {
    try (NDManager manager = TorchEngine.newManager();
        Checkpoint learnt = opened(start)) {
      ClipTrainer trainer = ClipTrainer.distilling(learnt, teacher, manager);
      String loss = distance(teacher) + ", image tower from " + start.getFileName();
      run(trainer, teacher.tokenizer(), loss, folder, progress);
    }
  }

  private static String distance(Clip teacher) {
    return "contrastive loss, and distance to the embeddings of pictures and cells by "
        + teacher.config();
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
    World world = worlds.of(phase, image.inputSize());
    LongFunction<? extends LabelledScene> scenes =
        world instanceof ShapeWorld shapes && phase.group() < BATCH
            ? shapes.ofTwoLooks(BATCH, phase.group())
            : world::scene;
    return new CaptionedScenes(scenes, world.size(), tokenizer, BATCH);
  }

  /** Scenes of up to three objects. */
  private World usual() {
    return worlds.of(new Phase(0, 0, BATCH, 3, SEED), image.inputSize());
  }

  private Map<String, String> provenance(String loss) {
    Map<String, String> provenance = new LinkedHashMap<>();
    provenance.put("model", "CLIP, image tower " + image);
    provenance.put("data", usual() + ", a phase's objects and seed in place of these");
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
    World world = usual();
    List<String> captions =
        LongStream.range(0, 3000).mapToObj(i -> world.scene(i).caption()).toList();
    return ClipTokenizer.learn(captions, merges, CONTEXT);
  }
}
