package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PictureTest {

  @TempDir Path folder;

  static Picture random(PixelFormat mode, int width, int height) {
    byte[] samples = new byte[width * height * mode.bytesPerPixel()];
    Random random = new Random(width * 31L + height);
    random.nextBytes(samples);
    if (mode == PixelFormat.PALETTE) {
      int[] palette = new int[256];
      for (int i = 0; i < 256; i++) {
        palette[i] = 0xff000000 | random.nextInt(1 << 24);
      }
      return Picture.indexed(width, height, samples, palette);
    }
    if (mode == PixelFormat.BITS) {
      for (int i = 0; i < samples.length; i++) {
        samples[i] = (byte) (samples[i] < 0 ? 0 : 255);
      }
    }
    return Picture.of(mode, width, height, samples);
  }

  @ParameterizedTest
  @EnumSource(PixelFormat.class)
  void computesAWindowOfTheResizedPictureAsIfItWereCutOutAfterwards(PixelFormat mode) {
    Picture picture = random(mode, 23, 17);
    for (Filter filter : Filter.values()) {
      for (int[] size : new int[][] {{9, 40}, {23, 8}, {31, 17}, {23, 17}}) {
        Window window = new Window(size[0] / 3, size[1] / 4, size[0] / 2, size[1] / 2);
        assertEquals(
            picture.resize(size[0], size[1], filter).crop(window),
            picture.resize(size[0], size[1], filter, window),
            filter + " to " + size[0] + " x " + size[1]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(PixelFormat.class)
  void resizesASinglePixelToAnEvenSurface(PixelFormat mode) {
    Picture pixel = random(mode, 1, 1);
    for (Filter filter : Filter.values()) {
      Picture surface = pixel.resize(7, 3, filter);
      assertEquals(surface.crop(new Window(6, 2, 1, 1)), surface.crop(new Window(0, 0, 1, 1)));
      // The last channel is alpha where there is one, which alone passes unchanged.
      int last = mode.channels() - 1;
      assertEquals(pixel.sample(0, 0, last), surface.resize(1, 1, filter).sample(0, 0, last));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BOX", "OPENCV_AREA"})
  void halvesAPictureByTheMeanOfFour(Filter filter) {
    Picture picture = Picture.of(PixelFormat.GREY, 4, 2, new byte[] {1, 2, 10, 20, 3, 4, 30, 40});
    assertArrayEquals(new byte[] {3, 25}, picture.resize(2, 1, filter).samples());
  }

  @Test
  void givesTheSameBytesOnManyRowsAsOnFew() {
    // Large enough to be split over threads; each strip alone is not.
    Picture large = random(PixelFormat.RGB, 300, 400);
    Picture whole = large.resize(150, 200, Filter.BICUBIC);
    for (int y = 0; y < 200; y += 50) {
      Window strip = new Window(0, y, 150, 2);
      assertEquals(whole.crop(strip), large.resize(150, 200, Filter.BICUBIC, strip));
    }
  }

  @Test
  void convertsEveryModeToRgb() {
    byte[] one = {(byte) 200};
    assertArrayEquals(rgb(200, 200, 200), Picture.of(PixelFormat.GREY, 1, 1, one).rgb().samples());
    assertArrayEquals(
        rgb(200, 200, 200), Picture.of(PixelFormat.GREY_ALPHA, 1, 1, rgb(200, 0)).rgb().samples());
    assertArrayEquals(
        rgb(1, 2, 3), Picture.of(PixelFormat.RGBA, 1, 1, rgb(1, 2, 3, 0)).rgb().samples());
    assertArrayEquals(
        rgb(77, 77, 77, 255, 255, 255),
        Picture.of(PixelFormat.GREY16, 2, 1, rgb(77, 0, 77, 1)).rgb().samples());
    assertArrayEquals(
        rgb(9, 8, 7, 0, 0, 0), Picture.indexed(2, 1, rgb(1, 200), 0, 0xff090807).rgb().samples());
    assertArrayEquals(
        rgb(0, 255, 155, 0, 0, 0),
        Picture.of(PixelFormat.CMYK, 2, 1, rgb(255, 0, 100, 0, 0, 50, 100, 255)).rgb().samples());
    Picture already = random(PixelFormat.RGB, 2, 2);
    assertSame(already, already.rgb());
  }

  private static byte[] rgb(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  @Test
  void turnsPicturesUprightFromAllEightOrientations() {
    Picture stored = Picture.of(PixelFormat.GREY, 3, 2, rgb(1, 2, 3, 4, 5, 6));
    List<byte[]> upright =
        List.of(
            rgb(1, 2, 3, 4, 5, 6),
            rgb(3, 2, 1, 6, 5, 4),
            rgb(6, 5, 4, 3, 2, 1),
            rgb(4, 5, 6, 1, 2, 3),
            rgb(1, 4, 2, 5, 3, 6),
            rgb(4, 1, 5, 2, 6, 3),
            rgb(6, 3, 5, 2, 4, 1),
            rgb(3, 6, 2, 5, 1, 4));
    for (int orientation = 1; orientation <= 8; orientation++) {
      Picture turned = stored.upright(orientation);
      assertEquals(orientation < 5 ? 3 : 2, turned.width(), "orientation " + orientation);
      assertArrayEquals(upright.get(orientation - 1), turned.samples(), "" + orientation);
    }
    assertThrows(IllegalArgumentException.class, () -> stored.upright(9));
  }

  @Test
  void normalisesToPlanesInTheOrderOfTheChannels() {
    Picture picture = Picture.of(PixelFormat.RGB, 2, 1, rgb(0, 51, 102, 255, 204, 153));
    Normalization half =
        new Normalization(
            new Normalization.Channels(0.5, 0, 1), new Normalization.Channels(0.5, 2, 1));
    assertArrayEquals(new float[] {-1, 1, 0.1f, 0.4f, -0.6f, -0.4f}, picture.toPixels(half), 1e-6f);
    assertThrows(
        IllegalArgumentException.class,
        () -> new Normalization(half.mean(), new Normalization.Channels(1, 0, 1)));
  }

  @ParameterizedTest
  @EnumSource(
      value = PixelFormat.class,
      names = {"GREY", "GREY_ALPHA", "PALETTE", "RGB", "RGBA"})
  void keepsItsColoursThroughAwtAndDjl(PixelFormat mode) {
    Picture picture = random(mode, 5, 4);
    assertEquals(picture.rgb(), Picture.of(picture.toBufferedImage()).rgb());
    assertEquals(picture.rgb(), Picture.of(picture.toImage()));
  }

  @Test
  void takesSamplesOfAwtTypesAsTheyAre() {
    int[] types = {
      BufferedImage.TYPE_INT_RGB,
      BufferedImage.TYPE_INT_BGR,
      BufferedImage.TYPE_3BYTE_BGR,
      BufferedImage.TYPE_INT_ARGB,
      BufferedImage.TYPE_4BYTE_ABGR
    };
    for (int type : types) {
      BufferedImage image = new BufferedImage(2, 1, type);
      image.setRGB(0, 0, 0xff102030);
      image.setRGB(1, 0, 0xffa0b0c0);
      Picture picture = Picture.of(ImageFactory.getInstance().fromImage(image));
      assertArrayEquals(
          rgb(0x10, 0x20, 0x30, 0xa0, 0xb0, 0xc0), picture.rgb().samples(), "type " + type);
      BufferedImage part = image.getSubimage(1, 0, 1, 1);
      assertArrayEquals(rgb(0xa0, 0xb0, 0xc0), Picture.of(part).rgb().samples(), "type " + type);
    }
    BufferedImage grey = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSample(0, 0, 0, 100);
    assertEquals(100, Picture.of(grey).sample(0, 0, 0));
    BufferedImage wide = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    wide.getRaster().setSample(0, 0, 0, 40_000);
    assertEquals(40_000 >> 8, Picture.of(wide).rgb().sample(0, 0, 2));
  }

  @Test
  void reads16BitGreyAsAViewerDoesUnlessAskedForWhatIsStored() throws Exception {
    BufferedImage wide = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
    wide.getRaster().setSample(0, 0, 0, 40_000);
    wide.getRaster().setSample(1, 0, 0, 100);
    Path file = folder.resolve("wide.png");
    ImageIO.write(wide, "png", file.toFile());
    assertEquals(Picture.of(PixelFormat.GREY, 2, 1, rgb(40_000 >> 8, 0)), Picture.read(file));
    Picture stored = Picture.readAsStored(file);
    assertEquals(40_000, stored.sample(0, 0, 0));
    assertArrayEquals(rgb(255, 255, 255, 100, 100, 100), stored.rgb().samples());
  }

  /** Beyond the first and the last row OpenCV adds a row to itself, and cuts both products. */
  @Test
  void growsRowsAsOpenCvDoesAtTopAndBottom() {
    Picture row = Picture.of(PixelFormat.GREY, 2, 1, rgb(0, 255));
    assertArrayEquals(
        rgb(0, 127, 255, 0, 127, 255), row.resize(3, 2, Filter.OPENCV_LINEAR).samples());
  }

  @Test
  void writesAPngThatReadsBackTheSame() throws Exception {
    for (PixelFormat mode :
        List.of(PixelFormat.GREY, PixelFormat.PALETTE, PixelFormat.RGB, PixelFormat.RGBA)) {
      Picture picture = random(mode, 6, 5);
      Path file = folder.resolve("picture.png");
      picture.writePng(file);
      assertEquals(picture, Picture.read(file));
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void refusesSizesThatCannotBe() {
    Picture picture = random(PixelFormat.RGB, 4, 3);
    assertThrows(IllegalArgumentException.class, () -> picture.resize(0, 3, Filter.BOX));
    assertThrows(IllegalArgumentException.class, () -> picture.resize(60_000, 60_000, Filter.BOX));
    assertThrows(IllegalArgumentException.class, () -> picture.crop(new Window(1, 0, 4, 3)));
    assertThrows(IllegalArgumentException.class, () -> new Window(0, 0, 0, 3));
    assertThrows(
        IllegalArgumentException.class, () -> Picture.of(PixelFormat.RGB, 2, 2, new byte[11]));
    assertThrows(IndexOutOfBoundsException.class, () -> picture.sample(4, 0, 0));
    Picture line = random(PixelFormat.GREY, 10_000_000, 1);
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> Preprocessing.clip(224).square(line))
            .getMessage()
            .contains("10000000 x 1"));
  }

  @Test
  void noPictureIsSaidInWords() {
    for (Executable none :
        List.<Executable>of(
            () -> Picture.of((BufferedImage) null), () -> Picture.of((Image) null))) {
      NullPointerException failure = assertThrows(NullPointerException.class, none);
      assertTrue(failure.getMessage().startsWith("There is no picture"), failure.getMessage());
    }
  }
}
