package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;

/**
 * Finds what the pictures of an archive have in common: in each picture the cell that recurs best
 * in all of them, and the mean of their features (Shin et al. 2022, "ReCo", Sec. 3.1).
 *
 * <p>The matrix of all cells against all cells never exists: pictures are compared in blocks, each
 * of which serves both of its directions.
 *
 * @param rule which pictures a cell is looked for in
 * @param merge how the features of the cells found become one
 */
public record CoSegmentation(Rule rule, Merge merge) {

  /** Which pictures a cell is looked for in. */
  public enum Rule {
    /** In every picture by itself, as the paper means it: the order of the pictures is nothing. */
    PAPER,
    /**
     * As published: for picture m, counted from 0, the best of the pictures m to 2 m. Replicates
     * published embeddings and numbers.
     */
    REFERENCE
  }

  /** How features of seeds become one embedding. */
  public enum Merge {
    /** Their mean. */
    MEAN,
    /** Their mean, weighted from 1 down to 1 / n in the order of retrieval. */
    WEIGHTED,
    /** The one that is most like all others. */
    WINNER
  }

  /** As the paper means it. */
  public static final CoSegmentation DEFAULT = new CoSegmentation(Rule.PAPER, Merge.MEAN);

  /** Cosines in a block, 16 MB, which a processor's cache still helps with. */
  private static final long BLOCK = 4L << 20;

  /**
   * What was found.
   *
   * @param embedding of unit length
   * @param votes of each cell, {@code [n, P]}: the mean of its best matches in all pictures; low
   *     ones everywhere tell that the pictures have nothing in common
   * @param seeds of each picture the cell with the most votes, the first of equals, counted row by
   *     row
   */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  public record Found(float[] embedding, float[] votes, int[] seeds) {

    /**
     * How sure the result is: the mean of the seeds' votes.
     *
     * @return from -1 to 1; that of pictures with a thing in common is well above others
     */
    public double confidence() {
      int cells = votes.length / seeds.length;
      double sum = 0;
      for (int picture = 0; picture < seeds.length; picture++) {
        sum += votes[picture * cells + seeds[picture]];
      }
      return sum / seeds.length;
    }
  }

  /**
   * Looks at an archive.
   *
   * @param features {@code [n, P, C]}: n pictures of P cells each, in the order of retrieval
   * @param weights {@code [n, P]} from 0 to 1: what a cell counts as something found
   * @param pictures n, at least 1
   * @param manager what is computed there is freed before this returns
   * @return the embedding and what it was made of
   * @throws IllegalArgumentException if the sizes do not fit together
   */
  public Found find(float[] features, float[] weights, int pictures, NDManager manager) {
    if (pictures < 1 || weights.length == 0 || weights.length % pictures != 0) {
      throw new IllegalArgumentException(
          weights.length + " weights for the cells of " + pictures + " pictures");
    }
    if (features.length == 0 || features.length % weights.length != 0) {
      throw new IllegalArgumentException(
          features.length + " numbers for the features of " + weights.length + " cells");
    }
    int cells = weights.length / pictures;
    int channels = features.length / weights.length;
    float[] votes;
    try (NDManager call = manager.newSubManager()) {
      NDArray raw = call.create(features, new Shape(pictures, cells, channels));
      NDArray unit = DeepLab.KERNELS.call("unit", raw);
      raw.close();
      NDArray w = call.create(weights, new Shape(pictures, cells));
      votes = rule == Rule.PAPER ? votes(unit, w) : referenceVotes(unit, w);
    }
    int[] seeds = new int[pictures];
    float[][] found = new float[pictures][];
    for (int picture = 0; picture < pictures; picture++) {
      int from = picture * cells;
      int best = from;
      for (int cell = from; cell < from + cells; cell++) {
        best = votes[cell] > votes[best] ? cell : best;
      }
      seeds[picture] = best - from;
      found[picture] = Arrays.copyOfRange(features, best * channels, (best + 1) * channels);
    }
    return new Found(merged(found), votes, seeds);
  }

  /** Takes the best matches of one picture's cells in another. */
  private interface Matches {
    void take(int asking, int found, float[] best, int offset);
  }

  private static void compare(NDArray unit, NDArray weights, Matches matches) {
    int pictures = (int) unit.getShape().get(0);
    int cells = (int) unit.getShape().get(1);
    int together = (int) Math.max(1, BLOCK / cells / cells);
    for (int a = 0; a < pictures; a++) {
      for (int from = a; from < pictures; from += together) {
        int to = Math.min(pictures, from + together);
        try (NDManager call = unit.getManager().newSubManager()) {
          NDArray own = unit.get(a);
          NDArray others = unit.get("{}:{}", from, to);
          NDArray ownWeights = weights.get(a);
          NDArray otherWeights = weights.get("{}:{}", from, to);
          for (NDArray view : new NDArray[] {own, others, ownWeights, otherWeights}) {
            view.attach(call);
          }
          NDList best = DeepLab.KERNELS.callAll("matches", own, others, ownWeights, otherWeights);
          float[] forth = best.get(0).toFloatArray();
          float[] back = best.get(1).toFloatArray();
          for (int b = from; b < to; b++) {
            matches.take(a, b, forth, (b - from) * cells);
            if (b > a) {
              matches.take(b, a, back, (b - from) * cells);
            }
          }
        }
      }
    }
  }

  private static float[] votes(NDArray unit, NDArray weights) {
    int pictures = (int) unit.getShape().get(0);
    int cells = (int) unit.getShape().get(1);
    double[] sums = new double[pictures * cells];
    compare(
        unit,
        weights,
        (asking, found, best, offset) -> {
          for (int i = 0; i < cells; i++) {
            sums[asking * cells + i] += best[offset + i];
          }
        });
    float[] votes = new float[sums.length];
    for (int i = 0; i < votes.length; i++) {
      votes[i] = (float) (sums[i] / pictures);
    }
    return votes;
  }

  /** The published column window: picture m's place is taken by the best of m to 2 m. */
  private static float[] referenceVotes(NDArray unit, NDArray weights) {
    int pictures = (int) unit.getShape().get(0);
    int cells = (int) unit.getShape().get(1);
    float[][] best = new float[pictures][pictures * cells];
    compare(
        unit,
        weights,
        (asking, found, values, offset) ->
            System.arraycopy(values, offset, best[found], asking * cells, cells));
    float[] votes = new float[pictures * cells];
    for (int cell = 0; cell < votes.length; cell++) {
      double sum = 0;
      for (int m = 0; m < pictures; m++) {
        float most = best[m][cell];
        for (int other = m + 1; other <= Math.min(2 * m, pictures - 1); other++) {
          most = Math.max(most, best[other][cell]);
        }
        sum += most;
      }
      votes[cell] = (float) (sum / pictures);
    }
    return votes;
  }

  private float[] merged(float[][] seeds) {
    return switch (merge) {
      case MEAN -> unit(sum(seeds, false));
      case WEIGHTED -> unit(sum(seeds, true));
      case WINNER -> winner(seeds);
    };
  }

  private static double[] sum(float[][] seeds, boolean weighted) {
    double[] sum = new double[seeds[0].length];
    for (int i = 0; i < seeds.length; i++) {
      double weight = weighted ? 1 - (double) i / seeds.length : 1;
      for (int c = 0; c < sum.length; c++) {
        sum[c] += weight * seeds[i][c];
      }
    }
    return sum;
  }

  /** The seed with the largest sum of cosines to all: that with the mean of all unit seeds. */
  private static float[] winner(float[][] seeds) {
    float[][] units = new float[seeds.length][];
    for (int i = 0; i < seeds.length; i++) {
      units[i] = unit(sum(new float[][] {seeds[i]}, false));
    }
    double[] all = sum(units, false);
    int best = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < units.length; i++) {
      double likeness = 0;
      for (int c = 0; c < all.length; c++) {
        likeness += units[i][c] * all[c];
      }
      if (likeness > most) {
        most = likeness;
        best = i;
      }
    }
    return units[best];
  }

  private static float[] unit(double[] vector) {
    double squares = 0;
    for (double value : vector) {
      squares += value * value;
    }
    double length = Math.max(Math.sqrt(squares), 1e-12);
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector[i] / length);
    }
    return unit;
  }
}
