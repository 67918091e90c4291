package org.zeroseg.core.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Converts bytes to the normalised float pixels that a model was trained on: {@code (value / 255 -
 * mean) / std} per channel, in float32 and in this order.
 *
 * @param mean the mean of red, green, blue, in 0..1
 * @param std the standard deviation of red, green, blue
 */
public record Normalization(Channels mean, Channels std) {

  /**
   * A number for each channel.
   *
   * @param red of the first
   * @param green of the second
   * @param blue of the third
   */
  public record Channels(double red, double green, double blue) {

    private float get(int channel) {
      return (float) (channel == 0 ? red : channel == 1 ? green : blue);
    }
  }

  /** CLIP's own statistics (Radford et al. 2021, released code). */
  public static final Normalization CLIP =
      new Normalization(
          new Channels(0.48145466, 0.4578275, 0.40821073),
          new Channels(0.26862954, 0.26130258, 0.27577711));

  /** ImageNet's statistics, as torchvision gives them. */
  public static final Normalization IMAGENET =
      new Normalization(new Channels(0.485, 0.456, 0.406), new Channels(0.229, 0.224, 0.225));

  /**
   * Checks that nothing would be divided by zero.
   *
   * @throws IllegalArgumentException if a deviation is not positive or a mean is not finite
   */
  public Normalization {
    for (int c = 0; c < 3; c++) {
      if (!(std.get(c) > 0) || !Float.isFinite(mean.get(c))) {
        throw new IllegalArgumentException("Cannot normalise with mean " + mean + ", std " + std);
      }
    }
  }

  /**
   * The float pixels of a batch, made in parallel.
   *
   * @param manager owns the result
   * @param pictures at least one, all of one size, of any modes
   * @return {@code [N, 3, H, W]} float32
   * @throws IllegalArgumentException if there is no picture or one has another size than the first
   */
  public NDArray pixels(NDManager manager, List<Picture> pictures) {
    if (pictures.isEmpty()) {
      throw new IllegalArgumentException("A batch of no pictures");
    }
    int width = pictures.get(0).width();
    int height = pictures.get(0).height();
    for (Picture picture : pictures) {
      if (picture.width() != width || picture.height() != height) {
        throw new IllegalArgumentException(
            "A picture of %d x %d in a batch of %d x %d"
                .formatted(picture.width(), picture.height(), width, height));
      }
    }
    int length = 3 * width * height;
    float[] pixels = new float[Math.multiplyExact(pictures.size(), length)];
    IntStream.range(0, pictures.size())
        .parallel()
        .forEach(i -> apply(pictures.get(i).rgb().raw(), pixels, i * length));
    return manager.create(pixels, new Shape(pictures.size(), 3, height, width));
  }

  /** Writes interleaved RGB bytes as planes {@code [3, H, W]} from {@code offset} on. */
  void apply(byte[] rgb, float[] pixels, int offset) {
    int plane = rgb.length / 3;
    for (int c = 0; c < 3; c++) {
      float[] table = new float[256];
      for (int value = 0; value < 256; value++) {
        table[value] = (value / 255f - mean.get(c)) / std.get(c);
      }
      int out = offset + c * plane;
      for (int i = c; i < rgb.length; i += 3) {
        pixels[out++] = table[rgb[i] & 0xff];
      }
    }
  }

  /**
   * Turns pixels back into a picture: {@code value * std + mean}, times 255, cut to whole numbers
   * without rounding, all in float32. A channel may come out one lower than it went in, as in the
   * references whose bilateral solver and CRF see such pictures.
   *
   * @param pixels {@code [3, H, W]}
   * @param width the number of columns
   * @param height the number of rows
   * @return an RGB picture
   * @throws IllegalArgumentException if the number of pixels does not fit the size
   */
  public Picture restore(float[] pixels, int width, int height) {
    if (pixels.length != 3L * width * height) {
      throw new IllegalArgumentException(
          pixels.length + " values for 3 planes of " + width + " x " + height);
    }
    byte[] rgb = new byte[pixels.length];
    int plane = width * height;
    for (int c = 0; c < 3; c++) {
      for (int i = 0; i < plane; i++) {
        float value = (pixels[c * plane + i] * std.get(c) + mean.get(c)) * 255f;
        rgb[3 * i + c] = (byte) Math.max(0, Math.min(255, (int) value));
      }
    }
    return Picture.wrap(PixelFormat.RGB, width, height, rgb);
  }
}
