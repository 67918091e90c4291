package org.zeroseg.eval.coco;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;

/**
 * COCO's instance evaluation: every entry of the precision, recall and score arrays equals that of
 * cocodataset/cocoapi (pycocotools). Images are matched in parallel, categories accumulated in
 * parallel; the result does not depend on the number of threads. Immutable and thread-safe.
 *
 * <pre>{@code
 * CocoGroundTruth truth = CocoGroundTruth.read(Path.of("instances_val2017.json"));
 * CocoDetections detections = CocoDetections.read(Path.of("results.json"), truth);
 * CocoScores scores = new CocoEvaluator(CocoProtocol.coco()).evaluate(detections);
 * System.out.println(scores.summary());
 * }</pre>
 */
public final class CocoEvaluator {

  private final CocoProtocol protocol;
  private final int threads;
  private final Progress progress;

  /**
   * An evaluator that uses all processors.
   *
   * @param protocol what is measured
   */
  public CocoEvaluator(CocoProtocol protocol) {
    this(protocol, Runtime.getRuntime().availableProcessors(), Progress.SILENT);
  }

  /**
   * An evaluator that tells how far it is.
   *
   * @param protocol what is measured
   * @param threads how many threads work, from 1
   * @param progress told how far matching is, from several threads
   */
  public CocoEvaluator(CocoProtocol protocol, int threads, Progress progress) {
    this.protocol = protocol;
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * Evaluates detections against their ground truth.
   *
   * @param detections what to evaluate
   * @return all curves and what is derived from them
   * @throws InvalidDataException if an object lacks the mask or box that is compared
   * @throws IllegalArgumentException if images or categories were chosen that do not exist
   */
  public CocoScores evaluate(CocoDetections detections) {
    Units units = new Units(protocol, detections);
    return inPool(() -> match(units).scores());
  }

  /**
   * Matches the detections of a part of a set: some of its images, all of its categories.
   *
   * @param part detections on the images of its ground truth
   * @return the matches, to be merged with those of the other parts
   * @throws InvalidDataException if an object lacks the mask or box that is compared
   * @throws IllegalArgumentException if categories were chosen that do not exist
   */
  public CocoMatches match(CocoDetections part) {
    Units units = new Units(protocol, part, true);
    return inPool(() -> match(units));
  }

  private <T> T inPool(Callable<T> work) {
    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      return pool.submit(work).join();
    } finally {
      pool.shutdown();
    }
  }

  private CocoMatches match(Units units) {
    AtomicInteger done = new AtomicInteger();
    List<CocoMatches.Unit> matches =
        IntStream.range(0, units.size())
            .parallel()
            .mapToObj(
                unit -> {
                  UnitResult result = units.matcher(unit, false).result();
                  progress.update("matching", done.incrementAndGet(), units.size());
                  return new CocoMatches.Unit(units.category(unit), units.imageId(unit), result);
                })
            .toList();
    return new CocoMatches(protocol, units.categories(), matches, units.warnings(), units.beyond());
  }

  /**
   * How well each image was done, to find the best and the worst: the share of its objects that are
   * found at the first IoU threshold when every category may have as many detections as it has
   * objects.
   *
   * @param detections what to evaluate
   * @return in [0, 1], by image id; images without objects are left out
   */
  public Map<Long, Double> imageScores(CocoDetections detections) {
    Units units = new Units(protocol, detections);
    Map<Long, int[]> counts = new TreeMap<>(); // found, objects
    for (int unit = 0; unit < units.size(); unit++) {
      UnitMatcher matcher = units.matcher(unit, false);
      matcher.match(protocol.areas().get(0));
      int objects = 0;
      for (int g = 0; g < matcher.truths().length; g++) {
        objects += matcher.isIgnored(g) ? 0 : 1;
      }
      int[] count = counts.computeIfAbsent(units.imageId(unit), id -> new int[2]);
      count[1] += objects;
      for (int d = 0; d < Math.min(objects, matcher.detections().length); d++) {
        int match = matcher.match(0, d);
        count[0] += matcher.counts(match) && !matcher.isIgnored(match) ? 1 : 0;
      }
    }
    Map<Long, Double> scores = new TreeMap<>();
    counts.forEach(
        (id, count) -> {
          if (count[1] > 0) {
            scores.put(id, (double) count[0] / count[1]);
          }
        });
    return scores;
  }

  /**
   * What was taken for what: of every image as many of the best detections as it has objects,
   * matched at the first IoU threshold whatever their category. Detections on crowds are left out.
   *
   * @param detections what to evaluate
   * @return [true][detected] counts by the evaluated categories in their order and, last, for
   *     nothing: objects that were missed, detections where there is no object
   */
  public long[][] confusions(CocoDetections detections) {
    List<Category> all = detections.truth().categories();
    List<Category> chosen = new Units(protocol, detections).categories();
    int[] rank = Units.ranks(all, chosen);
    int nothing = chosen.size();
    AtomicLongArray counts = new AtomicLongArray((nothing + 1) * (nothing + 1));
    Units units = new Units(protocol.useCategories(false), detections);
    inPool(
        () -> {
          IntStream.range(0, units.size())
              .parallel()
              .forEach(unit -> confuse(units.matcher(unit, false), rank, nothing, counts));
          return counts;
        });
    long[][] table = new long[nothing + 1][nothing + 1];
    for (int i = 0; i < counts.length(); i++) {
      table[i / (nothing + 1)][i % (nothing + 1)] = counts.get(i);
    }
    return table;
  }

  private void confuse(UnitMatcher matcher, int[] rank, int nothing, AtomicLongArray counts) {
    matcher.match(protocol.areas().get(0));
    Instance[] truths = matcher.truths();
    boolean[] found = new boolean[truths.length];
    int left = (int) IntStream.range(0, truths.length).filter(g -> !matcher.isIgnored(g)).count();
    for (int d = 0; d < matcher.detections().length && left > 0; d++) {
      int match = matcher.match(0, d);
      if (match >= 0 && matcher.isIgnored(match)) {
        continue;
      }
      left--;
      int row = match < 0 ? nothing : rank[truths[match].category()];
      int column = rank[matcher.detections()[d].category()];
      counts.incrementAndGet(row * (nothing + 1) + column);
      if (match >= 0) {
        found[match] = true;
      }
    }
    for (int g = 0; g < truths.length; g++) {
      if (!found[g] && !matcher.isIgnored(g)) {
        counts.incrementAndGet(rank[truths[g].category()] * (nothing + 1) + nothing);
      }
    }
  }

  /** The matches of a single unit, for inspection. */
  UnitMatcher matcher(CocoDetections detections, long imageId, long categoryId) {
    Units units = new Units(protocol, detections);
    return units.matcher(units.find(imageId, categoryId), true);
  }
}
