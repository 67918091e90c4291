package org.zeroseg.core.checkpoint;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A checkpoint that lists its tensors when it is made. */
abstract class ListedCheckpoint implements Checkpoint {

  final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final String source;

  ListedCheckpoint(String source) {
    this.source = source;
  }

  @Override
  public final String source() {
    return source;
  }

  @Override
  public final Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }
}
