package org.zeroseg.zutis;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.mask.Nms;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.SegmenterBuilder;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Builder of {@link Zutis}. The precision is the network's; words are always encoded in float32. By
 * default the network sees pictures at their own size, eight of one size at a time, of those beyond
 * a megapixel fewer, so that eight megapixels are not exceeded.
 */
public final class ZutisBuilder extends SegmenterBuilder<ZutisBuilder> {

  private Source<Clip> clip = Source.missing("choose a CLIP for the words: builder().clip(...)");
  private Optional<TextEmbeddings> texts = Optional.empty();
  private PromptTemplates templates = PromptTemplates.BARE;
  private Zutis.Answer answer = Zutis.Answer.BOTH;
  private double maskThreshold = 0.5;
  private double temperature = 5;
  private ClassScores classScores = ClassScores.SIGMOID;
  private Optional<Nms.Decay> suppression = Optional.of(new Nms.Hard(0.3));
  private double minScore = 0.001;
  private int most = Integer.MAX_VALUE;
  private double backgroundMargin;

  ZutisBuilder() {
    super(InputSize.own(), 8);
  }

  @Override
  protected ZutisBuilder self() {
    return this;
  }

  /**
   * The CLIP whose text tower the words go through; of the architecture that the network was
   * trained from.
   *
   * @param pathOrId a path or an id such as {@code openai/clip-vit-base-patch16}
   * @return this
   */
  public ZutisBuilder clip(String pathOrId) {
    return clip(named(pathOrId));
  }

  /**
   * The CLIP whose text tower the words go through.
   *
   * @param path as {@link Clip#load(Path)} takes it
   * @return this
   */
  public ZutisBuilder clip(Path path) {
    return clip(named(path));
  }

  private ZutisBuilder clip(Source<String> name) {
    clip = () -> Clip.load(name.open(), hub(), Precision.FLOAT32, device());
    return this;
  }

  /**
   * A CLIP that is loaded already, and stays open when the segmenter is closed.
   *
   * @param model shared with others
   * @return this
   */
  public ZutisBuilder clip(Clip model) {
    clip = model::lent;
    return this;
  }

  /**
   * The sentences around each word.
   *
   * @param chosen {@link PromptTemplates#BARE} by default, as published
   * @return this
   */
  public ZutisBuilder templates(PromptTemplates chosen) {
    templates = chosen;
    return this;
  }

  /**
   * Where class vectors come from, for instance ones that are kept in files for the next process.
   *
   * @param chosen the CLIP's own by default, which are remembered while it is open
   * @return this
   */
  public ZutisBuilder textEmbeddings(TextEmbeddings chosen) {
    texts = Optional.of(chosen);
    return this;
  }

  /**
   * What is wanted.
   *
   * @param chosen {@link Zutis.Answer#BOTH} by default
   * @return this
   */
  public ZutisBuilder answer(Zutis.Answer chosen) {
    answer = chosen;
    return this;
  }

  /**
   * Which pixels belong to an instance.
   *
   * @param probability those above it; 0.5 by default
   * @return this
   */
  public ZutisBuilder maskThreshold(double probability) {
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
  public ZutisBuilder classScores(ClassScores chosen, double factor) {
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
  public ZutisBuilder backgroundMargin(double cosine) {
    if (!Double.isFinite(cosine)) {
      throw new IllegalArgumentException("a margin of " + cosine);
    }
    backgroundMargin = cosine;
    return this;
  }

  /**
   * How instances of one category suppress each other.
   *
   * @param chosen {@code Nms.Hard(0.3)} by default; published besides: {@code Nms.Linear(0.3)} and
   *     {@code Nms.Gaussian(0.5)}
   * @return this
   */
  public ZutisBuilder suppression(Nms.Decay chosen) {
    suppression = Optional.of(chosen);
    return this;
  }

  /**
   * Keeps every candidate that is not background.
   *
   * @return this
   */
  public ZutisBuilder withoutSuppression() {
    suppression = Optional.empty();
    return this;
  }

  /**
   * The score that an instance must exceed, unless it is its category's best.
   *
   * @param score 0.001 by default
   * @return this
   */
  public ZutisBuilder minScore(double score) {
    minScore = score;
    return this;
  }

  /**
   * The instances of a picture.
   *
   * @param count the best of them; all by default
   * @return this
   */
  public ZutisBuilder atMost(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("at most " + count + " instances");
    }
    most = count;
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
    try {
      return build(hub().weights(model()), words);
    } catch (IOException | RuntimeException e) {
      words.close();
      throw e;
    }
  }

  private Zutis build(Path weights, Clip words) {
    NDManager manager = TorchEngine.newManager(device());
    try (Checkpoint opened = Checkpoints.open(weights)) {
      return build(
          ZutisModel.load(network(opened.unwrapped()), precision(), manager), manager, words);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /** A training run that is under way keeps its weights beside the optimiser's state. */
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
    Zutis.Settings settings =
        new Zutis.Settings(
            new Inference(model, answer, maskThreshold),
            instances,
            input(),
            backgroundMargin,
            batch(),
            tiles(),
            templates,
            progress());
    return new Zutis(manager, words, texts.orElseGet(words::textEmbeddings), settings);
  }
}
