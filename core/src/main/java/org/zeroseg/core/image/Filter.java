package org.zeroseg.core.image;

/**
 * Resampling filters. Those without a prefix are Pillow's, whose kernels widen when a picture
 * shrinks, so that every source pixel counts. OpenCV's do not widen, but for {@link #OPENCV_AREA}.
 */
public enum Filter {
  /** The source pixel at the centre, no arithmetic. */
  NEAREST(0),
  /** Mean of the covered source pixels. */
  BOX(0.5),
  /** Triangle. */
  BILINEAR(1),
  /** Hamming-windowed sinc with the support of {@link #BILINEAR}. */
  HAMMING(1),
  /** Keys' cubic with a = -0.5 (PyTorch's has -0.75). */
  BICUBIC(2),
  /** Lanczos with three lobes. */
  LANCZOS(3),
  /**
   * OpenCV's {@code INTER_LINEAR} on bytes: two taps with 11-bit coefficients and no antialiasing.
   */
  OPENCV_LINEAR(1),
  /** OpenCV's {@code INTER_NEAREST}: the source pixel at the output pixel's upper left corner. */
  OPENCV_NEAREST(0),
  /** OpenCV's {@code INTER_CUBIC}: four taps of Keys' cubic with a = -0.75, no antialiasing. */
  OPENCV_CUBIC(2),
  /**
   * OpenCV's {@code INTER_AREA}: the mean of what an output pixel covers where a picture shrinks,
   * and a linear filter that keeps flat cells flat where it grows.
   */
  OPENCV_AREA(0.5);

  private final double support;

  Filter(double support) {
    this.support = support;
  }

  /** Whether this picks source pixels instead of mixing them. */
  boolean picks() {
    return this == NEAREST || this == OPENCV_NEAREST;
  }

  /** Pillow's filter of the same shape. */
  Filter pillows() {
    return switch (this) {
      case OPENCV_LINEAR -> BILINEAR;
      case OPENCV_NEAREST -> NEAREST;
      case OPENCV_CUBIC -> BICUBIC;
      case OPENCV_AREA -> BOX;
      default -> this;
    };
  }

  /** Half the width of the kernel, in output pixels when shrinking. */
  double support() {
    return support;
  }

  /** The kernel at {@code x}, as Pillow's {@code Resample.c} defines it. */
  double weight(double x) {
    double distance = Math.abs(x);
    return switch (this) {
      case BOX -> x > -0.5 && x <= 0.5 ? 1 : 0;
      case BILINEAR -> distance < 1 ? 1 - distance : 0;
      case HAMMING -> {
        if (distance == 0) {
          yield 1;
        }
        double angle = distance * Math.PI;
        yield distance >= 1 ? 0 : Math.sin(angle) / angle * (0.54 + 0.46 * Math.cos(angle));
      }
      case BICUBIC -> {
        double a = -0.5;
        if (distance < 1) {
          yield ((a + 2) * distance - (a + 3)) * distance * distance + 1;
        }
        yield distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0;
      }
      case LANCZOS -> x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
      case NEAREST, OPENCV_LINEAR, OPENCV_NEAREST, OPENCV_CUBIC, OPENCV_AREA ->
          throw new IllegalStateException(this + " has no kernel of Pillow's");
    };
  }

  private static double sinc(double x) {
    if (x == 0) {
      return 1;
    }
    double angle = x * Math.PI;
    return Math.sin(angle) / angle;
  }
}
