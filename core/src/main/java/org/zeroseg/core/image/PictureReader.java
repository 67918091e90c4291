package org.zeroseg.core.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes pictures from untrusted files: sizes are checked before anything is decoded, damage is an
 * {@link IOException} that names the file. Samples come out as Pillow gives them: no colour
 * management, 16-bit colour cut to its high byte, Adobe's inverted CMYK turned right.
 *
 * @param maxPixels the largest number of pixels that is decoded
 * @param asSeen whether the picture is turned by its noted orientation and 16-bit grey is scaled to
 *     8 bits, as a viewer does; if not, it stays as stored
 */
public record PictureReader(long maxPixels, boolean asSeen) {

  /** Twice the area at which Pillow warns of a decompression bomb, where it refuses. */
  public static final long DEFAULT_MAX_PIXELS = 178_956_970;

  /** Longer than any sensible file of the default number of pixels. */
  private static final long MAX_FILE_BYTES = 1L << 30;

  /**
   * Reads pictures as they are stored.
   *
   * @return a reader with the default limit that neither turns nor scales
   */
  public static PictureReader asStored() {
    return new PictureReader(DEFAULT_MAX_PIXELS, false);
  }

  /**
   * Reads pictures as people see them.
   *
   * @return a reader with the default limit that turns pictures upright and gives 8-bit samples
   */
  public static PictureReader upright() {
    return new PictureReader(DEFAULT_MAX_PIXELS, true);
  }

  /**
   * Reads a file.
   *
   * @param file the file
   * @return its first picture
   * @throws IOException if it cannot be read, is damaged, or is larger than the limit
   */
  public Picture read(Path file) throws IOException {
    long size = Files.size(file);
    if (size > MAX_FILE_BYTES) {
      throw new IOException(file + " has " + size + " bytes; a picture may have " + MAX_FILE_BYTES);
    }
    return read(Files.readAllBytes(file), file.toString());
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
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        throw new IOException(
            name
                + " is not a picture in a known format ("
                + String.join(", ", ImageIO.getReaderFileSuffixes())
                + "); its "
                + bytes.length
                + " bytes begin with "
                + beginning(bytes));
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream, true, true);
        return decode(reader, bytes, name);
      } catch (RuntimeException e) {
        // Decoders answer some damaged files with index and argument errors.
        throw new IOException(name + " is damaged: " + e, e);
      } finally {
        reader.dispose();
      }
    }
  }

  private Picture decode(ImageReader reader, byte[] bytes, String name) throws IOException {
    Picture picture;
    int orientation;
    try {
      checkSize(reader.getWidth(0), reader.getHeight(0), name);
      Damage damage = new Damage();
      reader.addIIOReadWarningListener(damage);
      if (reader.getFormatName().toLowerCase(Locale.ROOT).startsWith("jp")
          && reader.canReadRaster()) {
        JpegHeader header = JpegHeader.parse(bytes);
        picture = jpeg(reader.readRaster(0, null), header);
        orientation = header.orientation();
      } else if (PngHeader.matches(bytes)) {
        PngHeader header = PngHeader.parse(bytes);
        picture = png(reader.read(0), header);
        orientation = header.orientation();
      } else {
        picture = Rasters.picture(reader.read(0));
        if (GifScreen.matches(bytes)) {
          GifScreen screen = GifScreen.parse(bytes, picture.width(), picture.height());
          checkSize(screen.width(), screen.height(), name);
          picture = screen.show(picture);
        }
        orientation = 1;
      }
      damage.check();
    } catch (TooLargeException e) {
      throw e;
    } catch (IOException e) {
      String reason = e.getMessage() == null ? "it ends too early" : e.getMessage();
      throw new IOException(
          name + " is damaged or truncated (" + bytes.length + " bytes): " + reason, e);
    }
    return asSeen ? picture.upright(orientation).eightBits() : picture;
  }

  private void checkSize(int width, int height, String name) throws TooLargeException {
    if ((long) width * height > maxPixels) {
      throw new TooLargeException(
          (name + " has " + width + " x " + height + " = " + (long) width * height)
              + (" pixels, more than the limit of " + maxPixels));
    }
  }

  private static Picture jpeg(Raster raster, JpegHeader header) throws IOException {
    int bands = raster.getNumBands();
    Mode mode =
        switch (bands) {
          case 1 -> Mode.GREY;
          case 3 -> Mode.RGB;
          case 4 -> Mode.CMYK;
          default -> throw new IOException("a JPEG of " + bands + " components");
        };
    byte[] samples = Rasters.bytes(raster, raster.getSampleModel().getSampleSize());
    if (header.isYcc(bands)) {
      Colours.yccToRgb(samples, bands);
    }
    // Of four components, YCC stands for inverted ink; Pillow takes plain CMYK as Adobe's, inverted
    // in the file.
    if (mode == Mode.CMYK) {
      boolean ycck = header.isYcc(bands);
      for (int i = 0; i < samples.length; i++) {
        if (!ycck || i % 4 == 3) {
          samples[i] = (byte) ~samples[i];
        }
      }
    }
    return Picture.wrap(mode, raster.getWidth(), raster.getHeight(), samples);
  }

  private static Picture png(BufferedImage image, PngHeader header) {
    int width = image.getWidth();
    int height = image.getHeight();
    boolean grey = header.colourType() == PngHeader.GREY;
    if (grey && header.bitDepth() < 8 && image.getColorModel() instanceof IndexColorModel) {
      byte[] samples = Rasters.bytes(image.getRaster(), new int[] {8});
      int factor = 255 / ((1 << header.bitDepth()) - 1);
      for (int i = 0; i < samples.length; i++) {
        samples[i] = (byte) (samples[i] * factor);
      }
      return Picture.wrap(header.bitDepth() == 1 ? Mode.BITS : Mode.GREY, width, height, samples);
    }
    if (grey && image.getRaster().getNumBands() == 2) {
      // A level marked as transparent does not add a channel in Pillow; few bits are stretched
      // here.
      Raster levels = image.getRaster().createChild(0, 0, width, height, 0, 0, new int[] {0});
      return switch (header.bitDepth()) {
        case 16 -> Rasters.grey16(levels);
        case 1 -> Picture.wrap(Mode.BITS, width, height, Rasters.bytes(levels, new int[] {8}));
        default -> Picture.wrap(Mode.GREY, width, height, Rasters.bytes(levels, new int[] {8}));
      };
    }
    Picture picture = Rasters.picture(image);
    if (header.colourType() == PngHeader.RGB && picture.mode() == Mode.RGBA) {
      return picture.rgb(); // a colour marked as transparent does not add a channel in Pillow
    }
    return picture;
  }

  private static String beginning(byte[] bytes) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.min(8, bytes.length); i++) {
      text.append(String.format(Locale.ROOT, "%02x", bytes[i]));
    }
    return text.length() == 0 ? "nothing" : text.toString();
  }

  /** Marks the one error whose message is complete. */
  private static final class TooLargeException extends IOException {
    private TooLargeException(String message) {
      super(message);
    }
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
}
