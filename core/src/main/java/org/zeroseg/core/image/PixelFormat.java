package org.zeroseg.core.image;

/**
 * How the samples of a {@link Picture} are to be understood, with Pillow's name of the same mode.
 */
public enum PixelFormat {
  /** Black and white, one byte a pixel, 0 or 255 (Pillow: {@code 1}). */
  BITS(1),
  /** 8-bit grey ({@code L}). */
  GREY(1),
  /** 8-bit grey and alpha, not premultiplied ({@code LA}). */
  GREY_ALPHA(2),
  /** 16-bit grey, two bytes a pixel, low byte first ({@code I}, as a 16-bit PNG opens). */
  GREY16(2),
  /** Indices into a palette ({@code P}). */
  PALETTE(1),
  /** Red, green, blue ({@code RGB}). */
  RGB(3),
  /** Red, green, blue, alpha, not premultiplied ({@code RGBA}). */
  RGBA(4),
  /** Cyan, magenta, yellow, black, 255 being full ink ({@code CMYK}). */
  CMYK(4);

  private final int bytes;

  PixelFormat(int bytes) {
    this.bytes = bytes;
  }

  /**
   * The bytes of one pixel.
   *
   * @return 1 to 4
   */
  public int bytesPerPixel() {
    return bytes;
  }

  /**
   * The samples of one pixel.
   *
   * @return 1 to 4
   */
  public int channels() {
    return this == GREY16 ? 1 : bytes;
  }
}
