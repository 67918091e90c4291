package org.zeroseg.eval.semantic;

/**
 * IoU of one class in one picture, as NamedMask evaluates its category experts: the mean over
 * pictures is reported, in contrast to {@link ConfusionMatrix}.
 */
public final class BinaryIou {

  private static final double EPSILON = 1e-7; // NoelShin/namedmask, utils/iou.py

  private BinaryIou() {}

  /**
   * Intersection over union.
   *
   * @param truth 1 for the class, 0 for anything else; pixels of other values are ignored
   * @param prediction as many labels, 1 for the class
   * @return in [0, 1); 0 if the class is neither there nor predicted
   */
  public static double of(int[] truth, int[] prediction) {
    if (truth.length != prediction.length) {
      throw new IllegalArgumentException(
          truth.length + " true labels, " + prediction.length + " predicted ones");
    }
    long both = 0;
    long either = 0;
    for (int i = 0; i < truth.length; i++) {
      if (truth[i] == 0 || truth[i] == 1) {
        boolean is = truth[i] == 1;
        boolean predicted = prediction[i] == 1;
        both += is && predicted ? 1 : 0;
        either += is || predicted ? 1 : 0;
      }
    }
    return both / (either + EPSILON);
  }
}
