package org.zeroseg.core.supervision;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;

/** A label for every pixel: ground truth, or a prediction. Immutable. */
public final class LabelMap {

  /** Which source pixel a resized map takes. Both rules occur in the reference code. */
  public enum Nearest {
    /** {@code floor(i * in / out)}: PyTorch's {@code interpolate(mode="nearest")}. */
    FLOOR,
    /** {@code floor((i + 0.5) * in / out)}, accumulated: Pillow's {@code resize(NEAREST)}. */
    CENTRE;

    /** The source of every target position, rounding as each reference does. */
    int[] sources(int in, int out) {
      int[] sources = new int[out];
      float scale = (float) in / out;
      double step = (double) in / out;
      double accumulated = 0.5 * step;
      for (int i = 0; i < out; i++) {
        sources[i] = Math.min(in - 1, (int) (this == FLOOR ? i * scale : accumulated));
        accumulated += step;
      }
      return sources;
    }
  }

  private final int width;
  private final int height;
  private final int[] labels;

  private LabelMap(int width, int height, int[] labels) {
    this.width = width;
    this.height = height;
    this.labels = labels;
  }

  /**
   * A map of given labels.
   *
   * @param width columns
   * @param height rows
   * @param labels row-major, {@code width * height} values
   * @return the map
   * @throws IllegalArgumentException if the number of labels is not that of the pixels
   */
  public static LabelMap of(int width, int height, int[] labels) {
    if (labels.length != (long) width * height) {
      throw new IllegalArgumentException(
          labels.length + " labels for a picture of " + width + " x " + height);
    }
    return new LabelMap(width, height, labels.clone());
  }

  /**
   * The labels of a segmentation: 0 for background, k for the k-th category of its vocabulary.
   *
   * @param segmentation a result
   * @return its label map
   */
  public static LabelMap of(Segmentation segmentation) {
    return new LabelMap(segmentation.width(), segmentation.height(), segmentation.labels());
  }

  /**
   * Reads a label picture by its raw samples: palette indices rather than colours, 8- or 16-bit
   * grey, 255 for the set pixels of a 1-bit picture; alpha beside grey says nothing.
   *
   * @param file a PNG
   * @return its labels
   * @throws IOException if the file cannot be read
   * @throws InvalidDataException if the picture has colours, which are no labels
   */
  public static LabelMap read(Path file) throws IOException {
    Picture picture = Picture.readAsStored(file);
    if (isColoured(picture)) {
      throw new InvalidDataException(
          file,
          "expected labels as grey values or places in a palette, found colours ("
              + picture.mode()
              + "); a label picture that was converted to colours has lost them");
    }
    return raw(picture);
  }

  /**
   * Reads a picture of grey levels, such as a mask in black and white or a saliency map. Stored
   * with colours, every pixel must be grey.
   *
   * @param file a PNG
   * @return its grey values
   * @throws IOException if the file cannot be read
   * @throws InvalidDataException if a pixel is not grey
   */
  public static LabelMap readGrey(Path file) throws IOException {
    Picture picture = Picture.readAsStored(file);
    if (isColoured(picture)) {
      byte[] samples = picture.samples();
      int step = picture.mode().bytesPerPixel();
      for (int i = 0; i < samples.length; i += step) {
        if (samples[i] != samples[i + 1] || samples[i] != samples[i + 2]) {
          int pixel = i / step;
          throw new InvalidDataException(
              file,
              "expected grey values, found a colour at x %d, y %d"
                  .formatted(pixel % picture.width(), pixel / picture.width()));
        }
      }
    }
    return raw(picture);
  }

  private static boolean isColoured(Picture picture) {
    return picture.mode().bytesPerPixel() > 2;
  }

  private static LabelMap raw(Picture picture) {
    byte[] samples = picture.samples();
    int step = picture.mode().bytesPerPixel();
    int[] labels = new int[picture.width() * picture.height()];
    boolean wide = picture.mode() == PixelFormat.GREY16;
    for (int i = 0; i < labels.length; i++) {
      labels[i] = samples[i * step] & 0xff;
      if (wide) {
        labels[i] |= (samples[i * step + 1] & 0xff) << 8;
      }
    }
    return new LabelMap(picture.width(), picture.height(), labels);
  }

  /**
   * Reads a label picture of ImageNet-S, whose labels need 16 bits: red + 256 green.
   *
   * @param file an RGB PNG
   * @return its labels
   * @throws IOException if the file cannot be read
   * @throws InvalidDataException if the picture is not RGB
   */
  public static LabelMap readRedGreen(Path file) throws IOException {
    return redGreen(file.toString(), Picture.readAsStored(file));
  }

  private static LabelMap redGreen(String name, Picture picture) {
    if (picture.mode() != PixelFormat.RGB && picture.mode() != PixelFormat.RGBA) {
      throw new InvalidDataException(
          name, List.of("expected RGB, label = red + 256 green, found " + picture.mode()));
    }
    int step = picture.mode().bytesPerPixel();
    byte[] samples = picture.samples();
    int[] labels = new int[picture.width() * picture.height()];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (samples[i * step] & 0xff) | (samples[i * step + 1] & 0xff) << 8;
    }
    return new LabelMap(picture.width(), picture.height(), labels);
  }

  /**
   * Reads a label picture of either kind: RGB as red + 256 green, with alpha or without, anything
   * else by raw samples.
   *
   * @param file a PNG
   * @return its labels
   * @throws IOException if the file cannot be read
   */
  public static LabelMap readAny(Path file) throws IOException {
    return ofAny(Picture.readAsStored(file), file.toString());
  }

  /**
   * The labels of a picture of either kind, as {@link #readAny} reads it.
   *
   * @param picture as it is stored
   * @param name what messages call it
   * @return its labels
   */
  public static LabelMap ofAny(Picture picture, String name) {
    return isColoured(picture) ? redGreen(name, picture) : raw(picture);
  }

  /**
   * Writes a label picture as 8-bit grey, or as ImageNet-S has it.
   *
   * @param file a PNG; written beside it first and then moved
   * @param redGreen whether to write RGB with red = label mod 256 and green = label div 256
   * @throws IOException if the file cannot be written
   * @throws IllegalArgumentException if a label does not fit
   */
  public void write(Path file, boolean redGreen) throws IOException {
    int largest = redGreen ? 65_535 : 255;
    byte[] samples = new byte[labels.length * (redGreen ? 3 : 1)];
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] > largest) {
        throw new IllegalArgumentException(
            "label " + labels[i] + " does not fit " + file + ", largest " + largest);
      }
      if (redGreen) {
        samples[3 * i] = (byte) labels[i];
        samples[3 * i + 1] = (byte) (labels[i] >> 8);
      } else {
        samples[i] = (byte) labels[i];
      }
    }
    Picture.of(redGreen ? PixelFormat.RGB : PixelFormat.GREY, width, height, samples)
        .writePng(file);
  }

  /**
   * Columns.
   *
   * @return pixels
   */
  public int width() {
    return width;
  }

  /**
   * Rows.
   *
   * @return pixels
   */
  public int height() {
    return height;
  }

  /**
   * The label of a pixel.
   *
   * @param x column
   * @param y row
   * @return its label
   */
  public int at(int x, int y) {
    return labels[y * width + x];
  }

  /**
   * All labels.
   *
   * @return a copy, row-major
   */
  public int[] labels() {
    return labels.clone();
  }

  /**
   * The pixels of one label.
   *
   * @param label a label
   * @return its mask
   */
  public Mask mask(int label) {
    return Mask.ofLabel(width, height, labels, label);
  }

  /**
   * Whether a label occurs.
   *
   * @param label a label
   * @return true if any pixel has it
   */
  public boolean has(int label) {
    return Arrays.stream(labels).anyMatch(value -> value == label);
  }

  /**
   * Renames labels.
   *
   * @param rule from label to label
   * @return a new map
   */
  public LabelMap map(IntUnaryOperator rule) {
    return new LabelMap(width, height, Arrays.stream(labels).map(rule).toArray());
  }

  /**
   * Resizes by taking the nearest pixel.
   *
   * @param newWidth columns
   * @param newHeight rows
   * @param rule which pixel is nearest
   * @return a new map
   */
  public LabelMap resize(int newWidth, int newHeight, Nearest rule) {
    int[] columns = rule.sources(width, newWidth);
    int[] rows = rule.sources(height, newHeight);
    int[] resized = new int[newWidth * newHeight];
    for (int y = 0; y < newHeight; y++) {
      for (int x = 0; x < newWidth; x++) {
        resized[y * newWidth + x] = labels[rows[y] * width + columns[x]];
      }
    }
    return new LabelMap(newWidth, newHeight, resized);
  }

  /**
   * The middle of a map whose shorter side was resized, as pictures become squares (torchvision).
   *
   * @param side of the square
   * @param rule which pixel is nearest
   * @return {@code side} x {@code side}
   */
  public LabelMap square(int side, Nearest rule) {
    Sizes sizes = Sizes.shorterSide(width, height, side);
    LabelMap resized = resize(sizes.newWidth(), sizes.newHeight(), rule);
    int left = (int) Math.rint((resized.width - side) / 2.0);
    int top = (int) Math.rint((resized.height - side) / 2.0);
    int[] square = new int[side * side];
    for (int y = 0; y < side; y++) {
      System.arraycopy(resized.labels, (top + y) * resized.width + left, square, y * side, side);
    }
    return new LabelMap(side, side, square);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LabelMap map
        && width == map.width
        && height == map.height
        && Arrays.equals(labels, map.labels);
  }

  @Override
  public int hashCode() {
    return 31 * width + Arrays.hashCode(labels);
  }

  @Override
  public String toString() {
    return "LabelMap[" + width + " x " + height + "]";
  }
}
