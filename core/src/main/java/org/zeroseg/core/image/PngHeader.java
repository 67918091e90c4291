package org.zeroseg.core.image;

/**
 * What the decoder does not tell of a PNG file.
 *
 * @param bitDepth bits a sample
 * @param colourType 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
 * @param orientation the EXIF orientation, 1 to 8
 */
record PngHeader(int bitDepth, int colourType, int orientation) {

  static final int GREY = 0;
  static final int RGB = 2;

  private static final long SIGNATURE = 0x89504e470d0a1a0aL;

  static boolean matches(byte[] bytes) {
    return bytes.length >= 33 && java.nio.ByteBuffer.wrap(bytes).getLong() == SIGNATURE;
  }

  /** Reads the chunks; stops quietly at damage, which the decoder reports. */
  static PngHeader parse(byte[] bytes) {
    java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(bytes);
    int orientation = 1;
    int i = 8;
    while (i + 12 <= bytes.length) {
      int length = buffer.getInt(i);
      if (length < 0 || length > bytes.length - i - 12) {
        break;
      }
      if (buffer.getInt(i + 4) == 0x65584966) { // eXIf
        orientation = Exif.orientation(bytes, i + 8, i + 8 + length);
      }
      i += 12 + length;
    }
    return new PngHeader(bytes[24], bytes[25], orientation);
  }
}
