package org.zeroseg.zutis;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Nms;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * From the network's queries to instances (Shin et al. 2023, Sec. 3.1, and the released code).
 * Queries are named on their own small grid first; only masks of those that show something other
 * than background are brought to the picture's size, one at a time and as bits.
 *
 * @param threshold a cell or pixel belongs to a query's mask above this probability
 * @param temperature of the class scores
 * @param classScores what a cosine is worth
 * @param suppression among the masks of a category; none keeps all
 * @param minScore a mask must score above this beside a better one of its category
 * @param most instances of a picture
 */
record Instances(
    double threshold,
    double temperature,
    ClassScores classScores,
    Optional<Nms.Decay> suppression,
    double minScore,
    int most) {

  /**
   * What the instance branch says of a picture: for each of its queries a mask and what is inside.
   *
   * @param probabilities {@code [Q, height width]}
   * @param height rows of the grid
   * @param width columns of the grid
   * @param objectness {@code [Q]}
   * @param cosines {@code [Q, words]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Queries(
      float[] probabilities, int height, int width, float[] objectness, float[] cosines) {

    int count() {
      return objectness.length;
    }
  }

  /**
   * What a query's mask shows.
   *
   * @param query its index
   * @param label 0 for background
   * @param probability of the label
   * @param score objectness times probability
   */
  record Named(int query, int label, double probability, double score) {}

  /** An instance in the picture. */
  record Instance(int query, int label, double score, Mask mask) {}

  /** Every query's best label, of equals the first; an empty mask is background. */
  List<Named> name(Queries queries, Words words) {
    List<Named> named = new ArrayList<>();
    int count = words.count();
    for (int q = 0; q < queries.count(); q++) {
      double[] cosines = words.byLabel(queries.cosines(), q * count);
      boolean empty = queries.objectness()[q] == 0;
      int label = 0;
      for (int i = 1; i < cosines.length; i++) {
        label = !empty && cosines[i] > cosines[label] ? i : label;
      }
      double probability = classScores.probability(cosines, label, temperature);
      named.add(new Named(q, label, probability, queries.objectness()[q] * probability));
    }
    return named;
  }

  /**
   * The instances of a picture of a size that score no less than a threshold: labels rising, within
   * one scores falling.
   */
  List<Instance> find(
      Queries queries, Words words, double least, int pictureWidth, int pictureHeight) {
    check(queries);
    List<Named> candidates =
        name(queries, words).stream().filter(named -> named.label() > 0).toList();
    IntStream shown = candidates.stream().mapToInt(Named::query);
    List<Mask> masks = masks(queries, shown, pictureWidth, pictureHeight);
    List<Instance> found = new ArrayList<>();
    for (Nms.Kept kept : suppress(candidates, masks)) {
      Named named = candidates.get(kept.index());
      Mask mask = masks.get(kept.index());
      // A mask of a few cells may vanish between the pixels; it still suppresses others before.
      if (!mask.isEmpty() && kept.score() >= least) {
        found.add(new Instance(named.query(), named.label(), kept.score(), mask));
      }
    }
    return found.size() <= most ? found : best(found);
  }

  /** The masks of all queries at the size of a picture. */
  List<Mask> masks(Queries queries, int pictureWidth, int pictureHeight) {
    check(queries);
    return masks(queries, IntStream.range(0, queries.count()), pictureWidth, pictureHeight);
  }

  private List<Mask> masks(Queries queries, IntStream which, int width, int height) {
    LinearTaps rows = LinearTaps.of(queries.height(), height);
    LinearTaps columns = LinearTaps.of(queries.width(), width);
    return which.parallel().mapToObj(q -> mask(queries, q, rows, columns)).toList();
  }

  private List<Instance> best(List<Instance> found) {
    List<Instance> ranked = new ArrayList<>(found);
    ranked.sort(Comparator.comparingDouble(Instance::score).reversed());
    List<Instance> chosen = ranked.subList(0, most);
    return found.stream().filter(chosen::contains).toList();
  }

  private List<Nms.Kept> suppress(List<Named> candidates, List<Mask> masks) {
    double[] scores = candidates.stream().mapToDouble(Named::score).toArray();
    int[] labels = candidates.stream().mapToInt(Named::label).toArray();
    if (suppression.isPresent()) {
      return Nms.masks(masks, scores, labels, suppression.get(), minScore);
    }
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(
            Comparator.<Integer>comparingInt(i -> labels[i])
                .thenComparing(Comparator.<Integer>comparingDouble(i -> scores[i]).reversed())
                .thenComparing(Comparator.reverseOrder()))
        .map(i -> new Nms.Kept(i, scores[i]))
        .toList();
  }

  private static void check(Queries queries) {
    for (float p : queries.probabilities()) {
      if (!(p >= 0 && p <= 1)) {
        throw new IllegalStateException(
            "a query's mask holds " + p + ", which is no probability; are the weights damaged?");
      }
    }
  }

  /** One mask, enlarged bilinearly and cut, without a float for every pixel. */
  private Mask mask(Queries queries, int query, LinearTaps rows, LinearTaps columns) {
    int height = rows.size();
    int width = columns.size();
    int offset = query * queries.height() * queries.width();
    Extent extent = extent(queries, offset);
    if (extent.isEmpty()) {
      return Mask.empty(width, height);
    }
    // Interpolation is a mean: a pixel exceeds the threshold only beside a cell that does.
    int top = first(extent.top(), queries.height(), height);
    int bottom = end(extent.bottom(), queries.height(), height);
    int left = first(extent.left(), queries.width(), width);
    int right = end(extent.right(), queries.width(), width);
    boolean[] pixels = new boolean[width * height];
    float[] narrow = new float[queries.width()];
    float[] row = new float[width];
    for (int y = top; y < bottom; y++) {
      rows.row(queries.probabilities(), offset, queries.width(), y, narrow);
      columns.apply(narrow, row, left, right);
      for (int x = left; x < right; x++) {
        pixels[y * width + x] = row[x] > threshold;
      }
    }
    return Mask.of(width, height, pixels);
  }

  /** First and last rows and columns of cells above the threshold. */
  private record Extent(int top, int bottom, int left, int right) {
    boolean isEmpty() {
      return bottom < top;
    }
  }

  private Extent extent(Queries queries, int offset) {
    int top = Integer.MAX_VALUE;
    int bottom = -1;
    int left = Integer.MAX_VALUE;
    int right = -1;
    for (int y = 0; y < queries.height(); y++) {
      for (int x = 0; x < queries.width(); x++) {
        if (queries.probabilities()[offset + y * queries.width() + x] > threshold) {
          top = Math.min(top, y);
          bottom = y;
          left = Math.min(left, x);
          right = Math.max(right, x);
        }
      }
    }
    return new Extent(top, bottom, left, right);
  }

  /** A lower bound of the pixels that the interpolation draws from a cell for. */
  private static int first(int cell, int cells, int pixels) {
    return Math.max(0, (int) Math.floor((cell - 0.5) * pixels / cells) - 1);
  }

  private static int end(int cell, int cells, int pixels) {
    return Math.min(pixels, (int) Math.ceil((cell + 1.5) * pixels / cells) + 1);
  }
}
