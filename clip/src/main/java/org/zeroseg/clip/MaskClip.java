package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
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
 * et al. 2023, Sec. 4.4 uses 0.25). Without a threshold a map is resized twice, to the model's
 * input and on to the picture, as released; with one it is resized once.
 */
public final class MaskClip implements Segmenter {

  /** What CLIP's trained logit scale is in practice. */
  private static final Scoring SOFTMAX = Scoring.softmax(100);

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
      Progress progress) {}

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
    WordRows words = WordRows.withBackgroundApart(vocabulary);
    float[][] classifier =
        texts.classifier(words.words(), settings.templates(), settings.progress());
    if (classifier[0].length != clip.config().embedding()) {
      throw new IllegalArgumentException(
          "class vectors of %d numbers for a model of %d: they are another model's"
              .formatted(classifier[0].length, clip.config().embedding()));
    }
    return Batches.tiled(
        pictures,
        settings.tiles(),
        large -> tiled(large, vocabulary, words, classifier),
        others ->
            Batches.map(
                others,
                picture -> settings.input().of(picture, 1),
                sizes -> settings.batch(),
                (some, sizes) ->
                    scores(some, sizes, words, classifier).stream()
                        .map(grid -> segmentation(grid, sizes, vocabulary, words))
                        .toList()));
  }

  /** A picture that takes several tiles. */
  private Segmentation tiled(
      Picture picture, Vocabulary vocabulary, WordRows words, float[][] classifier) {
    TiledLabels pixels =
        new TiledLabels(
            settings.tiles().orElseThrow(),
            picture.width(),
            picture.height(),
            words.categories(),
            scoring(),
            vocabulary.backgroundThreshold());
    pixels.add(
        picture,
        settings.batch(),
        settings.progress(),
        parts -> scores(parts, settings.input().of(parts.get(0), 1), words, classifier));
    Labelling.Labels labels = pixels.labels();
    return Segmentation.ofLabels(
        picture.width(), picture.height(), vocabulary.names(), labels.compact(), labels.scores());
  }

  private Scoring scoring() {
    return settings.refinement().smooths() ? Scoring.share() : SOFTMAX;
  }

  private Segmentation segmentation(
      ScoreMap grid, Sizes sizes, Vocabulary vocabulary, WordRows words) {
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
  private List<ScoreMap> scores(
      List<Picture> pictures, Sizes sizes, WordRows words, float[][] classifier) {
    List<Picture> inputs = sizes.resize(pictures, settings.filter());
    long[] owners = Arrays.stream(words.owners()).asLongStream().toArray();
    return clip.compute(
        (model, call) -> {
          NDArray pixels = settings.normalization().pixels(call, inputs);
          NDArray vectors = call.create(classifier);
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
