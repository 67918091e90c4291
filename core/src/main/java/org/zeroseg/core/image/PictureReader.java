package org.zeroseg.core.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/**
 * Decodes pictures from untrusted files. What a file claims is checked against a limit and against
 * what its bytes can hold before anything is decoded; damage, and a picture for which memory does
 * not suffice, is an {@link IOException} that names the file. Samples come out as Pillow gives
 * them: no colour management, 16-bit colour cut to its high byte, Adobe's inverted CMYK turned
 * right, signed and real numbers of TIFF files cut to the range of grey.
 *
 * <p>PNG, JPEG, GIF, BMP and TIFF are read as described. Other formats, such as WebP, are read by
 * {@link ImageIO} plugins on the class path.
 *
 * @param maxPixels the largest number of pixels that is decoded, 1 to 500 million
 * @param asSeen whether the picture is turned by its noted orientation and 16-bit grey is scaled to
 *     8 bits, as a viewer does; if not, it stays as stored
 */
public record PictureReader(long maxPixels, boolean asSeen) {

  /**
   * The limit of {@link #asStored()} and {@link #upright()} unless the system property {@code
   * zeroseg.maxPixels} says another: 100 million pixels.
   */
  public static final long DEFAULT_MAX_PIXELS = 100_000_000;

  private static final String LIMIT_PROPERTY = "zeroseg.maxPixels";

  /** Four bytes of each fit an array. */
  private static final long MOST_PIXELS = 500_000_000;

  /** Longer than any sensible file of the default number of pixels. */
  private static final long MAX_FILE_BYTES = 1L << 30;

  /** Checks the limit. */
  public PictureReader {
    if (maxPixels < 1 || maxPixels > MOST_PIXELS) {
      throw new IllegalArgumentException(
          "A limit of " + maxPixels + " pixels is not in 1.." + MOST_PIXELS);
    }
  }

  /**
   * Reads pictures as they are stored.
   *
   * @return a reader with the default limit that neither turns nor scales
   */
  public static PictureReader asStored() {
    return new PictureReader(defaultLimit(), false);
  }

  /**
   * Reads pictures as people see them.
   *
   * @return a reader with the default limit that turns pictures upright and gives 8-bit samples
   */
  public static PictureReader upright() {
    return new PictureReader(defaultLimit(), true);
  }

  private static long defaultLimit() {
    String limit = System.getProperty(LIMIT_PROPERTY);
    try {
      return limit == null ? DEFAULT_MAX_PIXELS : Long.parseLong(limit);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "The system property " + LIMIT_PROPERTY + " is no number: " + limit, e);
    }
  }

  /**
   * Reads a file.
   *
   * @param file the file
   * @return its first picture
   * @throws IOException if it cannot be read, is damaged, or is larger than the limit
   */
  public Picture read(Path file) throws IOException {
    long size = size(file);
    if (size > MAX_FILE_BYTES) {
      throw new IOException(file + " has " + size + " bytes; a picture may have " + MAX_FILE_BYTES);
    }
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (OutOfMemoryError e) {
      throw tooLittleMemory(file.toString(), e);
    }
    return read(bytes, file.toString());
  }

  /** Lists of pictures that could not be read show the message alone. */
  private static long size(Path file) throws IOException {
    try {
      return Files.size(file);
    } catch (NoSuchFileException e) {
      throw (IOException)
          new NoSuchFileException(file.toString(), null, "there is no such file").initCause(e);
    }
  }

  /**
   * Reads a stream to its end.
   *
   * @param stream the bytes of a picture file; not closed
   * @param name what messages call it
   * @return its first picture
   * @throws IOException if it cannot be read, is damaged, or is larger than the limit
   */
  public Picture read(InputStream stream, String name) throws IOException {
    byte[] bytes = stream.readNBytes((int) MAX_FILE_BYTES);
    if (bytes.length == MAX_FILE_BYTES) {
      throw new IOException(name + " is longer than a picture may be: " + MAX_FILE_BYTES);
    }
    return read(bytes, name);
  }

  /**
   * Reads the bytes of a picture file.
   *
   * @param bytes the whole file
   * @param name what messages call it
   * @return its first picture
   * @throws IOException if it cannot be read, is damaged, or is larger than the limit
   */
  public Picture read(byte[] bytes, String name) throws IOException {
    try {
      Picture picture = decode(bytes);
      return asSeen ? picture.upright(Exif.orientation(bytes)).eightBits() : picture;
    } catch (RefusedException e) {
      throw new IOException(name + e.getMessage(), e);
    } catch (IOException e) {
      String reason = e.getMessage() == null ? "it ends too early" : e.getMessage();
      throw new IOException(
          name + " is damaged or truncated (" + bytes.length + " bytes): " + reason, e);
    } catch (RuntimeException e) {
      // Decoders answer some damaged files with index and argument errors.
      throw new IOException(name + " is damaged: " + e, e);
    } catch (OutOfMemoryError e) {
      throw tooLittleMemory(name, e);
    }
  }

  private static IOException tooLittleMemory(String name, OutOfMemoryError cause) {
    return new IOException(
        name + " does not fit the memory: make the picture smaller, or the heap larger (java -Xmx)",
        cause);
  }

  private Picture decode(byte[] bytes) throws IOException {
    if (Png.matches(bytes)) {
      return Png.decode(bytes, this);
    } else if (Jpeg.matches(bytes)) {
      return Jpeg.decode(bytes, this);
    } else if (Gif.matches(bytes)) {
      return Gif.decode(bytes, this);
    } else if (Bmp.matches(bytes)) {
      return Bmp.decode(bytes, this);
    } else if (Tiff.matches(bytes)) {
      return Tiff.decode(bytes, this);
    }
    return PlatformDecoder.byPlugin(bytes, this)
        .map(Rasters::picture)
        .orElseThrow(() -> new RefusedException(OtherFormats.describe(bytes)));
  }

  /** Refuses a picture of no pixels or of more than the limit. */
  void requireSize(int width, int height) throws IOException {
    long pixels = Integer.toUnsignedLong(width) * Integer.toUnsignedLong(height);
    String size = Integer.toUnsignedLong(width) + " x " + Integer.toUnsignedLong(height);
    if (width < 0 || height < 0 || pixels > maxPixels) {
      throw new RefusedException(
          " has %s = %s pixels, more than the limit of %d (system property %s)"
              .formatted(size, Long.toUnsignedString(pixels), maxPixels, LIMIT_PROPERTY));
    }
    if (pixels == 0) {
      throw new IOException("it has " + size + " pixels");
    }
  }

  /** Refuses a picture whose data are too few for its size, whatever they say. */
  static void requireHeld(int width, int height, long needed, long held) throws IOException {
    if (needed > held) {
      throw new IOException(
          "it claims %d x %d pixels, more than its data can hold".formatted(width, height));
    }
  }
}
