package org.zeroseg.eval.saliency;

/**
 * The numbers by which saliency maps are compared, of a picture or as means over pictures; all in
 * [0, 1].
 *
 * @param iou intersection over union of the thresholded map
 * @param pixelAccuracy share of pixels on the right side of the threshold
 * @param meanAbsoluteError mean distance of the map from the truth
 * @param f F-measure of the thresholded map
 * @param maxF the largest F-measure over the thresholds k/255
 * @param meanF F-measure at the adaptive threshold, twice the map's mean
 * @param sMeasure structure measure (Fan et al. 2017)
 */
public record SaliencyScores(
    double iou,
    double pixelAccuracy,
    double meanAbsoluteError,
    double f,
    double maxF,
    double meanF,
    double sMeasure) {}
