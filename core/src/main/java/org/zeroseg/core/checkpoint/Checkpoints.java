package org.zeroseg.core.checkpoint;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Opens checkpoints of any format. */
public final class Checkpoints {

  private static final String LFS_POINTER = "version https://git-lfs.github.com/spec/";

  /** What a model folder of the Hugging Face hub calls its weights, the preferred one first. */
  private static final List<String> USUAL_NAMES =
      List.of(
          "model.safetensors",
          "model.safetensors.index.json",
          "pytorch_model.bin",
          "pytorch_model.bin.index.json");

  private Checkpoints() {}

  /**
   * Opens a checkpoint, whose format is found out from its content and not from its name. Only the
   * directory of the file is read; nothing in it is executed.
   *
   * @param path a safetensors file, or a folder that holds a model under the hub's usual names
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
    MappedFile file = MappedFile.open(path);
    try {
      Checkpoint flat = new Safetensors(requireContent(file));
      return keyPath.length == 0 ? flat : flat.under(String.join(".", keyPath));
    } catch (CheckpointException e) {
      file.close();
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

  private static MappedFile requireContent(MappedFile file) {
    if (file.size() == 0) {
      throw file.refuse("is empty");
    }
    byte[] start = file.copy(0, (int) Math.min(file.size(), LFS_POINTER.length())).array();
    if (new String(start, StandardCharsets.ISO_8859_1).equals(LFS_POINTER)) {
      throw file.refuse(
          "is a Git LFS pointer and not the weights; fetch them with 'git lfs pull' or from the hub");
    }
    return file;
  }
}
