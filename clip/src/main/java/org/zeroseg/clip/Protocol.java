package org.zeroseg.clip;

import java.util.Optional;
import org.zeroseg.core.refine.LaplacianPropagation;
import org.zeroseg.core.refine.Pamr;

/**
 * What happens around the network of an {@link Attention}: how a picture is cut into windows, how
 * their maps become one of the picture's size, and how labels follow from it. Published numbers
 * depend on all of it.
 *
 * @param shorterSide pixels that a picture's shorter side is resized to, the longer one being at
 *     most {@code longerSide}
 * @param longerSide limit of the longer side in pixels
 * @param crop side of a window in pixels; 0 takes the picture as a whole
 * @param stride pixels between windows
 * @param padTo windows are padded, on all sides, to a multiple of so many pixels; {@link
 *     #TO_PATCHES} for the patch, 0 for none, where what does not fill a patch is left out and the
 *     map is stretched over it. A picture taken as a whole is never padded.
 * @param oneResize whether the map of a picture taken as a whole goes to the picture's size at
 *     once, and not by way of the input's
 * @param pamr refinement by colours; not of a picture taken as a whole with {@code oneResize}
 * @param propagation refinement by a linear system
 * @param scale of cosines before the softmax over all words
 * @param leastArea a category whose share of the area of all of them is not larger leaves the
 *     picture; 0 for none
 */
public record Protocol(
    int shorterSide,
    int longerSide,
    int crop,
    int stride,
    int padTo,
    boolean oneResize,
    Optional<Pamr> pamr,
    Optional<LaplacianPropagation> propagation,
    double scale,
    double leastArea) {

  /** Pads windows to whole patches. */
  public static final int TO_PATCHES = -1;

  /** Of SCLIP, and of most that came after it. */
  public static final Protocol SCLIP =
      new Protocol(336, 2048, 224, 112, 0, true, Optional.empty(), Optional.empty(), 40, 0);

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public Protocol {
    if (shorterSide < 1 || longerSide < shorterSide) {
      throw new IllegalArgumentException("input within " + longerSide + " x " + shorterSide);
    }
    if (crop < 0 || (crop > 0 && (stride < 1 || stride > crop))) {
      throw new IllegalArgumentException("windows of " + crop + " every " + stride);
    }
    if (padTo < TO_PATCHES) {
      throw new IllegalArgumentException("padding to multiples of " + padTo);
    }
    if (!(scale > 0) || !(leastArea >= 0 && leastArea < 1)) {
      throw new IllegalArgumentException("a scale of " + scale + ", a least area of " + leastArea);
    }
  }

  /**
   * What a preset is published with; for attention of one's own that of SCLIP.
   *
   * @param attention a preset, or anything else
   * @return the protocol
   */
  public static Protocol of(Attention attention) {
    return switch (attention.name()) {
      case "clearclip" ->
          SCLIP.withInput(448, 2048).withWindows(448, 224, TO_PATCHES).withScale(50);
      case "naclip" -> SCLIP.withTwoResizes().withPamr(Pamr.NACLIP);
      case "resclip" -> SCLIP.withTwoResizes();
      case "proxyclip" -> SCLIP.withWindows(336, 112, 56);
      case "pearl" -> SCLIP.withTwoResizes().withPropagation(LaplacianPropagation.PEARL);
      case "segearth" -> SCLIP.withInput(448, 448).withWindows(224, 112, TO_PATCHES).withScale(50);
      default -> SCLIP;
    };
  }

  /**
   * With another size of the input.
   *
   * @param shorter pixels of the shorter side
   * @param longer limit of the longer side
   * @return a copy
   */
  public Protocol withInput(int shorter, int longer) {
    return new Protocol(
        shorter, longer, crop, stride, padTo, oneResize, pamr, propagation, scale, leastArea);
  }

  /**
   * With other windows.
   *
   * @param side of a window in pixels; 0 takes the picture as a whole
   * @param step pixels between windows
   * @param multiple to which windows are padded, 0 for none
   * @return a copy
   */
  public Protocol withWindows(int side, int step, int multiple) {
    return new Protocol(
        shorterSide,
        longerSide,
        side,
        step,
        multiple,
        oneResize,
        pamr,
        propagation,
        scale,
        leastArea);
  }

  /**
   * By way of the input's size, also for pictures taken as a whole.
   *
   * @return a copy
   */
  public Protocol withTwoResizes() {
    return new Protocol(
        shorterSide, longerSide, crop, stride, padTo, false, pamr, propagation, scale, leastArea);
  }

  /**
   * With refinement by colours.
   *
   * @param changed the refinement
   * @return a copy
   */
  public Protocol withPamr(Pamr changed) {
    return refined(Optional.of(changed), propagation);
  }

  /**
   * With refinement by a linear system.
   *
   * @param changed the refinement
   * @return a copy
   */
  public Protocol withPropagation(LaplacianPropagation changed) {
    return refined(pamr, Optional.of(changed));
  }

  /**
   * Without any refinement.
   *
   * @return a copy
   */
  public Protocol unrefined() {
    return refined(Optional.empty(), Optional.empty());
  }

  private Protocol refined(Optional<Pamr> byColours, Optional<LaplacianPropagation> bySystem) {
    return with(byColours, bySystem, scale, leastArea);
  }

  private Protocol with(
      Optional<Pamr> byColours,
      Optional<LaplacianPropagation> bySystem,
      double factor,
      double least) {
    return new Protocol(
        shorterSide,
        longerSide,
        crop,
        stride,
        padTo,
        oneResize,
        byColours,
        bySystem,
        factor,
        least);
  }

  /**
   * With another scale of cosines.
   *
   * @param changed the scale
   * @return a copy
   */
  public Protocol withScale(double changed) {
    return with(pamr, propagation, changed, leastArea);
  }

  /**
   * With a least area of categories.
   *
   * @param share of the area of all categories together; 0 for none
   * @return a copy
   */
  public Protocol withLeastArea(double share) {
    return with(pamr, propagation, scale, share);
  }
}
