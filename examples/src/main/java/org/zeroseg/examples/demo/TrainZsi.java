package org.zeroseg.examples.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.network.Initialiser;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.ResNet;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.CrossEntropy;
import org.zeroseg.core.train.Objective;
import org.zeroseg.core.train.Optimiser;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.core.train.Sgd;
import org.zeroseg.core.train.Training;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.eval.report.TrainingCurves;
import org.zeroseg.examples.shapeworld.Background;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zsi.AnnotatedPicture;
import org.zeroseg.zsi.ClassVectors;
import org.zeroseg.zsi.WordVectors;
import org.zeroseg.zsi.ZsiConfig;
import org.zeroseg.zsi.ZsiTrainer;

/**
 * Trains the demo ZSI on ShapeWorld's 48 seen combinations and writes it in float16, with the words
 * of all 64. Its backbone learns to tell single seen objects apart first, in place of the paper's
 * ImageNet.
 *
 * <p>The learnt background vector stays in the proposal network: in the heads it does harm here.
 *
 * <p>Arguments: the folder to work in, the steps of the backbone, the steps of the detector; then,
 * for the paper's ablations, which word vectors ({@code captions}, {@code one-hot} or {@code
 * random}) and which parts of the method (any of {@code decode-boxes}, {@code decode-masks}, {@code
 * sync-boxes}, {@code sync-masks}, joined by commas, or {@code none}; with {@code no-encoders}
 * heads classify as Mask R-CNN's, with {@code plain-rpn} proposals are made as there, with {@code
 * large-start} the proposal network starts as the shipped one's did). Training runs that were
 * stopped there go on.
 */
public final class TrainZsi {

  /** ResNet-18 with three eighths of its width. */
  private static final ResNetConfig BACKBONE =
      ResNetConfig.of(ResNetConfig.Block.BASIC, 24, 2, 2, 2, 2);

  static final int SIDE = DemoModels.ZSI_SIDE;
  private static final long SEED = 20210620;
  private static final int BATCH = 4;
  private static final double RATE = 0.02;

  /** Steps; with fewer the first ones make units die that never come back. */
  private static final int WARM_UP = 150;

  private static final int DIMENSIONS = 32;
  private static final int CAPTIONS = 4000;

  /** Smaller remains of covered objects are no objects. */
  private static final int SPECK = 16;

  /**
   * Layers whose published start suits 256 to 4717 inputs. With the few of this network it is so
   * near to zero that two of them in a row hardly learn.
   */
  private static final List<String> START =
      List.of(
          "rpn_head.rpn_conv.weight",
          "bbox_head.fc_semantic.weight",
          "bbox_head.kernel_semantic.weight");

  /**
   * Not one of those: its answers are multiplied by long random vectors of objects. From a large
   * start the vectors of background move far and proposals are worse; the shipped network has it.
   */
  private static final String TO_WORDS = "rpn_head.rpn_cls_conv_T.weight";

  private static final String BACKGROUND = "background";

  private static final String NO_ENCODERS = "no-encoders";
  private static final String PLAIN_RPN = "plain-rpn";
  private static final String LARGE_START = "large-start";
  private static final Set<String> PARTS =
      Set.of(
          "none",
          "decode-boxes",
          "decode-masks",
          "sync-boxes",
          "sync-masks",
          NO_ENCODERS,
          PLAIN_RPN,
          LARGE_START);

  private static final String SHIPPED = "decode-boxes,decode-masks,large-start";

  private static final int SINGLES = 32;
  private static final int SINGLE_SIDE = 96;
  private static final double SINGLE_RATE = 0.05;

  private TrainZsi() {}

  /**
   * Trains.
   *
   * @param args folder, steps of the backbone, steps of the detector, word vectors, parts, learning
   *     rate
   * @throws IOException if the folder cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    int backboneSteps = Integer.parseInt(args[1]);
    int steps = Integer.parseInt(args[2]);
    String vectors = args.length > 3 ? args[3] : "captions";
    List<String> parts = List.of((args.length > 4 ? args[4] : SHIPPED).split(",", -1));
    double rate = args.length > 5 ? Double.parseDouble(args[5]) : RATE;
    if (!PARTS.containsAll(parts)) {
      throw new IllegalArgumentException("parts are any of %s, not %s".formatted(PARTS, parts));
    }
    ShapeWorld world = new ShapeWorld(SEED, SIDE, 1, 4, Split.SEEN);
    try (NDManager manager = TorchEngine.newManager()) {
      Map<String, NDArray> backbone = backbone(folder.resolve("backbone"), backboneSteps, manager);
      CaptionVectors captions = CaptionVectors.of(world, CAPTIONS, DIMENSIONS);
      captions.write(folder.resolve("words.txt"));
      ClassVectors classes = classes(vectors, captions);
      NDArray vocabulary = vocabulary(captions, classes.dimensions(), manager);
      ZsiConfig config =
          new ZsiConfig(
              BACKBONE,
              48,
              48,
              192,
              48,
              classes.dimensions(),
              classes.seen().size(),
              parts.contains(NO_ENCODERS) ? 0 : (int) vocabulary.getShape().get(1),
              !parts.contains(PLAIN_RPN));
      ZsiTrainer.Options options =
          ZsiTrainer.Options.published(rate, WARM_UP, Math.max(1, steps / 12), true)
              .withParts(
                  parts.contains("decode-boxes"),
                  parts.contains("decode-masks"),
                  parts.contains("sync-boxes"),
                  parts.contains("sync-masks"))
              .withSamples(256, 800, 64, 4);
      Map<String, String> provenance = new LinkedHashMap<>();
      provenance.put("method", "ZSI (Zheng et al. 2021)");
      provenance.put("data", world.toString());
      provenance.put("backbone-steps", Integer.toString(backboneSteps));
      provenance.put("vectors", vectors);
      provenance.put("parts", String.join(",", parts));
      provenance.put("model", config.toString());
      provenance.put("rate", Double.toString(rate));
      provenance.put("batch", Integer.toString(BATCH));
      provenance.put("steps", Integer.toString(steps));
      Map<String, NDArray> weights =
          config.initialWeights(backbone, classes, new SplittableRandom(SEED), manager);
      List<String> large = new ArrayList<>(START);
      if (parts.contains(LARGE_START)) {
        large.add(TO_WORDS);
      }
      large.stream().filter(weights::containsKey).forEach(name -> start(weights.get(name)));
      ZsiTrainer trainer = ZsiTrainer.of(config, weights, vocabulary, classes, options);
      Path trained = folder.resolve("zsi.safetensors");
      trainer.run(
          step -> samples(world, step),
          TrainingPlan.of(folder, steps)
              .withSaveEvery(100)
              .withProvenance(provenance)
              .withFormerProvenance(ZsiTrainer.formerProvenance(provenance))
              .withReport(
                  (place, history) -> {
                    TrainingCurves.write(place, history);
                    trainer.write(trained, classes, true, provenance);
                  }),
          progress());
      trainer.write(trained, classes, true, provenance);
    }
  }

  private static void start(NDArray layer) {
    Initialiser values = Initialiser.kaimingNormal(layer.getShape(), Initialiser.Fan.IN);
    layer.set(values.values(layer.getShape(), new SplittableRandom(SEED)));
  }

  /** Classes in the order of their ids, the seen ones first. */
  private static List<String> names(Split split) {
    return split.categories().stream().map(Category::words).toList();
  }

  /**
   * Background has a vector of its own, with captions that of the words for grounds. The published
   * one is the mean of all classes. Here the seen ones have that mean, too, so background could
   * never be the likeliest class.
   */
  static ClassVectors classes(String vectors, CaptionVectors captions) {
    List<String> all = new ArrayList<>(names(Split.SEEN));
    all.addAll(names(Split.UNSEEN));
    List<String> grounds = Arrays.stream(Background.values()).map(Background::word).toList();
    all.add(BACKGROUND);
    WordVectors words =
        switch (vectors) {
          case "captions" ->
              name ->
                  captions
                      .words()
                      .vector(name.equals(BACKGROUND) ? String.join(" ", grounds) : name);
          case "one-hot" -> WordVectors.of(each(all, i -> oneHot(i, all.size())));
          case "random" -> {
            SplittableRandom random = new SplittableRandom(SEED);
            yield WordVectors.of(each(all, i -> gaussian(random)));
          }
          default -> throw new IllegalArgumentException("no word vectors called " + vectors);
        };
    double length = ClassVectors.PUBLISHED_LENGTH;
    ClassVectors split = words.classes(all, List.of(), length);
    float[][] rows = new float[all.size()][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = split.vector(i == 0 ? BACKGROUND : all.get(i - 1)).orElseThrow();
    }
    return ClassVectors.of(names(Split.SEEN), names(Split.UNSEEN), rows);
  }

  private interface Maker {
    float[] of(int index);
  }

  private static Map<String, float[]> each(List<String> names, Maker maker) {
    Map<String, float[]> vectors = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      vectors.put(names.get(i), maker.of(i));
    }
    return vectors;
  }

  private static float[] oneHot(int index, int length) {
    float[] vector = new float[length];
    vector[index] = 1;
    return vector;
  }

  private static float[] gaussian(SplittableRandom random) {
    float[] vector = new float[DIMENSIONS];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) random.nextGaussian();
    }
    return vector;
  }

  /** The words of the captions as columns; where the space has other dimensions, random ones. */
  private static NDArray vocabulary(CaptionVectors captions, int dimensions, NDManager manager) {
    SplittableRandom random = new SplittableRandom(SEED + 1);
    List<float[]> words = new ArrayList<>(captions.vectors().values());
    float[] matrix = new float[dimensions * words.size()];
    for (int word = 0; word < words.size(); word++) {
      float[] vector = new float[dimensions];
      double squares = 0;
      for (int d = 0; d < dimensions; d++) {
        vector[d] = dimensions == DIMENSIONS ? words.get(word)[d] : (float) random.nextGaussian();
        squares += (double) vector[d] * vector[d];
      }
      for (int d = 0; d < dimensions; d++) {
        matrix[d * words.size() + word] = (float) (vector[d] / Math.sqrt(squares));
      }
    }
    return manager.create(matrix, new Shape(dimensions, words.size()));
  }

  private static ZsiTrainer.Samples samples(ShapeWorld world, long step) {
    List<AnnotatedPicture> pictures = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      pictures.add(annotated(world.scene(step * BATCH + i)));
    }
    return ZsiTrainer.Samples.of(pictures, SIDE, SIDE, SEED + step);
  }

  /** The objects of which enough is visible. */
  static IntStream visible(Scene scene) {
    return IntStream.range(0, scene.objects().size()).filter(i -> scene.mask(i).area() >= SPECK);
  }

  private static AnnotatedPicture annotated(Scene scene) {
    List<Category> seen = Split.SEEN.categories();
    List<AnnotatedPicture.Thing> things = new ArrayList<>();
    for (int i : visible(scene).toArray()) {
      Mask mask = scene.mask(i);
      int label = 1 + seen.indexOf(scene.objects().get(i));
      things.add(new AnnotatedPicture.Thing(label, mask.box(), mask));
    }
    return new AnnotatedPicture(Picture.of(scene.image()), things);
  }

  /**
   * Single objects to tell apart.
   *
   * @param pixels {@code [B, 3, H, W]}
   * @param labels seen combinations, from 0
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record Singles(float[] pixels, long[] labels) {

    static Singles of(ShapeWorld world, long step) {
      List<Category> seen = Split.SEEN.categories();
      SplittableRandom random = new SplittableRandom(SEED + step);
      int length = 3 * SINGLE_SIDE * SINGLE_SIDE;
      Singles batch = new Singles(new float[SINGLES * length], new long[SINGLES]);
      for (int i = 0; i < SINGLES; i++) {
        batch.labels[i] = random.nextInt(seen.size());
        Scene scene = world.scene(step * SINGLES + i, seen.get((int) batch.labels[i]));
        float[] pixels = Picture.of(scene.image()).toPixels(Normalization.IMAGENET);
        System.arraycopy(pixels, 0, batch.pixels, i * length, length);
      }
      return batch;
    }
  }

  /** The weights of a backbone that tells seen combinations apart, under torchvision's names. */
  private static Map<String, NDArray> backbone(Path folder, int steps, NDManager manager)
      throws IOException {
    ShapeWorld world = new ShapeWorld(SEED + 1, SINGLE_SIDE, 1, 1, Split.SEEN);
    SplittableRandom random = new SplittableRandom(SEED);
    int classes = Split.SEEN.categories().size();
    int channels = BACKBONE.channels(3);
    Map<String, NDArray> weights = new LinkedHashMap<>(BACKBONE.initialWeights(random, manager));
    Map<String, Shape> head = new LinkedHashMap<>();
    head.put("fc.weight", new Shape(classes, channels));
    head.put("fc.bias", new Shape(classes));
    weights.putAll(
        Initialiser.arrays(
            head, (name, shape) -> Initialiser.layer(head.get("fc.weight")), random, manager));
    Map<String, NDArray> trained = new LinkedHashMap<>(weights);
    trained.keySet().removeIf(name -> !BACKBONE.trains(name));
    Schedule schedule = Schedule.cosine(SINGLE_RATE, steps, 0).warmUp(Math.max(1, steps / 20), 0.1);
    try (Optimiser optimiser =
            new Sgd(List.of(new Optimiser.Group(trained, schedule, 1e-4)), 0.9).clipping(5);
        NDManager constants = manager.newSubManager()) {
      ResNet network =
          ResNet.of(BACKBONE, Weights.of(weights, "the demo's backbone"), constants)
              .in(Mode.TRAINING);
      Objective<Singles> loss = (batch, call) -> loss(network, weights, batch, call);
      Map<String, String> provenance = new LinkedHashMap<>();
      provenance.put("data", world.toString());
      provenance.put("model", BACKBONE.toString());
      provenance.put("batch", Integer.toString(SINGLES));
      provenance.put("steps", Integer.toString(steps));
      new Training<>(weights, optimiser, step -> Singles.of(world, step), loss)
          .run(
              TrainingPlan.of(folder, steps)
                  .withSaveEvery(100)
                  .withProvenance(provenance)
                  .withReport(TrainingCurves::write),
              progress());
    }
    return weights;
  }

  private static NDArray loss(
      ResNet network, Map<String, NDArray> weights, Singles batch, NDManager call) {
    int count = batch.labels().length;
    NDArray pixels = call.create(batch.pixels(), new Shape(count, 3, SINGLE_SIDE, SINGLE_SIDE));
    NDArray maps = network.last(pixels);
    NDArray means = maps.reshape(count, maps.getShape().get(1), -1).mean(new int[] {2});
    NDArray logits = means.matMul(weights.get("fc.weight").transpose()).add(weights.get("fc.bias"));
    return new CrossEntropy(-1).of(logits, call.create(batch.labels()));
  }

  private static Progress progress() {
    long start = System.nanoTime();
    return new Progress() {
      @Override
      public void update(String task, long done, long total) {
        update(task, "", done, total);
      }

      @Override
      public void update(String task, String detail, long done, long total) {
        if (done % 10 == 0 || done == total) {
          System.out.printf(
              Locale.ROOT,
              "%s, %d of %d, %s, %.0f s%n",
              task,
              done,
              total,
              detail,
              (System.nanoTime() - start) / 1e9);
        }
      }
    };
  }
}
