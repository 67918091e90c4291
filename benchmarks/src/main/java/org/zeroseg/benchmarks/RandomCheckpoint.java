package org.zeroseg.benchmarks;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.TensorInfo;

/** Weights of a realistic size for models whose time does not depend on what they have learnt. */
record RandomCheckpoint(Map<String, TensorInfo> tensors) implements Checkpoint {

  static RandomCheckpoint of(Map<String, Shape> shapes) {
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> tensors.put(name, new TensorInfo(DataType.FLOAT32, shape)));
    return new RandomCheckpoint(tensors);
  }

  @Override
  public String source() {
    return "random weights";
  }

  @Override
  public ByteBuffer read(String name) {
    Shape shape = tensors.get(name).shape();
    int size = Math.toIntExact(shape.size());
    double bound = shape.dimension() > 1 ? Math.sqrt(3.0 * shape.get(0) / size) : 0.1;
    ByteBuffer bytes = ByteBuffer.allocateDirect(4 * size).order(ByteOrder.LITTLE_ENDIAN);
    SplittableRandom random = new SplittableRandom(name.hashCode());
    for (int i = 0; i < size; i++) {
      bytes.putFloat((float) (bound * (2 * random.nextDouble() - 1)));
    }
    return bytes.flip();
  }

  @Override
  public void close() {}
}
