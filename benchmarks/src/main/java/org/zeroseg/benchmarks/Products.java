package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;

/** The matrix products of a model and nothing else: the time that it cannot do without. */
final class Products {

  private final NDManager manager;
  private final List<Product> all = new ArrayList<>();

  /** The same product several times: {@code x w}. */
  private record Product(NDArray x, NDArray w, int times) {}

  Products(NDManager manager) {
    this.manager = manager;
  }

  /** {@code [rows, in] [in, out]}. */
  void multiply(long rows, long in, long out, int times) {
    add(new Shape(rows, in), new Shape(in, out), times);
  }

  /** {@code [count, rows, in] [count, in, out]}. */
  void multiplyEach(long count, long rows, long in, long out, int times) {
    add(new Shape(count, rows, in), new Shape(count, in, out), times);
  }

  private void add(Shape x, Shape w, int times) {
    all.add(new Product(manager.randomNormal(x), manager.randomNormal(w), times));
  }

  /** Patches of three channels to vectors, and the linear maps of transformer blocks. */
  void linear(long pictures, long tokens, long patch, long width, int layers) {
    multiply(pictures * (tokens - 1), 3 * patch * patch, width, 1);
    multiply(pictures * tokens, width, 3 * width, layers);
    multiply(pictures * tokens, width, width, layers);
    multiply(pictures * tokens, width, 4 * width, layers);
    multiply(pictures * tokens, 4 * width, width, layers);
  }

  /** Queries of a width with keys, and what comes of it with values. */
  void attention(long heads, long queries, long width, long keys, int layers) {
    multiplyEach(heads, queries, width, keys, layers);
    multiplyEach(heads, queries, keys, width, layers);
  }

  /** Computes all; returns something of the last. */
  float run() {
    float last = 0;
    for (Product product : all) {
      for (int i = 0; i < product.times; i++) {
        try (NDArray result = product.x.matMul(product.w)) {
          last = i == product.times - 1 ? result.flatten().getFloat(0) : last;
        }
      }
    }
    return last;
  }
}
