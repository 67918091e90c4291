package org.zeroseg.core.train;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How long a training runs and what it leaves behind.
 *
 * @param folder where {@code training.safetensors} and {@code loss.png} go; a training that stopped
 *     there is resumed
 * @param steps updates in all
 * @param saveEvery updates between two checkpoints
 * @param dataThreads threads that make batches ahead, at least 1
 * @param provenance what the weights come from: data, seed, sizes, hyper-parameters, command. It is
 *     written into the checkpoints, and a training resumes only under the same provenance
 */
public record TrainingPlan(
    Path folder, long steps, long saveEvery, int dataThreads, Map<String, String> provenance) {

  /**
   * Copies the map, in its order.
   *
   * @param folder where {@code training.safetensors} and {@code loss.png} go; a training that
   *     stopped there is resumed
   * @param steps updates in all
   * @param saveEvery updates between two checkpoints
   * @param dataThreads threads that make batches ahead, at least 1
   * @param provenance what the weights come from: data, seed, sizes, hyper-parameters, command. It
   *     is written into the checkpoints, and a training resumes only under the same provenance
   * @throws IllegalArgumentException if a number is not positive
   */
  public TrainingPlan {
    if (steps < 1 || saveEvery < 1 || dataThreads < 1) {
      throw new IllegalArgumentException(
          "steps, saveEvery and dataThreads must be positive, found "
              + steps
              + ", "
              + saveEvery
              + " and "
              + dataThreads);
    }
    provenance = new LinkedHashMap<>(provenance);
  }

  /**
   * The checkpoint to resume from.
   *
   * @return a safetensors file in the folder
   */
  public Path checkpoint() {
    return folder.resolve("training.safetensors");
  }

  /**
   * The picture of the losses so far.
   *
   * @return a PNG file in the folder
   */
  public Path lossCurve() {
    return folder.resolve("loss.png");
  }
}
