package org.zeroseg.core.checkpoint;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A checkpoint under other names, some of its tensors left out. */
final class RenamedCheckpoint implements Checkpoint {

  private final Checkpoint original;
  private final Map<String, String> originalNames = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  /** The rule gives a tensor's new name, or nothing where the tensor is left out. */
  RenamedCheckpoint(Checkpoint original, Function<String, Optional<String>> rule) {
    this.original = original;
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
                          tensors.put(newName, info);
                        }));
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
    return original.read(originalNames.get(name));
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
