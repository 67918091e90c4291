package org.zeroseg.dino;

import java.util.Comparator;
import java.util.stream.IntStream;
import org.zeroseg.core.mask.Components;
import org.zeroseg.core.mask.Connectivity;
import org.zeroseg.core.mask.Mask;

/**
 * DINO's own masks: of a head's attention, the strongest positions that together hold a share of it
 * (Caron et al. 2021, Fig. 1 and App. D).
 *
 * @param mass the share that is kept
 */
record AttentionMass(double mass) {

  /** The published setting. */
  public static final AttentionMass DEFAULT = new AttentionMass(0.6);

  /**
   * The positions that hold the mass.
   *
   * @param attention row-major, one value a position, without the class token
   * @param grid the positions
   * @return the mask on the grid; empty if there is no attention at all
   * @throws IllegalArgumentException if a number is not finite, or there is not one a position
   */
  public Mask mask(float[] attention, Grid grid) {
    boolean[] kept = kept(attention, mass);
    return Mask.of(grid.columns(), grid.rows(), kept);
  }

  /**
   * The largest 4-connected part of a mask. (LOST's baseline misses the last part, and boxes the
   * background where there is one part only; this does not.)
   *
   * @param mask any mask
   * @return its largest part, the first of equals; the mask itself if empty
   */
  public static Mask largest(Mask mask) {
    Components parts = mask.components(Connectivity.FOUR);
    return parts.count() == 0 ? mask : parts.mask(parts.largest());
  }

  /** Those whose ascending cumulative share exceeds one minus the mass. */
  static boolean[] kept(float[] values, double mass) {
    int[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> values[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double total = 0;
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException("Attention to position " + i + " is " + values[i]);
      }
      total += values[i];
    }
    boolean[] kept = new boolean[values.length];
    double cumulative = 0;
    for (int i : order) {
      cumulative += values[i] / total;
      kept[i] = cumulative > 1 - mass;
    }
    return kept;
  }
}
