package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Tensors that are made of another checkpoint's when they are read. */
final class DerivedCheckpoint implements Checkpoint {

  /** How a tensor is read. */
  private record Recipe(TensorInfo info, Supplier<ByteBuffer> bytes, Consumer<ByteBuffer> copy) {

    Recipe(TensorInfo info, Supplier<ByteBuffer> bytes) {
      this(info, bytes, into -> into.put(bytes.get()));
    }

    /** A tensor as it is. */
    static Recipe same(Checkpoint original, String name, TensorInfo info) {
      return new Recipe(info, () -> original.read(name), into -> original.copy(name, into));
    }
  }

  private final Checkpoint original;
  private final Map<String, Recipe> recipes = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  private DerivedCheckpoint(Checkpoint original) {
    this.original = original;
  }

  private void put(String name, Recipe recipe) {
    recipes.put(name, recipe);
    tensors.put(name, recipe.info);
  }

  /** Every tensor of a checkpoint, changed. */
  private static DerivedCheckpoint each(
      Checkpoint original, Function<Map.Entry<String, TensorInfo>, Recipe> change) {
    DerivedCheckpoint derived = new DerivedCheckpoint(original);
    original
        .tensors()
        .entrySet()
        .forEach(tensor -> derived.put(tensor.getKey(), change.apply(tensor)));
    return derived;
  }

  /** The rule gives a tensor's new name, or nothing where the tensor is left out. */
  static Checkpoint renamed(Checkpoint original, Function<String, Optional<String>> rule) {
    DerivedCheckpoint derived = new DerivedCheckpoint(original);
    Map<String, String> originalNames = new LinkedHashMap<>();
    original
        .tensors()
        .forEach(
            (name, info) ->
                rule.apply(name)
                    .ifPresent(
                        newName -> {
                          String other = originalNames.put(newName, name);
                          if (other != null) {
                            throw new CheckpointException(
                                "%s: both %s and %s would be called %s"
                                    .formatted(original.source(), other, name, newName));
                          }
                          derived.put(newName, Recipe.same(original, name, info));
                        }));
    return derived;
  }

  /** Each new name with the stored ones that are joined along the first dimension. */
  static Checkpoint joined(Checkpoint original, Map<String, List<String>> sources) {
    DerivedCheckpoint derived = new DerivedCheckpoint(original);
    sources.forEach(
        (name, parts) ->
            derived.put(
                name,
                new Recipe(
                    joinedInfo(original, name, parts),
                    () -> join(original, parts),
                    into -> parts.forEach(part -> original.copy(part, into)))));
    return derived;
  }

  private static TensorInfo joinedInfo(Checkpoint original, String name, List<String> parts) {
    List<TensorInfo> found = parts.stream().map(part -> Layout.require(original, part)).toList();
    TensorInfo first = found.get(0);
    if (found.size() == 1) {
      return first;
    }
    if (first.shape().dimension() == 0 || !found.stream().allMatch(first::equals)) {
      throw new CheckpointException(
          "%s: the parts of %s differ: %s are %s".formatted(original.source(), name, parts, found));
    }
    long[] sides = first.shape().getShape().clone();
    sides[0] *= found.size();
    return new TensorInfo(first.type(), new Shape(sides));
  }

  private static ByteBuffer join(Checkpoint original, List<String> parts) {
    if (parts.size() == 1) {
      return original.read(parts.get(0));
    }
    List<ByteBuffer> stored = parts.stream().map(original::read).toList();
    int length = stored.stream().mapToInt(ByteBuffer::remaining).sum();
    ByteBuffer joined = ByteBuffer.allocateDirect(length);
    stored.forEach(joined::put);
    return joined.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The chosen matrices with rows and columns exchanged. */
  static Checkpoint transposed(Checkpoint original, Predicate<String> chosen) {
    return each(
        original,
        tensor -> {
          String name = tensor.getKey();
          TensorInfo info = tensor.getValue();
          if (!chosen.test(name)) {
            return Recipe.same(original, name, info);
          }
          if (info.shape().dimension() != 2) {
            throw new CheckpointException(
                "%s: tensor %s must have 2 dimensions, found %s"
                    .formatted(original.source(), name, info.shape()));
          }
          Shape turned = new Shape(info.shape().get(1), info.shape().get(0));
          return new Recipe(
              new TensorInfo(info.type(), turned), () -> transpose(original.read(name), info));
        });
  }

  private static ByteBuffer transpose(ByteBuffer rows, TensorInfo info) {
    int height = Math.toIntExact(info.shape().get(0));
    int width = Math.toIntExact(info.shape().get(1));
    int size = ElementTypes.size(info.type());
    ByteBuffer columns = ByteBuffer.allocateDirect(rows.remaining());
    int start = rows.position();
    for (int column = 0; column < width; column++) {
      for (int row = 0; row < height; row++) {
        int at = start + (row * width + column) * size;
        for (int i = 0; i < size; i++) {
          columns.put(rows.get(at + i));
        }
      }
    }
    return columns.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Floating-point tensors in another floating-point type. */
  static Checkpoint cast(Checkpoint original, DataType type) {
    if (!floating(type)) {
      throw new IllegalArgumentException("not a floating-point type: " + type);
    }
    return each(
        original,
        tensor -> {
          TensorInfo info = tensor.getValue();
          boolean changes = floating(info.type()) && info.type() != type;
          return changes
              ? new Recipe(
                  new TensorInfo(type, info.shape()),
                  () -> cast(original.read(tensor.getKey()), info.type(), type))
              : Recipe.same(original, tensor.getKey(), info);
        });
  }

  private static boolean floating(DataType type) {
    return switch (type) {
      case FLOAT16, BFLOAT16, FLOAT32, FLOAT64 -> true;
      default -> false;
    };
  }

  private static ByteBuffer cast(ByteBuffer stored, DataType from, DataType to) {
    int count = stored.remaining() / ElementTypes.size(from);
    ByteBuffer cast =
        ByteBuffer.allocate(count * ElementTypes.size(to)).order(ByteOrder.LITTLE_ENDIAN);
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
  public ByteBuffer read(String name) {
    TensorInfo info = Layout.require(this, name);
    if (info.bytes() > Integer.MAX_VALUE - 8) {
      throw new CheckpointException(
          "%s: tensor %s comes to %d bytes; the most that can be read is 2 GiB"
              .formatted(source(), name, info.bytes()));
    }
    return recipes.get(name).bytes.get();
  }

  @Override
  public void copy(String name, ByteBuffer into) {
    Layout.require(this, name);
    recipes.get(name).copy.accept(into);
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
