package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Small files that claim much. */
class HostilePictureTest {

  private static final int SIDE = 9_999; // within the limit
  private static final long MEMORY = 64 << 20;

  private static void assertRefusedCheaply(byte[] file) {
    PictureReader reader = PictureReader.upright();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    String message =
        assertThrows(IOException.class, () -> reader.read(file, "hostile")).getMessage();
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(message.contains("hostile"), message);
    assertTrue(allocated < file.length + MEMORY, allocated + " bytes: " + message);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] png(int width, int height, int depth, int type, int dataBytes) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.writeBytes(ascii("\u0089PNG\r\n\u001a\n"));
    ByteBuffer header = ByteBuffer.allocate(25).putInt(13).put(ascii("IHDR"));
    header.putInt(width).putInt(height).put((byte) depth).put((byte) type);
    png.writeBytes(header.array());
    png.writeBytes(ByteBuffer.allocate(8).putInt(dataBytes).put(ascii("IDAT")).array());
    png.writeBytes(new byte[dataBytes + 4]);
    png.writeBytes(ByteBuffer.allocate(12).putInt(0).put(ascii("IEND")).array());
    return png.toByteArray();
  }

  @Test
  void aPngOfManyPixelsAndFewBytes() {
    assertRefusedCheaply(png(SIDE, SIDE, 8, 0, 20));
    assertRefusedCheaply(png(SIDE, SIDE, 16, 6, 1000));
    assertRefusedCheaply(png(1, 99_999_999, 8, 0, 1000));
    assertRefusedCheaply(png(99_999_999, 1, 8, 0, 1000));
    assertRefusedCheaply(png(60_000, 60_000, 8, 2, 1000));
  }

  private static byte[] jpeg(boolean progressive, int side, int scans, int bytesEach) {
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    jpeg.writeBytes(new byte[] {-1, (byte) 0xd8, -1, (byte) (progressive ? 0xc2 : 0xc0), 0, 11, 8});
    byte[] size = {(byte) (side >> 8), (byte) side, (byte) (side >> 8), (byte) side};
    jpeg.writeBytes(size);
    jpeg.writeBytes(new byte[] {1, 1, 0x11, 0});
    for (int i = 0; i < scans; i++) {
      byte last = (byte) (progressive ? i : 63);
      byte first = (byte) (progressive ? i : 0);
      jpeg.writeBytes(new byte[] {-1, (byte) 0xda, 0, 8, 1, 1, 0, first, last, 0});
      jpeg.writeBytes(new byte[i == 0 ? bytesEach : Math.min(bytesEach, 100)]);
    }
    jpeg.writeBytes(new byte[] {-1, (byte) 0xd9});
    return jpeg.toByteArray();
  }

  @Test
  void aJpegOfManyPixelsAndFewBytesOrManyEmptyScans() {
    assertRefusedCheaply(jpeg(false, SIDE, 1, 1000));
    assertRefusedCheaply(jpeg(true, SIDE, 50, 2));
    assertRefusedCheaply(jpeg(true, SIDE, 60, 200_000));
    assertRefusedCheaply(jpeg(false, 65_500, 1, 1000));
  }

  private static byte[] gif(int screen, int width, int height) {
    ByteBuffer gif = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN).put(ascii("GIF89a"));
    gif.putShort((short) screen).putShort((short) screen).put((byte) 0).put((byte) 0).put((byte) 0);
    gif.put((byte) 0x2c).putShort((short) 0).putShort((short) 0);
    gif.putShort((short) width).putShort((short) height).put((byte) 0);
    return gif.put(new byte[] {2, 2, 0x4c, 1, 0, 0x3b}).array();
  }

  @Test
  void aGifOfManyPixelsAndFewBytes() {
    assertRefusedCheaply(gif(SIDE, 1, 1));
    assertRefusedCheaply(gif(1, 65_535, 1_500));
    assertRefusedCheaply(gif(65_535, 1, 1));
  }

  private static byte[] bmp(int width, int height, int bits, int compression, int offset) {
    ByteBuffer bmp = ByteBuffer.allocate(90).order(ByteOrder.LITTLE_ENDIAN).put(ascii("BM"));
    bmp.putInt(0x7fffffff).putInt(0).putInt(offset).putInt(40).putInt(width).putInt(height);
    bmp.putShort((short) 1).putShort((short) bits).putInt(compression).putInt(0x7fffffff);
    return bmp.putInt(46, 0x7fffffff).array();
  }

  @Test
  void aBmpOfManyPixelsAndFewBytes() {
    assertRefusedCheaply(bmp(SIDE, SIDE, 24, 0, 54));
    assertRefusedCheaply(bmp(SIDE, SIDE, 8, 1, 58));
    assertRefusedCheaply(bmp(SIDE, -SIDE, 1, 0, 62));
    assertRefusedCheaply(bmp(-5, 5, 24, 0, 54));
    assertRefusedCheaply(bmp(5, Integer.MIN_VALUE, 24, 0, 54));
    assertRefusedCheaply(bmp(5, 5, 24, 0, -1));
    assertRefusedCheaply(bmp(5, 5, 24, 5, 54));
    assertRefusedCheaply(bmp(0, 5, 24, 0, 54));
  }

  @Test
  void aBmpWhoseRunsEndEarlyAndOneWhoseRunsAreAllThere() throws IOException {
    byte[] runs = {
      3, 1, 0, 0, 0, 3, 2, 3, 4, 0, 0, 1
    }; // a run, a line's end, three pixels, the end
    for (int height = 2; height <= 3; height++) {
      ByteBuffer bmp = ByteBuffer.allocate(54 + 5 * 4 + runs.length).order(ByteOrder.LITTLE_ENDIAN);
      bmp.put(bmp(3, height, 8, 1, 54 + 5 * 4), 0, 54).position(54);
      for (int colour = 0; colour < 5; colour++) {
        bmp.putInt(0x10203 * colour);
      }
      bmp.put(runs);
      if (height == 2) {
        Picture read = PictureReader.asStored().read(bmp.array(), "runs");
        Picture expected =
            Picture.indexed(
                3,
                2,
                new byte[] {2, 3, 4, 1, 1, 1},
                0xff000000,
                0xff010203,
                0xff020406,
                0xff030609,
                0xff04080c);
        assertEquals(expected, read);
      } else {
        assertRefusedCheaply(bmp.array());
      }
    }
  }

  /** Entries of 32-bit values, one each. */
  private static byte[] tiff(int... tagsAndValues) {
    int count = tagsAndValues.length / 2;
    ByteBuffer tiff = ByteBuffer.allocate(400).order(ByteOrder.LITTLE_ENDIAN);
    tiff.put(ascii("II*\0")).putInt(8).putShort((short) count);
    for (int i = 0; i < 2 * count; i += 2) {
      tiff.putShort((short) tagsAndValues[i]).putShort((short) 4).putInt(1);
      tiff.putInt(tagsAndValues[i + 1]);
    }
    return tiff.array();
  }

  @Test
  void aTiffOfManyPixelsOrLargePartsAndFewBytes() {
    for (int compression : new int[] {1, 2, 3, 4, 5, 7, 8, 32773}) {
      for (int bytes : new int[] {1, 100, 0x7fffffff, -1}) {
        int[] strips = {
          256,
          SIDE,
          257,
          SIDE,
          258,
          1,
          259,
          compression,
          262,
          1,
          273,
          200,
          277,
          1,
          278,
          SIDE,
          279,
          bytes
        };
        assertRefusedCheaply(tiff(strips));
        int[] small = {
          256,
          100,
          257,
          100,
          258,
          1,
          259,
          compression,
          262,
          1,
          322,
          1 << 15,
          323,
          1 << 15,
          324,
          200,
          325,
          bytes
        };
        assertRefusedCheaply(tiff(small));
      }
    }
    assertRefusedCheaply(tiff(256, -1, 257, -1, 258, 1, 262, 1, 273, 8, 279, 8));
    assertRefusedCheaply(tiff(256, 9, 257, 9, 258, 65_535, 262, 1, 273, 8, 279, 8));
    assertRefusedCheaply(tiff(256, 9, 257, 9, 258, 8, 262, 1, 273, 8, 277, 65_535, 279, 8));
  }

  @Test
  void aPictureThatDoesNotFitTheMemoryIsNamedAndTheRunGoesOn() throws IOException {
    long most = Runtime.getRuntime().maxMemory();
    assumeTrue(most < 3L << 30, "a heap of " + most + " bytes has room for it");
    int side = 22_300; // four bytes a pixel are an array of nearly 2 GiB
    byte[] large = png(side, side, 8, 6, 2_300_000);
    PictureReader reader = new PictureReader(500_000_000, false);
    byte[] others = new byte[(int) (most / 4)]; // what else a program holds
    try {
      String message =
          assertThrows(IOException.class, () -> reader.read(large, "large")).getMessage();
      assertTrue(message.contains("large does not fit the memory"), message);
    } finally {
      Reference.reachabilityFence(others);
    }
    Picture next = PictureTest.random(PixelFormat.RGB, 3, 2);
    assertEquals(3, next.width());
  }

  @Test
  void theLimitIsSetByAProperty() {
    byte[] file = png(200, 200, 8, 0, 1000);
    String before = System.getProperty("zeroseg.maxPixels");
    try {
      System.setProperty("zeroseg.maxPixels", "39999");
      String message =
          assertThrows(IOException.class, () -> PictureReader.asStored().read(file, "p"))
              .getMessage();
      assertTrue(message.contains("more than the limit of 39999"), message);
      System.setProperty("zeroseg.maxPixels", "many");
      assertThrows(IllegalArgumentException.class, PictureReader::upright);
      System.setProperty("zeroseg.maxPixels", "0");
      assertThrows(IllegalArgumentException.class, PictureReader::upright);
    } finally {
      if (before == null) {
        System.clearProperty("zeroseg.maxPixels");
      } else {
        System.setProperty("zeroseg.maxPixels", before);
      }
    }
    assertEquals(100_000_000, PictureReader.DEFAULT_MAX_PIXELS);
  }
}
