package org.zeroseg.eval.coco;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.Consumer;
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

  /** Units that are matched one after the other. */
  private static final int BLOCK = 16;

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
    return match(units, matcher -> {});
  }

  /** Lets every matcher be looked at before it matches. */
  private CocoMatches match(Units units, Consumer<UnitMatcher> look) {
    AtomicInteger done = new AtomicInteger();
    CocoMatches.Unit[] matches = new CocoMatches.Unit[units.size()];
    IntStream.range(0, (matches.length + BLOCK - 1) / BLOCK)
        .parallel()
        .forEach(
            block -> {
              int to = Math.min(matches.length, (block + 1) * BLOCK);
              for (int unit = block * BLOCK; unit < to; unit++) {
                UnitMatcher matcher = units.matcher(unit, false);
                look.accept(matcher);
                matches[unit] =
                    new CocoMatches.Unit(
                        units.category(unit), units.imageId(unit), matcher.result());
              }
              progress.update("matching", done.addAndGet(to - block * BLOCK), matches.length);
            });
    return new CocoMatches(
        units.protocol(), units.categories(), List.of(matches), units.warnings(), units.beyond());
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
   * An evaluation with and without categories.
   *
   * @param aware as {@link CocoEvaluator#evaluate} has them
   * @param agnostic as the same protocol without categories has them
   * @param confusions as {@link CocoEvaluator#confusions} has them, if they were asked for
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Both(CocoScores aware, CocoScores agnostic, long[][] confusions) {}

  /**
   * Evaluates detections with and without categories and counts confusions, in less time than one
   * after the other.
   *
   * @param detections what to evaluate
   * @param mostConfusable how many categories confusions are counted of at most; they take the
   *     square
   * @return all scores
   * @throws InvalidDataException if an object lacks the mask or box that is compared
   * @throws IllegalArgumentException if images or categories were chosen that do not exist
   */
  public Both evaluateBoth(CocoDetections detections, int mostConfusable) {
    Units units = new Units(protocol, detections);
    CocoScores aware = inPool(() -> match(units).scores());
    Units agnostic = units.agnostic();
    if (units.categories().size() > mostConfusable) {
      return new Both(aware, inPool(() -> match(agnostic).scores()), new long[0][]);
    }
    Confusions confusions = new Confusions(units.categories(), detections.truth().categories());
    CocoScores all = inPool(() -> match(agnostic, confusions::count).scores());
    return new Both(aware, all, confusions.table());
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
    Units units = new Units(protocol, detections);
    Confusions confusions = new Confusions(units.categories(), detections.truth().categories());
    Units agnostic = units.agnostic();
    inPool(
        () -> {
          IntStream.range(0, agnostic.size())
              .parallel()
              .forEach(unit -> confusions.count(agnostic.matcher(unit, false)));
          return confusions;
        });
    return confusions.table();
  }

  /** Counts what was taken for what, on several threads. */
  private final class Confusions {

    private final int[] rank; // of all categories
    private final int nothing;
    private final AtomicLongArray counts;

    Confusions(List<Category> chosen, List<Category> all) {
      rank = Units.ranks(all, chosen);
      nothing = chosen.size();
      counts = new AtomicLongArray((nothing + 1) * (nothing + 1));
    }

    void count(UnitMatcher matcher) {
      matcher.match(protocol.areas().get(0));
      Instance[] truths = matcher.truths();
      boolean[] found = new boolean[truths.length];
      int left = 0;
      for (int g = 0; g < truths.length; g++) {
        left += matcher.isIgnored(g) ? 0 : 1;
      }
      for (int d = 0; d < matcher.detections().length && left > 0; d++) {
        int match = matcher.match(0, d);
        if (match >= 0 && matcher.isIgnored(match)) {
          continue;
        }
        left--;
        add(
            match < 0 ? nothing : rank[truths[match].category()],
            rank[matcher.detections()[d].category()]);
        if (match >= 0) {
          found[match] = true;
        }
      }
      for (int g = 0; g < truths.length; g++) {
        if (!found[g] && !matcher.isIgnored(g)) {
          add(rank[truths[g].category()], nothing);
        }
      }
    }

    private void add(int row, int column) {
      counts.incrementAndGet(row * (nothing + 1) + column);
    }

    long[][] table() {
      long[][] table = new long[nothing + 1][nothing + 1];
      for (int i = 0; i < counts.length(); i++) {
        table[i / (nothing + 1)][i % (nothing + 1)] = counts.get(i);
      }
      return table;
    }
  }

  /** The matches of a single unit, for inspection. */
  UnitMatcher matcher(CocoDetections detections, long imageId, long categoryId) {
    Units units = new Units(protocol, detections);
    return units.matcher(units.find(imageId, categoryId), true);
  }
}
