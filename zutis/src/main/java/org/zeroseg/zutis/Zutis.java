package org.zeroseg.zutis;

import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.hub.ModelBuilder;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Nms;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Segments a picture by words into regions and single instances with one network that was trained
 * without any mask by hand (Shin et al. 2023, "Zero-shot Unsupervised Transfer Instance
 * Segmentation"). Other words need no other training.
 *
 * <p>Words are compared bare, without sentences around them. Background is a word like any other:
 * the vocabulary's background words, or "background" if it has none. Instance scores are the mean
 * probability inside the mask times the sigmoid of five times the cosine of its content with the
 * word, below 0.9933; a region's score is the mean of that sigmoid over its pixels, and a
 * background threshold of the vocabulary is on the same scale.
 *
 * <p>Pictures are taken at their own size and as their samples lie: an EXIF orientation is not
 * applied. Thread-safe; {@link #close} waits for calls that run.
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
   * One of the network's proposals.
   *
   * @param mask of the picture's size
   * @param label the category that fits its content best, 0 for background
   * @param objectness mean probability inside the mask
   * @param probability of the category
   */
  public record Proposal(Mask mask, int label, double objectness, double probability) {

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

  private record Settings(
      Answer answer,
      Instances instances,
      OptionalInt shorterSide,
      OptionalInt longerSide,
      double backgroundMargin,
      int batch) {}

  private final ZutisModel model;
  private final ModelMemory memory;
  private final Clip clip;
  private final Settings settings;

  private Zutis(ZutisModel model, NDManager manager, Clip clip, Settings settings) {
    this.model = model;
    this.memory = new ModelMemory(manager, "this Zutis");
    this.clip = clip;
    this.settings = settings;
  }

  /**
   * Begins to choose a model and its settings.
   *
   * @return a builder with the published settings
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Choices of a {@link Zutis}; the precision is the network's, words are encoded in float32. */
  public static final class Builder extends ModelBuilder<Builder> {

    private Source<Path> weights = Source.missing("choose a model: builder().model(...)");
    private Source<Clip> clip = Source.missing("choose a CLIP for the words: builder().clip(...)");
    private Answer answer = Answer.BOTH;
    private double maskThreshold = 0.5;
    private double temperature = 5;
    private ClassScores classScores = ClassScores.SIGMOID;
    private Optional<Nms.Decay> suppression = Optional.of(new Nms.Hard(0.3));
    private double minScore = 0.001;
    private int most = Integer.MAX_VALUE;
    private OptionalInt shorterSide = OptionalInt.empty();
    private OptionalInt longerSide = OptionalInt.empty();
    private double backgroundMargin;
    private int batch = 8;

    private Builder() {}

    @Override
    protected Builder self() {
      return this;
    }

    /**
     * The network's file.
     *
     * @param model such as a published {@code coco_vit_b_16.pt}, or what training wrote
     * @return this
     */
    public Builder model(Path model) {
      return model(model.toString());
    }

    /**
     * The network's path, or its id on the Hugging Face hub.
     *
     * @param model a file, a folder, or an id
     * @return this
     */
    public Builder model(String model) {
      weights = () -> hub().weights(model);
      return this;
    }

    /**
     * The CLIP whose text tower the words go through; of the architecture that the network was
     * trained from.
     *
     * @param model a path or an id such as {@code openai/clip-vit-base-patch16}
     * @return this
     */
    public Builder clip(String model) {
      clip = () -> Clip.load(model, hub(), Precision.FLOAT32, device());
      return this;
    }

    /**
     * A CLIP that is loaded already, and stays open when the segmenter is closed.
     *
     * @param model shared with others
     * @return this
     */
    public Builder clip(Clip model) {
      clip = model::lent;
      return this;
    }

    /**
     * What is wanted.
     *
     * @param chosen {@link Answer#BOTH} by default
     * @return this
     */
    public Builder answer(Answer chosen) {
      answer = chosen;
      return this;
    }

    /**
     * Which pixels belong to a proposal.
     *
     * @param probability those above it; 0.5 by default
     * @return this
     */
    public Builder maskThreshold(double probability) {
      if (!(probability > 0 && probability < 1)) {
        throw new IllegalArgumentException("a mask threshold of " + probability);
      }
      maskThreshold = probability;
      return this;
    }

    /**
     * How instances are named and scored.
     *
     * @param chosen {@link ClassScores#SIGMOID} by default
     * @param factor of the cosines, 5 by default
     * @return this
     */
    public Builder classScores(ClassScores chosen, double factor) {
      if (!(factor > 0)) {
        throw new IllegalArgumentException("a temperature of " + factor);
      }
      classScores = chosen;
      temperature = factor;
      return this;
    }

    /**
     * How much better than any category's the cosine with background must be to win. A network that
     * is sure of an object but not of its name spreads its confidence over names, and so favours
     * background.
     *
     * @param cosine 0 by default, as published
     * @return this
     */
    public Builder backgroundMargin(double cosine) {
      if (!Double.isFinite(cosine)) {
        throw new IllegalArgumentException("a margin of " + cosine);
      }
      backgroundMargin = cosine;
      return this;
    }

    /**
     * How instances of one category suppress each other.
     *
     * @param chosen {@code Nms.Hard(0.3)} by default; published besides: {@code Nms.Linear(0.3)}
     *     and {@code Nms.Gaussian(0.5)}
     * @return this
     */
    public Builder suppression(Nms.Decay chosen) {
      suppression = Optional.of(chosen);
      return this;
    }

    /**
     * Keeps every proposal that is not background.
     *
     * @return this
     */
    public Builder withoutSuppression() {
      suppression = Optional.empty();
      return this;
    }

    /**
     * The score that an instance must exceed, unless it is its category's best.
     *
     * @param score 0.001 by default
     * @return this
     */
    public Builder minScore(double score) {
      minScore = score;
      return this;
    }

    /**
     * The instances of a picture.
     *
     * @param count the best of them; all by default
     * @return this
     */
    public Builder atMost(int count) {
      if (count < 1) {
        throw new IllegalArgumentException("at most " + count + " instances");
      }
      most = count;
      return this;
    }

    /**
     * Shrinks or enlarges pictures for the network, which otherwise sees them at their own size.
     *
     * @param pixels the shorter side
     * @return this
     */
    public Builder shorterSide(int pixels) {
      if (pixels < 1) {
        throw new IllegalArgumentException("a shorter side of " + pixels);
      }
      shorterSide = OptionalInt.of(pixels);
      return this;
    }

    /**
     * Shrinks larger pictures for the network. ImageNet-S is evaluated with 1024.
     *
     * @param pixels limit of the longer side; none by default
     * @return this
     */
    public Builder longerSideWithin(int pixels) {
      if (pixels < 1) {
        throw new IllegalArgumentException("a longer side of " + pixels);
      }
      longerSide = OptionalInt.of(pixels);
      return this;
    }

    /**
     * Pictures of one size that go through the network at once; of those beyond a megapixel fewer,
     * so that eight megapixels are not exceeded.
     *
     * @param pictures at most; 8 by default
     * @return this
     */
    public Builder batch(int pictures) {
      if (pictures < 1) {
        throw new IllegalArgumentException("batches of " + pictures);
      }
      batch = pictures;
      return this;
    }

    /**
     * Loads the models.
     *
     * @return the segmenter
     * @throws IOException if a file cannot be fetched or read
     * @throws CheckpointException if a checkpoint holds no ZUTIS or no CLIP, or the two do not fit
     * @throws IllegalStateException if the network or the CLIP was not chosen
     */
    public Zutis build() throws IOException {
      Clip words = clip.open();
      NDManager manager = TorchEngine.newManager(device());
      try (Checkpoint opened = Checkpoints.open(weights.open())) {
        ZutisModel network = ZutisModel.load(network(opened.unwrapped()), precision(), manager);
        return build(network, manager, words);
      } catch (IOException | RuntimeException e) {
        manager.close();
        words.close();
        throw e;
      }
    }

    /** A training that is under way keeps its weights beside the optimiser's state. */
    private static Checkpoint network(Checkpoint opened) {
      return Stream.of("weights." + ZutisTrainer.MEAN, "weights.")
          .filter(path -> opened.tensors().containsKey(path + ZutisConfig.QUERIES))
          .findFirst()
          .map(path -> opened.under(path.substring(0, path.length() - 1)))
          .orElse(opened);
    }

    /**
     * A segmenter of a network that exists.
     *
     * @param model for inference
     * @param manager owns the network's weights; closed with the segmenter
     * @return the segmenter
     * @throws IOException if the CLIP cannot be fetched or read
     * @throws CheckpointException if the CLIP's joint space has another width than the network's
     */
    public Zutis build(ZutisModel model, NDManager manager) throws IOException {
      Clip words = clip.open();
      try {
        return build(model, manager, words);
      } catch (RuntimeException e) {
        words.close();
        throw e;
      }
    }

    private Zutis build(ZutisModel model, NDManager manager, Clip words) {
      if (words.config().embedding() != model.config().embedding()) {
        throw new CheckpointException(
            "the CLIP's words have %d numbers, the network's patches %d; it was trained from another CLIP"
                .formatted(words.config().embedding(), model.config().embedding()));
      }
      Instances instances =
          new Instances(maskThreshold, temperature, classScores, suppression, minScore, most);
      Settings settings =
          new Settings(answer, instances, shorterSide, longerSide, backgroundMargin, batch);
      return new Zutis(model, manager, words, settings);
    }
  }

  @Override
  public List<Segmentation> segment(List<Image> images, Vocabulary vocabulary) {
    Words words = Words.of(vocabulary, settings.backgroundMargin());
    Segmentation[] results = new Segmentation[images.size()];
    forEach(
        images,
        words,
        settings.answer(),
        (index, picture, output) ->
            results[index] = segmentation(picture, output, vocabulary, words));
    return Arrays.asList(results);
  }

  /**
   * All proposals of a picture, before background is left out and before suppression.
   *
   * @param image the picture, of any size
   * @param vocabulary the words
   * @return one for each query of the network, by falling score
   */
  public List<Proposal> proposals(Image image, Vocabulary vocabulary) {
    Words words = Words.of(vocabulary, settings.backgroundMargin());
    List<Proposal> found = new ArrayList<>();
    Instances rules = settings.instances();
    forEach(
        List.of(image),
        words,
        Answer.INSTANCES,
        (index, picture, output) -> {
          Instances.Proposals proposals = output.proposals().orElseThrow();
          List<Mask> masks = rules.masks(proposals, picture.width(), picture.height());
          for (Instances.Named named : rules.name(proposals, words)) {
            int q = named.proposal();
            double objectness = proposals.objectness()[q];
            found.add(new Proposal(masks.get(q), named.label(), objectness, named.probability()));
          }
        });
    found.sort(Comparator.comparingDouble(Proposal::score).reversed());
    return List.copyOf(found);
  }

  private interface Use {
    void accept(int index, Picture picture, Output output);
  }

  /** Runs the network on pictures of one size at a time. */
  private void forEach(List<Image> images, Words words, Answer answer, Use use) {
    List<Picture> pictures = images.stream().map(image -> Picture.of(image).rgb()).toList();
    float[][] vectors = clip.textEmbeddings().classifier(words.words(), PromptTemplates.BARE);
    Map<Sizes, List<Integer>> bySize = new LinkedHashMap<>();
    for (int i = 0; i < pictures.size(); i++) {
      Sizes sizes = sizes(pictures.get(i).width(), pictures.get(i).height());
      bySize.computeIfAbsent(sizes, key -> new ArrayList<>()).add(i);
    }
    for (Map.Entry<Sizes, List<Integer>> group : bySize.entrySet()) {
      Sizes sizes = group.getKey();
      List<Integer> members = group.getValue();
      int together = together(sizes, settings.batch());
      for (int from = 0; from < members.size(); from += together) {
        int to = Math.min(from + together, members.size());
        List<Integer> some = members.subList(from, to);
        List<Picture> inputs = some.stream().map(i -> input(pictures.get(i), sizes)).toList();
        List<Output> outputs = memory.during(call -> compute(call, inputs, vectors, answer));
        for (int i = 0; i < some.size(); i++) {
          use.accept(some.get(i), pictures.get(some.get(i)), outputs.get(i));
        }
      }
    }
  }

  /** How many pictures of a size the network takes at once. */
  static int together(Sizes sizes, int batch) {
    long pixels = (long) sizes.newWidth() * sizes.newHeight();
    return (int) Math.max(1, Math.min(batch, MOST_PIXELS / pixels));
  }

  /** What the network sees of a picture. */
  private static Picture input(Picture picture, Sizes sizes) {
    boolean same = sizes.newWidth() == picture.width() && sizes.newHeight() == picture.height();
    return same ? picture : picture.resize(sizes.newWidth(), sizes.newHeight(), Filter.BILINEAR);
  }

  private Sizes sizes(int pictureWidth, int pictureHeight) {
    int width = pictureWidth;
    int height = pictureHeight;
    if (settings.shorterSide().isPresent()) {
      Sizes sizes = Sizes.shorterSide(width, height, settings.shorterSide().getAsInt());
      width = sizes.newWidth();
      height = sizes.newHeight();
    }
    int longer = Math.max(width, height);
    if (settings.longerSide().isPresent() && longer > settings.longerSide().getAsInt()) {
      long limit = settings.longerSide().getAsInt();
      width = (int) Math.max(1, width * limit / longer);
      height = (int) Math.max(1, height * limit / longer);
    }
    return new Sizes(pictureWidth, pictureHeight, width, height);
  }

  private List<Output> compute(
      NDManager call, List<Picture> inputs, float[][] vectors, Answer answer) {
    // ImageNet's statistics, although CLIP was trained with its own: as published.
    NDArray pixels = Normalization.IMAGENET.pixels(call, inputs);
    double threshold = settings.instances().threshold();
    return Output.of(model, pixels, call.create(vectors), answer, threshold);
  }

  private Segmentation segmentation(
      Picture picture, Output output, Vocabulary vocabulary, Words words) {
    int width = picture.width();
    int height = picture.height();
    List<String> names = vocabulary.names();
    List<Segment> instances =
        output
            .proposals()
            .map(proposals -> settings.instances().find(proposals, words, width, height))
            .orElse(List.of())
            .stream()
            .map(
                found ->
                    Segment.of(
                        found.label(), names.get(found.label() - 1), found.score(), found.mask()))
            .toList();
    if (output.cosines().isEmpty()) {
      return Segmentation.ofSegments(width, height, names, instances);
    }
    Labelling.Labels labels = output.labels(words, vocabulary, width, height);
    return settings.answer() == Answer.REGIONS
        ? Segmentation.ofLabels(width, height, names, labels.labels(), labels.scores())
        : Segmentation.of(width, height, names, labels.labels(), instances);
  }

  /** Frees the network, and the CLIP if it is this segmenter's own, after the calls that run. */
  @Override
  public void close() {
    memory.close();
    clip.close();
  }
}
