package org.zeroseg.eval.naming;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.zeroseg.core.Segment;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.naming.ReassignmentEvaluator.PictureScore;

/**
 * The whole protocol for segments that were found and named without a list of words
 * (Rewatbowornwong et al. 2023, Sec. 4): they are reassigned to the classes of a data set by what
 * they look like and by what they were called, at all thresholds of the paper's Tables 6 and 7 at
 * once; and the names of true masks are compared with the true classes. Not thread-safe.
 */
public final class NamingEvaluator {

  /** What is compared with the names of classes. */
  public enum Mode {
    /** The segment's own embedding: CLIP. */
    SEGMENT_TO_TEXT(Similarities.SEGMENT_TO_TEXT, 8, 20),
    /** The text that it was named by: Sentence-BERT. */
    TEXT_TO_TEXT(Similarities.TEXT_TO_TEXT, 11, 10);

    private final double threshold;
    private final int steps;
    private final double stepsInOne;

    Mode(double threshold, int steps, double stepsInOne) {
      this.threshold = threshold;
      this.steps = steps;
      this.stepsInOne = stepsInOne;
    }

    /**
     * The published threshold.
     *
     * @return what a similarity must reach
     */
    public double threshold() {
      return threshold;
    }

    /** All thresholds of the paper's table. */
    double[] sweep() {
      return IntStream.range(0, steps).mapToDouble(i -> i / stepsInOne).toArray();
    }

    /**
     * As it is written in a report.
     *
     * @return words
     */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /**
   * What predictions cost on pixels that hold no class. Those on VOC's border (255) are always free
   * where the background is.
   */
  public enum Background {
    /** They count against the union: sets that mean to label everything, as PASCAL Context. */
    COUNTED,
    /** Nothing for classes that are not in the picture: sets of objects, as VOC. */
    EXCUSED
  }

  /**
   * The numbers of a set at one threshold.
   *
   * @param threshold what a similarity had to reach
   * @param iou mean over pictures of the mean over classes
   * @param bestSegmentIou the same with only each class's most similar segment
   * @param recall share of true classes whose united segments have an IoU above 0.5: the paper's
   * @param recallReference mean over pictures of the share of classes, assigned ones included, that
   *     one segment alone finds: the published code's
   */
  public record Score(
      double threshold, double iou, double bestSegmentIou, double recall, double recallReference) {}

  /**
   * A picture's outcome by {@link Mode#SEGMENT_TO_TEXT} at its published threshold.
   *
   * @param iou mean over classes; NaN where there are none
   * @param labels the reassigned labels in the truth's numbering and size, {@link
   *     Similarities#NONE} where there is none
   */
  public record Outcome(double iou, LabelMap labels) {}

  private final List<String> names; // of classes, in alphabetical order as in the reference
  private final int[] ids;
  private final boolean excused;
  private final float[][] prompts;
  private final Optional<TextEmbedder> sentences;
  private final float[][] sentencesOfClasses;
  private final Map<String, float[]> sentencesOfNames = new HashMap<>();
  private final Map<Mode, List<ReassignmentEvaluator>> evaluators = new EnumMap<>(Mode.class);
  private final TextQuality quality = new TextQuality(Similarities.TEXT_TO_TEXT);

  /**
   * An empty evaluation.
   *
   * @param classes names by the label that stands for them in the truth
   * @param background what predictions cost where there is no class
   * @param prompts vectors of class names in the space of the segments' embeddings; puts them into
   *     a sentence itself
   * @param sentences vectors of names as they are, Sentence-BERT's in the paper; empty for segments
   *     that have no names
   */
  public NamingEvaluator(
      Map<Integer, String> classes,
      Background background,
      TextEmbedder prompts,
      Optional<TextEmbedder> sentences) {
    List<Map.Entry<Integer, String>> sorted =
        classes.entrySet().stream()
            .sorted(
                Map.Entry.<Integer, String>comparingByValue()
                    .thenComparing(Comparator.comparing(Map.Entry::getKey)))
            .toList();
    names = sorted.stream().map(Map.Entry::getValue).toList();
    ids = sorted.stream().mapToInt(Map.Entry::getKey).toArray();
    excused = background == Background.EXCUSED;
    this.prompts = prompts.embed(names);
    this.sentences = sentences;
    sentencesOfClasses = sentences.map(space -> space.embed(names)).orElse(new float[0][]);
    for (Mode mode : Mode.values()) {
      evaluators.put(
          mode,
          mode == Mode.TEXT_TO_TEXT && sentences.isEmpty()
              ? List.of()
              : Arrays.stream(mode.sweep())
                  .mapToObj(threshold -> new ReassignmentEvaluator(ids.length))
                  .toList());
    }
  }

  /**
   * An empty evaluation by the classes of a data set.
   *
   * @param dataset which also says what its background is
   * @param prompts vectors of class names in the space of the segments' embeddings
   * @param sentences vectors of names as they are; empty for segments that have no names
   * @return the evaluation
   */
  public static NamingEvaluator of(
      SemanticDataset dataset, TextEmbedder prompts, Optional<TextEmbedder> sentences) {
    Background background = dataset.labelsEverything() ? Background.COUNTED : Background.EXCUSED;
    return new NamingEvaluator(dataset.labels(), background, prompts, sentences);
  }

  /**
   * Adds a picture.
   *
   * @param truth its labels
   * @param found its segments with their embeddings, all masks of one size; a later one lies on top
   * @return the outcome
   * @throws IllegalArgumentException if a segment has no embedding, or one of another length than
   *     the prompts'
   */
  public Outcome add(LabelMap truth, List<Segment> found) {
    LabelMap numbers = numbered(truth, found);
    SegmentOverlaps overlaps = new SegmentOverlaps(truth, numbers, found.size(), ids, excused);
    double[][] byLook =
        Similarities.between(
            found.stream().map(NamingEvaluator::embedding).toArray(float[][]::new), prompts);
    double iou = add(Mode.SEGMENT_TO_TEXT, overlaps, byLook);
    if (sentences.isPresent()) {
      float[][] called = sentences(found);
      add(Mode.TEXT_TO_TEXT, overlaps, Similarities.between(called, sentencesOfClasses));
    }
    int[] assigned = Similarities.assign(byLook, Mode.SEGMENT_TO_TEXT.threshold());
    LabelMap labels =
        numbers.map(
            segment ->
                segment == Similarities.NONE || assigned[segment] == Similarities.NONE
                    ? Similarities.NONE
                    : ids[assigned[segment]]);
    return new Outcome(iou, labels);
  }

  /** The picture's IoU at the published threshold. */
  private double add(Mode mode, SegmentOverlaps overlaps, double[][] similarities) {
    double[] sweep = mode.sweep();
    double iou = Double.NaN;
    for (int i = 0; i < sweep.length; i++) {
      PictureScore score = evaluators.get(mode).get(i).add(overlaps, similarities, sweep[i]);
      iou = sweep[i] == mode.threshold() ? score.iou() : iou;
    }
    return iou;
  }

  private static LabelMap numbered(LabelMap truth, List<Segment> found) {
    int width = found.isEmpty() ? truth.width() : found.get(0).mask().width();
    int height = found.isEmpty() ? truth.height() : found.get(0).mask().height();
    int[] numbers = new int[width * height];
    Arrays.fill(numbers, Similarities.NONE);
    for (int i = 0; i < found.size(); i++) {
      int number = i;
      found.get(i).mask().forEach((x, y) -> numbers[y * width + x] = number);
    }
    return LabelMap.of(width, height, numbers)
        .resize(truth.width(), truth.height(), LabelMap.Nearest.FLOOR);
  }

  private static float[] embedding(Segment segment) {
    return segment
        .embedding()
        .orElseThrow(() -> new IllegalArgumentException(segment + " has no embedding"));
  }

  /** Vectors of what segments are called; names come again and again. */
  private float[][] sentences(List<Segment> segments) {
    Set<String> fresh = new HashSet<>();
    for (Segment segment : segments) {
      if (!sentencesOfNames.containsKey(segment.name())) {
        fresh.add(segment.name());
      }
    }
    List<String> texts = List.copyOf(fresh);
    float[][] vectors = sentences.orElseThrow().embed(texts);
    for (int i = 0; i < vectors.length; i++) {
      sentencesOfNames.put(texts.get(i), vectors[i]);
    }
    return segments.stream()
        .map(segment -> sentencesOfNames.get(segment.name()))
        .toArray(float[][]::new);
  }

  /**
   * Whether segments' names are compared, too.
   *
   * @return false for an evaluation of segments without names
   */
  public boolean comparesNames() {
    return sentences.isPresent();
  }

  /**
   * The true segments of a picture, which a model is to name for the text generation quality.
   *
   * @param truth its labels
   * @return one for each class that is in it, with its name
   */
  public List<Segment> trueSegments(LabelMap truth) {
    Set<Integer> there = new HashSet<>();
    Arrays.stream(truth.labels()).forEach(there::add);
    return IntStream.range(0, ids.length)
        .filter(c -> there.contains(ids[c]))
        .mapToObj(c -> Segment.of(c + 1, names.get(c), 1, truth.mask(ids[c])))
        .toList();
  }

  /**
   * Adds the names of a picture's true segments.
   *
   * @param trueSegments out of {@link #trueSegments}
   * @param given what each was called
   * @throws IllegalArgumentException if the numbers differ
   * @throws IllegalStateException if the evaluation is one without names
   */
  public void addNames(List<Segment> trueSegments, List<Segment> given) {
    if (sentences.isEmpty()) {
      throw new IllegalStateException("there is nothing to compare names by");
    }
    if (trueSegments.size() != given.size()) {
      throw new IllegalArgumentException(
          given.size() + " names for " + trueSegments.size() + " segments");
    }
    float[][] called = sentences(given);
    quality.add(
        IntStream.range(0, called.length)
            .mapToDouble(
                i ->
                    Similarities.cosine(
                        called[i], sentencesOfClasses[trueSegments.get(i).label() - 1]))
            .toArray());
  }

  /**
   * The numbers at every threshold.
   *
   * @param mode what was compared
   * @return by rising threshold; empty for texts of segments that have no names
   */
  public List<Score> scores(Mode mode) {
    double[] sweep = mode.sweep();
    List<Score> scores = new ArrayList<>();
    for (int i = 0; i < evaluators.get(mode).size(); i++) {
      ReassignmentEvaluator evaluator = evaluators.get(mode).get(i);
      scores.add(
          new Score(
              sweep[i],
              evaluator.iou(),
              evaluator.bestSegmentIou(),
              evaluator.recall(),
              evaluator.recallReference()));
    }
    return scores;
  }

  /**
   * The numbers at the published threshold.
   *
   * @param mode what was compared
   * @return the numbers; none for texts of segments that have no names
   */
  public Optional<Score> score(Mode mode) {
    return scores(mode).stream().filter(score -> score.threshold() == mode.threshold()).findFirst();
  }

  /**
   * IoU by class at the published threshold: the mean over the pictures that hold the class or to
   * which it was assigned.
   *
   * @param mode what was compared
   * @return by name, NaN for a class that is nowhere; empty for texts of segments without names
   */
  public Map<String, Double> classIous(Mode mode) {
    int published = Arrays.binarySearch(mode.sweep(), mode.threshold());
    Map<String, Double> ious = new LinkedHashMap<>();
    if (evaluators.get(mode).isEmpty()) {
      return ious;
    }
    double[] sums = new double[ids.length];
    int[] counts = new int[ids.length];
    for (PictureScore picture : evaluators.get(mode).get(published).pictures()) {
      for (int i = 0; i < picture.classes().length; i++) {
        if (!Double.isNaN(picture.ious()[i])) {
          sums[picture.classes()[i]] += picture.ious()[i];
          counts[picture.classes()[i]]++;
        }
      }
    }
    for (int c = 0; c < ids.length; c++) {
      ious.put(names.get(c), counts[c] == 0 ? Double.NaN : sums[c] / counts[c]);
    }
    return ious;
  }

  /**
   * The text generation quality of the names added: the share of names near enough to the true
   * class's over all segments, as the paper defines it.
   *
   * @return in [0, 1]; NaN if there are none
   */
  public double textQuality() {
    return quality.overSegments();
  }

  /**
   * The text generation quality as the published code computes it: the mean over pictures.
   *
   * @return in [0, 1]; NaN if there are none
   */
  public double textQualityByPicture() {
    return quality.overPictures();
  }
}
