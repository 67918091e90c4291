package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.Batches;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.segment.ScoreMap;
import org.zeroseg.core.segment.Scoring;
import org.zeroseg.core.segment.TiledLabels;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.ModelMemory;

/**
 * Segments a picture by the categories that its network was distilled for, from unlabelled pictures
 * (Shin et al. 2023, "NamedMask: Distilling Segmenters from Complementary Foundation Models").
 *
 * <pre>{@code
 * try (NamedMask segmenter =
 *     NamedMask.builder().model(Path.of("voc2012.pt")).categories("aeroplane", "bicycle").build()) {
 *   Segmentation found = segmenter.segment(Path.of("photo.jpg"), segmenter.vocabulary());
 * }
 * }</pre>
 *
 * <p>A vocabulary selects among the categories and orders them: each of its entries names one or
 * more of them by its name or its synonyms, whatever the case of letters; a word that belongs to no
 * category is rejected, and the message lists the nearest ones. All categories compete for every
 * pixel; a pixel won by a category outside the vocabulary is background. The network has a
 * background of its own, unless each of its classes has a name, as in ReCo+ (Shin et al. 2022), and
 * background words of the vocabulary change nothing. A segment's score is the mean probability of
 * the category at the pixels that it won; a threshold of the vocabulary is on the same scale, and
 * leaves pixels to the background that score less.
 *
 * <p>Thread-safe; {@link #close} waits for calls that run.
 */
public final class NamedMask implements Segmenter {

  /** Pixels that go through the network at once, unless a single picture has more. */
  private static final long MOST_PIXELS = 1L << 20;

  /** Numbers that are kept of a tile: 8 MB. */
  private static final long MOST_SCORES = 2L << 20;

  /** What the builder chose. */
  record Settings(
      InputSize input, int batch, Optional<Tiles> tiles, boolean crf, Progress progress) {}

  private final DeepLab network;
  private final Categories categories;
  private final ModelMemory memory;
  private final Settings settings;

  NamedMask(DeepLab network, Categories categories, NDManager manager, Settings settings) {
    this.network = network;
    this.categories = categories;
    this.memory = new ModelMemory(manager, "this NamedMask");
    this.settings = settings;
  }

  /**
   * Creates a builder, on which a model and settings are chosen.
   *
   * @return a builder with the published settings
   */
  public static NamedMaskBuilder builder() {
    return new NamedMaskBuilder();
  }

  /**
   * The categories that the network was trained for.
   *
   * @return their names in the order of its classes
   */
  public Vocabulary vocabulary() {
    return Vocabulary.of(categories.names().toArray(String[]::new));
  }

  @Override
  public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
    int[] labels = categories.labels(vocabulary, network.config().classes());
    double least = vocabulary.backgroundThreshold().orElse(0);
    return Batches.tiled(
        pictures,
        settings.tiles(),
        large -> tiled(large, vocabulary, labels),
        others ->
            Batches.map(
                others,
                picture -> settings.input().of(picture, 1),
                sizes -> together(sizes, settings.batch()),
                (some, sizes) ->
                    winners(some, sizes).stream()
                        .map(found -> segmentation(found, sizes, vocabulary.names(), labels, least))
                        .toList()));
  }

  /** A picture that takes several tiles. */
  private Segmentation tiled(Picture picture, Vocabulary vocabulary, int[] labels) {
    Tiles tiles = settings.tiles().orElseThrow();
    int width = picture.width();
    int height = picture.height();
    Sizes sizes =
        settings.input().of(Math.min(width, tiles.side()), Math.min(height, tiles.side()));
    TiledLabels pixels =
        new TiledLabels(
            tiles,
            width,
            height,
            vocabulary.size(),
            map -> labels[map],
            Scoring.softmax(1),
            vocabulary.backgroundThreshold());
    pixels.add(
        picture,
        together(sizes, settings.batch()),
        settings.progress(),
        parts -> features(parts, sizes, features -> maps(features, parts.size())));
    Labelling.Labels found = pixels.labels();
    return Segmentation.ofLabels(
        width, height, vocabulary.names(), found.compact(), found.scores());
  }

  /** The logits of all classes, on a coarser grid where there are many. */
  private List<ScoreMap> maps(NDArray features, int count) {
    long height = features.getShape().get(2);
    long width = features.getShape().get(3);
    double share = (double) MOST_SCORES / network.config().classes() / (height * width);
    double factor = Math.sqrt(Math.min(1, share));
    long rows = Math.max(1, (long) (factor * height));
    long columns = Math.max(1, (long) (factor * width));
    NDManager call = features.getManager();
    NDArray logits =
        DeepLab.KERNELS.call(
            "coarse_maps",
            features,
            network.classes().get(0),
            network.classes().get(1),
            call.create(new long[] {rows, columns}));
    float[] all = logits.toFloatArray();
    int length = all.length / count;
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                new ScoreMap(
                    Arrays.copyOfRange(all, i * length, (i + 1) * length),
                    (int) rows,
                    (int) columns))
        .toList();
  }

  private static int together(Sizes sizes, int batch) {
    long pixels = (long) sizes.newWidth() * sizes.newHeight();
    return (int) Math.max(1, Math.min(batch, MOST_PIXELS / pixels));
  }

  private List<ClassMaps.Winners> winners(List<Picture> pictures, Sizes sizes) {
    return features(
        pictures,
        sizes,
        features -> {
          if (settings.crf()) {
            return refined(features, pictures, sizes);
          }
          ClassMaps maps = ClassMaps.of(network, sizes);
          return IntStream.range(0, pictures.size())
              .mapToObj(i -> maps.winners(features, i))
              .toList();
        });
  }

  /** What a conditional random field makes of the probabilities of all classes. */
  private List<ClassMaps.Winners> refined(NDArray features, List<Picture> pictures, Sizes sizes) {
    NDArray logits =
        Interpolation.resize(
            network.classMaps(features),
            sizes.newHeight(),
            sizes.newWidth(),
            Interpolation.Mode.BILINEAR);
    if (sizes.newWidth() != sizes.width() || sizes.newHeight() != sizes.height()) {
      logits =
          Interpolation.resize(logits, sizes.height(), sizes.width(), Interpolation.Mode.BILINEAR);
    }
    int classes = network.config().classes();
    int pixels = sizes.width() * sizes.height();
    NDArray softmax = logits.softmax(1);
    List<ClassMaps.Winners> winners = new ArrayList<>();
    for (int i = 0; i < pictures.size(); i++) {
      float[] probabilities = softmax.get(i).toFloatArray();
      int[] labels = Crf.labels(probabilities, pictures.get(i), classes);
      float[] own = new float[pixels];
      for (int pixel = 0; pixel < pixels; pixel++) {
        own[pixel] = probabilities[labels[pixel] * pixels + pixel];
      }
      winners.add(new ClassMaps.Winners(labels, own));
    }
    return winners;
  }

  /** What is made of the features of pictures of one size. */
  private <R> R features(List<Picture> pictures, Sizes sizes, Function<NDArray, R> use) {
    List<Picture> inputs = sizes.resize(pictures, Filter.BILINEAR);
    return memory.during(
        call -> {
          NDArray features;
          try (NDArray pixels = Normalization.IMAGENET.pixels(call, inputs)) {
            features = network.features(pixels);
          }
          return use.apply(features);
        });
  }

  /** Labels of the vocabulary, and the mean probability of each. */
  private static Segmentation segmentation(
      ClassMaps.Winners found, Sizes sizes, List<String> names, int[] labels, double least) {
    int[] map = found.classes();
    double[] scores = new double[names.size()];
    int[] pixels = new int[names.size()];
    for (int i = 0; i < map.length; i++) {
      float probability = found.probabilities()[i];
      int label = probability < least ? 0 : labels[map[i]];
      map[i] = label;
      if (label > 0) {
        scores[label - 1] += probability;
        pixels[label - 1]++;
      }
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] /= Math.max(1, pixels[i]);
    }
    return Segmentation.ofLabels(sizes.width(), sizes.height(), names, map, scores);
  }

  /**
   * The network as a detector of whatever it knows, as experts refine the masks of their archives
   * (Shin et al. 2023, Sec. 3.2): {@link PseudoMasks#make} with it, into a folder of the category's
   * own, goes on where it was stopped.
   *
   * @return masks of all pixels that are not background, with their mean probability; closes
   *     nothing
   */
  public SaliencyDetector detector() {
    return new SaliencyDetector() {
      @Override
      public List<Salient> detect(List<Picture> pictures) {
        return segment(pictures, vocabulary()).stream().map(NamedMask::salient).toList();
      }

      @Override
      public void close() {}
    };
  }

  private static SaliencyDetector.Salient salient(Segmentation found) {
    int[] labels = found.labels();
    int width = found.width();
    Mask mask = Mask.of(width, found.height(), (x, y) -> labels[y * width + x] > 0);
    double sum = 0;
    for (Segment segment : found.segments()) {
      sum += segment.score() * segment.mask().area();
    }
    return new SaliencyDetector.Salient(mask, sum / Math.max(1, mask.area()));
  }

  /** Frees the network, after the calls that run. */
  @Override
  public void close() {
    memory.close();
  }
}
