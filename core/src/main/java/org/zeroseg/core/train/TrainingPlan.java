package org.zeroseg.core.train;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * How long a training runs and what it leaves behind.
 *
 * @param folder where {@code training.safetensors}, {@code loss.png} and {@code score.png} go; a
 *     training that stopped there is resumed
 * @param steps updates in all
 * @param saveEvery updates between two checkpoints
 * @param dataThreads threads that make batches ahead, at least 1
 * @param provenance what the weights come from: data, seed, sizes, hyper-parameters, command. It is
 *     written into the checkpoints, and a training resumes only under the same provenance
 * @param validation measures the model on the way, if wanted
 */
public record TrainingPlan(
    Path folder,
    long steps,
    long saveEvery,
    int dataThreads,
    Map<String, String> provenance,
    Optional<Validation> validation) {

  /**
   * Copies the map, in its order.
   *
   * @param folder where {@code training.safetensors}, {@code loss.png} and {@code score.png} go; a
   *     training that stopped there is resumed
   * @param steps updates in all
   * @param saveEvery updates between two checkpoints
   * @param dataThreads threads that make batches ahead, at least 1
   * @param provenance what the weights come from: data, seed, sizes, hyper-parameters, command. It
   *     is written into the checkpoints, and a training resumes only under the same provenance
   * @param validation measures the model on the way, if wanted
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
    provenance = Collections.unmodifiableMap(new LinkedHashMap<>(provenance));
  }

  /**
   * A plan without measurements on the way.
   *
   * @param folder where checkpoint and curve go; a training that stopped there is resumed
   * @param steps updates in all
   * @param saveEvery updates between two checkpoints
   * @param dataThreads threads that make batches ahead, at least 1
   * @param provenance what the weights come from
   * @throws IllegalArgumentException if a number is not positive
   */
  public TrainingPlan(
      Path folder, long steps, long saveEvery, int dataThreads, Map<String, String> provenance) {
    this(folder, steps, saveEvery, dataThreads, provenance, Optional.empty());
  }

  /**
   * This plan with measurements on the way. They change nothing of what is learnt.
   *
   * @param measurements what is measured, and how often
   * @return the plan
   */
  public TrainingPlan validatedBy(Validation measurements) {
    return new TrainingPlan(
        folder, steps, saveEvery, dataThreads, provenance, Optional.of(measurements));
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

  /**
   * The picture of the scores so far, if there are any.
   *
   * @return a PNG file in the folder
   */
  public Path scoreCurve() {
    return folder.resolve("score.png");
  }
}
