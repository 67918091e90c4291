package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tensors that are each made of one or several stored ones, joined along the first dimension. */
final class JoinedCheckpoint implements Checkpoint {

  private final Checkpoint original;
  private final Map<String, List<String>> sources;
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  JoinedCheckpoint(Checkpoint original, Map<String, List<String>> sources) {
    this.original = original;
    this.sources = new LinkedHashMap<>(sources);
    sources.forEach((name, parts) -> tensors.put(name, info(name, parts)));
  }

  private TensorInfo info(String name, List<String> parts) {
    List<TensorInfo> found = new ArrayList<>();
    for (String part : parts) {
      found.add(Layout.require(original, part));
    }
    TensorInfo first = found.get(0);
    if (found.size() == 1) {
      return first;
    }
    if (first.shape().dimension() == 0 || !found.stream().allMatch(first::equals)) {
      throw new CheckpointException(
          "%s: the parts of %s differ: %s are %s".formatted(source(), name, parts, found));
    }
    long[] sides = first.shape().getShape().clone();
    sides[0] *= found.size();
    return new TensorInfo(first.type(), new Shape(sides));
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
    Layout.require(this, name);
    List<String> parts = sources.get(name);
    if (parts.size() == 1) {
      return original.read(parts.get(0));
    }
    List<ByteBuffer> stored = parts.stream().map(original::read).toList();
    int length = stored.stream().mapToInt(ByteBuffer::remaining).sum();
    ByteBuffer joined = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
    stored.forEach(joined::put);
    return joined.flip();
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
