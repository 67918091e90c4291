package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.cluster.Vectors;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.segment.Batches;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.segment.ScoreMap;
import org.zeroseg.core.segment.Scoring;
import org.zeroseg.core.segment.TiledLabels;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.segment.WordRows;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * Segments a picture by words with CLIP alone, without any training: every cell of the picture is
 * compared with every word (MaskCLIP, Zhou et al. 2022).
 *
 * <pre>{@code
 * try (MaskClip segmenter = MaskClip.builder().model("openai/clip-vit-base-patch16").build()) {
 *   Vocabulary words = Vocabulary.of("cat", "sofa").withCommonBackground();
 *   Segmentation found = segmenter.segment(Path.of("photo.jpg"), words);
 * }
 * }</pre>
 *
 * <p>{@link MaskClipBuilder#attention} replaces the last block's attention by one of the methods
 * that lead today, for CLIPs with a vision transformer; what is said below is of MaskCLIP itself.
 *
 * <p>A category with synonyms takes the best of its words in every cell. Scores are probabilities:
 * the softmax over categories and background words of 100 times the cosine, or the smoothed values
 * divided by their sum; a background threshold of the vocabulary is on this scale (NamedMask, Shin
 * et al. 2023, Sec. 4.4 uses 0.25). Without a threshold the score maps are resized to the model's
 * input size first and from there to the picture, as the released code does; with a threshold they
 * are resized to the picture directly.
 */
public final class MaskClip implements Segmenter {

  /** What CLIP's trained logit scale is in practice. */
  private static final Scoring SOFTMAX = Scoring.softmax(100);

  /**
   * The presence from which on a word is taken to be in a picture; measured on ShapeWorld with the
   * demo's CLIPs and all attentions, half of the words asked for being absent.
   */
  public static final double PRESENT = 0.5;

  /** Below all cosines, even after the softmax's scale. */
  private static final float NOWHERE = -1e6f;

  private final Clip clip;
  private final DenseClip dense;
  private final TextEmbeddings texts;
  private final Settings settings;

  MaskClip(Clip clip, DenseClip dense, TextEmbeddings texts, Settings settings) {
    this.clip = clip;
    this.dense = dense;
    this.texts = texts;
    this.settings = settings;
  }

  /** What the builder chose. */
  record Settings(
      InputSize input,
      int batch,
      Filter filter,
      Normalization normalization,
      PromptTemplates templates,
      Refinement refinement,
      Optional<SlidingWindow> windows,
      Optional<Tiles> tiles,
      Optional<WindowedAttention> attention,
      double presence,
      Progress progress) {}

  /** What a call asks for. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Asked(Vocabulary vocabulary, WordRows words, float[][] classifier) {}

  /**
   * Creates a builder, on which a model and settings are chosen.
   *
   * @return a builder with the released configuration's defaults
   */
  public static MaskClipBuilder builder() {
    return new MaskClipBuilder();
  }

  @Override
  public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
    Asked asked = asked(vocabulary);
    return Batches.tiled(
        pictures,
        settings.tiles(),
        large -> tiled(large, asked),
        others -> each(others, (some, sizes) -> segmentations(some, sizes, asked)));
  }

  /**
   * How likely a picture shows what is asked for, whatever the segmenter makes of absent words:
   * from 0 to 1, and of the same meaning for every attention. Words are compared with each other
   * and with the background's; a single word without background has nothing to be compared with,
   * and 1.
   *
   * @param picture of any mode and size
   * @param vocabulary the words
   * @return one score a category, in the order of the vocabulary; {@link #PRESENT} tells what is
   *     there from what is not
   * @throws IllegalStateException if maps are refined, which leaves no cosines
   */
  public List<Double> presence(Picture picture, Vocabulary vocabulary) {
    if (!settings.refinement().equals(Refinement.NONE)) {
      throw new IllegalStateException("presence is read from cosines, without refinement");
    }
    return Arrays.stream(presence(picture, asked(vocabulary))).boxed().toList();
  }

  private double[] presence(Picture picture, Asked asked) {
    return each(
            List.of(picture),
            (some, sizes) -> List.of(presence(picture, rows(some, sizes, asked).get(0), asked)))
        .get(0);
  }

  private Asked asked(Vocabulary vocabulary) {
    WordRows words = WordRows.withBackgroundApart(vocabulary);
    float[][] classifier =
        texts.classifier(words.words(), settings.templates(), settings.progress());
    if (classifier[0].length != clip.config().embedding()) {
      throw new IllegalArgumentException(
          "class vectors of %d numbers for a model of %d: they are another model's"
              .formatted(classifier[0].length, clip.config().embedding()));
    }
    return new Asked(vocabulary, words, classifier);
  }

  private <R> List<R> each(
      List<Picture> pictures, BiFunction<List<Picture>, Sizes, List<R>> compute) {
    int cell = settings.attention().map(attention -> attention.dense().leastSide()).orElse(1);
    int together = settings.attention().isPresent() ? 1 : settings.batch();
    return Batches.map(
        pictures, picture -> settings.input().of(picture, cell), sizes -> together, compute);
  }

  private List<Segmentation> segmentations(List<Picture> some, Sizes sizes, Asked asked) {
    if (settings.attention().isPresent()) {
      ScoreRows rows = attended(settings.attention().get(), some, sizes, asked);
      return List.of(
          among(
              asked,
              () -> presence(some.get(0), rows, asked),
              absent -> segmentation(rows, absent, asked)));
    }
    List<ScoreMap> maps = scores(some, sizes, asked);
    List<Segmentation> results = new ArrayList<>();
    for (int i = 0; i < maps.size(); i++) {
      ScoreMap map = maps.get(i);
      Picture picture = some.get(i);
      results.add(
          among(
              asked,
              () -> presence(picture, rows(map), asked),
              absent ->
                  isNothing(asked, absent)
                      ? nothing(sizes.width(), sizes.height(), asked)
                      : segmentation(without(map, absent), sizes, asked)));
    }
    return results;
  }

  /** A result without the categories that are probably absent, which tells how likely each is. */
  private Segmentation among(
      Asked asked, Supplier<double[]> presence, Function<boolean[], Segmentation> segment) {
    if (settings.presence() == 0) {
      return segment.apply(new boolean[asked.words().categories()]);
    }
    double[] likely = presence.get();
    return segment.apply(absent(likely)).withPresence(Arrays.stream(likely).boxed().toList());
  }

  /** Scores of words, or of the best word of each category. */
  private List<ScoreRows> rows(List<Picture> some, Sizes sizes, Asked asked) {
    return settings.attention().isPresent()
        ? List.of(attended(settings.attention().get(), some, sizes, asked))
        : scores(some, sizes, asked).stream().map(MaskClip::rows).toList();
  }

  private static ScoreRows rows(ScoreMap map) {
    return new ScoreRows.Stored(map.values(), map.count(), map.height(), map.width());
  }

  private boolean[] absent(double... presence) {
    boolean[] absent = new boolean[presence.length];
    for (int c = 0; c < absent.length; c++) {
      absent[c] = presence[c] < settings.presence();
    }
    return absent;
  }

  private double[] presence(Picture picture, ScoreRows rows, Asked asked) {
    WordRows words = asked.words();
    float[] places = Presence.sample(rows);
    boolean single = rows.count() == words.words().size();
    float[] best = single ? words.best(places, 0, places.length / rows.count()) : places;
    int side = clip.config().image().inputSize();
    List<Picture> square =
        new Sizes(picture.width(), picture.height(), side, side)
            .resize(List.of(picture), Filter.BICUBIC);
    float[] embedding =
        clip.compute(
            (model, call) ->
                model.image().encode(Normalization.CLIP.pixels(call, square)).toFloatArray());
    double[] whole = new double[words.count()];
    Arrays.fill(whole, Double.NEGATIVE_INFINITY);
    for (int word = 0; word < asked.classifier().length; word++) {
      int owner = words.owners()[word];
      double likeness = Vectors.dot(embedding, asked.classifier()[word]);
      whole[owner] = Math.max(whole[owner], likeness);
    }
    return Presence.of(best, whole, words.categories());
  }

  /** Whether no pixel can have a label but the background's. */
  private static boolean isNothing(Asked asked, boolean... absent) {
    return !asked.words().hasBackground()
        && IntStream.range(0, absent.length).allMatch(c -> absent[c]);
  }

  private static Segmentation nothing(int width, int height, Asked asked) {
    int[] labels = new int[Math.multiplyExact(width, height)];
    double[] scores = new double[asked.words().categories()];
    return Segmentation.ofLabels(width, height, asked.vocabulary().names(), labels, scores);
  }

  /** Absent categories win nowhere. */
  private static ScoreMap without(ScoreMap map, boolean... absent) {
    float[] values = map.values();
    int cells = map.height() * map.width();
    for (int c = 0; c < absent.length; c++) {
      if (absent[c]) {
        Arrays.fill(values, c * cells, (c + 1) * cells, NOWHERE);
      }
    }
    return map;
  }

  private ScoreRows attended(
      WindowedAttention attention, List<Picture> one, Sizes sizes, Asked asked) {
    return attended(attention, one.get(0), sizes, sizes.height(), sizes.width(), asked);
  }

  private ScoreRows attended(
      WindowedAttention attention,
      Picture picture,
      Sizes sizes,
      int height,
      int width,
      Asked asked) {
    List<Picture> input = sizes.resize(List.of(picture), settings.filter());
    return clip.compute(
        (model, call) -> {
          NDArray pixels = settings.normalization().pixels(call, input);
          return attention.scores(pixels, asked.classifier(), height, width);
        });
  }

  private Segmentation segmentation(ScoreRows rows, boolean[] absent, Asked asked) {
    WordRows words = asked.words();
    Protocol around = settings.attention().orElseThrow().protocol();
    int categories = words.categories();
    ClassScores scores =
        new ClassScores(
            Arrays.stream(words.owners()).map(owner -> Math.min(owner, categories)).toArray(),
            words.hasBackground() ? categories + 1 : categories,
            categories,
            around.scale(),
            asked.vocabulary().backgroundThreshold(),
            around.leastArea());
    ClassScores.Labels found = scores.labels(rows, absent);
    int[] labels = found.labels();
    for (int i = 0; i < labels.length; i++) {
      labels[i] = labels[i] < categories ? labels[i] + 1 : 0;
    }
    return Segmentation.ofLabels(
        rows.width(),
        rows.height(),
        asked.vocabulary().names(),
        labels,
        Arrays.copyOf(found.scores(), categories));
  }

  /** A picture that takes several tiles. */
  private Segmentation tiled(Picture picture, Asked asked) {
    return among(
        asked,
        () -> presence(picture, asked),
        absent ->
            isNothing(asked, absent)
                ? nothing(picture.width(), picture.height(), asked)
                : tiled(picture, absent, asked));
  }

  private Segmentation tiled(Picture picture, boolean[] absent, Asked asked) {
    TiledLabels pixels =
        new TiledLabels(
            settings.tiles().orElseThrow(),
            picture.width(),
            picture.height(),
            asked.words().categories(),
            scoring(),
            asked.vocabulary().backgroundThreshold());
    pixels.add(
        picture,
        settings.batch(),
        settings.progress(),
        parts -> tiles(parts, asked).stream().map(map -> without(map, absent)).toList());
    Labelling.Labels labels = pixels.labels();
    return Segmentation.ofLabels(
        picture.width(),
        picture.height(),
        asked.vocabulary().names(),
        labels.compact(),
        labels.scores());
  }

  /** Maps of tiles; with another attention of the size in which the network sees a tile. */
  private List<ScoreMap> tiles(List<Picture> parts, Asked asked) {
    if (settings.attention().isEmpty()) {
      return scores(parts, settings.input().of(parts.get(0), 1), asked);
    }
    WindowedAttention attention = settings.attention().get();
    Sizes sizes = settings.input().of(parts.get(0), attention.dense().leastSide());
    int height = sizes.newHeight();
    int width = sizes.newWidth();
    return parts.stream()
        .map(part -> attended(attention, part, sizes, height, width, asked).all())
        .map(all -> new ScoreMap(asked.words().best(all, 0, height * width), height, width))
        .toList();
  }

  private Scoring scoring() {
    if (settings.attention().isPresent()) {
      return Scoring.softmax((float) settings.attention().get().protocol().scale());
    }
    return settings.refinement().smooths() ? Scoring.share() : SOFTMAX;
  }

  private Segmentation segmentation(ScoreMap grid, Sizes sizes, Asked asked) {
    Vocabulary vocabulary = asked.vocabulary();
    WordRows words = asked.words();
    OptionalDouble threshold = vocabulary.backgroundThreshold();
    boolean once = threshold.isPresent();
    Labelling labelling =
        new Labelling(
            taps(grid.height(), sizes.newHeight(), sizes.height(), once),
            taps(grid.width(), sizes.newWidth(), sizes.width(), once),
            scoring(),
            threshold);
    Labelling.Labels labels =
        labelling.apply(grid.values(), words.count(), words.categories(), grid.width());
    return Segmentation.ofLabels(
        sizes.width(), sizes.height(), vocabulary.names(), labels.compact(), labels.scores());
  }

  private static LinearTaps taps(int cells, int input, int picture, boolean once) {
    return once ? LinearTaps.of(cells, picture) : LinearTaps.of(cells, input).then(picture);
  }

  /** Maps of the categories and background words. */
  private List<ScoreMap> scores(List<Picture> pictures, Sizes sizes, Asked asked) {
    List<Picture> inputs = sizes.resize(pictures, settings.filter());
    long[] owners = Arrays.stream(asked.words().owners()).asLongStream().toArray();
    return clip.compute(
        (model, call) -> {
          NDArray pixels = settings.normalization().pixels(call, inputs);
          NDArray vectors = call.create(asked.classifier());
          boolean keys = settings.refinement().smooths();
          DenseClip.Map map =
              settings.windows().isPresent()
                  ? settings.windows().get().map(pixels, vectors, keys)
                  : dense.features(pixels, keys).compare(vectors);
          NDArray best = Refinement.bestWords(map.cosines(), owners);
          float[] refined = settings.refinement().apply(best, map.keys()).toFloatArray();
          int length = refined.length / inputs.size();
          List<ScoreMap> grids = new ArrayList<>();
          for (int i = 0; i < inputs.size(); i++) {
            float[] own = Arrays.copyOfRange(refined, i * length, (i + 1) * length);
            grids.add(new ScoreMap(own, map.height(), map.width()));
          }
          return grids;
        });
  }

  @Override
  public void close() {
    clip.close();
  }
}
