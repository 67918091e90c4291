package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;

/** Inner products of all pairs of features, made row block by row block and never kept whole. */
final class Similarities {

  private static final int BLOCK = 512;

  /** Receives one row of products. */
  interface Row {
    /** {@code products} is shared by the rows of a block: it starts at {@code offset}. */
    void accept(int index, float[] products, int offset);
  }

  private Similarities() {}

  /**
   * Checks that there is a feature for every position and that all are finite.
   *
   * @return the features as {@code [N, D]}
   */
  static NDArray checked(NDArray features, Grid grid) {
    NDArray flat =
        features.getShape().dimension() == 3 && features.getShape().get(0) == 1
            ? features.squeeze(0)
            : features;
    if (flat.getShape().dimension() != 2 || flat.getShape().get(0) != grid.size()) {
      throw new IllegalArgumentException(
          "Features of shape %s for a grid of %d x %d: expected [%d, D]"
              .formatted(features.getShape(), grid.rows(), grid.columns(), grid.size()));
    }
    float most = flat.abs().max().getFloat();
    if (!Float.isFinite(most)) {
      throw new IllegalArgumentException("Features contain " + most);
    }
    return flat;
  }

  /** Visits the rows of {@code F F^T} in order. */
  static void rows(NDArray features, Row row) {
    int n = Math.toIntExact(features.getShape().get(0));
    try (NDManager scratch = features.getManager().newSubManager()) {
      NDArray all = features.duplicate();
      all.attach(scratch);
      NDArray transposed = all.transpose();
      for (int start = 0; start < n; start += BLOCK) {
        int end = Math.min(start + BLOCK, n);
        float[] block;
        try (NDArray products = all.get(new NDIndex("{}:{}", start, end)).matMul(transposed)) {
          block = products.toFloatArray();
        }
        for (int i = start; i < end; i++) {
          row.accept(i, block, (i - start) * n);
        }
      }
    }
  }
}
