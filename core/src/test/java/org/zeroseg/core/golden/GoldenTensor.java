package org.zeroseg.core.golden;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A tensor of a golden case, widened to double. It has its own few lines that read safetensors, so
 * that the reader under test is not its own judge.
 */
@SuppressWarnings("ArrayRecordComponent")
public record GoldenTensor(DataType type, long[] shape, double[] values) {

  public static GoldenTensor of(NDArray array) {
    double[] values =
        switch (array.getDataType()) {
          case FLOAT32 -> widen(array.toFloatArray());
          case FLOAT64 -> array.toDoubleArray();
          case INT64 -> Arrays.stream(array.toLongArray()).asDoubleStream().toArray();
          case INT32 -> Arrays.stream(array.toIntArray()).asDoubleStream().toArray();
          case BOOLEAN -> widen(array.toBooleanArray());
          case UINT8 -> Arrays.stream(array.toUint8Array()).asDoubleStream().toArray();
          default -> throw new IllegalArgumentException("type " + array.getDataType());
        };
    return new GoldenTensor(array.getDataType(), array.getShape().getShape(), values);
  }

  public static GoldenTensor of(float[] values, long... shape) {
    return new GoldenTensor(DataType.FLOAT32, shape, widen(values));
  }

  public static GoldenTensor of(double[] values, long... shape) {
    return new GoldenTensor(DataType.FLOAT64, shape, values.clone());
  }

  public static GoldenTensor of(int[] values, long... shape) {
    return new GoldenTensor(
        DataType.INT32, shape, Arrays.stream(values).asDoubleStream().toArray());
  }

  public static GoldenTensor of(long[] values, long... shape) {
    return new GoldenTensor(
        DataType.INT64, shape, Arrays.stream(values).asDoubleStream().toArray());
  }

  /** Bytes are taken as unsigned. */
  public static GoldenTensor of(byte[] values, long... shape) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i] & 0xff;
    }
    return new GoldenTensor(DataType.UINT8, shape, wide);
  }

  public static GoldenTensor of(boolean[] values, long... shape) {
    return new GoldenTensor(DataType.BOOLEAN, shape, widen(values));
  }

  private static double[] widen(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private static double[] widen(boolean[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i] ? 1 : 0;
    }
    return wide;
  }

  /** All tensors of a safetensors file. */
  public static Map<String, GoldenTensor> read(Path file) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      byte[] header = new byte[Math.toIntExact(bytes.getLong())];
      bytes.get(header);
      JsonObject json =
          JsonParser.parseString(new String(header, StandardCharsets.UTF_8)).getAsJsonObject();
      int start = bytes.position();
      Map<String, GoldenTensor> tensors = new LinkedHashMap<>();
      for (String name : json.keySet()) {
        if (!name.equals("__metadata__")) {
          JsonObject entry = json.getAsJsonObject(name);
          JsonArray dimensions = entry.getAsJsonArray("shape");
          long[] shape = new long[dimensions.size()];
          for (int i = 0; i < shape.length; i++) {
            shape[i] = dimensions.get(i).getAsLong();
          }
          bytes.position(start + entry.getAsJsonArray("data_offsets").get(0).getAsInt());
          tensors.put(name, read(bytes, entry.get("dtype").getAsString(), shape));
        }
      }
      return tensors;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static GoldenTensor read(ByteBuffer bytes, String type, long[] shape) {
    double[] values = new double[Math.toIntExact(new Shape(shape).size())];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case "F64" -> bytes.getDouble();
            case "F32" -> bytes.getFloat();
            case "BF16" -> Float.intBitsToFloat(bytes.getShort() << 16);
            case "I64" -> bytes.getLong();
            case "I32" -> bytes.getInt();
            case "I16" -> bytes.getShort();
            case "I8" -> bytes.get();
            case "U8", "BOOL" -> bytes.get() & 0xff;
            case "F16" -> halfToFloat(bytes.getShort());
            default -> throw new IllegalArgumentException("dtype " + type);
          };
    }
    DataType dataType =
        switch (type) {
          case "F64" -> DataType.FLOAT64;
          case "I64" -> DataType.INT64;
          case "I32", "I16", "I8" -> DataType.INT32;
          case "U8" -> DataType.UINT8;
          case "BOOL" -> DataType.BOOLEAN;
          default -> DataType.FLOAT32;
        };
    return new GoldenTensor(dataType, shape, values);
  }

  private static float halfToFloat(short half) {
    int exponent = (half >> 10) & 0x1f;
    int fraction = half & 0x3ff;
    float magnitude;
    if (exponent == 0) {
      magnitude = fraction * 0x1p-24f;
    } else if (exponent == 31) {
      magnitude = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      magnitude = Math.scalb(1 + fraction / 1024f, exponent - 15);
    }
    return half < 0 ? -magnitude : magnitude;
  }

  public int size() {
    return values.length;
  }

  /** Same dimensions; a scalar equals a vector of one element. */
  public boolean sameShape(GoldenTensor other) {
    return Arrays.equals(shape, other.shape)
        || (values.length == 1 && other.values.length == 1 && shape.length + other.shape.length < 2)
        || (values.length == 1 && shape.length <= 1 && other.shape.length <= 1);
  }

  public String shapeText() {
    return Arrays.toString(shape);
  }

  public NDArray toArray(NDManager manager) {
    Shape dimensions = new Shape(shape);
    return switch (type) {
      case FLOAT64 -> manager.create(values, dimensions);
      case INT64 -> manager.create(longs(), dimensions);
      case INT32 -> manager.create(ints(), dimensions);
      case UINT8 -> manager.create(ByteBuffer.wrap(bytes()), dimensions, DataType.UINT8);
      case BOOLEAN -> manager.create(booleans(), dimensions);
      default -> manager.create(floats(), dimensions);
    };
  }

  public float[] floats() {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  public int[] ints() {
    return Arrays.stream(values).mapToInt(v -> (int) v).toArray();
  }

  public long[] longs() {
    return Arrays.stream(values).mapToLong(v -> (long) v).toArray();
  }

  public byte[] bytes() {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) values[i];
    }
    return bytes;
  }

  public boolean[] booleans() {
    boolean[] booleans = new boolean[values.length];
    for (int i = 0; i < booleans.length; i++) {
      booleans[i] = values[i] != 0;
    }
    return booleans;
  }

  /** The part that NumPy's notation names: {@code [:, ::4, 2:9:3, 0]}. */
  public GoldenTensor slice(String notation) {
    String inner = notation.strip();
    inner = inner.startsWith("[") ? inner.substring(1, inner.length() - 1) : inner;
    String[] axes = inner.split(",", -1);
    int[][] indices = new int[shape.length][];
    java.util.List<Long> kept = new java.util.ArrayList<>();
    for (int axis = 0; axis < shape.length; axis++) {
      String part = axis < axes.length ? axes[axis].strip() : ":";
      int length = (int) shape[axis];
      if (!part.contains(":")) {
        int index = Integer.parseInt(part);
        indices[axis] = new int[] {index < 0 ? index + length : index};
        continue;
      }
      String[] bounds = part.split(":", -1);
      int step =
          bounds.length > 2 && !bounds[2].isBlank() ? Integer.parseInt(bounds[2].strip()) : 1;
      int start = bound(bounds[0], 0, length);
      int stop = bound(bounds[1], length, length);
      int count = Math.max(0, (stop - start + step - 1) / step);
      indices[axis] = new int[count];
      for (int i = 0; i < count; i++) {
        indices[axis][i] = start + i * step;
      }
      kept.add((long) count);
    }
    int total = 1;
    for (int[] axis : indices) {
      total *= axis.length;
    }
    double[] part = new double[total];
    int[] counter = new int[shape.length];
    for (int i = 0; i < total; i++) {
      long offset = 0;
      for (int axis = 0; axis < shape.length; axis++) {
        offset = offset * shape[axis] + indices[axis][counter[axis]];
      }
      part[i] = values[(int) offset];
      for (int axis = shape.length - 1; axis >= 0 && ++counter[axis] == indices[axis].length; ) {
        counter[axis--] = 0;
      }
    }
    return new GoldenTensor(type, kept.stream().mapToLong(Long::longValue).toArray(), part);
  }

  private static int bound(String text, int absent, int length) {
    if (text.isBlank()) {
      return absent;
    }
    int value = Integer.parseInt(text.strip());
    return Math.min(value < 0 ? value + length : value, length);
  }

  GoldenTensor withColumnSignsOf(GoldenTensor expected) {
    int columns = (int) shape[shape.length - 1];
    double[] signed = values.clone();
    for (int column = 0; column < columns; column++) {
      double agreement = 0;
      for (int i = column; i < signed.length; i += columns) {
        agreement += signed[i] * expected.values[i];
      }
      for (int i = column; agreement < 0 && i < signed.length; i += columns) {
        signed[i] = -signed[i];
      }
    }
    return new GoldenTensor(type, shape, signed);
  }

  GoldenTensor renumbered() {
    Map<Double, Double> numbers = new HashMap<>();
    double[] renamed = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      Double number = numbers.get(values[i]);
      if (number == null) {
        number = (double) numbers.size();
        numbers.put(values[i], number);
      }
      renamed[i] = number;
    }
    return new GoldenTensor(type, shape, renamed);
  }

  private static boolean different(double a, double b, double atol, double rtol) {
    if (Double.isNaN(b)) {
      return !Double.isNaN(a);
    }
    return a != b && !(Math.abs(a - b) <= atol + rtol * Math.abs(b));
  }

  long countDifferent(GoldenTensor expected, double atol, double rtol) {
    long count = 0;
    for (int i = 0; i < values.length; i++) {
      if (different(values[i], expected.values[i], atol, rtol)) {
        count++;
      }
    }
    return count;
  }

  String firstDifference(GoldenTensor expected, double atol, double rtol) {
    for (int i = 0; i < values.length; i++) {
      if (different(values[i], expected.values[i], atol, rtol)) {
        return "element " + i + " is " + values[i] + ", recorded " + expected.values[i];
      }
    }
    return "no difference";
  }

  double largestDifference(GoldenTensor expected) {
    double largest = 0;
    for (int i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i] - expected.values[i]));
    }
    return largest;
  }
}
