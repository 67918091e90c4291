package org.zeroseg.core.augment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Window;

class AugmentTest {

  private static Picture noise(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) random.nextInt(256);
    }
    return Picture.of(PixelFormat.RGB, width, height, rgb);
  }

  private static Draws draws(long seed) {
    return Draws.of(new SplittableRandom(seed));
  }

  @Test
  void unitFactorsLeaveAPictureAsItIs() {
    Picture picture = noise(17, 9);
    assertEquals(picture, Colour.brightness(picture, 1));
    assertEquals(picture, Colour.contrast(picture, 1));
    assertEquals(picture, Colour.saturation(picture, 1));
    assertEquals(picture, new GaussianBlur(1, 0.5).apply(picture));
  }

  @Test
  void greyHasNoSaturationAndNoHue() {
    Picture grey = Colour.greyscale(noise(8, 8));
    assertEquals(grey, Colour.saturation(grey, 1.7));
    assertEquals(grey, Colour.hue(grey, 0.3));
    assertEquals(grey, Colour.saturation(noise(8, 8), 0));
  }

  @Test
  void aBlurKeepsConstantPicturesOfAnySize() {
    for (int size : new int[] {1, 2, 3, 30}) {
      byte[] rgb = new byte[3 * size * size];
      Arrays.fill(rgb, (byte) 201);
      Picture constant = Picture.of(PixelFormat.RGB, size, size, rgb);
      assertEquals(constant, new GaussianBlur(39, 1.7).apply(constant));
    }
  }

  @Test
  void weightsOfABlurAreSymmetricAndSumToOne() {
    for (double sigma = 0.1; sigma < 2; sigma += 0.1) {
      int[] weights = new GaussianBlur(39, sigma).weights();
      assertEquals(256, Arrays.stream(weights).sum());
      for (int i = 0; i < 19; i++) {
        assertEquals(weights[i], weights[38 - i]);
        assertTrue(weights[i] <= weights[i + 1]);
      }
    }
  }

  @Test
  void theSameSeedGivesTheSameSample() {
    GeometricAugmentation geometric = GeometricAugmentation.of(32, 255);
    Picture picture = noise(60, 40);
    GeometricAugmentation.Labelled sample =
        new GeometricAugmentation.Labelled(picture, new int[60 * 40]);
    GeometricAugmentation.Labelled one = geometric.apply(sample, geometric.draw(60, 40, draws(9)));
    GeometricAugmentation.Labelled two = geometric.apply(sample, geometric.draw(60, 40, draws(9)));
    assertEquals(one.picture(), two.picture());
    assertArrayEquals(one.labels(), two.labels());
    PhotometricAugmentation photometric = PhotometricAugmentation.DEFAULT;
    assertEquals(photometric.apply(picture, draws(3)), photometric.apply(picture, draws(3)));
  }

  @Test
  void paddingCornersHaveThePublishedOdds() {
    Map<GeometricAugmentation.Corner, Integer> seen = new HashMap<>();
    Draws draws = draws(1);
    for (int i = 0; i < 40_000; i++) {
      seen.merge(GeometricAugmentation.Corner.draw(draws), 1, Integer::sum);
    }
    double[] odds = {0.25, 0.1875, 0.140625, 0.421875};
    int i = 0;
    for (boolean[] pad : new boolean[][] {{true, true}, {true, false}, {false, true}, {}}) {
      GeometricAugmentation.Corner corner =
          pad.length == 0
              ? new GeometricAugmentation.Corner(false, false)
              : new GeometricAugmentation.Corner(pad[0], pad[1]);
      assertEquals(odds[i++], seen.get(corner) / 40_000.0, 0.01);
    }
  }

  @Test
  void aPictureOnePixelHighSurvivesScaling() {
    GeometricAugmentation geometric = GeometricAugmentation.of(8, 255);
    GeometricAugmentation.Labelled sample =
        new GeometricAugmentation.Labelled(noise(30, 1), new int[30]);
    for (int seed = 0; seed < 20; seed++) {
      int[] labels = geometric.apply(sample, geometric.draw(30, 1, draws(seed))).labels();
      assertTrue(Arrays.stream(labels).anyMatch(label -> label == 0));
      assertTrue(Arrays.stream(labels).anyMatch(label -> label == 255));
    }
  }

  @Test
  void augmentationsRefuseWhatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> new GaussianBlur(4, 1));
    assertThrows(IllegalArgumentException.class, () -> new GaussianBlur(3, 0));
    assertThrows(IllegalArgumentException.class, () -> GeometricAugmentation.of(0, 255));
    assertThrows(
        IllegalArgumentException.class,
        () -> new GeometricAugmentation.Labelled(noise(2, 2), new int[3]));
    assertThrows(IllegalArgumentException.class, () -> new AdvancedCopyPaste(10, 11, 255));
    assertThrows(
        IllegalArgumentException.class, () -> CopyPaste.of(255).paste(List.of(), draws(0)));
    assertThrows(
        IllegalArgumentException.class,
        () -> CopyPaste.of(255).paste(List.of(square(8, 1), square(9, 2)), draws(0)));
  }

  /** An object of 4 x 4 pixels in the middle. */
  private static LabelledPixels square(int side, int number) {
    float[] pixels = new float[3 * side * side];
    Arrays.fill(pixels, number);
    int[] labels = new int[side * side];
    for (int y = side / 2 - 2; y < side / 2 + 2; y++) {
      Arrays.fill(labels, y * side + side / 2 - 2, y * side + side / 2 + 2, number);
    }
    return new LabelledPixels(pixels, side, side, labels, labels.clone());
  }

  private static long area(LabelledPixels sample, int number) {
    return Arrays.stream(sample.instances()).filter(n -> n == number).count();
  }

  @Test
  void pastedObjectsLoseARowAndAColumnUnlessAskedNotTo() {
    List<LabelledPixels> samples = List.of(square(12, 1), square(12, 2));
    assertEquals(9, area(CopyPaste.of(255).paste(samples, draws(2)), 2));
    LabelledPixels exact = new CopyPaste(255, true).paste(samples, draws(2));
    assertEquals(16, area(exact, 2));
    for (int i = 0; i < exact.instances().length; i++) {
      assertEquals(exact.instances()[i] == 2 ? 2 : 1, exact.pixels()[i]);
    }
    assertEquals(16, area(samples.get(0), 1), "the canvas itself is left alone");
  }

  @Test
  void emptyAndFullObjectsArePastedOrNot() {
    LabelledPixels empty = new LabelledPixels(new float[48], 4, 4, new int[16], new int[16]);
    int[] all = new int[16];
    Arrays.fill(all, 7);
    LabelledPixels full = new LabelledPixels(new float[48], 4, 4, all, all.clone());
    assertArrayEquals(
        empty.semantic(), CopyPaste.of(255).paste(List.of(empty, empty), draws(0)).semantic());
    LabelledPixels covered = new CopyPaste(255, true).paste(List.of(empty, full), draws(0));
    assertArrayEquals(all, covered.semantic());
    assertFalse(covered.hasObject(7));
  }

  @Test
  void patchesTileTheSquare() {
    AdvancedCopyPaste paste = new AdvancedCopyPaste(50, 5, 255);
    for (int seed = 0; seed < 50; seed++) {
      int area = 0;
      for (Window patch : paste.partition(draws(seed))) {
        area += patch.width() * patch.height();
      }
      assertEquals(2500, area);
    }
  }

  @Test
  void fittedObjectsFillTheirPatchAlongOneSideAndStayInside() {
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 1000; i++) {
      int width = 1 + random.nextInt(60);
      int height = 1 + random.nextInt(60);
      int patchWidth = 1 + random.nextInt(40);
      int patchHeight = 1 + random.nextInt(40);
      int[] size = AdvancedCopyPaste.fit(width, height, patchWidth, patchHeight);
      assertTrue(size[0] <= patchWidth && size[1] <= patchHeight);
      assertTrue(size[0] == patchWidth || size[1] == patchHeight);
    }
  }

  @Test
  void onePartitionPastesNothingAndPaintsTheBackground() {
    AdvancedCopyPaste paste = new AdvancedCopyPaste(12, 1, 255);
    LabelledPixels pasted = paste.paste(List.of(square(12, 3), square(12, 5)), draws(0));
    assertEquals(16, area(pasted, 1));
    assertEquals(0, area(pasted, 2));
    assertEquals(3, pasted.pixels()[0], 1e-6);
  }
}
