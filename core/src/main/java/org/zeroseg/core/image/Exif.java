package org.zeroseg.core.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** The orientation that a file notes: a TIFF entry, in other files within an EXIF block. */
final class Exif {

  private static final int ORIENTATION = 0x0112;
  private static final int BYTE = 1;
  private static final int SHORT = 3;
  private static final int LONG = 4;

  private static final byte[] PREFIX = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

  /** ImageMagick's chunk for profiles: its keyword, then deflated hexadecimal text. */
  private static final byte[] PROFILE =
      "Raw profile type exif\0\0".getBytes(StandardCharsets.US_ASCII);

  private static final byte[] PROFILE_APP1 =
      "Raw profile type APP1\0\0".getBytes(StandardCharsets.US_ASCII);

  private static final int LONGEST_PROFILE = 1 << 18;

  private Exif() {}

  /** The orientation of a picture file, 1 to 8; 1 where none is noted or the note is damaged. */
  static int orientation(byte[] file) {
    try {
      if (Tiff.matches(file)) {
        return inBlock(file, 0, file.length);
      } else if (Jpeg.matches(file)) {
        return inJpeg(file);
      } else if (Png.matches(file)) {
        return inPng(file);
      } else if (startsWith(file, 8, file.length, "WEBP".getBytes(StandardCharsets.US_ASCII))) {
        return inWebp(file);
      }
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      // A note that cannot be read is none.
    }
    return 1;
  }

  private static int inJpeg(byte[] file) {
    int i = 2;
    while (i + 4 <= file.length && file[i] == -1) {
      int marker = file[i + 1] & 0xff;
      if (marker == 0xff) { // fill byte
        i++;
      } else if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8)) { // without a length
        i += 2;
      } else if (marker == 0xda || marker == 0xd9) { // pixels
        break;
      } else {
        int end = i + 2 + ((file[i + 2] & 0xff) << 8 | (file[i + 3] & 0xff));
        if (marker == 0xe1 && startsWith(file, i + 4, end, PREFIX)) {
          int orientation = inBlock(file, i + 4, Math.min(end, file.length));
          if (orientation != 1) {
            return orientation;
          }
        }
        i = Math.max(end, i + 4);
      }
    }
    return 1;
  }

  private static int inPng(byte[] file) {
    ByteBuffer png = ByteBuffer.wrap(file);
    int orientation = 1;
    int i = 8;
    while (orientation == 1 && i + 12 <= file.length) {
      int length = png.getInt(i);
      int type = png.getInt(i + 4);
      int from = i + 8;
      if (length < 0 || length > file.length - from - 4) {
        break;
      }
      if (type == 0x65584966) { // eXIf
        orientation = inBlock(file, from, from + length);
      } else if (type == 0x7a545874 // zTXt
          && (startsWith(file, from, from + length, PROFILE)
              || startsWith(file, from, from + length, PROFILE_APP1))) {
        orientation = inProfile(file, from + PROFILE.length, from + length);
      }
      i = from + length + 4;
    }
    return orientation;
  }

  /** A line break, a name, a length and hexadecimal digits in lines. */
  private static int inProfile(byte[] file, int from, int end) {
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(file, from, end - from);
      byte[] inflated = new byte[LONGEST_PROFILE];
      int length = inflater.inflate(inflated);
      String text = new String(inflated, 0, length, StandardCharsets.ISO_8859_1).strip();
      String[] lines = text.split("\\s+", 3);
      byte[] block = HexFormat.of().parseHex(lines[lines.length - 1].replaceAll("\\s", ""));
      return inBlock(block, 0, block.length);
    } catch (DataFormatException damaged) {
      return 1;
    } finally {
      inflater.end();
    }
  }

  private static int inWebp(byte[] file) {
    ByteBuffer riff = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int i = 12;
    while (i + 8 <= file.length) {
      int length = riff.getInt(i + 4);
      if (length < 0 || length > file.length - i - 8) {
        break;
      }
      if (riff.getInt(i) == 0x46495845) { // EXIF
        return inBlock(file, i + 8, i + 8 + length);
      }
      i += 8 + length + (length & 1);
    }
    return 1;
  }

  private static boolean startsWith(byte[] bytes, int from, int end, byte[] prefix) {
    int to = from + prefix.length;
    return to <= Math.min(end, bytes.length)
        && Arrays.equals(bytes, from, to, prefix, 0, prefix.length);
  }

  /** The orientation in the TIFF block between two offsets, with or without EXIF's prefix. */
  private static int inBlock(byte[] bytes, int from, int end) {
    int start = startsWith(bytes, from, end, PREFIX) ? from + PREFIX.length : from;
    if (end - start < 8) {
      return 1;
    }
    ByteBuffer tiff = ByteBuffer.wrap(bytes, start, end - start).slice();
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
      if ((tiff.getShort(entry) & 0xffff) == ORIENTATION) {
        int value =
            switch (tiff.getShort(entry + 2)) {
              case BYTE -> tiff.get(entry + 8);
              case SHORT -> tiff.getShort(entry + 8);
              case LONG -> tiff.getInt(entry + 8);
              default -> 1;
            };
        return value >= 1 && value <= 8 ? value : 1;
      }
    }
    return 1;
  }
}
