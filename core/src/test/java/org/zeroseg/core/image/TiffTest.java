package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TiffTest {

  private static final int WIDTH = 7;
  private static final int HEIGHT = 5;

  /** Little by little a file: entries of 16-bit values, one strip. */
  private static final class Maker {
    private final ByteOrder order;
    private final Map<Integer, int[]> entries = new TreeMap<>();

    Maker(ByteOrder order, int photometric, int samples, int bits) {
      this.order = order;
      int[] each = new int[samples];
      java.util.Arrays.fill(each, bits);
      with(256, WIDTH).with(257, HEIGHT).with(258, each).with(259, 1).with(262, photometric);
      with(277, samples);
    }

    Maker with(int tag, int... values) {
      entries.put(tag, values);
      return this;
    }

    /** The file, of as many strips as arrays. */
    byte[] file(byte[]... parts) {
      int rows = entries.containsKey(284) ? HEIGHT : (HEIGHT + parts.length - 1) / parts.length;
      int[] offsets = new int[parts.length];
      int[] lengths = new int[parts.length];
      int end = 8;
      for (int i = 0; i < parts.length; i++) {
        offsets[i] = end;
        lengths[i] = parts[i].length;
        end += parts[i].length;
      }
      with(273, offsets).with(278, rows).with(279, lengths);
      int directory = end + (end & 1);
      int values = directory + 6 + 12 * entries.size();
      int size = values + entries.values().stream().mapToInt(v -> 2 * v.length).sum();
      ByteBuffer out = ByteBuffer.allocate(size).order(order);
      out.put((byte) (order == ByteOrder.LITTLE_ENDIAN ? 'I' : 'M')).put(out.get(0));
      out.putShort((short) 42).putInt(directory);
      for (byte[] part : parts) {
        out.put(part);
      }
      out.position(directory).putShort((short) entries.size());
      for (Map.Entry<Integer, int[]> entry : entries.entrySet()) {
        int[] value = entry.getValue();
        out.putShort(entry.getKey().shortValue()).putShort((short) 3).putInt(value.length);
        int at = out.position();
        if (value.length > 2) {
          out.putInt(values);
          at = values;
          values += 2 * value.length;
        }
        for (int i = 0; i < value.length; i++) {
          out.putShort(at + 2 * i, (short) value[i]);
        }
        out.position(out.position() + (value.length > 2 ? 0 : 4));
      }
      return out.array();
    }
  }

  private static Picture stored(byte[] tiff) throws IOException {
    return PictureReader.asStored().read(tiff, "test.tif");
  }

  private static Picture seen(byte[] tiff) throws IOException {
    return PictureReader.upright().read(tiff, "test.tif");
  }

  /** Samples of so many bits, the highest first, rows beginning with a byte. */
  private static byte[] pack(int bits, int inRow, IntUnaryOperator sample) {
    int stride = (inRow * bits + 7) / 8;
    byte[] packed = new byte[stride * HEIGHT];
    for (int i = 0; i < inRow * HEIGHT; i++) {
      for (int b = 0; b < bits; b++) {
        int at = i % inRow * bits + b;
        int bit = sample.applyAsInt(i) >> (bits - 1 - b) & 1;
        packed[i / inRow * stride + at / 8] |= (byte) (bit << (7 - at % 8));
      }
    }
    return packed;
  }

  private static byte[] words(ByteOrder order, int bytes, int count, IntUnaryOperator sample) {
    ByteBuffer out = ByteBuffer.allocate(bytes * count).order(order);
    for (int i = 0; i < count; i++) {
      if (bytes == 2) {
        out.putShort((short) sample.applyAsInt(i));
      } else {
        out.putInt(sample.applyAsInt(i));
      }
    }
    return out.array();
  }

  private static void assertGrey(IntUnaryOperator expected, Picture picture) {
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      assertEquals(
          expected.applyAsInt(i), picture.rgb().sample(i % WIDTH, i / WIDTH, 1), "pixel " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void stretchesGreysOfFewBitsWhicheverEndIsWhite(int bits) throws IOException {
    int most = (1 << bits) - 1;
    byte[] samples = pack(bits, WIDTH, i -> i * 5 & most);
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      assertGrey(
          i -> (i * 5 & most) * 255 / most, stored(new Maker(order, 1, 1, bits).file(samples)));
      assertGrey(
          i -> 255 - (i * 5 & most) * 255 / most,
          stored(new Maker(order, 0, 1, bits).file(samples)));
    }
  }

  @Test
  void cutsSignedAndLargeNumbersAsPillowDoes() throws IOException {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      for (int bytes : new int[] {2, 4}) {
        byte[] samples = words(order, bytes, WIDTH * HEIGHT, i -> 30 * i - 200);
        byte[] tiff = new Maker(order, 1, 1, 8 * bytes).with(339, 2).file(samples);
        assertGrey(i -> Math.max(0, Math.min(255, 30 * i - 200)), stored(tiff));
        assertGrey(i -> Math.max(0, Math.min(255, 30 * i - 200)), seen(tiff));
      }
      byte[] labels = words(order, 4, WIDTH * HEIGHT, i -> 1000 * i);
      Picture stored = stored(new Maker(order, 1, 1, 32).file(labels));
      assertEquals(34_000, stored.sample(WIDTH - 1, HEIGHT - 1, 0));
    }
  }

  @Test
  void scales16And12BitsForPeopleAndCutsThemForReferences() throws IOException {
    byte[] samples = words(ByteOrder.BIG_ENDIAN, 2, WIDTH * HEIGHT, i -> 1900 * i);
    byte[] tiff = new Maker(ByteOrder.BIG_ENDIAN, 1, 1, 16).file(samples);
    assertGrey(i -> (1900 * i) >> 8, seen(tiff));
    assertGrey(i -> Math.min(255, 1900 * i), stored(tiff));
    byte[] negative = new Maker(ByteOrder.BIG_ENDIAN, 0, 1, 16).file(samples);
    assertGrey(i -> 255 - ((1900 * i) >> 8), seen(negative));
    byte[] few = pack(12, WIDTH, i -> 117 * i);
    byte[] twelve = new Maker(ByteOrder.LITTLE_ENDIAN, 1, 1, 12).file(few);
    assertGrey(i -> Math.min(255, 117 * i), stored(twelve));
    assertGrey(i -> (117 * i) >> 4, seen(twelve));
  }

  @Test
  void cutsRealNumbersUnlessPeopleSeeSharesOfWhite() throws IOException {
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    byte[] levels = words(order, 4, WIDTH * HEIGHT, i -> Float.floatToIntBits(12.7f * i - 50));
    byte[] tiff = new Maker(order, 1, 1, 32).with(339, 3).file(levels);
    assertGrey(i -> (int) Math.max(0, Math.min(255, 12.7f * i - 50)), stored(tiff));
    assertEquals(stored(tiff), seen(tiff));
    byte[] shares = words(order, 4, WIDTH * HEIGHT, i -> Float.floatToIntBits(i / 34f));
    byte[] shared = new Maker(order, 1, 1, 32).with(339, 3).file(shares);
    assertGrey(i -> (int) (i / 34f * 255), seen(shared));
    byte[] colours = new byte[4 * 3 * WIDTH * HEIGHT];
    byte[] refused = new Maker(order, 2, 3, 32).with(339, 3, 3, 3).file(colours);
    String message = assertThrows(IOException.class, () -> stored(refused)).getMessage();
    assertTrue(message.contains("test.tif is a TIFF with 32-bit real numbers"), message);
  }

  @Test
  void takesTheHighByteOfAPalettesColours() throws IOException {
    int[] palette = new int[3 * 256];
    java.util.Arrays.setAll(palette, i -> (i * 7 & 0xff) << 8);
    byte[] tiff =
        new Maker(ByteOrder.LITTLE_ENDIAN, 3, 1, 8)
            .with(320, palette)
            .file(pack(8, WIDTH, i -> 7 * i));
    Picture picture = stored(tiff);
    assertEquals(PixelFormat.PALETTE, picture.mode());
    assertEquals(7 * 3, picture.sample(3, 0, 0));
    for (int c = 0; c < 3; c++) {
      assertEquals((c * 256 + 21) * 7 & 0xff, picture.rgb().sample(3, 0, c));
    }
  }

  @Test
  void readsColoursInPlanesStripsAndWithExtraSamples() throws IOException {
    ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    Random random = new Random(1);
    int[] rgb = random.ints(3 * WIDTH * HEIGHT, 0, 65_536).toArray();
    byte[][] planes = new byte[3][];
    for (int c = 0; c < 3; c++) {
      int band = c;
      planes[c] = words(order, 2, WIDTH * HEIGHT, i -> rgb[3 * i + band]);
    }
    byte[] high = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      high[i] = (byte) (rgb[i] >> 8);
    }
    Picture expected = Picture.of(PixelFormat.RGB, WIDTH, HEIGHT, high);
    assertEquals(expected, stored(new Maker(order, 2, 3, 16).with(284, 2).file(planes)));
    byte[] mixed = words(order, 2, rgb.length, i -> rgb[i]);
    byte[][] strips = new byte[HEIGHT][];
    for (int y = 0; y < HEIGHT; y++) {
      strips[y] = java.util.Arrays.copyOfRange(mixed, 6 * WIDTH * y, 6 * WIDTH * (y + 1));
    }
    assertEquals(expected, stored(new Maker(order, 2, 3, 16).file(strips)));

    byte[] four = new byte[4 * WIDTH * HEIGHT];
    random.nextBytes(four);
    Picture unused = stored(new Maker(order, 2, 4, 8).with(338, 0).file(four));
    Picture alpha = stored(new Maker(order, 2, 4, 8).with(338, 2).file(four));
    assertEquals(Picture.of(PixelFormat.RGBA, WIDTH, HEIGHT, four), alpha);
    assertEquals(alpha.rgb(), unused);
    Picture ink = stored(new Maker(order, 5, 4, 8).file(four));
    assertEquals(Picture.of(PixelFormat.CMYK, WIDTH, HEIGHT, four), ink);
  }

  @ParameterizedTest
  @ValueSource(strings = {"LZW", "Deflate", "ZLib", "PackBits"})
  void readsWhatThePlatformCompresses(String compression) throws IOException {
    for (PixelFormat mode :
        new PixelFormat[] {PixelFormat.GREY, PixelFormat.RGB, PixelFormat.PALETTE}) {
      for (int side : new int[] {1, 40, 300}) {
        Picture picture = PictureTest.random(mode, side, side).crop(new Window(0, 0, side, side));
        byte[] tiff = write(picture, compression);
        assertArrayEquals(picture.rgb().samples(), stored(tiff).rgb().samples());
        byte[] cut = tiff.clone();
        java.util.Arrays.fill(cut, 8, Math.min(cut.length, 8 + side * side / 2), (byte) 0);
        try {
          stored(cut);
        } catch (IOException damaged) {
          assertTrue(damaged.getMessage().contains("test.tif"), damaged.getMessage());
        }
      }
    }
  }

  private static byte[] write(Picture picture, String compression) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("tiff").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(stream);
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      parameters.setCompressionType(compression);
      writer.write(null, new IIOImage(picture.toBufferedImage(), null, null), parameters);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void turnsByItsOrientationOnlyForPeople(int orientation) throws IOException {
    byte[] samples = pack(8, WIDTH, i -> i);
    byte[] tiff = new Maker(ByteOrder.BIG_ENDIAN, 1, 1, 8).with(274, orientation).file(samples);
    Picture stored = Picture.of(PixelFormat.GREY, WIDTH, HEIGHT, samples);
    assertEquals(stored, stored(tiff));
    assertEquals(stored.upright(orientation), seen(tiff));
  }

  @Test
  void undoesHorizontalDifferences() throws IOException {
    for (int bits : new int[] {8, 16, 32}) {
      ByteOrder order = ByteOrder.BIG_ENDIAN;
      IntUnaryOperator difference = i -> i % WIDTH == 0 ? 20 * (i / WIDTH) : 3;
      byte[] samples =
          bits == 8
              ? pack(8, WIDTH, difference)
              : words(order, bits / 8, WIDTH * HEIGHT, difference);
      ByteArrayOutputStream deflated = new ByteArrayOutputStream();
      try (var deflater = new java.util.zip.DeflaterOutputStream(deflated)) {
        deflater.write(samples);
      }
      byte[] tiff =
          new Maker(order, 1, 1, bits).with(259, 8).with(317, 2).file(deflated.toByteArray());
      assertGrey(i -> 20 * (i / WIDTH) + 3 * (i % WIDTH), stored(tiff));
    }
  }

  @Test
  void refusesPartsThatLieOutside() {
    byte[] samples = new byte[WIDTH * HEIGHT];
    byte[] tiff = new Maker(ByteOrder.LITTLE_ENDIAN, 1, 1, 8).file(samples);
    Maker outside = new Maker(ByteOrder.LITTLE_ENDIAN, 1, 1, 8);
    byte[] few = java.util.Arrays.copyOf(samples, 10);
    assertThrows(IOException.class, () -> stored(outside.file(few)));
    int needed = 8 + samples.length + 1 + 2 + 9 * 12; // up to the end of the entries
    for (int i = 0; i < needed; i++) {
      byte[] cut = java.util.Arrays.copyOf(tiff, i);
      assertThrows(IOException.class, () -> stored(cut));
    }
  }
}
