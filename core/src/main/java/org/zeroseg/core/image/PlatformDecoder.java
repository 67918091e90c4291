package org.zeroseg.core.image;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.IOException;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * Decoders of the Java platform, for files whose claims have been checked and that hold nothing but
 * what pixels need; and decoders that plugins add, for formats that the platform does not know.
 */
final class PlatformDecoder {

  /** A picture of one colour may be as large in formats that store next to nothing of it. */
  private static final long SMALL_PICTURE = 1 << 24;

  private static final long PIXELS_PER_BYTE = 4096;

  private PlatformDecoder() {}

  /** The first image of a file in one of the platform's formats, never by a plugin. */
  static BufferedImage image(String format, byte[] bytes) throws IOException {
    return read(format, bytes, reader -> reader.read(0));
  }

  /** The first image's samples before any conversion of colours. */
  static Raster raster(String format, byte[] bytes) throws IOException {
    return read(format, bytes, reader -> reader.readRaster(0, null));
  }

  private interface Step<T> {
    T from(ImageReader reader) throws IOException;
  }

  private static <T> T read(String format, byte[] bytes, Step<T> step) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      if (ofPlatform(reader)) {
        return read(reader, new Bytes(bytes), step);
      }
    }
    throw new RefusedException(" cannot be read: this Java has no decoder for " + format);
  }

  private static <T> T read(ImageReader reader, ImageInputStream stream, Step<T> step)
      throws IOException {
    try (stream) {
      Damage damage = new Damage();
      reader.addIIOReadWarningListener(damage);
      reader.setInput(stream, true, true);
      T result = step.from(reader);
      damage.check();
      return result;
    } finally {
      reader.dispose();
    }
  }

  private static boolean ofPlatform(ImageReader reader) {
    return reader.getOriginatingProvider().getClass().getModule() == ImageIO.class.getModule();
  }

  /**
   * The first image of a file in a format that only a plugin knows.
   *
   * @param limits what its size is checked against
   * @return the image, or nothing if no plugin knows the format
   */
  static Optional<BufferedImage> byPlugin(byte[] bytes, PictureReader limits) throws IOException {
    ImageInputStream stream = new Bytes(bytes);
    Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
    while (readers.hasNext()) {
      ImageReader reader = readers.next();
      if (!ofPlatform(reader)) {
        stream.seek(0);
        return Optional.of(
            read(
                reader,
                stream,
                it -> {
                  int width = it.getWidth(0);
                  int height = it.getHeight(0);
                  limits.requireSize(width, height);
                  long held = Math.max(SMALL_PICTURE, PIXELS_PER_BYTE * bytes.length);
                  PictureReader.requireHeld(width, height, (long) width * height, held);
                  return it.read(0);
                }));
      }
    }
    return Optional.empty();
  }

  /** Decoders fill up what is missing and only warn; here missing data is an error. */
  private static final class Damage implements IIOReadWarningListener {
    private String first = "";

    @Override
    public void warningOccurred(ImageReader source, String warning) {
      if (first.isEmpty() && warning.toLowerCase(Locale.ROOT).contains("premature end")) {
        first = warning;
      }
    }

    void check() throws IOException {
      if (!first.isEmpty()) {
        throw new IOException(first);
      }
    }
  }

  /** An array as a stream; the platform's own streams copy it. */
  private static final class Bytes extends ImageInputStreamImpl {
    private final byte[] bytes;

    private Bytes(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read() {
      bitOffset = 0;
      return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int from, int length) {
      bitOffset = 0;
      if (length == 0) {
        return 0;
      }
      if (streamPos >= bytes.length) {
        return -1;
      }
      int count = (int) Math.min(length, bytes.length - streamPos);
      System.arraycopy(bytes, (int) streamPos, target, from, count);
      streamPos += count;
      return count;
    }

    @Override
    public long length() {
      return bytes.length;
    }
  }
}
