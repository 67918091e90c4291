package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Collection;
import java.util.stream.Collectors;

/** Checks on claimed shapes that every format shares. */
final class Layout {

  static final int MOST_DIMENSIONS = 64; // as in PyTorch

  /** In one file or index; the largest known models have this many in a hundred files. */
  static final int MOST_TENSORS = 100_000;

  private Layout() {}

  /** Type and shape, once the number of bytes is known to be countable. */
  static TensorInfo info(MappedFile file, String name, DataType type, long... shape) {
    if (shape.length > MOST_DIMENSIONS) {
      throw file.refuse("tensor " + name + " has " + shape.length + " dimensions");
    }
    long bytes = type == DataType.UNKNOWN ? 8 : ElementTypes.size(type);
    for (long dimension : shape) {
      if (dimension < 0 || (bytes != 0 && dimension > Long.MAX_VALUE / bytes)) {
        throw file.refuse("tensor " + name + " has the impossible shape " + Arrays.toString(shape));
      }
      bytes *= dimension;
    }
    return new TensorInfo(type, new Shape(shape));
  }

  /** The first few of many names, for messages. */
  static String some(Collection<String> names) {
    String first = names.stream().limit(8).collect(Collectors.joining(", "));
    return names.isEmpty() ? "none" : names.size() > 8 ? first + ", ..." : first;
  }

  static TensorInfo require(Checkpoint checkpoint, String name) {
    TensorInfo info = checkpoint.tensors().get(name);
    if (info == null) {
      throw new CheckpointException(checkpoint.source() + " has no tensor " + name);
    }
    return info;
  }
}
