package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import org.zeroseg.core.golden.GoldenTensor;

/** Reads a checkpoint's elements as numbers, for comparison. */
final class Values {

  private Values() {}

  /** A tensor widened to double, in the type that a recorded tensor has for it. */
  static GoldenTensor of(Checkpoint checkpoint, String name) {
    TensorInfo info = checkpoint.tensors().get(name);
    ByteBuffer bytes = checkpoint.read(name);
    ByteBuffer copy = ByteBuffer.allocateDirect(bytes.remaining() + 3).position(3);
    checkpoint.copy(name, copy);
    if (copy.hasRemaining() || !copy.position(3).equals(bytes)) {
      throw new AssertionError(name + ": the copy differs from what is read");
    }
    double[] values = new double[Math.toIntExact(info.shape().size())];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (info.type()) {
            case FLOAT64 -> bytes.getDouble();
            case FLOAT32 -> bytes.getFloat();
            case FLOAT16 -> half(bytes.getShort());
            case BFLOAT16 -> Float.intBitsToFloat(bytes.getShort() << 16);
            case INT64 -> bytes.getLong();
            case INT32 -> bytes.getInt();
            case INT16 -> bytes.getShort();
            case INT8 -> bytes.get();
            case UINT8, BOOLEAN -> bytes.get() & 0xff;
            default -> throw new AssertionError(info.type());
          };
    }
    if (bytes.hasRemaining()) {
      throw new AssertionError(name + ": " + bytes.remaining() + " bytes too many");
    }
    return new GoldenTensor(DataType.FLOAT64, info.shape().getShape(), values);
  }

  private static double half(short bits) {
    int exponent = bits >> 10 & 0x1f;
    double fraction = (bits & 0x3ff) / 1024.0;
    double magnitude =
        exponent == 0
            ? Math.scalb(fraction, -14)
            : exponent == 31
                ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                : Math.scalb(1 + fraction, exponent - 15);
    return bits < 0 ? -magnitude : magnitude;
  }
}
