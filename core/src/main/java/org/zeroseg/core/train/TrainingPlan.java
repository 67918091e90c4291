package org.zeroseg.core.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The length of a training run, and which files it writes.
 *
 * @param folder where {@code training.safetensors} goes; a run that stopped there is resumed
 * @param steps updates in all
 * @param saveEvery updates between two checkpoints
 * @param dataThreads threads that make batches ahead, at least 1
 * @param provenance what the weights come from: data, seed, sizes, hyper-parameters, command. It is
 *     written into the checkpoints, and a run resumes only under the same provenance
 * @param formerly the provenance that an earlier version would have written, if it was another; a
 *     run that was begun under it is resumed too
 * @param validation measures the model on the way, if wanted
 * @param report told of every checkpoint
 */
public record TrainingPlan(
    Path folder,
    long steps,
    long saveEvery,
    int dataThreads,
    Map<String, String> provenance,
    Optional<Map<String, String>> formerly,
    Optional<Validation> validation,
    Report report) {

  /** Receives the history of the training run so far, for example to draw its curves. */
  @FunctionalInterface
  public interface Report {

    /**
     * Called after each checkpoint.
     *
     * @param folder of the plan
     * @param history losses and scores
     * @throws IOException if a file cannot be written; it ends the run
     */
    void write(Path folder, TrainingHistory history) throws IOException;
  }

  /**
   * Checks the numbers and copies the maps, in their order.
   *
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
   * A plan with a checkpoint every 500 steps, one data thread, no provenance and no report.
   *
   * @param folder where the checkpoint goes; a run that stopped there is resumed
   * @param steps updates in all
   * @return the plan
   * @throws IllegalArgumentException if there is no step
   */
  public static TrainingPlan of(Path folder, long steps) {
    return new TrainingPlan(
        folder,
        steps,
        500,
        1,
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        (place, history) -> {});
  }

  /**
   * This plan in another folder.
   *
   * @param place where the checkpoint goes; a run that stopped there is resumed
   * @return the plan
   */
  public TrainingPlan withFolder(Path place) {
    return new TrainingPlan(
        place, steps, saveEvery, dataThreads, provenance, formerly, validation, report);
  }

  /**
   * This plan with checkpoints at other steps.
   *
   * @param every updates between two checkpoints
   * @return the plan
   * @throws IllegalArgumentException if it is not positive
   */
  public TrainingPlan withSaveEvery(long every) {
    return new TrainingPlan(
        folder, steps, every, dataThreads, provenance, formerly, validation, report);
  }

  /**
   * This plan with another number of data threads.
   *
   * @param threads that make batches ahead
   * @return the plan
   * @throws IllegalArgumentException if there is none
   */
  public TrainingPlan withDataThreads(int threads) {
    return new TrainingPlan(
        folder, steps, saveEvery, threads, provenance, formerly, validation, report);
  }

  /**
   * This plan with a provenance.
   *
   * @param origin what the weights come from
   * @return the plan
   */
  public TrainingPlan withProvenance(Map<String, String> origin) {
    return new TrainingPlan(
        folder, steps, saveEvery, dataThreads, origin, formerly, validation, report);
  }

  /**
   * This plan for runs that were begun under another provenance, too.
   *
   * @param origin what an earlier version has written; a resumed run goes on under the present
   *     provenance
   * @return the plan
   */
  public TrainingPlan withFormerProvenance(Map<String, String> origin) {
    return new TrainingPlan(
        folder,
        steps,
        saveEvery,
        dataThreads,
        provenance,
        Optional.of(Map.copyOf(origin)),
        validation,
        report);
  }

  /**
   * This plan with measurements on the way. They change nothing of what is learnt.
   *
   * @param measurements what is measured, and how often
   * @return the plan
   */
  public TrainingPlan withValidation(Validation measurements) {
    return new TrainingPlan(
        folder,
        steps,
        saveEvery,
        dataThreads,
        provenance,
        formerly,
        Optional.of(measurements),
        report);
  }

  /**
   * This plan with a report.
   *
   * @param listener told of every checkpoint
   * @return the plan
   */
  public TrainingPlan withReport(Report listener) {
    return new TrainingPlan(
        folder, steps, saveEvery, dataThreads, provenance, formerly, validation, listener);
  }

  /**
   * The checkpoint to resume from.
   *
   * @return a safetensors file in the folder
   */
  public Path checkpoint() {
    return folder.resolve("training.safetensors");
  }

  /** Whether a run that was begun under a provenance is this one. */
  boolean continues(Map<String, String> begun) {
    return begun.equals(provenance) || formerly.filter(begun::equals).isPresent();
  }
}
