package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.SegmenterBuilder;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/** Builder of {@link Zsi}. */
public final class ZsiBuilder extends SegmenterBuilder<ZsiBuilder> {

  private static final int SHORTER = 800;
  private static final int LONGER = 1333;

  /** Whose masks go without the learnt background vector unless classes are generalised. */
  private static final int PUBLISHED_WITHOUT_SYNC = 48;

  private Source<Optional<ClassVectors>> classes = Optional::empty;
  private Optional<Path> vocabulary = Optional.empty();
  private WordVectors words = word -> Optional.empty();
  private Zsi.Classes wanted = Zsi.Classes.GENERALISED;
  private boolean masks = true;
  private double maskThreshold = 0.5;
  private double score = Detections.Rules.PUBLISHED.score();
  private double overlap = Detections.Rules.PUBLISHED.overlap();
  private int most = Detections.Rules.PUBLISHED.most();
  private int proposals = Proposals.Rules.TESTING.most();
  private UnseenDeltas deltas = UnseenDeltas.PUBLISHED;
  private double calibration;
  private boolean direct;
  private boolean backgroundScores = true;
  private boolean distinct;
  private Optional<Boolean> syncMasks = Optional.empty();
  private Zsi.FrameRule frame = (width, height) -> Frame.of(width, height, LONGER, SHORTER);

  ZsiBuilder() {
    super(InputSize.within(SHORTER, LONGER), 2);
  }

  @Override
  protected ZsiBuilder self() {
    return this;
  }

  @Override
  public ZsiBuilder inputWithin(int shorter, int longer) {
    super.inputWithin(shorter, longer);
    frame = (width, height) -> Frame.of(width, height, longer, shorter);
    return this;
  }

  @Override
  public ZsiBuilder input(InputSize chosen) {
    super.input(chosen);
    frame = (width, height) -> Frame.of(chosen.of(width, height));
    return this;
  }

  /**
   * The split of a network whose file does not hold it, as published ones do not.
   *
   * @param split in the order of the network's training
   * @return this
   */
  public ZsiBuilder classes(ClassVectors split) {
    classes = () -> Optional.of(split);
    return this;
  }

  /**
   * The split of a network whose file does not hold it, in the published pair of files.
   *
   * @param matrix such as {@code word_w2v_withbg_48_17.txt}
   * @param names such as {@code classes_48_17.json}
   * @return this
   */
  public ZsiBuilder classes(Path matrix, Path names) {
    classes = () -> Optional.of(ClassVectors.read(matrix, names));
    return this;
  }

  /**
   * The words that the detector's encoder goes by, of a network whose file does not hold them.
   *
   * @param matrix text like the word vectors', a column a word, such as {@code vocabulary_w2v.txt}
   * @return this
   */
  public ZsiBuilder vocabulary(Path matrix) {
    vocabulary = Optional.of(matrix);
    return this;
  }

  /**
   * Vectors for words that are no classes of the split, of the space that the split's vectors are
   * from. Their lengths are made those of the split's.
   *
   * @param more none by default
   * @return this
   */
  public ZsiBuilder words(WordVectors more) {
    words = more;
    return this;
  }

  /**
   * Which classes are looked for.
   *
   * @param chosen {@link Zsi.Classes#GENERALISED} by default
   * @return this
   */
  public ZsiBuilder looksFor(Zsi.Classes chosen) {
    wanted = chosen;
    return this;
  }

  /**
   * Whether instances have masks, or boxes alone.
   *
   * @param chosen true by default, if the network makes masks
   * @return this
   */
  public ZsiBuilder masks(boolean chosen) {
    masks = chosen;
    return this;
  }

  /**
   * Which pixels belong to an instance.
   *
   * @param probability those above it; 0.5 by default
   * @return this
   */
  public ZsiBuilder maskThreshold(double probability) {
    if (!(probability > 0 && probability < 1)) {
      throw new IllegalArgumentException("a mask threshold of " + probability);
    }
    maskThreshold = probability;
    return this;
  }

  /**
   * Which instances are found.
   *
   * @param least those of a higher score; 0.05 by default
   * @return this
   */
  public ZsiBuilder minScore(double least) {
    if (!Double.isFinite(least)) {
      throw new IllegalArgumentException("a least score of " + least);
    }
    score = least;
    return this;
  }

  /**
   * How much two boxes of a class may overlap.
   *
   * @param iou beyond which the one of the lower score goes; 0.5 by default
   * @return this
   */
  public ZsiBuilder maxOverlap(double iou) {
    if (!(iou >= 0 && iou <= 1)) {
      throw new IllegalArgumentException("a greatest overlap of " + iou);
    }
    overlap = iou;
    return this;
  }

  /**
   * The instances of a picture.
   *
   * @param count the best of the seen and of the unseen ones each; 100 by default
   * @return this
   */
  public ZsiBuilder atMost(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("at most " + count + " instances");
    }
    most = count;
    return this;
  }

  /**
   * The proposals of a picture, among which instances are found.
   *
   * @param count 1000 by default; fewer take less time
   * @return this
   */
  public ZsiBuilder proposals(int count) {
    if (count < 1) {
      throw new IllegalArgumentException(count + " proposals");
    }
    proposals = count;
    return this;
  }

  /**
   * Whose box corrections unseen classes take.
   *
   * @param chosen {@link UnseenDeltas#PUBLISHED} by default
   * @return this
   */
  public ZsiBuilder unseenDeltas(UnseenDeltas chosen) {
    deltas = chosen;
    return this;
  }

  /**
   * Calibrated stacking: makes up for the network's preference for what it was trained on.
   *
   * @param less taken off the scores of seen classes; 0 by default
   * @return this
   */
  public ZsiBuilder calibration(double less) {
    if (!Double.isFinite(less)) {
      throw new IllegalArgumentException("a calibration by " + less);
    }
    calibration = less;
    return this;
  }

  /**
   * Whether a box's likeness to background has its part in the scores of classes, as in the
   * released code: there a box that is surely background scores the dot product of the background's
   * vector with a class's. Where these products come near to those of unseen classes with seen
   * ones, such boxes take the places of things; without that part they score next to nothing.
   *
   * @param chosen true by default; of no effect on words that are compared directly
   * @return this
   */
  public ZsiBuilder backgroundInScores(boolean chosen) {
    backgroundScores = chosen;
    return this;
  }

  /**
   * Compares boxes and pixels with unseen words directly, as in the paper's equations, instead of
   * by way of the seen classes, as the released code does it. Scores then are probabilities among
   * background and the words asked for. Networks without encoders cannot do that.
   *
   * @param chosen false by default
   * @return this
   */
  public ZsiBuilder directWords(boolean chosen) {
    direct = chosen;
    return this;
  }

  /**
   * Whether a thing gets one name, the likeliest of all that are asked for, and what is more like
   * background none: for pictures and counts. Otherwise every class has its own instances, as
   * evaluation wants them, whether others lie over them or not.
   *
   * @param chosen false by default
   * @return this
   */
  public ZsiBuilder distinct(boolean chosen) {
    distinct = chosen;
    return this;
  }

  /**
   * Whether the mask head takes the background vector that the proposal network has learnt, or the
   * split's.
   *
   * @param chosen as the network was trained by default
   * @return this
   */
  public ZsiBuilder syncMasks(boolean chosen) {
    syncMasks = Optional.of(chosen);
    return this;
  }

  /**
   * Loads the model.
   *
   * @return the segmenter
   * @throws IOException if a file cannot be fetched or read
   * @throws CheckpointException if the file holds no ZSI network, or was trained on other words
   *     than those given
   * @throws IllegalArgumentException if split or vocabulary do not fit the network
   * @throws IllegalStateException if the model was not chosen, or its file holds no split or no
   *     vocabulary and none was given
   */
  public Zsi build() throws IOException {
    Path file = hub().weights(model());
    Optional<ClassVectors> split = classes.open();
    NDManager manager = TorchEngine.newManager(device());
    try (Checkpoint opened = Checkpoints.open(file)) {
      return build(ZsiCheckpoint.of(opened), split, manager);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private Zsi build(ZsiCheckpoint stored, Optional<ClassVectors> given, NDManager manager)
      throws IOException {
    ZsiConfig config = stored.config();
    ClassVectors split =
        given
            .or(stored::classes)
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "%s does not hold the word vectors of its %d seen classes: give them with builder().classes(...)"
                            .formatted(stored.network().source(), config.seen())));
    config.requireFit(split);
    stored.requireWords(split);
    float[] encoder = encoder(stored, config);
    try (NDManager whole = manager.newSubManager()) {
      Weights weights = stored.load(config, precision(), manager);
      NDArray matrix =
          config.encoders()
              ? whole.create(encoder, new Shape(config.dimensions(), config.vocabulary()))
              : whole.create(0f);
      ZsiModel plain = ZsiModel.of(config, weights, matrix, Mode.INFERENCE, manager);
      Zsi zsi = build(plain, split, stored.syncBoxes(), stored.syncMasks(), manager);
      // The filters with their norms worked in have taken their place.
      Weights backbone = weights.at("backbone");
      backbone.names().forEach(name -> backbone.get(name).close());
      return zsi;
    }
  }

  private float[] encoder(ZsiCheckpoint stored, ZsiConfig config) throws IOException {
    if (!config.encoders()) {
      return new float[0];
    }
    float[] encoder;
    if (vocabulary.isPresent()) {
      encoder = Matrix.rows(ClassVectors.columns(vocabulary.get())).transposed().floats();
    } else {
      encoder =
          stored
              .vocabulary()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "%s does not hold the vocabulary of its encoder, a matrix of %d x %d (vocabulary_w2v.txt for the published networks): give it with builder().vocabulary(...)"
                              .formatted(
                                  stored.network().source(),
                                  config.dimensions(),
                                  config.vocabulary())));
    }
    if (encoder.length != config.dimensions() * config.vocabulary()) {
      throw new IllegalArgumentException(
          "The vocabulary has %d numbers, the network's encoder needs %d x %d"
              .formatted(encoder.length, config.dimensions(), config.vocabulary()));
    }
    return encoder;
  }

  /** A segmenter of a network that exists; the manager owns its weights and is closed with it. */
  Zsi build(
      ZsiModel plain,
      ClassVectors split,
      boolean trainedBoxes,
      Optional<Boolean> trainedMasks,
      NDManager manager) {
    if (direct && !plain.config().encoders()) {
      throw new IllegalArgumentException(
          "A network without encoders does not compare with words directly");
    }
    float[] learnt =
        plain.config().backgroundAware()
            ? plain.proposals().backgroundVector()
            : split.background();
    boolean publishedWithout =
        plain.config().equals(ZsiConfig.published(PUBLISHED_WITHOUT_SYNC))
            && wanted != Zsi.Classes.GENERALISED;
    boolean sync = syncMasks.orElse(trainedMasks.orElse(!publishedWithout));
    Zsi.Background background =
        new Zsi.Background(
            trainedBoxes ? learnt : split.background(), sync ? learnt : split.background());
    ZsiModel folded = plain.folded(split.seenRows(background.boxes()), direct, manager);
    Zsi.Settings settings =
        new Zsi.Settings(
            wanted,
            masks && plain.config().masks(),
            (float) maskThreshold,
            new Detector.Options(
                new Detections.Rules(score, overlap, most),
                deltas,
                calibration,
                direct,
                backgroundScores),
            distinct,
            new Proposals.Rules(
                Proposals.Rules.TESTING.before(),
                Proposals.Rules.TESTING.after(),
                proposals,
                Proposals.Rules.TESTING.overlap()),
            frame,
            batch(),
            tiles(),
            progress());
    return new Zsi(folded, manager, split, background, words, settings);
  }
}
