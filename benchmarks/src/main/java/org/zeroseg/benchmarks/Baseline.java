package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * The unit that times are compared in across machines: one product of two float32 matrices of 1024
 * x 1024 by PyTorch. Run it on one thread ({@link #ONE_THREAD}) to compare with reference times
 * given in the same unit.
 */
@State(Scope.Benchmark)
public class Baseline {

  /** For the virtual machine of a benchmark that takes this baseline. */
  public static final String ONE_THREAD = "-Dai.djl.pytorch.num_threads=1";

  private final NDManager manager = TorchEngine.newManager();
  private NDArray a = manager.zeros(new Shape(1));
  private NDArray b = manager.zeros(new Shape(1));

  /** Makes the matrices. */
  @Setup
  public void makeMatrices() {
    a = manager.randomNormal(new Shape(1024, 1024));
    b = manager.randomNormal(new Shape(1024, 1024));
  }

  /** Gives the matrices back. */
  @TearDown
  public void close() {
    manager.close();
  }

  /**
   * One unit of work.
   *
   * @return an element of the product, so that it has to be there
   */
  public float matrixProduct() {
    try (NDArray product = a.matMul(b)) {
      return product.getFloat(0, 0);
    }
  }
}
