package org.zeroseg.core.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;

/**
 * From a picture to the square input of an encoder: the shorter side is resized to {@code size},
 * the middle is cut out, the result is converted to RGB and normalised.
 *
 * @param size the side of the square, in pixels
 * @param filter the resampling filter
 * @param rgbFirst whether the picture is converted to RGB before it is resized (which matters for
 *     palettes, alpha and 16-bit grey) or, as in OpenAI's transform, after
 * @param cropRounding how half a pixel of crop offset is rounded
 * @param normalization mean and standard deviation
 */
public record Preprocessing(
    int size,
    Filter filter,
    boolean rgbFirst,
    CropRounding cropRounding,
    Normalization normalization) {

  /** Rounding of the crop offset {@code (side - size) / 2}. */
  public enum CropRounding {
    /** To the nearest, halves to even: torchvision. */
    HALF_EVEN,
    /** Down: the transformers library. */
    FLOOR
  }

  /**
   * Checks the size.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public Preprocessing {
    if (size < 1) {
      throw new IllegalArgumentException("An encoder input of " + size + " pixels");
    }
  }

  /**
   * OpenAI's transform: bicubic, RGB last, CLIP statistics.
   *
   * @param size the side of the model's input
   * @return the preprocessing
   */
  public static Preprocessing clip(int size) {
    return new Preprocessing(
        size, Filter.BICUBIC, false, CropRounding.HALF_EVEN, Normalization.CLIP);
  }

  /**
   * The transformers library's processor for CLIP: RGB first, crop offset rounded down.
   *
   * @param size the side of the model's input
   * @return the preprocessing
   */
  public static Preprocessing transformers(int size) {
    return new Preprocessing(size, Filter.BICUBIC, true, CropRounding.FLOOR, Normalization.CLIP);
  }

  /**
   * Archive pictures of ReCo (Shin et al. 2022, released code): RGB first, bilinear, ImageNet
   * statistics.
   *
   * @param size the side of the square; 224 in the release
   * @return the preprocessing
   */
  public static Preprocessing archive(int size) {
    return new Preprocessing(
        size, Filter.BILINEAR, true, CropRounding.HALF_EVEN, Normalization.IMAGENET);
  }

  /**
   * How the square lies on a picture of a given size.
   *
   * @param width the picture's width
   * @param height the picture's height
   * @return the mapping between the picture and the square
   * @throws IllegalArgumentException if the picture is so long that the resized one would have a
   *     side of more than 2^31 - 1 pixels; of shorter strips only what the square shows is computed
   */
  public Framing framing(int width, int height) {
    return framing(Sizes.shorterSide(width, height, size));
  }

  private Framing framing(Sizes sizes) {
    return new Framing(
        sizes, new Window(offset(sizes.newWidth()), offset(sizes.newHeight()), size, size));
  }

  private int offset(int side) {
    int slack = side - size;
    return cropRounding == CropRounding.FLOOR ? slack / 2 : (int) Math.rint(slack / 2.0);
  }

  /**
   * The square before normalisation.
   *
   * @param picture any mode and size
   * @return RGB, {@code size} x {@code size}
   */
  public Picture square(Picture picture) {
    return framing(picture.width(), picture.height())
        .apply(rgbFirst ? picture.rgb() : picture, filter)
        .rgb();
  }

  /**
   * Preprocesses a batch, in parallel.
   *
   * @param manager owns the result
   * @param pictures at least one, of any modes and sizes
   * @return {@code [N, 3, size, size]} float32
   */
  public NDArray pixels(NDManager manager, List<Picture> pictures) {
    return normalization.pixels(manager, pictures.parallelStream().map(this::square).toList());
  }
}
