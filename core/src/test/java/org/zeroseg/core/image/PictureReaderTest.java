package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PictureReaderTest {

  private static final Map<String, PixelFormat> PILLOW_MODES =
      Map.of(
          "1", PixelFormat.BITS,
          "L", PixelFormat.GREY,
          "LA", PixelFormat.GREY_ALPHA,
          "I", PixelFormat.GREY16,
          "P", PixelFormat.PALETTE,
          "RGB", PixelFormat.RGB,
          "RGBA", PixelFormat.RGBA,
          "CMYK", PixelFormat.CMYK);

  private static byte[] resource(String name) throws IOException {
    try (InputStream stream = PictureReaderTest.class.getResourceAsStream(name)) {
      return stream.readAllBytes();
    }
  }

  private static Picture read(byte[] bytes) throws IOException {
    return PictureReader.asStored().read(bytes, "test picture");
  }

  /** Files of every mode with what Pillow 9.5 reads from them and makes of them. */
  @Test
  void readsAndResizesWhatPillowReadsAndResizes() throws IOException {
    String text = new String(resource("pillow.json"), StandardCharsets.UTF_8);
    JsonArray cases = JsonParser.parseString(text).getAsJsonArray();
    for (JsonElement element : cases) {
      JsonObject recorded = element.getAsJsonObject();
      String file = recorded.get("file").getAsString();
      Picture picture = read(resource(file));
      assertEquals(PILLOW_MODES.get(recorded.get("mode").getAsString()), picture.mode(), file);
      assertEquals(recorded.get("width").getAsInt(), picture.width(), file);
      assertEquals(recorded.get("height").getAsInt(), picture.height(), file);
      byte[] rgb = bytes(recorded, "rgb");
      if (file.endsWith(".jpg")) {
        // The platform's JPEG decoder may round its cosine transform differently.
        assertNear(rgb, picture.rgb().samples(), 3, file);
      } else {
        assertArrayEquals(rgb, picture.rgb().samples(), file);
      }
      for (JsonElement resized : recorded.getAsJsonArray("resized")) {
        JsonObject to = resized.getAsJsonObject();
        Filter filter = Filter.valueOf(to.get("filter").getAsString());
        Picture actual =
            picture.resize(to.get("width").getAsInt(), to.get("height").getAsInt(), filter);
        assertArrayEquals(bytes(to, "rgb"), actual.rgb().samples(), file + " " + filter);
      }
    }
  }

  private static byte[] bytes(JsonObject object, String key) {
    return Base64.getDecoder().decode(object.get(key).getAsString());
  }

  private static void assertNear(byte[] expected, byte[] actual, int tolerance, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i] & 0xff, actual[i] & 0xff, tolerance, what + ", sample " + i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void appliesOrientationOnlyWhenAskedTo(int orientation) throws IOException {
    byte[] png = resource("rgb.png");
    byte[] jpeg = resource("ycc.jpg");
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      byte[] tiff = exif(orientation, order);
      for (byte[] plain : new byte[][] {png, jpeg}) {
        byte[] marked = plain == png ? withChunk(png, "eXIf", tiff) : withApp1(jpeg, tiff);
        Picture stored = read(plain);
        assertEquals(stored, read(marked));
        assertEquals(
            stored.upright(orientation), PictureReader.upright().read(marked, "marked picture"));
      }
    }
  }

  @Test
  void takesADamagedOrientationForNone() throws IOException {
    byte[] jpeg = resource("ycc.jpg");
    for (byte[] tiff :
        new byte[][] {
          {}, {'M', 'M', 0, 42}, exif(9, ByteOrder.BIG_ENDIAN), exif(0, ByteOrder.LITTLE_ENDIAN)
        }) {
      assertEquals(read(jpeg), PictureReader.upright().read(withApp1(jpeg, tiff), "marked"));
    }
    byte[] outside = exif(6, ByteOrder.BIG_ENDIAN);
    outside[4] = 0x7f;
    assertEquals(read(jpeg), PictureReader.upright().read(withApp1(jpeg, outside), "marked"));
  }

  /** A byte, a short and a long; phones write the last, too. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4})
  void takesAnOrientationOfAnyWholeType(int type) throws IOException {
    byte[] png = resource("rgb.png");
    byte[] jpeg = resource("ycc.jpg");
    for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
      byte[] tiff = exif(6, order, type);
      byte[] prefixed =
          ("Exif\0\0" + new String(tiff, StandardCharsets.ISO_8859_1))
              .getBytes(StandardCharsets.ISO_8859_1);
      for (byte[] marked :
          new byte[][] {
            withChunk(png, "eXIf", tiff), withChunk(png, "eXIf", prefixed), withApp1(jpeg, tiff)
          }) {
        assertEquals(read(marked).upright(6), PictureReader.upright().read(marked, "type " + type));
      }
    }
  }

  @Test
  void takesTheOrientationOfAnInflatedProfileOfText() throws IOException {
    byte[] tiff = exif(8, ByteOrder.BIG_ENDIAN);
    String text = "\nexif\n      26\n" + java.util.HexFormat.of().formatHex(tiff) + "\n";
    ByteArrayOutputStream profile = new ByteArrayOutputStream();
    profile.writeBytes("Raw profile type exif\0\0".getBytes(StandardCharsets.US_ASCII));
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(profile)) {
      deflater.write(text.getBytes(StandardCharsets.US_ASCII));
    }
    byte[] png = resource("rgb.png");
    byte[] marked = withChunk(png, "zTXt", profile.toByteArray());
    assertEquals(read(png).upright(8), PictureReader.upright().read(marked, "profile"));
  }

  /** A TIFF block with one entry, the orientation. */
  private static byte[] exif(int orientation, ByteOrder order) {
    return exif(orientation, order, 3);
  }

  private static byte[] exif(int orientation, ByteOrder order, int type) {
    ByteBuffer tiff = ByteBuffer.allocate(26).order(order);
    tiff.put((byte) (order == ByteOrder.BIG_ENDIAN ? 'M' : 'I')).put(tiff.get(0));
    tiff.putShort((short) 42).putInt(8).putShort((short) 1);
    tiff.putShort((short) 0x0112).putShort((short) type).putInt(1);
    switch (type) {
      case 1 -> tiff.put(18, (byte) orientation);
      case 3 -> tiff.putShort(18, (short) orientation);
      default -> tiff.putInt(18, orientation);
    }
    return tiff.array();
  }

  private static byte[] withApp1(byte[] jpeg, byte[] tiff) {
    ByteBuffer marked = ByteBuffer.allocate(jpeg.length + 10 + tiff.length);
    marked.put(jpeg, 0, 2).put((byte) 0xff).put((byte) 0xe1).putShort((short) (8 + tiff.length));
    marked.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put(tiff);
    return marked.put(jpeg, 2, jpeg.length - 2).array();
  }

  /** Inserts a chunk after the PNG's header. */
  private static byte[] withChunk(byte[] png, String type, byte[] content) {
    ByteBuffer marked = ByteBuffer.allocate(png.length + 12 + content.length);
    marked.put(png, 0, 33).put(chunk(type, content));
    return marked.put(png, 33, png.length - 33).array();
  }

  private static byte[] chunk(String type, byte[] content) {
    ByteBuffer chunk = ByteBuffer.allocate(12 + content.length);
    chunk.putInt(content.length).put(type.getBytes(StandardCharsets.US_ASCII)).put(content);
    CRC32 crc = new CRC32();
    crc.update(chunk.array(), 4, 4 + content.length);
    return chunk.putInt((int) crc.getValue()).array();
  }

  /** As Pillow 12 reads it; Java's decoder adds alpha. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void aGreyMarkedAsTransparentAddsNoChannel(int bitDepth) throws IOException {
    int[] levels = {0, 1, 2, 255};
    int width = levels.length;
    ByteBuffer row = ByteBuffer.allocate(1 + 2 * width); // behind the filter's number
    for (int x = 0; x < width; x++) {
      int bit = 8 + x * bitDepth;
      int level = bitDepth == 16 ? 300 * levels[x] : levels[x] & ((1 << bitDepth) - 1);
      if (bitDepth == 16) {
        row.putShort(bit / 8, (short) level);
      } else {
        row.put(bit / 8, (byte) (row.get(bit / 8) | level << (8 - bitDepth - bit % 8)));
      }
    }
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(data)) {
      deflater.write(row.array(), 0, 1 + (width * bitDepth + 7) / 8);
    }
    ByteBuffer header = ByteBuffer.allocate(13).putInt(width).putInt(1).put((byte) bitDepth);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    png.write(chunk("IHDR", header.array()));
    png.write(chunk("tRNS", new byte[] {0, 1}));
    png.write(chunk("IDAT", data.toByteArray()));
    png.write(chunk("IEND", new byte[0]));
    Picture picture = read(png.toByteArray());
    assertEquals(
        bitDepth == 1 ? PixelFormat.BITS : bitDepth == 16 ? PixelFormat.GREY16 : PixelFormat.GREY,
        picture.mode());
    for (int x = 0; x < width; x++) {
      int most = (1 << bitDepth) - 1;
      int expected = bitDepth == 16 ? 300 * levels[x] & 0xffff : (levels[x] & most) * 255 / most;
      assertEquals(expected, picture.sample(x, 0, 0), "column " + x);
    }
  }

  @Test
  void showsTheScreenOfAGifAroundASmallerFrame() throws IOException {
    byte[] gif = resource("palette.gif");
    Picture frame = read(gif);
    ByteBuffer bytes = ByteBuffer.wrap(gif).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putShort(6, (short) (frame.width() + 5)).putShort(8, (short) (frame.height() + 4));
    int descriptor = 13;
    while (gif[descriptor] != 0x2c
        || bytes.getShort(descriptor + 5) != frame.width()
        || bytes.getShort(descriptor + 7) != frame.height()) {
      descriptor++;
    }
    bytes.putShort(descriptor + 1, (short) 2).putShort(descriptor + 3, (short) 3);
    Picture screen = read(gif);
    assertEquals(frame, screen.crop(new Window(2, 3, frame.width(), frame.height())));
    assertEquals(frame.width() + 5, screen.width());
    assertEquals(frame.height() + 4, screen.height());
    assertEquals(screen.sample(0, 0, 0), screen.sample(frame.width() + 4, 0, 0));

    bytes.putShort(6, (short) -1).putShort(8, (short) -1);
    String message =
        assertThrows(
                IOException.class, () -> new PictureReader(1 << 20, false).read(gif, "screen.gif"))
            .getMessage();
    assertTrue(message.contains("65535 x 65535"), message);
  }

  @Test
  void refusesAHugePictureBeforeDecodingIt() {
    ByteBuffer header = ByteBuffer.allocate(13).putInt(2_000_000_000).putInt(2_000_000_000);
    header.put((byte) 8).put((byte) 2);
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    png.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    png.writeBytes(chunk("IHDR", header.array()));
    png.writeBytes(chunk("IDAT", new byte[1]));
    String message = assertThrows(IOException.class, () -> read(png.toByteArray())).getMessage();
    assertTrue(message.contains("test picture"), message);
    assertTrue(message.contains("2000000000 x 2000000000"), message);
    assertTrue(message.contains("more than the limit of 100000000"), message);
  }

  @Test
  void honoursTheCallersLimit() throws IOException {
    byte[] png = resource("rgb.png");
    assertEquals(63, 9 * new PictureReader(63, false).read(png, "p").width());
    assertThrows(IOException.class, () -> new PictureReader(62, false).read(png, "p"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rgb.png", "grey16.png", "ycc.jpg", "cmyk.jpg", "rgb.bmp", "palette.gif"})
  void refusesTruncatedFilesAndSaysWhich(String name) throws IOException {
    byte[] whole = resource(name);
    for (int length : new int[] {0, 1, 10, whole.length / 2, whole.length * 3 / 4}) {
      byte[] part = Arrays.copyOf(whole, length);
      String message =
          assertThrows(IOException.class, () -> read(part), name + " cut at " + length)
              .getMessage();
      assertTrue(message.contains("test picture") && !message.contains("null"), message);
    }
  }

  @Test
  void refusesALargeJpegThatEndsInTheMiddleOfItsData() throws IOException {
    Picture noise = PictureTest.random(PixelFormat.RGB, 400, 300);
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageIO.write(noise.toBufferedImage(), "jpg", jpeg);
    byte[] part = Arrays.copyOf(jpeg.toByteArray(), jpeg.size() / 2);
    assertThrows(IOException.class, () -> read(part));
  }

  /** Chunks that say nothing of pixels, not as they should be. */
  @ParameterizedTest
  @ValueSource(
      strings = {"tEXt", "zTXt", "iTXt", "sBIT", "bKGD", "hIST", "sPLT", "tIME", "iCCP", "gAMA"})
  void readsAPngWhateverItsOtherChunksSay(String type) throws IOException {
    for (String name : new String[] {"palette.png", "rgb.png", "rgba.png", "grey.png"}) {
      byte[] png = resource(name);
      for (byte[] content : new byte[][] {{}, {0}, new byte[120], {1, 2, 3, 4, 5}}) {
        assertEquals(read(png), read(withChunk(png, type, content)), type + " in " + name);
      }
    }
    byte[] rgba = resource("rgba.png");
    assertEquals(read(rgba), read(withChunk(rgba, "tRNS", new byte[] {0, 1, 0, 2, 0, 3})));
  }

  @Test
  void readsAPngInPassesAndOfAllFilters() throws IOException {
    for (PixelFormat mode :
        new PixelFormat[] {
          PixelFormat.GREY, PixelFormat.RGB, PixelFormat.RGBA, PixelFormat.PALETTE
        }) {
      for (int side : new int[] {1, 2, 3, 4, 5, 9, 60}) {
        Picture picture = PictureTest.random(mode, side, side + 1);
        // Smooth rows, so that the writer uses its filters.
        Picture smooth =
            mode == PixelFormat.PALETTE
                ? picture
                : picture.resize(4 * side, 3 * side + 1, Filter.BICUBIC);
        for (boolean passes : new boolean[] {false, true}) {
          var writer = ImageIO.getImageWritersByFormatName("png").next();
          ByteArrayOutputStream png = new ByteArrayOutputStream();
          try (var stream = ImageIO.createImageOutputStream(png)) {
            writer.setOutput(stream);
            var parameters = writer.getDefaultWriteParam();
            parameters.setProgressiveMode(
                passes
                    ? javax.imageio.ImageWriteParam.MODE_DEFAULT
                    : javax.imageio.ImageWriteParam.MODE_DISABLED);
            writer.write(
                null, new javax.imageio.IIOImage(smooth.toBufferedImage(), null, null), parameters);
          } finally {
            writer.dispose();
          }
          assertEquals(smooth.rgb(), read(png.toByteArray()).rgb(), mode + " " + side + passes);
        }
      }
    }
  }

  private static byte[] withSegment(byte[] jpeg, int marker, byte[] content) {
    ByteBuffer marked = ByteBuffer.allocate(jpeg.length + 4 + content.length);
    marked.put(jpeg, 0, 2).put((byte) 0xff).put((byte) marker);
    marked.putShort((short) (2 + content.length)).put(content);
    return marked.put(jpeg, 2, jpeg.length - 2).array();
  }

  @Test
  void readsAJpegWhateverItsProfileSays() throws IOException {
    for (String name : new String[] {"ycc.jpg", "ycck.jpg", "grey.jpg"}) {
      byte[] jpeg = resource(name);
      Picture plain = read(jpeg);
      for (String numbers : new String[] {"\1\1", "\2\1", "\0\0", "\1\377", "\1\2", ""}) {
        byte[] profile =
            ("ICC_PROFILE\0" + numbers + "no profile").getBytes(StandardCharsets.ISO_8859_1);
        byte[] once = withSegment(jpeg, 0xe2, profile);
        assertEquals(plain, read(once));
        assertEquals(plain, read(withSegment(once, 0xe2, profile)));
      }
    }
  }

  @Test
  void refusesAProgressiveJpegThatLacksScans() throws IOException {
    var writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Picture picture = PictureTest.random(PixelFormat.RGB, 9, 7).resize(60, 50, Filter.BICUBIC);
    try (var stream = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(stream);
      var parameters = writer.getDefaultWriteParam();
      parameters.setProgressiveMode(javax.imageio.ImageWriteParam.MODE_DEFAULT);
      writer.write(
          null, new javax.imageio.IIOImage(picture.toBufferedImage(), null, null), parameters);
    } finally {
      writer.dispose();
    }
    byte[] jpeg = bytes.toByteArray();
    assertEquals(60, read(jpeg).width());
    int scans = 0;
    for (int length = 4; length < jpeg.length; length++) {
      byte[] part = Arrays.copyOf(jpeg, length);
      assertThrows(IOException.class, () -> read(part), "cut at " + length);
      boolean scan = jpeg[length] == -1 && (jpeg[length + 1] & 0xff) == 0xda;
      if (scan && scans++ > 0) { // between scans, and ended as if all were there
        byte[] ended = Arrays.copyOf(jpeg, length + 2);
        ended[length + 1] = (byte) 0xd9;
        assertThrows(IOException.class, () -> read(ended), "ended at " + length);
      }
    }
    assertTrue(scans > 3, scans + " scans");
  }

  @Test
  void readsABaselineJpegThatLacksNothingButItsEndMarker() throws IOException {
    byte[] jpeg = resource("ycc.jpg");
    assertEquals(read(jpeg), read(Arrays.copyOf(jpeg, jpeg.length - 2)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "....ftypheic,HEIC",
        "....ftypmif1,HEIF",
        "....ftypavif,AVIF",
        "....ftypisom,video",
        "<?xml version='1.0'?><svg xmlns='s'>,SVG",
        "<!DOCTYPE html><html>,web page",
        "%PDF-1.7,PDF",
        "8BPS....,Photoshop",
        "P6 3 3 255,portable pixel map",
        "version https://git-lfs.github.com/spec/v1,git lfs pull"
      })
  void namesFormatsThatAreNotReadAndSaysWhatToDo(String beginningAndName) {
    String[] parts = beginningAndName.split(",", 2);
    byte[] file = parts[0].getBytes(StandardCharsets.US_ASCII);
    String message = assertThrows(IOException.class, () -> read(file)).getMessage();
    assertTrue(message.startsWith("test picture is a"), message);
    assertTrue(message.contains(parts[1]), message);
  }

  @Test
  void saysWhichLibraryReadsWebp() {
    String message = OtherFormats.describe("RIFF0000WEBP".getBytes(StandardCharsets.US_ASCII));
    assertTrue(message.contains("com.twelvemonkeys.imageio:imageio-webp"), message);
  }

  @Test
  void refusesOtherFilesNamingTheirFirstBytes() {
    byte[] other = "RIFF0000WAVE".getBytes(StandardCharsets.US_ASCII);
    String message = assertThrows(IOException.class, () -> read(other)).getMessage();
    assertTrue(message.contains("52494646") && message.contains("PNG"), message);
  }

  @Test
  void readsOrRefusesMutatedFilesWithoutAnyOtherError() throws IOException {
    Random random = new Random(11);
    for (String name : new String[] {"palette.png", "rgba.png", "ycc.jpg", "ycck.jpg", "rgb.bmp"}) {
      byte[] good = resource(name);
      for (int i = 0; i < 100; i++) {
        byte[] bad = good.clone();
        for (int k = 0; k < 3; k++) {
          bad[random.nextInt(bad.length)] = (byte) random.nextInt();
        }
        try {
          // A small limit keeps mutated sizes from filling the heap.
          Picture picture =
              new PictureReader(1 << 16, true).read(new ByteArrayInputStream(bad), name);
          assertTrue(picture.rgb().samples().length > 0);
        } catch (IOException refused) {
          assertTrue(refused.getMessage().contains(name), refused.getMessage());
        }
      }
    }
  }
}
