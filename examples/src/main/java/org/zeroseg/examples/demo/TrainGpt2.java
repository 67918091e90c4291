package org.zeroseg.examples.demo;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.core.Progress;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.eval.report.TrainingCurves;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Part;
import org.zeroseg.examples.scenes.LabelledScene;
import org.zeroseg.examples.scenes.World;
import org.zeroseg.zeroguide.gpt2.Gpt2Config;
import org.zeroseg.zeroguide.gpt2.Gpt2Trainer;
import org.zeroseg.zeroguide.gpt2.PackedTexts;

/**
 * Trains the demo GPT-2 on a world's captions: {@code TrainGpt2 FOLDER [WORDS PACKAGES]}, on
 * ShapeWorld's unless the list and the packages of everyday things are given. A run that was
 * stopped goes on where it was.
 *
 * <p>Captions are taken apart into what they name, a text each: of "a striped star on sand" the
 * model reads "a striped star." and "a sand." So ZeroCap, which begins with "a", goes on with the
 * name of one thing, as suits a segment; of whole captions it would bring the background into every
 * name, because those are what CLIP has learnt from. For the same reason "an" and "the" become "a".
 * ShapeWorld's are of all 64 combinations: a language model knows the words of things that no
 * picture has shown.
 *
 * <p>The folder then holds {@code model.safetensors} (float16, with its provenance), {@code
 * config.json}, {@code merges.txt} and {@code vocab.json}, which {@link
 * org.zeroseg.zeroguide.caption.ZeroCap} reads, and a folder with checkpoint and loss curve.
 *
 * @param world whose captions are the corpus
 * @param scenes how many of them
 * @param layers blocks of the model
 * @param width of its tokens
 * @param steps updates
 */
record TrainGpt2(TrainingWorld world, int scenes, int layers, int width, int steps) {

  private static final long SEED = 20190214;
  private static final int HEADS = 4;
  private static final int POSITIONS = 32;
  private static final int BATCH = 64;
  private static final Gpt2Trainer.Options OPTIONS = new Gpt2Trainer.Options(2e-3, 100, 0.1);
  private static final Pattern JOINTS =
      Pattern.compile(", | and | on | in | beside | with | next to ");
  private static final Pattern ARTICLE = Pattern.compile("^(an|the) ");

  /**
   * The recipe of the shipped models.
   *
   * @return four blocks of width 64
   */
  static TrainGpt2 recipe(TrainingWorld world) {
    return new TrainGpt2(world, 3000, 4, 64, 600);
  }

  /**
   * Trains a shipped model.
   *
   * @param arguments a folder, and perhaps the list and the packages of everyday things
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1 && arguments.length != 3) {
      System.err.println("Usage: TrainGpt2 FOLDER [WORDS PACKAGES]");
      System.exit(2);
    }
    Path folder = Path.of(arguments[0]);
    Progress progress =
        (task, done, total) -> {
          if (done % 100 == 0) {
            System.out.println(done + "/" + total + " " + task);
          }
        };
    float loss = recipe(TrainingWorld.of(arguments, 1, TrainGpt2::listed)).train(folder, progress);
    System.out.printf(
        Locale.ROOT,
        "Trained: %s; perplexity of unread captions %.3f%n",
        folder.resolve("model.safetensors"),
        Math.exp(loss));
  }

  /** Things of the list only: captions are to name nothing else. */
  static CutOuts listed(Path list, Path packages) throws IOException {
    return CutOuts.read(list, packages, Part.TRAIN, false);
  }

  /**
   * Trains a model.
   *
   * @param folder where the training and the model go
   * @param progress told the loss of every step
   * @return cross-entropy on captions that were not trained on, in nats a token
   * @throws IOException if a file cannot be read or written
   */
  float train(Path folder, Progress progress) throws IOException {
    List<String> corpus = texts(world, SEED, scenes);
    // As many as there are: every word of the captions becomes one token.
    ByteLevelTokenizer tokenizer = ByteLevelTokenizer.learn(corpus, Integer.MAX_VALUE);
    Gpt2Config config =
        new Gpt2Config(layers, width, HEADS, tokenizer.vocabularySize(), POSITIONS, 1e-5);
    Map<String, String> provenance = provenance(config);
    try (NDManager manager = TorchEngine.newManager()) {
      Gpt2Trainer trainer = Gpt2Trainer.of(config, new SplittableRandom(SEED), manager);
      trainer.run(
          PackedTexts.of(corpus, tokenizer, BATCH, POSITIONS + 1, SEED),
          OPTIONS,
          TrainingPlan.of(folder.resolve("training"), steps)
              .withSaveEvery(250)
              .withProvenance(provenance)
              .withReport(TrainingCurves::write),
          progress);
      Files.createDirectories(folder);
      tokenizer.write(folder);
      trainer.model().write(folder, DataType.FLOAT16, provenance);
      List<String> unread = texts(world, SEED + 1, 500);
      return trainer.loss(PackedTexts.of(unread, tokenizer, 200, POSITIONS + 1, SEED + 1).batch(0));
    }
  }

  private static World ofOneThing(TrainingWorld world, long seed) {
    return world.of(seed, 64, 1);
  }

  /**
   * What captions of scenes name, as texts that begin with "a" and end with a full stop.
   *
   * @param world of the scenes
   * @param seed of the scenes
   * @param scenes how many captions to take
   * @return the texts, one or two of a caption
   */
  static List<String> texts(TrainingWorld world, long seed, int scenes) {
    return LongStream.range(0, scenes)
        .mapToObj(ofOneThing(world, seed)::scene)
        .map(LabelledScene::caption)
        .flatMap(JOINTS::splitAsStream)
        .map(name -> ARTICLE.matcher(name).replaceFirst("a "))
        .map(name -> (name.startsWith("a ") ? name : "a " + name) + ".")
        .toList();
  }

  private Map<String, String> provenance(Gpt2Config config) {
    Map<String, String> provenance = new LinkedHashMap<>();
    provenance.put("model", config.toString());
    provenance.put(
        "data",
        "what is named in the captions of the first "
            + scenes
            + " scenes of "
            + ofOneThing(world, SEED));
    provenance.put("loss", "cross-entropy of the next token");
    provenance.put(
        "optimiser",
        "AdamW, %d steps of %d rows of %d tokens, %s, cosine, initial weights of seed %d"
            .formatted(steps, BATCH, POSITIONS, OPTIONS, SEED));
    provenance.put("software", "zeroseg 0.1.0, PyTorch 2.7.1 by DJL 0.35.0");
    provenance.put("licence", "Apache-2.0");
    return provenance;
  }
}
