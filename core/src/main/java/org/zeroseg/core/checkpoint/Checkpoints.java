package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.NDArray;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Opens checkpoints of any format.
 *
 * <pre>{@code
 * try (Checkpoint checkpoint = Checkpoints.open(Path.of("model.safetensors"))) {
 *   checkpoint.tensors().forEach((name, tensor) -> System.out.println(name + " " + tensor.shape()));
 * }
 * }</pre>
 */
public final class Checkpoints {

  private static final String LFS_POINTER = "version https://git-lfs.github.com/spec/";

  /** What a model folder of the Hugging Face hub calls its weights, the preferred one first. */
  public static final List<String> USUAL_NAMES =
      List.of(
          "model.safetensors",
          "model.safetensors.index.json",
          "pytorch_model.bin",
          "pytorch_model.bin.index.json");

  private enum Format {
    SAFETENSORS,
    INDEX,
    ZIP,
    LEGACY_PICKLE
  }

  private Checkpoints() {}

  /**
   * Opens a checkpoint, whose format is found out from its content and not from its name. Only the
   * directory of the file is read; nothing in it is executed.
   *
   * @param path a safetensors file, the index of several, what {@code torch.save} or {@code
   *     torch.jit.save} wrote, or {@code pickle.dump} of a dictionary of tensors, or a folder that
   *     holds a model under the hub's usual names
   * @param keyPath where in the checkpoint the wanted tensors are: the keys of nested dictionaries
   *     from outside to inside (such as {@code "teacher"}), which are then left out of the names
   * @return the tensors, to be closed after reading
   * @throws CheckpointException if the file is absent, damaged, hostile or of another format, or
   *     has nothing at the key path
   */
  public static Checkpoint open(Path path, String... keyPath) {
    if (Files.isDirectory(path)) {
      return open(weightsIn(path), keyPath);
    }
    return open(path, false, keyPath);
  }

  /**
   * Arrays in memory as a checkpoint, to be written.
   *
   * @param arrays names and arrays, on any device; not copied before they are read
   * @param source where they come from, for messages
   * @return a view; closing it does not close the arrays
   */
  public static Checkpoint of(Map<String, NDArray> arrays, String source) {
    return new ArrayCheckpoint(new LinkedHashMap<>(arrays), source);
  }

  /**
   * The files that an index of several names, all of them beside it.
   *
   * @param index a file such as {@code model.safetensors.index.json}
   * @return their names
   * @throws CheckpointException if it is no such index or names files elsewhere
   */
  public static Set<String> shards(Path index) {
    try (MappedFile file = MappedFile.open(index)) {
      return ShardedCheckpoint.shards(file);
    }
  }

  /** Opens one file of several; indices do not nest. */
  static Checkpoint openShard(Path path) {
    return open(path, true);
  }

  private static Checkpoint open(Path path, boolean shard, String... keyPath) {
    MappedFile file = MappedFile.open(path);
    try {
      return switch (format(file)) {
        case ZIP -> TorchCheckpoint.ofZip(file, keyPath);
        case LEGACY_PICKLE -> TorchCheckpoint.ofLegacy(file, keyPath);
        case SAFETENSORS -> at(new Safetensors(file), keyPath);
        case INDEX -> {
          if (shard) {
            throw file.refuse("is an index where a shard must be");
          }
          yield at(new ShardedCheckpoint(file), keyPath);
        }
      };
    } catch (CheckpointException e) {
      file.close();
      String message = e.getMessage();
      throw message.contains(path.toString())
          ? e
          : new CheckpointException(path + ": " + message, e);
    }
  }

  private static Checkpoint at(Checkpoint flat, String... keyPath) {
    if (keyPath.length == 0) {
      return flat;
    }
    try {
      return flat.under(String.join(".", keyPath));
    } catch (CheckpointException e) {
      flat.close();
      throw e;
    }
  }

  private static Path weightsIn(Path folder) {
    return USUAL_NAMES.stream()
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(
            () ->
                new CheckpointException(
                    folder + ": is a folder without any of " + String.join(", ", USUAL_NAMES)));
  }

  private static Format format(MappedFile file) {
    if (file.size() == 0) {
      throw file.refuse("is empty");
    }
    int length = (int) Math.min(file.size(), LFS_POINTER.length());
    ByteBuffer start = file.copy(0, length);
    String text = StandardCharsets.ISO_8859_1.decode(start.duplicate()).toString();
    if (text.equals(LFS_POINTER)) {
      throw file.refuse(
          "is a Git LFS pointer and not the weights; fetch them with 'git lfs pull' or from the"
              + " hub");
    }
    if (text.startsWith("PK\3\4") || text.startsWith("PK\5\6")) {
      return Format.ZIP;
    }
    // Before pickles: the length of a header may begin with their first byte.
    boolean headerAtEight = text.length() > 8 && text.charAt(8) == '{';
    if (headerAtEight && Long.compareUnsigned(start.getLong(0), file.size()) < 0) {
      return Format.SAFETENSORS;
    }
    if (text.startsWith("\u0080")) {
      return Format.LEGACY_PICKLE;
    }
    if (text.stripLeading().startsWith("{")) {
      return Format.INDEX;
    }
    if (headerAtEight) {
      return Format.SAFETENSORS; // of a wrong length, which its reader explains
    }
    throw file.refuse(
        text.stripLeading().startsWith("<")
            ? "is a web page and not a checkpoint; the download went wrong"
            : "is neither safetensors nor a PyTorch checkpoint (zip, TorchScript or pickle)");
  }
}
