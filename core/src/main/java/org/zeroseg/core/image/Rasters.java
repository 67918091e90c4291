package org.zeroseg.core.image;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentSampleModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/** Samples out of AWT's rasters, as they are. */
final class Rasters {

  private Rasters() {}

  static Picture picture(BufferedImage image) {
    Raster raster = image.getRaster();
    int width = raster.getWidth();
    int height = raster.getHeight();
    ColorModel colours = image.getColorModel();
    if (colours instanceof IndexColorModel indexed) {
      return palette(raster, indexed);
    }
    int bands = raster.getNumBands();
    if (image.isAlphaPremultiplied() || bands > 4 || colours.getNumComponents() != bands) {
      return argb(image);
    }
    if (bands == 1 && colours.getComponentSize(0) == 16) {
      return grey16(raster);
    }
    PixelFormat mode =
        switch (bands) {
          case 1 -> PixelFormat.GREY;
          case 2 -> PixelFormat.GREY_ALPHA;
          case 3 -> PixelFormat.RGB;
          default -> colours.hasAlpha() ? PixelFormat.RGBA : PixelFormat.CMYK;
        };
    return Picture.wrap(mode, width, height, bytes(raster, colours.getComponentSize()));
  }

  /** The first band, of 16 bits. */
  static Picture grey16(Raster raster) {
    int width = raster.getWidth();
    int height = raster.getHeight();
    int[] values = raster.getSamples(0, 0, width, height, 0, (int[]) null);
    byte[] bytes = new byte[2 * values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[2 * i] = (byte) values[i];
      bytes[2 * i + 1] = (byte) (values[i] >> 8);
    }
    return Picture.wrap(PixelFormat.GREY16, width, height, bytes);
  }

  private static Picture palette(Raster raster, IndexColorModel colours) {
    int[] palette = new int[Math.min(256, colours.getMapSize())];
    for (int i = 0; i < palette.length; i++) {
      palette[i] = colours.getRGB(i);
    }
    return Picture.wrapIndexed(
        raster.getWidth(), raster.getHeight(), bytes(raster, new int[] {8}), palette);
  }

  private static Picture argb(BufferedImage image) {
    int width = image.getWidth();
    byte[] bytes = new byte[Math.multiplyExact(4, width * image.getHeight())];
    int[] row = new int[width];
    int out = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int colour : row) {
        bytes[out++] = (byte) (colour >> 16);
        bytes[out++] = (byte) (colour >> 8);
        bytes[out++] = (byte) colour;
        bytes[out++] = (byte) (colour >> 24);
      }
    }
    return Picture.wrap(PixelFormat.RGBA, width, image.getHeight(), bytes);
  }

  /**
   * All bands interleaved, as bytes. Of samples with more than 8 bits the high byte is kept, as
   * Pillow does for 16-bit colour; samples with fewer are stretched to 0..255.
   */
  static byte[] bytes(Raster raster, int[] bits) {
    int bands = raster.getNumBands();
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] out = new byte[Math.multiplyExact(height, width * bands)];
    if (raster.getSampleModel() instanceof ComponentSampleModel model
        && raster.getDataBuffer() instanceof DataBufferByte buffer
        && buffer.getNumBanks() == 1
        && raster.getParent() == null) {
      byte[] in = buffer.getData();
      int[] offsets = model.getBandOffsets();
      for (int y = 0; y < height; y++) {
        for (int c = 0; c < bands; c++) {
          int i = buffer.getOffset() + y * model.getScanlineStride() + offsets[c];
          int end = (y + 1) * width * bands;
          for (int o = y * width * bands + c; o < end; o += bands) {
            out[o] = in[i];
            i += model.getPixelStride();
          }
        }
      }
      return out;
    }
    int[] row = new int[width * bands];
    for (int y = 0, o = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int i = 0; i < row.length; i++) {
        int size = bits[i % bands];
        out[o++] = (byte) (size > 8 ? row[i] >> (size - 8) : row[i] * 255 / ((1 << size) - 1));
      }
    }
    return out;
  }
}
