package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.zeroseg.core.mask.Mask;

/**
 * MaskDistill's masks (Van Gansbeke et al. 2022, Sec. 3.1): positions that the class token looks
 * at, joined with those whose keys are like the strongest one's.
 *
 * @param share how many of all positions may vote
 * @param mass the share of the class token's scores that is kept
 * @param scoringHeads how many of the heads, from the first, make up the scores
 */
public record MaskDistill(double share, double mass, int scoringHeads) {

  /** The published setting for ViT-S/16: five of its six heads. */
  public static final MaskDistill DEFAULT = new MaskDistill(0.4, 0.5, 5);

  /**
   * What was found.
   *
   * @param scores the class token's scores of all positions, before the mass is cut
   * @param mask the object on the grid
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Found(float[] scores, Mask mask) {}

  /**
   * Finds one object.
   *
   * @param queries {@code [1, heads, 1 + N, d]} of the last block, class token first
   * @param keys {@code [1, heads, 1 + N, d]} of the last block
   * @param grid the positions
   * @return the object
   * @throws IllegalArgumentException if the keys do not fit the grid or a number is not finite
   */
  public Found find(NDArray queries, NDArray keys, Grid grid) {
    try (NDManager scratch = keys.getManager().newSubManager()) {
      NDArray positions = keys.get(new NDIndex("0, :, 1:"));
      positions.attach(scratch);
      NDArray asking = queries.get(new NDIndex("0, :{}, :1", scoringHeads));
      asking.attach(scratch);
      NDArray scoring = positions.get(new NDIndex(":{}", scoringHeads)).swapAxes(1, 2);
      float[] scores = asking.matMul(scoring).mean(new int[] {0}).toFloatArray();
      // The sum over heads of inner products is the inner product of all heads side by side.
      NDArray joined = positions.swapAxes(0, 1).reshape(positions.getShape().get(1), -1);
      return FeatureProducts.of(joined, grid, flat -> seek(flat, scores, grid));
    }
  }

  private Found seek(NDArray flat, float[] scores, Grid grid) {
    boolean[] kept = AttentionMass.kept(scores, mass);
    float[] cut = scores.clone();
    for (int i = 0; i < cut.length; i++) {
      cut[i] = kept[i] ? cut[i] : 0;
    }
    // Which of the positions that were cut to zero may vote is not defined in the reference; here
    // those with the higher scores, then the first of equals.
    int[] potentials =
        IntStream.range(0, cut.length)
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer i) -> -cut[i])
                    .thenComparingDouble(i -> -scores[i]))
            .limit(Math.max(1, (long) (share * cut.length)))
            .mapToInt(Integer::intValue)
            .toArray();
    int source = potentials[0];
    float[] toSource = FeatureProducts.products(flat, source);
    int[] nodes = IntStream.of(potentials).filter(i -> toSource[i] > 0).toArray();
    float[] votes = FeatureProducts.votes(flat, nodes);
    return new Found(scores, GridMasks.around(source, votes, grid));
  }
}
