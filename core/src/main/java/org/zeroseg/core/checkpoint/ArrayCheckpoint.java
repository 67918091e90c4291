package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/** Arrays in memory, seen as a checkpoint. Closing it closes no array. */
final class ArrayCheckpoint extends ListedCheckpoint {

  private final Map<String, NDArray> arrays;

  ArrayCheckpoint(Map<String, NDArray> arrays, String source) {
    super(source);
    this.arrays = arrays;
    arrays.forEach(
        (name, array) -> tensors.put(name, new TensorInfo(array.getDataType(), array.getShape())));
  }

  @Override
  public ByteBuffer read(String name) {
    Layout.require(this, name);
    return arrays.get(name).toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {}
}
