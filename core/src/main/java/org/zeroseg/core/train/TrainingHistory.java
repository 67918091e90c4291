package org.zeroseg.core.train;

import java.util.List;

/**
 * The history of a training run so far.
 *
 * @param losses of all steps that were made, at least one
 * @param steps of the whole plan
 * @param scores what was measured on the way; may be empty
 * @param scoreName what the scores are, such as {@code mIoU}
 * @param waiting share of the time that this process has waited for batches, from 0 to 1
 */
@SuppressWarnings("ArrayRecordComponent") // large, and never compared
public record TrainingHistory(
    float[] losses, long steps, List<Validation.Score> scores, String scoreName, double waiting) {

  /** Copies the scores. */
  public TrainingHistory {
    scores = List.copyOf(scores);
  }
}
