package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GifTest {

  private static final int CLEAR = 16;
  private static final int END = 17;

  private static Picture random(int width, int height) {
    byte[] indices = new byte[width * height];
    int[] palette = new int[16];
    Random random = new Random(31L * width + height);
    for (int i = 0; i < indices.length; i++) {
      indices[i] = (byte) random.nextInt(16);
    }
    for (int i = 0; i < palette.length; i++) {
      palette[i] = 0xff000000 | random.nextInt(1 << 24);
    }
    return Picture.indexed(width, height, indices, palette);
  }

  /** Rows in the order of their passes. */
  private static List<Integer> order(int height, boolean interlaced) {
    List<Integer> rows = new ArrayList<>();
    for (int[] pass : new int[][] {{0, 8}, {4, 8}, {2, 4}, {1, 2}}) {
      for (int y = pass[0]; y < height; y += pass[1]) {
        rows.add(y);
      }
    }
    return interlaced ? rows : rows.stream().sorted().toList();
  }

  /** Codes of single pixels only, so few between clear codes that all of them have five bits. */
  private static List<Integer> codes(Picture picture, boolean interlaced) {
    List<Integer> codes = new ArrayList<>();
    codes.add(CLEAR);
    for (int y : order(picture.height(), interlaced)) {
      for (int x = 0; x < picture.width(); x++) {
        if (codes.size() % 12 == 0) {
          codes.add(CLEAR);
        }
        codes.add(picture.sample(x, y, 0));
      }
    }
    codes.add(END);
    return codes;
  }

  private static byte[] gif(Picture picture, boolean interlaced, List<Integer> codes, int block) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteBuffer screen = ByteBuffer.allocate(13).order(ByteOrder.LITTLE_ENDIAN);
    screen.put("GIF89a".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    screen.putShort((short) picture.width()).putShort((short) picture.height()).put((byte) 0x83);
    out.writeBytes(screen.array());
    for (int colour : picture.palette()) {
      out.writeBytes(new byte[] {(byte) (colour >> 16), (byte) (colour >> 8), (byte) colour});
    }
    ByteBuffer frame = ByteBuffer.allocate(11).order(ByteOrder.LITTLE_ENDIAN).put((byte) 0x2c);
    frame.putShort((short) 0).putShort((short) 0);
    frame.putShort((short) picture.width()).putShort((short) picture.height());
    out.writeBytes(frame.put((byte) (interlaced ? 0x40 : 0)).put((byte) 4).array());
    byte[] bits = new byte[(5 * codes.size() + 7) / 8];
    for (int i = 0; i < 5 * codes.size(); i++) {
      bits[i / 8] |= (byte) ((codes.get(i / 5) >> i % 5 & 1) << i % 8);
    }
    for (int i = 0; i < bits.length; i += block) {
      int length = Math.min(block, bits.length - i);
      out.write(length);
      out.write(bits, i, length);
    }
    out.write(0);
    out.write(0x3b);
    return out.toByteArray();
  }

  private static Picture read(byte[] gif) throws IOException {
    return PictureReader.asStored().read(gif, "test.gif");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8, 9, 17})
  void readsRowsInPassesSomeOfWhichAreEmpty(int height) throws IOException {
    Picture picture = random(7, height);
    assertEquals(picture, read(gif(picture, true, codes(picture, true), 255)));
    assertEquals(picture, read(gif(picture, false, codes(picture, false), 255)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 255})
  void readsDataInBlocksOfAnyLength(int block) throws IOException {
    Picture picture = random(31, 20);
    assertEquals(picture, read(gif(picture, false, codes(picture, false), block)));
  }

  @Test
  void readsClearCodesInARow() throws IOException {
    Picture picture = random(9, 9);
    List<Integer> codes = codes(picture, false);
    codes.add(0, CLEAR);
    codes.add(0, CLEAR);
    assertEquals(picture, read(gif(picture, false, codes, 255)));
  }

  @Test
  void readsAPictureWithoutAnEndCodeButNotOneWithoutAllItsPixels() throws IOException {
    Picture picture = random(9, 13);
    List<Integer> codes = codes(picture, false);
    List<Integer> all = codes.subList(0, codes.size() - 1);
    assertEquals(picture, read(gif(picture, false, all, 255)));
    List<Integer> ended = new ArrayList<>(codes.subList(0, 60));
    ended.add(END);
    String message =
        assertThrows(IOException.class, () -> read(gif(picture, false, ended, 255))).getMessage();
    assertTrue(message.contains("of 117"), message);
  }

  @Test
  void readsCodesThatGrowToTwelveBitsAndStay() throws IOException {
    // Written by the platform: 200 x 200 random indices need several tables.
    Picture picture = random(200, 200);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    javax.imageio.ImageIO.write(picture.toBufferedImage(), "gif", out);
    assertEquals(picture.rgb(), read(out.toByteArray()).rgb());
  }

  @Test
  void refusesACodeThatStandsForNothing() {
    Picture picture = random(9, 9);
    List<Integer> codes = codes(picture, false);
    codes.set(3, 31);
    assertThrows(IOException.class, () -> read(gif(picture, false, codes, 255)));
  }
}
