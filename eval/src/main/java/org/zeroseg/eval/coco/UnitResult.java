package org.zeroseg.eval.coco;

import java.io.Serializable;

/**
 * What accumulation needs of a unit; a bit per threshold.
 *
 * @param scores of the detections, falling
 * @param hits [area range * detections + detection], the thresholds at which it is a true positive
 * @param misses likewise a false positive; neither means ignored
 * @param regular per area range, the ground truths that are not ignored
 */
@SuppressWarnings("ArrayRecordComponent")
record UnitResult(double[] scores, long[] hits, long[] misses, int[] regular)
    implements Serializable {}
