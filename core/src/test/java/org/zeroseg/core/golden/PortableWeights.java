package org.zeroseg.core.golden;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.TensorInfo;

/** A checkpoint that is computed from the names and shapes of its tensors. */
public final class PortableWeights implements Checkpoint {

  /** What {@link SplittableRandom} adds to its state before each draw. */
  private static final long GAMMA = 0x9e3779b97f4a7c15L;

  private static final int CHUNK = 1 << 16;

  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final String salt;
  private final String prefix;
  private final Map<String, Double> scale;

  /** Hashes {@code prefix + name} with the salt; {@code scale} multiplies the named tensors. */
  public PortableWeights(
      Map<String, Shape> shapes, String salt, String prefix, Map<String, Double> scale) {
    shapes.forEach(
        (name, shape) ->
            tensors.put(
                name,
                new TensorInfo(
                    name.endsWith("num_batches_tracked") ? DataType.INT64 : DataType.FLOAT32,
                    shape)));
    this.salt = salt;
    this.prefix = prefix;
    this.scale = Map.copyOf(scale);
  }

  public PortableWeights(Map<String, Shape> shapes, String salt) {
    this(shapes, salt, "", Map.of());
  }

  /** The tensor called {@code name}, before any scaling. */
  public static float[] values(String salt, String name, Shape shape) {
    int n = Math.toIntExact(shape.size());
    float[] values = new float[n];
    if (name.endsWith("logit_scale")) {
      java.util.Arrays.fill(values, (float) Math.log(100));
      return values;
    }
    long seed = fnv1a(salt + ":" + name);
    int chunks = (n + CHUNK - 1) / CHUNK;
    IntStream.range(0, chunks).parallel().forEach(i -> fill(values, i * CHUNK, seed, name, shape));
    return values;
  }

  /** The generator's state grows by a constant a draw, so it can begin anywhere. */
  private static void fill(float[] values, int from, long seed, String name, Shape shape) {
    SplittableRandom random = new SplittableRandom(seed + from * GAMMA);
    double gain = shape.dimension() >= 2 ? Math.sqrt(3.0 * shape.get(0) / values.length) : 0;
    for (int i = from; i < Math.min(values.length, from + CHUNK); i++) {
      double v = 2 * random.nextDouble() - 1;
      if (shape.dimension() >= 2) {
        v *= gain;
      } else if (name.endsWith("running_var")) {
        v = 1 + 0.5 * v;
      } else if (name.endsWith("weight")) {
        v = 1 + 0.1 * v;
      } else {
        v *= 0.1;
      }
      values[i] = (float) v;
    }
  }

  private static long fnv1a(String text) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }

  @Override
  public String source() {
    return "portable weights '" + salt + "'";
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public ByteBuffer read(String name) {
    TensorInfo info = tensors.get(name);
    if (info.type() == DataType.INT64) {
      return ByteBuffer.allocate(Math.toIntExact(8 * info.shape().size()))
          .order(ByteOrder.LITTLE_ENDIAN);
    }
    float[] values = values(salt, prefix + name, info.shape());
    float factor = scale.getOrDefault(name, 1.0).floatValue();
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value * factor);
    }
    return bytes.flip();
  }

  @Override
  public void close() {}
}
