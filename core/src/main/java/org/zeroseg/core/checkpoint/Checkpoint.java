package org.zeroseg.core.checkpoint;

import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Named tensors, read one at a time. Opening a checkpoint reads only its directory; the tensors
 * stay in the memory-mapped file until asked for.
 */
public interface Checkpoint extends AutoCloseable {

  /**
   * Where the tensors come from, for messages.
   *
   * @return a file name or another description
   */
  String source();

  /**
   * All tensors in the order of the file.
   *
   * @return names with types and shapes; unmodifiable
   */
  Map<String, TensorInfo> tensors();

  /**
   * One tensor's elements.
   *
   * @param name a name out of {@link #tensors()}
   * @return row-major elements of the stored type, little-endian, from position to limit; not to be
   *     used after this checkpoint is closed
   * @throws CheckpointException if there is no such tensor or its bytes cannot be read
   */
  ByteBuffer read(String name);

  /**
   * The free-form text that the file carries (safetensors' {@code __metadata__}).
   *
   * @return keys and values; empty where the format has none
   */
  default Map<String, String> metadata() {
    return Map.of();
  }

  @Override
  void close();
}
