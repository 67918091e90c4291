package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Arrays in memory, seen as a checkpoint. Closing it closes no array. */
final class ArrayCheckpoint implements Checkpoint {

  private final Map<String, NDArray> arrays;
  private final String source;
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  ArrayCheckpoint(Map<String, NDArray> arrays, String source) {
    this.arrays = arrays;
    this.source = source;
    arrays.forEach(
        (name, array) -> tensors.put(name, new TensorInfo(array.getDataType(), array.getShape())));
  }

  @Override
  public String source() {
    return source;
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public ByteBuffer read(String name) {
    Layout.require(this, name);
    return arrays.get(name).toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {}
}
