package org.zeroseg.zutis;

import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDManager;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.Batches;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.segment.TileParts;
import org.zeroseg.core.segment.TiledLabels;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.tensor.ModelMemory;

/**
 * Segments a picture by words into regions and single instances, with one network that was trained
 * without manual masks (Shin et al. 2023, "Zero-shot Unsupervised Transfer Instance Segmentation").
 * New words need no retraining.
 *
 * <pre>{@code
 * try (Zutis segmenter =
 *     Zutis.builder()
 *         .model(Path.of("coco_vit_b_16.pt"))
 *         .clip("openai/clip-vit-base-patch16")
 *         .build()) {
 *   Segmentation found = segmenter.segment(Path.of("photo.jpg"), Vocabulary.of("cat", "sofa"));
 * }
 * }</pre>
 *
 * <p>Words are compared bare, without sentences around them. Background is a word like any other:
 * the vocabulary's background words, or "background" if it has none. Instance scores are the mean
 * probability inside the mask times the sigmoid of five times the cosine of its content with the
 * word, below 0.9933; a region's score is the mean of that sigmoid over its pixels. A threshold of
 * the vocabulary is on the same scale, and leaves out pixels and instances that score less.
 *
 * <p>Thread-safe; {@link #close} waits for calls that run.
 */
public final class Zutis implements Segmenter {

  /** What a {@link Segmentation} holds. */
  public enum Answer {
    /** The label map of the semantic branch; one segment for each category in it. The fastest. */
    REGIONS,
    /** Instances as segments; the label map shows the best one at each pixel. */
    INSTANCES,
    /** The label map of the semantic branch, and instances as segments. */
    BOTH
  }

  /**
   * What instances are chosen from: one for each query of the network.
   *
   * @param mask of the picture's size
   * @param label the category that fits its content best, 0 for background
   * @param objectness mean probability inside the mask
   * @param probability of the category
   */
  public record Candidate(Mask mask, int label, double objectness, double probability) {

    /**
     * What instances are ranked by.
     *
     * @return objectness times probability
     */
    public double score() {
      return objectness * probability;
    }
  }

  /** Pixels that go through the network at once, unless a single picture has more. */
  private static final long MOST_PIXELS = 8L << 20;

  /** What the builder chose. */
  record Settings(
      Inference inference,
      Instances instances,
      InputSize input,
      double backgroundMargin,
      int batch,
      Optional<Tiles> tiles,
      PromptTemplates templates,
      Progress progress) {}

  private final ModelMemory memory;
  private final Clip clip;
  private final TextEmbeddings texts;
  private final Settings settings;

  Zutis(NDManager manager, Clip clip, TextEmbeddings texts, Settings settings) {
    this.memory = new ModelMemory(manager, "this Zutis");
    this.clip = clip;
    this.texts = texts;
    this.settings = settings;
  }

  /**
   * Creates a builder, on which a model and settings are chosen.
   *
   * @return a builder with the published settings
   */
  public static ZutisBuilder builder() {
    return new ZutisBuilder();
  }

  @Override
  public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
    Words words = Words.of(vocabulary, settings.backgroundMargin());
    float[][] vectors = vectors(words);
    return Batches.tiled(
        pictures,
        settings.tiles(),
        picture -> tiled(picture, vocabulary, words, vectors),
        others ->
            map(
                others,
                vectors,
                settings.inference(),
                (output, sizes) -> segmentation(output, sizes, vocabulary, words)));
  }

  /** A picture that takes several tiles. */
  private Segmentation tiled(
      Picture picture, Vocabulary vocabulary, Words words, float[][] vectors) {
    int width = picture.width();
    int height = picture.height();
    Tiles tiles = settings.tiles().orElseThrow();
    Optional<TiledLabels> pixels =
        settings.inference().answer() == Answer.INSTANCES
            ? Optional.empty()
            : Optional.of(
                new TiledLabels(
                    tiles,
                    width,
                    height,
                    words.rows().categories(),
                    Output.SCORING,
                    vocabulary.backgroundThreshold()));
    List<TileParts.Part<Segment>> parts = new ArrayList<>();
    tiles.forEach(
        picture,
        settings.batch(),
        settings.progress(),
        some -> map(some, vectors, settings.inference(), (output, sizes) -> output),
        (windows, outputs) -> {
          for (int i = 0; i < windows.size(); i++) {
            Window tile = windows.get(i);
            for (Segment found :
                instances(outputs.get(i), tile.width(), tile.height(), vocabulary, words)) {
              parts.add(new TileParts.Part<>(tile, found.mask(), found));
            }
          }
          pixels.ifPresent(
              labels -> labels.add(outputs.stream().map(output -> output.map(words)).toList()));
        });
    List<Segment> instances = TileParts.segments(parts, width, height);
    return segmentation(
        () -> pixels.orElseThrow().labels(), instances, width, height, vocabulary.names());
  }

  /**
   * What instances of a picture are chosen from, background and what would be suppressed included.
   *
   * @param picture of any mode and size
   * @param vocabulary the words
   * @return one for each query of the network, by falling score
   */
  public List<Candidate> candidates(Picture picture, Vocabulary vocabulary) {
    Words words = Words.of(vocabulary, settings.backgroundMargin());
    Inference instances = settings.inference().withAnswer(Answer.INSTANCES);
    return map(
            List.of(picture),
            vectors(words),
            instances,
            (output, sizes) -> candidates(output, sizes, words))
        .get(0);
  }

  /**
   * As {@link #candidates(Picture, Vocabulary)}.
   *
   * @param image DJL's picture
   * @param vocabulary the words
   * @return one for each query of the network, by falling score
   */
  public List<Candidate> candidates(Image image, Vocabulary vocabulary) {
    return candidates(Picture.of(image), vocabulary);
  }

  /**
   * As {@link #candidates(Picture, Vocabulary)}.
   *
   * @param image Java's picture
   * @param vocabulary the words
   * @return one for each query of the network, by falling score
   */
  public List<Candidate> candidates(BufferedImage image, Vocabulary vocabulary) {
    return candidates(Picture.of(image), vocabulary);
  }

  /**
   * As {@link #candidates(Picture, Vocabulary)}, of a file's upright picture.
   *
   * @param file a picture
   * @param vocabulary the words
   * @return one for each query of the network, by falling score
   * @throws IOException if the file cannot be read, or is no whole picture
   */
  public List<Candidate> candidates(Path file, Vocabulary vocabulary) throws IOException {
    return candidates(Picture.read(file), vocabulary);
  }

  private float[][] vectors(Words words) {
    return texts.classifier(words.words(), settings.templates(), settings.progress());
  }

  /** Runs the network on pictures of one size at a time. */
  private <R> List<R> map(
      List<Picture> pictures,
      float[][] vectors,
      Inference inference,
      BiFunction<Output, Sizes, R> result) {
    int patch = inference.model().config().encoder().patch();
    return Batches.map(
        pictures,
        picture -> settings.input().of(picture, patch),
        sizes -> together(sizes, settings.batch()),
        (some, sizes) -> {
          List<Picture> inputs = sizes.resize(some, Filter.BILINEAR);
          List<Output> outputs = memory.during(call -> inference.run(call, inputs, vectors));
          return outputs.stream().map(output -> result.apply(output, sizes)).toList();
        });
  }

  /** How many pictures of a size the network takes at once. */
  static int together(Sizes sizes, int batch) {
    long pixels = (long) sizes.newWidth() * sizes.newHeight();
    return (int) Math.max(1, Math.min(batch, MOST_PIXELS / pixels));
  }

  private List<Candidate> candidates(Output output, Sizes sizes, Words words) {
    Instances rules = settings.instances();
    Instances.Queries queries = output.queries().orElseThrow();
    List<Mask> masks = rules.masks(queries, sizes.width(), sizes.height());
    List<Candidate> found = new ArrayList<>();
    for (Instances.Named named : rules.name(queries, words)) {
      int q = named.query();
      double objectness = queries.objectness()[q];
      found.add(new Candidate(masks.get(q), named.label(), objectness, named.probability()));
    }
    found.sort(Comparator.comparingDouble(Candidate::score).reversed());
    return List.copyOf(found);
  }

  private Segmentation segmentation(
      Output output, Sizes sizes, Vocabulary vocabulary, Words words) {
    int width = sizes.width();
    int height = sizes.height();
    return segmentation(
        () -> output.labels(words, vocabulary, width, height),
        instances(output, width, height, vocabulary, words),
        width,
        height,
        vocabulary.names());
  }

  /** Of what was asked for. */
  private Segmentation segmentation(
      Supplier<Labelling.Labels> pixels,
      List<Segment> instances,
      int width,
      int height,
      List<String> names) {
    Answer answer = settings.inference().answer();
    if (answer == Answer.INSTANCES) {
      return Segmentation.ofSegments(width, height, names, instances);
    }
    Labelling.Labels labels = pixels.get();
    return answer == Answer.REGIONS
        ? Segmentation.ofLabels(width, height, names, labels.compact(), labels.scores())
        : Segmentation.of(width, height, names, labels.compact(), instances);
  }

  /** The instances of a picture or tile of a size, if they are wanted. */
  private List<Segment> instances(
      Output output, int width, int height, Vocabulary vocabulary, Words words) {
    List<String> names = vocabulary.names();
    double least = vocabulary.backgroundThreshold().orElse(0);
    return output.queries().stream()
        .flatMap(
            queries -> settings.instances().find(queries, words, least, width, height).stream())
        .map(
            found ->
                Segment.of(
                    found.label(), names.get(found.label() - 1), found.score(), found.mask()))
        .toList();
  }

  /** Frees the network, and the CLIP if it is this segmenter's own, after the calls that run. */
  @Override
  public void close() {
    memory.close();
    clip.close();
  }
}
