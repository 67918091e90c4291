package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A checkpoint whose floating-point tensors are read in another floating-point type. */
final class CastCheckpoint implements Checkpoint {

  private final Checkpoint original;
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  CastCheckpoint(Checkpoint original, DataType type) {
    if (!floating(type)) {
      throw new IllegalArgumentException("not a floating-point type: " + type);
    }
    this.original = original;
    original
        .tensors()
        .forEach(
            (name, info) ->
                tensors.put(
                    name, floating(info.type()) ? new TensorInfo(type, info.shape()) : info));
  }

  private static boolean floating(DataType type) {
    return switch (type) {
      case FLOAT16, BFLOAT16, FLOAT32, FLOAT64 -> true;
      default -> false;
    };
  }

  @Override
  public ByteBuffer read(String name) {
    DataType to = Layout.require(this, name).type();
    DataType from = original.tensors().get(name).type();
    ByteBuffer stored = original.read(name);
    if (from == to) {
      return stored;
    }
    int count = stored.remaining() / ElementTypes.size(from);
    ByteBuffer cast =
        ByteBuffer.allocate(Math.multiplyExact(count, ElementTypes.size(to)))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      put(cast, to, next(stored, from));
    }
    return cast.flip();
  }

  private static double next(ByteBuffer stored, DataType type) {
    return switch (type) {
      case FLOAT64 -> stored.getDouble();
      case FLOAT32 -> stored.getFloat();
      case BFLOAT16 -> Halves.bfloat16ToFloat(stored.getShort());
      default -> Halves.float16ToFloat(stored.getShort());
    };
  }

  private static void put(ByteBuffer cast, DataType type, double value) {
    switch (type) {
      case FLOAT64 -> cast.putDouble(value);
      case FLOAT32 -> cast.putFloat((float) value);
      case BFLOAT16 -> cast.putShort(Halves.toBfloat16((float) value));
      default -> cast.putShort(Halves.toFloat16((float) value));
    }
  }

  @Override
  public String source() {
    return original.source();
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public Map<String, String> metadata() {
    return original.metadata();
  }

  @Override
  public void close() {
    original.close();
  }
}
