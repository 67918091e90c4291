package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

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
   * Copies one tensor's elements, for those who read many tensors and keep none: where the elements
   * lie in a file, no part of it is mapped for this.
   *
   * @param name a name out of {@link #tensors()}
   * @param into receives what {@link #read(String)} returns, from its position on, which moves
   * @throws CheckpointException if there is no such tensor or its bytes cannot be read
   * @throws java.nio.BufferOverflowException if less than the tensor remains of the buffer
   */
  default void copy(String name, ByteBuffer into) {
    into.put(read(name));
  }

  /**
   * The free-form text that the file carries (safetensors' {@code __metadata__}).
   *
   * @return keys and values; empty where the format has none
   */
  default Map<String, String> metadata() {
    return Map.of();
  }

  /**
   * This checkpoint under other names.
   *
   * @param rule gives each tensor's new name
   * @return a view that closes this checkpoint when it is closed
   * @throws CheckpointException if two tensors would have the same name
   */
  default Checkpoint renamed(UnaryOperator<String> rule) {
    return DerivedCheckpoint.renamed(this, name -> Optional.of(rule.apply(name)));
  }

  /**
   * This checkpoint without what a model has no use for, such as {@code position_ids}.
   *
   * @param unwanted tells by its name whether a tensor is left out
   * @return a view that closes this checkpoint when it is closed
   */
  default Checkpoint without(Predicate<String> unwanted) {
    return DerivedCheckpoint.renamed(
        this, name -> unwanted.test(name) ? Optional.empty() : Optional.of(name));
  }

  /**
   * The tensors below a prefix, such as {@code module.backbone}.
   *
   * @param path one or more name parts, without the dot at the end
   * @return a view in which {@code path + "."} is left out of the names; it closes this checkpoint
   *     when it is closed
   * @throws CheckpointException if there is no tensor below the prefix
   */
  default Checkpoint under(String path) {
    String prefix = path + ".";
    Checkpoint below =
        DerivedCheckpoint.renamed(
            this,
            name ->
                name.startsWith(prefix)
                    ? Optional.of(name.substring(prefix.length()))
                    : Optional.empty());
    if (below.tensors().isEmpty()) {
      throw new CheckpointException(
          "%s: has no tensors under %s; its names are %s"
              .formatted(source(), path, Layout.some(tensors().keySet())));
    }
    return below;
  }

  /**
   * This checkpoint without the name parts of wrappers around the network: {@code _orig_mod} (of
   * {@code torch.compile}) wherever it is, and {@code module} (of data parallelism) where every
   * name begins with it.
   *
   * @return a view that closes this checkpoint when it is closed
   * @throws CheckpointException if two tensors would have the same name
   */
  default Checkpoint unwrapped() {
    String compiled = "_orig_mod.";
    Checkpoint plain = this;
    if (tensors().keySet().stream().anyMatch(name -> name.contains(compiled))) {
      plain = renamed(name -> ("." + name).replace("." + compiled, ".").substring(1));
    }
    boolean parallel = plain.tensors().keySet().stream().allMatch(n -> n.startsWith("module."));
    return parallel && !plain.tensors().isEmpty() ? plain.under("module") : plain;
  }

  /**
   * Tensors that are each made of one or several of this checkpoint's, joined along the first
   * dimension, such as queries, keys and values that a model keeps in one matrix.
   *
   * @param sources each new name with the stored names that make it up, in order
   * @return a view of just the new names; it closes this checkpoint when it is closed
   * @throws CheckpointException if a stored tensor is missing, or parts have different shapes or
   *     types
   */
  default Checkpoint joined(Map<String, List<String>> sources) {
    return DerivedCheckpoint.joined(this, sources);
  }

  /**
   * This checkpoint with some matrices transposed, which one library keeps as {@code [in, out]} and
   * another as {@code [out, in]}.
   *
   * @param chosen tells by its name whether a tensor is transposed
   * @return a view that closes this checkpoint when it is closed
   * @throws CheckpointException if a chosen tensor is no matrix
   */
  default Checkpoint transposed(Predicate<String> chosen) {
    return DerivedCheckpoint.transposed(this, chosen);
  }

  /**
   * This checkpoint with its floating-point tensors in another type, rounded to nearest. Whole
   * numbers and booleans stay as they are.
   *
   * @param type float16, bfloat16, float32 or float64
   * @return a view that closes this checkpoint when it is closed
   */
  default Checkpoint as(DataType type) {
    return DerivedCheckpoint.cast(this, type);
  }

  @Override
  void close();
}
