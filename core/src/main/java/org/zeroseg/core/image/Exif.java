package org.zeroseg.core.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The one thing that pictures need of EXIF: a TIFF directory with an orientation. */
final class Exif {

  private static final int ORIENTATION = 0x0112;
  private static final int SHORT = 3;

  private Exif() {}

  /** The orientation in the TIFF block between two offsets; 1 where it is absent or damaged. */
  static int orientation(byte[] bytes, int from, int end) {
    if (end - from < 8) {
      return 1;
    }
    ByteBuffer tiff = ByteBuffer.wrap(bytes, from, end - from).slice();
    tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    int directory = tiff.getInt(4);
    if (directory < 8 || directory > tiff.limit() - 2) {
      return 1;
    }
    int entries = tiff.getShort(directory) & 0xffff;
    for (int e = 0; e < entries; e++) {
      int entry = directory + 2 + 12 * e;
      if (entry + 12 > tiff.limit()) {
        break;
      }
      if ((tiff.getShort(entry) & 0xffff) == ORIENTATION && tiff.getShort(entry + 2) == SHORT) {
        int value = tiff.getShort(entry + 8);
        return value >= 1 && value <= 8 ? value : 1;
      }
    }
    return 1;
  }
}
