package org.zeroseg.core.image;

import java.nio.charset.StandardCharsets;

/**
 * What the decoder does not tell of a JPEG file: how its components code colour, and its EXIF
 * orientation.
 *
 * @param jfif whether a JFIF marker is there
 * @param adobeTransform the colour transform of the Adobe marker, or -1
 * @param componentIds the ids of the frame's components, one char each
 * @param orientation the EXIF orientation, 1 to 8
 */
record JpegHeader(boolean jfif, int adobeTransform, String componentIds, int orientation) {

  private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] JFIF = "JFIF\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ADOBE = "Adobe".getBytes(StandardCharsets.US_ASCII);

  /**
   * Reads the markers before the first scan; stops quietly at damage, which the decoder reports.
   */
  static JpegHeader parse(byte[] bytes) {
    boolean jfif = false;
    int adobe = -1;
    int orientation = 1;
    StringBuilder ids = new StringBuilder();
    int i = 2;
    while (i + 4 <= bytes.length && (bytes[i] & 0xff) == 0xff) {
      int marker = bytes[i + 1] & 0xff;
      if (marker == 0xff) { // fill byte
        i++;
        continue;
      }
      if (marker == 0xda || marker == 0xd9) {
        break;
      }
      if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) { // markers without a length
        i += 2;
        continue;
      }
      int length = (bytes[i + 2] & 0xff) << 8 | (bytes[i + 3] & 0xff);
      int body = i + 4;
      int end = i + 2 + length;
      if (length < 2 || end > bytes.length) {
        break;
      }
      if (marker == 0xe0 && startsWith(bytes, body, end, JFIF)) {
        jfif = true;
      } else if (marker == 0xe1 && startsWith(bytes, body, end, EXIF) && orientation == 1) {
        orientation = Exif.orientation(bytes, body + EXIF.length, end);
      } else if (marker == 0xee && startsWith(bytes, body, end, ADOBE) && end - body >= 12) {
        adobe = bytes[body + 11] & 0xff;
      } else if (marker >= 0xc0
          && marker <= 0xcf
          && marker != 0xc4
          && marker != 0xc8
          && marker != 0xcc
          && end - body >= 6) {
        ids.setLength(0);
        for (int c = 0; c < bytes[body + 5] && body + 6 + 3 * c < end; c++) {
          ids.append((char) (bytes[body + 6 + 3 * c] & 0xff));
        }
      }
      i = end;
    }
    return new JpegHeader(jfif, adobe, ids.toString(), orientation);
  }

  private static boolean startsWith(byte[] bytes, int from, int end, byte[] prefix) {
    return end - from >= prefix.length
        && java.util.Arrays.equals(bytes, from, from + prefix.length, prefix, 0, prefix.length);
  }

  /** libjpeg's guess at the colour code ({@code default_decompress_parms}). */
  boolean isYcc(int components) {
    if (components == 3) {
      if (jfif || adobeTransform >= 0) {
        return jfif || adobeTransform != 0;
      }
      return !componentIds.equals("RGB");
    }
    return components == 4 && adobeTransform > 0;
  }
}
