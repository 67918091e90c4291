package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The convolutions of a network and nothing else: the time that it cannot do without. */
final class Convolutions {

  private final NDManager manager;
  private final Map<Shape, NDArray> inputs = new LinkedHashMap<>();
  private final List<Convolution> all = new ArrayList<>();

  /** The same convolution several times. */
  private record Convolution(NDArray x, NDArray w, int stride, int times) {}

  Convolutions(NDManager manager) {
    this.manager = manager;
  }

  /** Of maps {@code [count, in, rows, columns]}; with padding that keeps the size at stride 1. */
  void add(
      long count, long in, long out, int kernel, int stride, long rows, long columns, int times) {
    NDArray x = inputs.computeIfAbsent(new Shape(count, in, rows, columns), manager::randomNormal);
    NDArray w = manager.randomNormal(new Shape(out, in, kernel, kernel));
    all.add(new Convolution(x, w, stride, times));
  }

  /** Of a ResNet of bottlenecks, on a picture. */
  void resNet(int[] blocks, long rows, long columns) {
    add(1, 3, 64, 7, 2, rows, columns, 1);
    long h = rows / 4;
    long w = columns / 4;
    long in = 64;
    for (int stage = 0; stage < blocks.length; stage++) {
      int stride = stage == 0 ? 1 : 2;
      long width = 64L << stage;
      add(1, in, width, 1, 1, h, w, 1);
      add(1, width, width, 3, stride, h, w, 1);
      add(1, in, 4 * width, 1, stride, h, w, 1);
      h /= stride;
      w /= stride;
      in = 4 * width;
      add(1, in, width, 1, 1, h, w, blocks[stage] - 1);
      add(1, width, width, 3, 1, h, w, blocks[stage] - 1);
      add(1, width, in, 1, 1, h, w, blocks[stage]);
    }
  }

  /** Computes all; returns something of the last. */
  float run() {
    float last = 0;
    for (Convolution one : all) {
      long pad = (one.w.getShape().get(2) - 1) / 2;
      for (int i = 0; i < one.times; i++) {
        try (NDArray result =
            Conv2d.conv2d(
                    one.x, one.w, null, new Shape(one.stride, one.stride), new Shape(pad, pad))
                .singletonOrThrow()) {
          last = i == one.times - 1 ? result.getFloat(0, 0, 0, 0) : last;
        }
      }
    }
    return last;
  }
}
