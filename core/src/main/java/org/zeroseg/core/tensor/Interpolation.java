package org.zeroseg.core.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Locale;

/**
 * PyTorch's {@code interpolate} and {@code grid_sample}: the ways of sampling that the engine's
 * array API lacks or alters. Gradients flow into every floating-point argument that asks for them;
 * results belong to the manager of the first argument.
 */
public final class Interpolation {

  private static final Kernels KERNELS =
      Kernels.of(Interpolation.class, "interpolation.torchscript");

  private Interpolation() {}

  /** How values between grid points are made. */
  public enum Mode {
    /** Source index {@code floor(o * step)}. */
    NEAREST,
    /** Source index {@code floor((o + 0.5) * step)}. */
    NEAREST_EXACT,
    /** Two taps an axis, coordinates clamped at the borders. */
    BILINEAR,
    /** Four taps an axis of Keys' cubic with a = -0.75, taps clamped at the borders. */
    BICUBIC,
    /** Mean over the source pixels that an output pixel covers, whole pixels only. */
    AREA;

    private boolean knowsCorners() {
      return this == BILINEAR || this == BICUBIC;
    }
  }

  /** What lies beyond the borders for {@link #gridSample}. */
  public enum Padding {
    /** Taps outside count zero. */
    ZEROS(0),
    /** The nearest value of the border. */
    BORDER(1),
    /** The picture, mirrored. */
    REFLECTION(2);

    private final int number;

    Padding(int number) {
      this.number = number;
    }
  }

  /**
   * Resizes with half-pixel centres and no antialiasing.
   *
   * @param x {@code [N, C, H, W]}
   * @param height the new H
   * @param width the new W
   * @param mode the mode
   * @return {@code [N, C, height, width]}
   */
  public static NDArray resize(NDArray x, long height, long width, Mode mode) {
    return resize(x, height, width, mode, false);
  }

  /**
   * Resizes without antialiasing.
   *
   * @param x {@code [N, C, H, W]}
   * @param height the new H
   * @param width the new W
   * @param mode the mode
   * @param alignCorners whether the centres of the corner pixels stay where they are (true; only
   *     bilinear and bicubic), or the outer edges do (false)
   * @return {@code [N, C, height, width]}
   */
  public static NDArray resize(
      NDArray x, long height, long width, Mode mode, boolean alignCorners) {
    if (alignCorners && !mode.knowsCorners()) {
      throw new IllegalArgumentException("Corners cannot be aligned in mode " + mode);
    }
    return call(mode.name().toLowerCase(Locale.ROOT), x, height, width, alignCorners, 0, 0);
  }

  /**
   * Resizes by factors: the new side is {@code floor(side * factor)}, while the step between
   * samples is {@code 1 / factor} even where the floor changed the true ratio. Position tables of
   * DINO and ZUTIS are resized so.
   *
   * @param x {@code [N, C, H, W]}
   * @param heightFactor the factor of H
   * @param widthFactor the factor of W
   * @param mode any but {@link Mode#AREA}
   * @return {@code [N, C, floor(H * heightFactor), floor(W * widthFactor)]}
   */
  public static NDArray scale(NDArray x, double heightFactor, double widthFactor, Mode mode) {
    if (mode == Mode.AREA || !(heightFactor > 0) || !(widthFactor > 0)) {
      throw new IllegalArgumentException(
          "Cannot scale by " + heightFactor + " x " + widthFactor + " in mode " + mode);
    }
    requirePictures(x.getShape(), "x");
    long height = (long) Math.floor(x.getShape().get(2) * heightFactor);
    long width = (long) Math.floor(x.getShape().get(3) * widthFactor);
    return call(
        mode.name().toLowerCase(Locale.ROOT), x, height, width, false, heightFactor, widthFactor);
  }

  /**
   * Resizes with kernels that widen when shrinking, and a = -0.5 for bicubic: Pillow's filters in
   * floating point.
   *
   * @param x {@code [N, C, H, W]}
   * @param height the new H
   * @param width the new W
   * @param mode bilinear or bicubic
   * @return {@code [N, C, height, width]}
   */
  public static NDArray resizeAntialiased(NDArray x, long height, long width, Mode mode) {
    if (!mode.knowsCorners()) {
      throw new IllegalArgumentException("There is no antialiasing in mode " + mode);
    }
    String kernel = mode.name().toLowerCase(Locale.ROOT) + "_antialiased";
    return call(kernel, x, height, width, false, 0, 0);
  }

  private static NDArray call(
      String kernel,
      NDArray x,
      long height,
      long width,
      boolean alignCorners,
      double heightFactor,
      double widthFactor) {
    requirePictures(x.getShape(), "x");
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "Cannot resize " + x.getShape() + " to " + height + " x " + width);
    }
    double[] how = {height, width, alignCorners ? 1 : 0, heightFactor, widthFactor};
    try (NDManager call = x.getManager().newSubManager(Device.cpu())) {
      return KERNELS.differentiable(kernel, x, call.create(how));
    }
  }

  /**
   * Samples at given places.
   *
   * @param x {@code [N, C, H, W]}
   * @param grid {@code [N, h, w, 2]}: (x, y), where -1 and 1 are the outer edges of the picture, or
   *     the centres of its corner pixels if corners are aligned
   * @param mode nearest (halves to even), bilinear or bicubic
   * @param padding what lies beyond the borders
   * @param alignCorners what -1 and 1 mean
   * @return {@code [N, C, h, w]}
   */
  public static NDArray gridSample(
      NDArray x, NDArray grid, Mode mode, Padding padding, boolean alignCorners) {
    int number =
        switch (mode) {
          case BILINEAR -> 0;
          case NEAREST -> 1;
          case BICUBIC -> 2;
          default -> throw new IllegalArgumentException("No grid sampling in mode " + mode);
        };
    requirePictures(x.getShape(), "x");
    Shape places = grid.getShape();
    if (places.dimension() != 4 || places.get(3) != 2 || places.get(0) != x.getShape().get(0)) {
      throw new IllegalArgumentException(
          "The grid for " + x.getShape() + " is [N, h, w, 2], not " + places);
    }
    double[] how = {number, padding.number, alignCorners ? 1 : 0};
    try (NDManager call = x.getManager().newSubManager(Device.cpu())) {
      return KERNELS.differentiable("grid_sample", x, grid, call.create(how));
    }
  }

  private static void requirePictures(Shape shape, String name) {
    if (shape.dimension() != 4 || shape.get(2) < 1 || shape.get(3) < 1) {
      throw new IllegalArgumentException(name + " is [N, C, H, W], not " + shape);
    }
  }
}
