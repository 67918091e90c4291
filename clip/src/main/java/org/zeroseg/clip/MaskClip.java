package org.zeroseg.clip;

import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.clip.text.TextEncoder;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.hub.ModelBuilder;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * Segments a picture by words with CLIP alone, without any training: every cell of the picture is
 * compared with every word (MaskCLIP, Zhou et al. 2022).
 *
 * <p>A category with synonyms takes the best of its words in every cell. Scores are probabilities:
 * the softmax over categories and background words of 100 times the cosine, or the smoothed values
 * divided by their sum; a background threshold of the vocabulary is on this scale (NamedMask, Shin
 * et al. 2023, Sec. 4.4 uses 0.25). Without a threshold a map is resized twice, to the model's
 * input and on to the picture, as released; with one it is resized once.
 *
 * <p>Pictures are taken as their samples lie; an EXIF orientation is not applied.
 */
public final class MaskClip implements Segmenter {

  private final Clip clip;
  private final DenseClip dense;
  private final TextEmbeddings texts;
  private final Settings settings;

  private MaskClip(Clip clip, DenseClip dense, TextEmbeddings texts, Settings settings) {
    this.clip = clip;
    this.dense = dense;
    this.texts = texts;
    this.settings = settings;
  }

  private record Settings(
      int shorterSide,
      int longerSide,
      Filter filter,
      Normalization normalization,
      PromptTemplates templates,
      Refinement refinement,
      int window,
      int step) {}

  /**
   * Begins to choose a model and its settings.
   *
   * @return a builder with the released configuration's defaults
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Choices of a {@link MaskClip}. */
  public static final class Builder extends ModelBuilder<Builder> {

    private Source<Clip> clip = Source.missing("choose a model: builder().model(...)");
    private Optional<TextEmbeddings> texts = Optional.empty();
    private boolean asReleased;
    // OpenCV linear within 2048 x 512 and ImageNet statistics: the released configurations.
    private int shorterSide = 512;
    private int longerSide = 2048;
    private Filter filter = Filter.OPENCV_LINEAR;
    private Normalization normalization = Normalization.IMAGENET;
    private PromptTemplates templates = PromptTemplates.ENSEMBLE;
    private Refinement refinement = Refinement.NONE;
    private int window;
    private int step;

    private Builder() {}

    @Override
    protected Builder self() {
      return this;
    }

    /**
     * The model's folder or file.
     *
     * @param model as {@link Clip#load(Path)} takes it
     * @return this
     */
    public Builder model(Path model) {
      return model(model.toString());
    }

    /**
     * The model's path, or its id on the Hugging Face hub.
     *
     * @param model such as {@code openai/clip-vit-base-patch16}
     * @return this
     */
    public Builder model(String model) {
      clip = () -> Clip.load(model, hub(), precision(), device());
      return this;
    }

    /**
     * A model that is loaded already, and stays open when the segmenter is closed.
     *
     * @param model shared with others
     * @return this
     */
    public Builder model(Clip model) {
      clip = model::lent;
      return this;
    }

    /**
     * The released network in place of CLIP's: its vision transformers compute with the erf GELU
     * and an epsilon of 1e-6, although CLIP's weights were trained with QuickGELU and 1e-5, and
     * keep the position table wherever the number of patches is the native one. The published
     * figures come from that network.
     *
     * @return this
     */
    public Builder asReleased() {
      asReleased = true;
      return this;
    }

    /**
     * The size of the model's input: the largest of the picture's shape within these sides.
     *
     * @param shorter limit of the shorter side in pixels, 512 by default
     * @param longer limit of the longer side in pixels, 2048 by default
     * @return this
     */
    public Builder inputWithin(int shorter, int longer) {
      if (shorter < 1 || longer < shorter) {
        throw new IllegalArgumentException("input within " + longer + " x " + shorter);
      }
      shorterSide = shorter;
      longerSide = longer;
      return this;
    }

    /**
     * How pictures are resized.
     *
     * @param chosen {@link Filter#OPENCV_LINEAR} by default
     * @return this
     */
    public Builder filter(Filter chosen) {
      filter = chosen;
      return this;
    }

    /**
     * The statistics of the pixels.
     *
     * @param chosen {@link Normalization#IMAGENET} by default, as released, although CLIP was
     *     trained with {@link Normalization#CLIP}
     * @return this
     */
    public Builder normalization(Normalization chosen) {
      normalization = chosen;
      return this;
    }

    /**
     * The sentences around each word.
     *
     * @param chosen {@link PromptTemplates#ENSEMBLE} by default
     * @return this
     */
    public Builder templates(PromptTemplates chosen) {
      templates = chosen;
      return this;
    }

    /**
     * Where class vectors come from, for instance ones that are kept in files for the next process
     * ({@link TextEmbeddings#of(TextEncoder, Path, String)}). Those of a model with a joint space
     * of another width are refused when a picture is segmented.
     *
     * @param chosen the model's own by default, which are remembered while it is open
     * @return this
     */
    public Builder textEmbeddings(TextEmbeddings chosen) {
      texts = Optional.of(chosen);
      return this;
    }

    /**
     * Prompt denoising and key smoothing.
     *
     * @param chosen {@link Refinement#NONE} by default
     * @return this
     */
    public Builder refinement(Refinement chosen) {
      refinement = chosen;
      return this;
    }

    /**
     * Cuts large inputs into overlapping squares, so that attention stays local and its cost linear
     * in the picture's area. Cosines are averaged where squares overlap. Both numbers are rounded
     * up to whole cells.
     *
     * @param side of a square in pixels of the model's input
     * @param stepBetween squares, at most the side
     * @return this
     */
    public Builder slidingWindow(int side, int stepBetween) {
      if (stepBetween < 1 || side < stepBetween) {
        throw new IllegalArgumentException("windows of " + side + " every " + stepBetween);
      }
      window = side;
      step = stepBetween;
      return this;
    }

    /**
     * Loads the model.
     *
     * @return the segmenter
     * @throws IOException if the model's files cannot be read
     * @throws IllegalStateException if no model was chosen
     */
    public MaskClip build() throws IOException {
      Settings settings =
          new Settings(
              shorterSide, longerSide, filter, normalization, templates, refinement, window, step);
      Clip chosen = clip.open();
      try {
        return new MaskClip(
            chosen, chosen.dense(asReleased), texts.orElseGet(chosen::textEmbeddings), settings);
      } catch (RuntimeException e) {
        chosen.close();
        throw e;
      }
    }
  }

  @Override
  public List<Segmentation> segment(List<Image> images, Vocabulary vocabulary) {
    Words words = Words.of(vocabulary);
    float[][] classifier = texts.classifier(words.words(), settings.templates());
    if (classifier[0].length != clip.config().embedding()) {
      throw new IllegalArgumentException(
          "class vectors of %d numbers for a model of %d: they are another model's"
              .formatted(classifier[0].length, clip.config().embedding()));
    }
    List<Segmentation> results = new ArrayList<>();
    // One by one: at this size a picture fills the processor, and stays independent of the others.
    for (Image image : images) {
      results.add(segment(Picture.of(image), vocabulary, words, classifier));
    }
    return results;
  }

  /**
   * The words of a vocabulary in a row, and which category each belongs to; each background word is
   * a category of its own behind those that have names.
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record Words(List<String> words, long[] owners, int categories) {

    static Words of(Vocabulary vocabulary) {
      List<String> words = new ArrayList<>();
      List<Long> owners = new ArrayList<>();
      long owner = 0;
      for (Vocabulary.Category category : vocabulary.categories()) {
        for (String word : category.words()) {
          words.add(word);
          owners.add(owner);
        }
        owner++;
      }
      for (String word : vocabulary.backgroundWords()) {
        words.add(word);
        owners.add(owner++);
      }
      long[] plain = owners.stream().mapToLong(Long::longValue).toArray();
      return new Words(words, plain, (int) owner);
    }
  }

  private Segmentation segment(
      Picture picture, Vocabulary vocabulary, Words words, float[][] classifier) {
    Sizes sizes =
        Sizes.within(
            picture.width(), picture.height(), settings.longerSide(), settings.shorterSide());
    Picture input = picture.rgb().resize(sizes.newWidth(), sizes.newHeight(), settings.filter());
    Grid grid = scores(input, words, classifier);
    OptionalDouble threshold = vocabulary.backgroundThreshold();
    Labelling labelling =
        new Labelling(
            taps(grid.height(), sizes.newHeight(), picture.height(), threshold.isPresent()),
            taps(grid.width(), sizes.newWidth(), picture.width(), threshold.isPresent()),
            settings.refinement().smooths() ? Labelling.Values.WEIGHTS : Labelling.Values.COSINES,
            threshold);
    Labelling.Labels labels =
        labelling.apply(grid.values(), words.categories(), vocabulary.size(), grid.width());
    return Segmentation.ofLabels(
        picture.width(), picture.height(), vocabulary.names(), labels.labels(), labels.scores());
  }

  private static LinearTaps taps(int cells, int input, int picture, boolean once) {
    return once ? LinearTaps.of(cells, picture) : LinearTaps.of(cells, input).then(picture);
  }

  /** A map {@code [categories, height, width]}. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Grid(float[] values, int height, int width) {}

  private Grid scores(Picture input, Words words, float[][] classifier) {
    return clip.compute(
        (model, call) -> {
          NDArray pixels = settings.normalization().pixels(call, List.of(input));
          NDArray vectors = call.create(classifier);
          boolean keys = settings.refinement().smooths();
          DenseClip.Map map =
              settings.window() > 0
                  ? SlidingWindow.of(dense, settings.window(), settings.step())
                      .map(pixels, vectors, keys)
                  : dense.features(pixels, keys).compare(vectors);
          NDArray best = Refinement.bestWords(map.cosines(), words.owners());
          NDArray refined = settings.refinement().apply(best, map.keys());
          return new Grid(refined.toFloatArray(), map.height(), map.width());
        });
  }

  @Override
  public void close() {
    clip.close();
  }
}
