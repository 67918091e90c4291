package org.zeroseg.eval.coco;

import java.util.Arrays;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.eval.Boundaries;

/**
 * Matches the detections of one unit, an image's objects of one category (or of all), with its
 * ground truth: cocodataset/cocoapi, {@code COCOeval.evaluateImg}.
 */
final class UnitMatcher {

  private static final double LARGEST_THRESHOLD = 1 - 1e-10; // evaluateImg, against rounding

  private final CocoProtocol protocol;
  private final Instance[] truths;
  private final Instance[] detections;
  private final double[] overlaps; // [detection * truths + truth]
  private final boolean[] near; // per detection, whether any overlap reaches any threshold
  private final int[] dtMatch; // [threshold * detections + detection], index of the truth or -1
  private final long[] gtTaken; // per truth, a bit per threshold
  private final boolean[] gtIgnored;

  /**
   * Measures all overlaps.
   *
   * @param truths in file order
   * @param candidates in file order; sorted here and cut to the largest number of detections
   * @param width of the image
   * @param height of the image
   * @param exact whether overlaps too small for any threshold are measured, too, instead of left 0
   */
  UnitMatcher(
      CocoProtocol protocol,
      Instance[] truths,
      Instance[] candidates,
      int width,
      int height,
      boolean exact) {
    this.protocol = protocol;
    this.truths = truths;
    double[] scores = scores(candidates);
    int[] order = StableOrder.falling(scores, scores.length);
    detections = new Instance[Math.min(order.length, protocol.mostDetections())];
    for (int d = 0; d < detections.length; d++) {
      detections[d] = candidates[order[d]];
    }
    overlaps = new double[detections.length * truths.length];
    dtMatch = new int[protocol.thresholds().length * detections.length];
    gtTaken = new long[truths.length];
    gtIgnored = new boolean[truths.length];
    near = new boolean[detections.length];
    if (overlaps.length > 0) {
      double least = leastUseful(protocol.thresholds());
      measure(width, height, exact ? 0 : least);
      for (int i = 0; i < overlaps.length; i++) {
        near[i / truths.length] |= overlaps[i] >= least;
      }
    }
  }

  // Here and below loops in place of streams: there are as many units as images and categories, and
  // of a short evaluation Java's compiler takes the most.
  private static double[] scores(Instance[] instances) {
    double[] scores = new double[instances.length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = instances[i].score();
    }
    return scores;
  }

  private static double leastUseful(double[] thresholds) {
    double least = LARGEST_THRESHOLD;
    for (double threshold : thresholds) {
      least = Math.min(least, threshold);
    }
    return least;
  }

  private void measure(int width, int height, double least) {
    switch (protocol.overlap()) {
      case BOX -> measureBoxes();
      case MASK ->
          measureMasks(masks(truths, width, height), masks(detections, width, height), least);
      case BOUNDARY -> {
        Rle[] truthMasks = masks(truths, width, height);
        Rle[] detectionMasks = masks(detections, width, height);
        // Not measured where the mask alone cannot reach a threshold: the smaller one counts.
        measureMasks(truthMasks, detectionMasks, least);
        limitToBoundaries(truthMasks, detectionMasks);
      }
    }
  }

  private static Rle[] masks(Instance[] instances, int width, int height) {
    Rle[] masks = new Rle[instances.length];
    for (int i = 0; i < masks.length; i++) {
      masks[i] = instances[i].outline().rle(width, height);
    }
    return masks;
  }

  private void measureBoxes() {
    for (int d = 0; d < detections.length; d++) {
      Box box = detections[d].box().orElseThrow();
      for (int g = 0; g < truths.length; g++) {
        Box truth = truths[g].box().orElseThrow();
        overlaps[d * truths.length + g] =
            truths[g].crowd() ? box.overlapWithCrowd(truth) : box.iou(truth);
      }
    }
  }

  private void measureMasks(Rle[] truthMasks, Rle[] detectionMasks, double least) {
    Spans[] truthSpans = new Spans[truths.length];
    for (int g = 0; g < truths.length; g++) {
      truthSpans[g] = new Spans(truthMasks[g]);
    }
    for (int d = 0; d < detections.length; d++) {
      Spans detection = new Spans(detectionMasks[d]);
      for (int g = 0; g < truths.length; g++) {
        Spans truth = truthSpans[g];
        int most = detection.mostShared(truth);
        if (most > 0 && quotient(most, detection, truth, g) >= least) {
          int shared = detection.intersection(truth);
          overlaps[d * truths.length + g] = shared == 0 ? 0 : quotient(shared, detection, truth, g);
        }
      }
    }
  }

  private double quotient(int shared, Spans detection, Spans truth, int g) {
    return (double) shared
        / (truths[g].crowd() ? detection.area() : detection.area() + truth.area() - shared);
  }

  private void limitToBoundaries(Rle[] truthMasks, Rle[] detectionMasks) {
    Spans[] truthBoundaries = new Spans[truths.length];
    for (int d = 0; d < detections.length; d++) {
      Spans boundary = null;
      for (int g = 0; g < truths.length; g++) {
        int pair = d * truths.length + g;
        if (overlaps[pair] == 0 || truths[g].crowd()) {
          continue;
        }
        if (boundary == null) {
          boundary = boundary(detectionMasks[d]);
        }
        if (truthBoundaries[g] == null) {
          truthBoundaries[g] = boundary(truthMasks[g]);
        }
        int shared = boundary.intersection(truthBoundaries[g]);
        double iou = shared == 0 ? 0 : quotient(shared, boundary, truthBoundaries[g], g);
        overlaps[pair] = Math.min(overlaps[pair], iou);
      }
    }
  }

  private Spans boundary(Rle mask) {
    int distance = Boundaries.distance(mask.width(), mask.height(), protocol.boundaryRatio());
    return new Spans(Boundaries.of(mask.mask(), distance).rle());
  }

  Instance[] truths() {
    return truths;
  }

  Instance[] detections() {
    return detections;
  }

  double overlap(int detection, int truth) {
    return overlaps[detection * truths.length + truth];
  }

  boolean isIgnored(int truth) {
    return gtIgnored[truth];
  }

  /** The truth that a detection was matched to in the last range, or -1. */
  int match(int threshold, int detection) {
    return dtMatch[threshold * detections.length + detection];
  }

  /**
   * Whether a match counts: the reference marks a match by the annotation's id, so that id 0 reads
   * as no match.
   */
  boolean counts(int match) {
    return match >= 0 && (truths[match].id() != 0 || protocol.countIdZero());
  }

  /** Matches within an area range; results stay until the next call. */
  void match(AreaRange range) {
    for (int g = 0; g < truths.length; g++) {
      gtIgnored[g] = truths[g].crowd() || range.excludes(truths[g].area());
      gtTaken[g] = 0;
    }
    double[] thresholds = protocol.thresholds();
    Arrays.fill(dtMatch, -1);
    for (int d = 0; d < detections.length; d++) {
      for (int t = 0; near[d] && t < thresholds.length; t++) {
        double least = Math.min(thresholds[t], LARGEST_THRESHOLD);
        // Regular ground truth wins over ignored, however well the latter overlaps.
        int match = best(d, t, least, false);
        if (match < 0) {
          match = best(d, t, least, true);
        }
        if (match >= 0) {
          gtTaken[match] |= 1L << t;
        }
        dtMatch[t * detections.length + d] = match;
      }
    }
  }

  /** The free truth that overlaps most; of equal ones the last. */
  private int best(int d, int t, double least, boolean ignored) {
    double best = least;
    int match = -1;
    for (int g = 0; g < truths.length; g++) {
      double overlap = overlaps[d * truths.length + g];
      if (overlap >= best
          && gtIgnored[g] == ignored
          && ((gtTaken[g] >>> t & 1) == 0 || truths[g].crowd())) {
        best = overlap;
        match = g;
      }
    }
    return match;
  }

  /** Matches within all ranges and keeps what accumulation needs. */
  UnitResult result() {
    int ranges = protocol.areas().size();
    long[] hits = new long[ranges * detections.length];
    long[] misses = new long[ranges * detections.length];
    int[] regular = new int[ranges];
    for (int a = 0; a < ranges; a++) {
      AreaRange range = protocol.areas().get(a);
      match(range);
      for (boolean ignored : gtIgnored) {
        regular[a] += ignored ? 0 : 1;
      }
      for (int d = 0; d < detections.length; d++) {
        int at = a * detections.length + d;
        hits[at] = near[d] ? hits(d) : 0;
        misses[at] = misses(d, range.excludes(detections[d].area()));
      }
    }
    return new UnitResult(scores(detections), hits, misses, regular);
  }

  /** The thresholds at which a detection has found a ground truth that counts. */
  private long hits(int d) {
    long hits = 0;
    for (int t = 0; t < protocol.thresholds().length; t++) {
      int match = match(t, d);
      hits |= counts(match) && !gtIgnored[match] ? 1L << t : 0;
    }
    return hits;
  }

  /** The thresholds at which a detection has found nothing, though it should have. */
  private long misses(int d, boolean outside) {
    if (!near[d]) {
      return outside ? 0 : -1L >>> (64 - protocol.thresholds().length);
    }
    long misses = 0;
    for (int t = 0; t < protocol.thresholds().length; t++) {
      int match = match(t, d);
      boolean ignored = match >= 0 && gtIgnored[match];
      misses |= counts(match) || ignored || outside ? 0 : 1L << t;
    }
    return misses;
  }
}
