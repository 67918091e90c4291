package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.zeroseg.core.mask.Mask;

/**
 * LOST (Siméoni et al. 2021): the patch that correlates with the fewest others lies on an object;
 * patches like it vote for the rest.
 *
 * @param potentials how many patches of the lowest degrees may help the seed (the paper's k)
 */
public record Lost(int potentials) {

  /** The published setting, k = 100. */
  public static final Lost DEFAULT = new Lost(100);

  /**
   * What was found, with the steps that led there.
   *
   * @param degree for each position, the number of others with a positive inner product
   * @param seed the position of the lowest degree, the first of equals
   * @param similar those of the potentials that correlate positively with the seed, ascending
   * @param expansion for each position, its summed products with the similar ones
   * @param mask the object on the grid
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Found(int[] degree, int seed, int[] similar, float[] expansion, Mask mask) {}

  /**
   * Checks the setting.
   *
   * @throws IllegalArgumentException if there are no potentials
   */
  public Lost {
    if (potentials < 1) {
      throw new IllegalArgumentException("LOST needs at least one potential patch");
    }
  }

  /**
   * Finds one object. The products of all pairs are made in blocks; memory grows with {@code N D}.
   *
   * @param features {@code [N, D]}: keys of the last block, not normalised, without the class token
   * @param grid the positions
   * @return the object; the seed alone where nothing votes for it
   * @throws IllegalArgumentException if the features do not fit the grid or are not finite
   */
  public Found find(NDArray features, Grid grid) {
    return FeatureProducts.of(features, grid, flat -> seek(flat, grid));
  }

  private Found seek(NDArray flat, Grid grid) {
    int n = grid.size();
    int[] degree = new int[n];
    FeatureProducts.rows(
        flat,
        (i, products, offset) -> {
          int positive = 0;
          for (int j = 0; j < n; j++) {
            positive += products[offset + j] > 0 && j != i ? 1 : 0;
          }
          degree[i] = positive;
        });
    int[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingInt(i -> degree[i])) // stable: the first of equals
            .mapToInt(Integer::intValue)
            .toArray();
    int seed = order[0];
    float[] toSeed = FeatureProducts.products(flat, seed);
    int[] similar =
        Arrays.stream(order, 0, Math.min(potentials, n))
            .filter(i -> toSeed[i] > 0)
            .sorted()
            .toArray();
    float[] expansion = FeatureProducts.votes(flat, similar);
    return new Found(degree, seed, similar, expansion, GridMasks.around(seed, expansion, grid));
  }
}
