package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.function.Function;

/** Inner products of all pairs of features, made row block by row block and never kept whole. */
final class FeatureProducts {

  private static final int BLOCK = 512;

  /** Receives one row of products. */
  interface Row {
    /** {@code products} is shared by the rows of a block: it starts at {@code offset}. */
    void accept(int index, float[] products, int offset);
  }

  private FeatureProducts() {}

  /**
   * Works on a copy of features after a check that there is one for every position and that all are
   * finite. What the work makes of the copy is freed when it ends: the features' own manager may
   * live long.
   *
   * @param work takes {@code [N, D]}, returns plain values
   */
  static <T> T of(NDArray features, Grid grid, Function<NDArray, T> work) {
    Shape shape = features.getShape();
    int last = shape.dimension() - 1;
    boolean flat = last == 1 || (last == 2 && shape.get(0) == 1);
    if (!flat || shape.get(last - 1) != grid.size()) {
      throw new IllegalArgumentException(
          "Features of shape %s for a grid of %d x %d: expected [%d, D]"
              .formatted(shape, grid.rows(), grid.columns(), grid.size()));
    }
    try (NDManager scratch = features.getManager().newSubManager()) {
      NDArray copy = features.duplicate();
      copy.attach(scratch);
      float most = copy.abs().max().getFloat();
      if (!Float.isFinite(most)) {
        throw new IllegalArgumentException("Features contain " + most);
      }
      return work.apply(copy.reshape(grid.size(), shape.get(last)));
    }
  }

  /** Visits the rows of {@code F F^T} in order. */
  static void rows(NDArray features, Row row) {
    int n = Math.toIntExact(features.getShape().get(0));
    NDArray transposed = features.transpose();
    for (int start = 0; start < n; start += BLOCK) {
      int end = Math.min(start + BLOCK, n);
      float[] block;
      try (NDArray products = features.get(new NDIndex("{}:{}", start, end)).matMul(transposed)) {
        block = products.toFloatArray();
      }
      for (int i = start; i < end; i++) {
        row.accept(i, block, (i - start) * n);
      }
    }
  }

  /** The summed inner products of every feature with some of them, {@code F} times their sum. */
  static float[] votes(NDArray features, int... voters) {
    if (voters.length == 0) {
      return new float[Math.toIntExact(features.getShape().get(0))];
    }
    NDArray chosen = features.get(features.getManager().create(voters));
    return features.matMul(chosen.sum(new int[] {0})).toFloatArray();
  }

  /** The inner products of every feature with one of them. */
  static float[] products(NDArray features, int one) {
    return features.matMul(features.get(new NDIndex("{}", one))).toFloatArray();
  }
}
