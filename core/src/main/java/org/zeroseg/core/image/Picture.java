package org.zeroseg.core.image;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import javax.imageio.ImageIO;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * An immutable decoded picture: raw samples, row-major, channels interleaved, in one of Pillow's
 * modes. Samples are never colour-managed, and operations give Pillow's results to the bit.
 *
 * <p>Files are read in one of two ways. {@link #read(Path)} gives a picture as people see it,
 * upright and in 8 bits. {@link #readAsStored(Path)} gives the samples as Pillow opens them, which
 * the masks of published data sets and the references' numbers belong to.
 */
public final class Picture {

  private static final int[] NO_PALETTE = {};
  private static final String NO_PICTURE = "There is no picture (it is null): was its file read?";

  private final PixelFormat mode;
  private final int width;
  private final int height;
  private final byte[] samples;
  private final int[] palette;

  private Picture(PixelFormat mode, int width, int height, byte[] samples, int[] palette) {
    this.mode = mode;
    this.width = width;
    this.height = height;
    this.samples = samples;
    this.palette = palette;
  }

  /** Takes the array as it is; the caller must not touch it again. */
  static Picture wrap(PixelFormat mode, int width, int height, byte[] samples) {
    return new Picture(mode, width, height, samples, NO_PALETTE);
  }

  /** Takes the arrays as they are; the caller must not touch them again. */
  static Picture wrapIndexed(int width, int height, byte[] indices, int[] palette) {
    return new Picture(PixelFormat.PALETTE, width, height, indices, palette);
  }

  /**
   * A picture of given samples.
   *
   * @param mode how to read them; not {@link PixelFormat#PALETTE}
   * @param width the number of columns
   * @param height the number of rows
   * @param samples row-major, channels interleaved; copied
   * @return the picture
   * @throws IllegalArgumentException if the number of samples does not fit the size
   */
  public static Picture of(PixelFormat mode, int width, int height, byte[] samples) {
    if (mode == PixelFormat.PALETTE) {
      throw new IllegalArgumentException("A palette picture needs its palette: use indexed");
    }
    requireSize(mode, width, height, samples.length);
    return wrap(mode, width, height, samples.clone());
  }

  /**
   * A palette picture.
   *
   * @param width the number of columns
   * @param height the number of rows
   * @param indices one byte a pixel, row-major; copied
   * @param palette colours as {@code 0xAARRGGBB}; at most 256; copied
   * @return the picture
   * @throws IllegalArgumentException if sizes do not fit or the palette is empty or too long
   */
  public static Picture indexed(int width, int height, byte[] indices, int... palette) {
    requireSize(PixelFormat.PALETTE, width, height, indices.length);
    if (palette.length < 1 || palette.length > 256) {
      throw new IllegalArgumentException("A palette of " + palette.length + " colours");
    }
    return wrapIndexed(width, height, indices.clone(), palette.clone());
  }

  private static void requireSize(PixelFormat mode, int width, int height, int length) {
    if (width < 1 || height < 1 || (long) width * height * mode.bytesPerPixel() != length) {
      throw new IllegalArgumentException(
          length + " bytes for a " + mode + " picture of " + width + " x " + height);
    }
  }

  /**
   * Reads a picture as people see it: turned by the orientation that the file notes, 16-bit samples
   * scaled to 8. The usual way for photographs.
   *
   * @param file PNG, JPEG, BMP, GIF, TIFF, or what an {@link ImageIO} plugin on the class path
   *     reads
   * @return the first picture of the file
   * @throws IOException if the file cannot be read, is damaged, or is larger than the limit
   * @see PictureReader#upright()
   */
  public static Picture read(Path file) throws IOException {
    return PictureReader.upright().read(file);
  }

  /**
   * Reads a picture as it is stored: not turned, 16-bit grey left as it is. The way for data sets
   * and label pictures.
   *
   * @param file PNG, JPEG, BMP, GIF, TIFF, or what an {@link ImageIO} plugin on the class path
   *     reads
   * @return the first picture of the file
   * @throws IOException if the file cannot be read, is damaged, or is larger than the limit
   * @see PictureReader#asStored()
   */
  public static Picture readAsStored(Path file) throws IOException {
    return PictureReader.asStored().read(file);
  }

  /**
   * The samples of a DJL image.
   *
   * @param image any implementation
   * @return a picture of the same samples; RGB where the implementation is not an AWT one
   */
  public static Picture of(Image image) {
    Objects.requireNonNull(image, NO_PICTURE);
    if (image.getWrappedImage() instanceof BufferedImage buffered) {
      return of(buffered);
    }
    try (NDManager manager = TorchEngine.newManager();
        NDArray pixels = image.toNDArray(manager, Image.Flag.COLOR);
        NDArray bytes = pixels.toType(DataType.UINT8, false)) {
      return wrap(PixelFormat.RGB, image.getWidth(), image.getHeight(), bytes.toByteArray());
    }
  }

  /**
   * The samples of an AWT image in 8 bits, without colour conversion; of samples with 16 bits the
   * high byte.
   *
   * @param image any type; unusual ones (custom sample models, premultiplied alpha) become RGBA
   * @return the picture
   */
  public static Picture of(BufferedImage image) {
    Objects.requireNonNull(image, NO_PICTURE);
    return Rasters.picture(image).eightBits();
  }

  /**
   * The mode.
   *
   * @return how the samples are to be read
   */
  public PixelFormat mode() {
    return mode;
  }

  /**
   * The width.
   *
   * @return the number of columns
   */
  public int width() {
    return width;
  }

  /**
   * The height.
   *
   * @return the number of rows
   */
  public int height() {
    return height;
  }

  /**
   * One sample.
   *
   * @param x the column
   * @param y the row
   * @param channel 0 to {@code mode().channels() - 1}
   * @return 0 to 255, or to 65535 for {@link PixelFormat#GREY16}
   */
  public int sample(int x, int y, int channel) {
    Objects.checkIndex(x, width);
    Objects.checkIndex(y, height);
    Objects.checkIndex(channel, mode.channels());
    int i = (y * width + x) * mode.bytesPerPixel() + channel;
    int low = samples[i] & 0xff;
    return mode == PixelFormat.GREY16 ? low | (samples[i + 1] & 0xff) << 8 : low;
  }

  /**
   * A copy of all samples.
   *
   * @return row-major, channels interleaved, {@code width * height * mode().bytesPerPixel()} bytes
   */
  public byte[] samples() {
    return samples.clone();
  }

  /** The samples themselves, for readers that leave them alone. */
  byte[] raw() {
    return samples;
  }

  /**
   * A copy of the palette.
   *
   * @return colours as {@code 0xAARRGGBB}; empty unless the mode is {@link PixelFormat#PALETTE}
   */
  public int[] palette() {
    return palette.clone();
  }

  /** 16-bit grey cut to its high byte, as 16-bit colour is; any other picture as it is. */
  Picture eightBits() {
    if (mode != PixelFormat.GREY16) {
      return this;
    }
    byte[] high = new byte[width * height];
    for (int i = 0; i < high.length; i++) {
      high[i] = samples[2 * i + 1];
    }
    return wrap(PixelFormat.GREY, width, height, high);
  }

  private Picture with(int newWidth, int newHeight, byte[] newSamples) {
    return new Picture(mode, newWidth, newHeight, newSamples, palette);
  }

  /**
   * Converts to RGB as Pillow's {@code convert("RGB")}: alpha is dropped, grey replicated, 16-bit
   * grey clipped at 255 (not scaled: {@link #read(Path)} has done that), CMYK converted without a
   * profile.
   *
   * @return an RGB picture; this one if it is RGB already
   */
  public Picture rgb() {
    return mode == PixelFormat.RGB ? this : wrap(PixelFormat.RGB, width, height, Colours.rgb(this));
  }

  /**
   * Resizes as Pillow's {@code Image.resize}: black-and-white and palette pictures take the nearest
   * pixel whatever the filter; pictures with alpha are filtered in premultiplied form.
   *
   * @param newWidth the new number of columns
   * @param newHeight the new number of rows
   * @param filter the filter
   * @return the resized picture, in the same mode; this one if nothing changes
   * @throws IllegalArgumentException if a side is less than 1 or the result is too large
   */
  public Picture resize(int newWidth, int newHeight, Filter filter) {
    requireRoom(newWidth, newHeight);
    return resize(newWidth, newHeight, filter, Window.whole(newWidth, newHeight));
  }

  /**
   * A window of the resized picture; the same pixels as resizing and cropping, but only what the
   * window needs is computed.
   *
   * @param newWidth the number of columns of the whole resized picture
   * @param newHeight the number of rows of the whole resized picture
   * @param filter the filter
   * @param window the part wanted, in the coordinates of the resized picture
   * @return a picture of the window's size, in the same mode
   * @throws IllegalArgumentException if the window lies outside the resized picture
   */
  public Picture resize(int newWidth, int newHeight, Filter filter, Window window) {
    if (newWidth < 1 || newHeight < 1) {
      throw new IllegalArgumentException(
          "Cannot resize a picture of "
              + (width + " x " + height)
              + (" to " + newWidth + " x " + newHeight));
    }
    window.requireWithin(newWidth, newHeight);
    requireRoom(window.width(), window.height());
    if (newWidth == width && newHeight == height) {
      return crop(window);
    }
    byte[] resized =
        filter.picks() || mode == PixelFormat.BITS || mode == PixelFormat.PALETTE
            ? Resampling.nearest(
                samples, width, height, mode.bytesPerPixel(), newWidth, newHeight, filter, window)
            : filtered(newWidth, newHeight, filter, window);
    return with(window.width(), window.height(), resized);
  }

  private byte[] filtered(int newWidth, int newHeight, Filter filter, Window window) {
    int channels = mode.channels();
    if (mode == PixelFormat.GREY16) {
      // OpenCV's filters are here for bytes only.
      return Resampling.convolve16(
          samples, width, height, newWidth, newHeight, filter.pillows(), window);
    }
    if (filter != filter.pillows()) {
      return OpenCv.resize(samples, width, height, channels, newWidth, newHeight, filter, window);
    }
    boolean alpha = mode == PixelFormat.GREY_ALPHA || mode == PixelFormat.RGBA;
    byte[] source = alpha ? Colours.premultiplied(samples, channels) : samples;
    byte[] result =
        Resampling.convolve(source, width, height, channels, newWidth, newHeight, filter, window);
    if (alpha) {
      Colours.divideByAlpha(result, channels);
    }
    return result;
  }

  private void requireRoom(int newWidth, int newHeight) {
    if ((long) newWidth * newHeight * mode.bytesPerPixel() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "A " + mode + " picture of " + newWidth + " x " + newHeight + " is too large");
    }
  }

  /**
   * Cuts out a window.
   *
   * @param window a rectangle within the picture
   * @return a picture of the window's size; this one if it is the whole
   * @throws IllegalArgumentException if it lies outside
   */
  public Picture crop(Window window) {
    window.requireWithin(width, height);
    if (window.width() == width && window.height() == height) {
      return this;
    }
    return with(
        window.width(),
        window.height(),
        Resampling.cut(samples, width, mode.bytesPerPixel(), window));
  }

  /**
   * Surrounds the picture with zero samples.
   *
   * @param left the columns to its left
   * @param top the rows above it
   * @param newWidth the whole width
   * @param newHeight the whole height
   * @return the padded picture; this one if nothing changes
   * @throws IllegalArgumentException if the picture does not fit there
   */
  public Picture pad(int left, int top, int newWidth, int newHeight) {
    new Window(left, top, width, height).requireWithin(newWidth, newHeight);
    if (newWidth == width && newHeight == height) {
      return this;
    }
    requireRoom(newWidth, newHeight);
    int bytes = mode.bytesPerPixel();
    byte[] padded = new byte[newWidth * newHeight * bytes];
    for (int y = 0; y < height; y++) {
      int to = ((top + y) * newWidth + left) * bytes;
      System.arraycopy(samples, y * width * bytes, padded, to, width * bytes);
    }
    return with(newWidth, newHeight, padded);
  }

  /**
   * Turns and mirrors the picture so that one stored in an EXIF orientation stands upright.
   *
   * @param orientation the EXIF orientation, 1 (as it is) to 8; 2 mirrors, 3 turns by 180 degrees
   * @return the turned picture
   * @throws IllegalArgumentException if the orientation is none of the eight
   */
  public Picture upright(int orientation) {
    if (orientation < 1 || orientation > 8) {
      throw new IllegalArgumentException("EXIF orientation " + orientation + " is not in 1..8");
    }
    if (orientation == 1) {
      return this;
    }
    boolean transposed = orientation >= 5;
    boolean fromRight =
        orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    boolean fromBottom =
        orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int bytes = mode.bytesPerPixel();
    int newWidth = transposed ? height : width;
    int newHeight = transposed ? width : height;
    byte[] turned = new byte[samples.length];
    int out = 0;
    for (int y = 0; y < newHeight; y++) {
      for (int x = 0; x < newWidth; x++) {
        int column = transposed ? y : x;
        int row = transposed ? x : y;
        int in =
            ((fromBottom ? height - 1 - row : row) * width
                    + (fromRight ? width - 1 - column : column))
                * bytes;
        for (int c = 0; c < bytes; c++) {
          turned[out++] = samples[in + c];
        }
      }
    }
    return with(newWidth, newHeight, turned);
  }

  /**
   * The normalised float pixels of the picture in RGB.
   *
   * @param normalization mean and standard deviation of the channels
   * @return {@code [3, H, W]}, row-major
   */
  public float[] toPixels(Normalization normalization) {
    float[] pixels = new float[Math.multiplyExact(3, width * height)];
    normalization.apply(rgb().samples, pixels, 0);
    return pixels;
  }

  /**
   * An AWT image of the same samples (16-bit grey and CMYK are converted to RGB).
   *
   * @return a new image
   */
  public BufferedImage toBufferedImage() {
    BufferedImage image;
    switch (mode) {
      case BITS, GREY -> image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
      case PALETTE -> {
        int[] colours = Arrays.copyOf(palette, 256);
        image =
            new BufferedImage(
                width,
                height,
                BufferedImage.TYPE_BYTE_INDEXED,
                new IndexColorModel(8, palette.length, colours, 0, true, -1, 0));
      }
      case RGB -> {
        image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
        byte[] target = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
        for (int i = 0; i < samples.length; i += 3) {
          target[i] = samples[i + 2];
          target[i + 1] = samples[i + 1];
          target[i + 2] = samples[i];
        }
        return image;
      }
      case GREY_ALPHA, RGBA -> {
        image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
        int step = mode.channels();
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
          for (int x = 0; x < width; x++) {
            int i = (y * width + x) * step;
            int green = step == 2 ? 0 : 1;
            int blue = step == 2 ? 0 : 2;
            row[x] =
                (samples[i + step - 1] & 0xff) << 24
                    | (samples[i] & 0xff) << 16
                    | (samples[i + green] & 0xff) << 8
                    | (samples[i + blue] & 0xff);
          }
          image.getRaster().setDataElements(0, y, width, 1, row);
        }
        return image;
      }
      default -> {
        return rgb().toBufferedImage();
      }
    }
    image.getRaster().setDataElements(0, 0, width, height, samples);
    return image;
  }

  /**
   * A DJL image of the picture in RGB.
   *
   * @return a new image
   */
  public Image toImage() {
    return ImageFactory.getInstance().fromImage(rgb().toBufferedImage());
  }

  /**
   * Writes a PNG: to a temporary file beside it first, so that a broken run leaves no half file.
   *
   * @param file the file to write or replace
   * @throws IOException if it cannot be written
   */
  public void writePng(Path file) throws IOException {
    WholeFile.write(file, toPng());
  }

  /**
   * The picture as {@link #writePng} writes it.
   *
   * @return the bytes of a PNG
   */
  public byte[] toPng() {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try (ImageOutputStream stream = new MemoryCacheImageOutputStream(png)) {
      if (!ImageIO.write(toBufferedImage(), "png", stream)) {
        throw new IllegalStateException("No PNG writer for " + this);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return png.toByteArray();
  }

  /** Equal in mode, size, samples and palette. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Picture picture
        && mode == picture.mode
        && width == picture.width
        && height == picture.height
        && Arrays.equals(samples, picture.samples)
        && Arrays.equals(palette, picture.palette);
  }

  @Override
  public int hashCode() {
    return Objects.hash(mode, width, height, Arrays.hashCode(samples));
  }

  @Override
  public String toString() {
    return mode + " picture of " + width + " x " + height;
  }
}
