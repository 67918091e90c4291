package org.zeroseg.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import ai.djl.modality.cv.output.DetectedObjects;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.image.Lettering;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;

class SegmentationTest {

  private static final List<String> NAMES = List.of("cat", "sofa");

  @TempDir Path folder;

  private static Mask square(int x, int y, int size) {
    return Mask.of(
        12, 8, (column, row) -> column >= x && column < x + size && row >= y && row < y + size);
  }

  private static Segmentation overlapping() {
    return Segmentation.ofSegments(
        12,
        8,
        NAMES,
        List.of(
            Segment.of(2, "sofa", .5, square(0, 0, 6)),
            Segment.of(1, "cat", .75, square(4, 4, 3)).withBox(new Box(3.5, 4, 4.25, 3))));
  }

  @Test
  void tellsHowLikelyEachCategoryIsWhereTheSegmenterDoes() {
    Segmentation found = overlapping();
    assertTrue(found.presence().isEmpty());
    Segmentation judged = found.withPresence(List.of(.25, .5));
    assertEquals(List.of(.25, .5), judged.presence());
    assertEquals(found.segments(), judged.segments());
    JsonObject json = JsonParser.parseString(judged.toGeoJson(0)).getAsJsonObject();
    assertEquals("[0.25,0.5]", json.get("presence").toString());
    assertFalse(found.toGeoJson(0).contains("presence"));
    assertThrows(IllegalArgumentException.class, () -> judged.withPresence(List.of(.25)));
  }

  private static Image picture(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < width * height; i++) {
      image.setRGB(i % width, i / width, 0x102030);
    }
    return ImageFactory.getInstance().fromImage(image);
  }

  @Test
  void aLabelMapGivesASegmentForEveryCategoryPresent() {
    int[] labels = {0, 2, 2, 0, 0, 2};
    Segmentation result =
        Segmentation.ofLabels(3, 2, List.of("cat", "sofa", "dog"), labels, new double[] {1, .5, 0});
    assertArrayEquals(labels, result.labels());
    assertEquals(1, result.segments().size());
    Segment sofa = result.segments().get(0);
    assertEquals(2, sofa.label());
    assertEquals("sofa", sofa.name());
    assertEquals(.5, sofa.score());
    assertEquals(3, sofa.mask().area());
    assertEquals(new Box(1, 0, 2, 2), sofa.box());
    assertEquals(2, result.labelAt(2, 1));
  }

  @Test
  void theSurestSegmentOwnsAPixel() {
    Segmentation result = overlapping();
    assertEquals(1, result.labelAt(5, 5));
    assertEquals(2, result.labelAt(3, 3));
    assertEquals(0, result.labelAt(11, 7));
    assertEquals("cat", result.segments().get(0).name());
    assertEquals(9, result.segments().get(0).mask().area());
    assertEquals(36, result.segments().get(1).mask().area());
  }

  @Test
  void nothingOutsideCanChangeASegment() {
    float[] vector = {1, 2};
    Segment segment = Segment.of(1, "cat", 1, square(0, 0, 2)).withEmbedding(vector);
    vector[0] = 9;
    segment.embedding().orElseThrow()[1] = 9;
    assertArrayEquals(new float[] {1, 2}, segment.embedding().orElseThrow());
    Segmentation result = overlapping();
    result.labels()[0] = 1;
    assertEquals(2, result.labelAt(0, 0));
  }

  @Test
  void cocoResultsHoldRunLengthsThatDecodeToTheMasks() {
    Segmentation result = overlapping();
    JsonArray entries =
        JsonParser.parseString(result.toCocoJson(139, label -> 10 * label)).getAsJsonArray();
    for (int i = 0; i < 2; i++) {
      JsonObject entry = entries.get(i).getAsJsonObject();
      Segment segment = result.segments().get(i);
      assertEquals(139, entry.get("image_id").getAsInt());
      assertEquals(10 * segment.label(), entry.get("category_id").getAsInt());
      assertEquals(segment.score(), entry.get("score").getAsDouble());
      JsonObject mask = entry.getAsJsonObject("segmentation");
      assertEquals("[8,12]", mask.get("size").toString());
      assertEquals(segment.mask(), Rle.parse(12, 8, mask.get("counts").getAsString()).mask());
    }
    assertEquals("[3.5,4,4.25,3]", entries.get(0).getAsJsonObject().get("bbox").toString());
    assertEquals("[0,0,6,6]", entries.get(1).getAsJsonObject().get("bbox").toString());
  }

  @Test
  void outlinesAreClosedRings() {
    JsonObject collection = JsonParser.parseString(overlapping().toGeoJson(0)).getAsJsonObject();
    assertEquals("FeatureCollection", collection.get("type").getAsString());
    JsonObject cat = collection.getAsJsonArray("features").get(0).getAsJsonObject();
    assertEquals("cat", cat.getAsJsonObject("properties").get("name").getAsString());
    assertEquals(
        "{\"type\":\"MultiPolygon\",\"coordinates\":[[[[7,4],[7,7],[4,7],[4,4],[7,4]]]]}",
        cat.get("geometry").toString());
  }

  @Test
  void detectedObjectsDrawTheMasksWhereTheyAre() {
    DetectedObjects objects = overlapping().toDetectedObjects();
    assertEquals(2, objects.getNumberOfObjects());
    DetectedObjects.DetectedObject cat = objects.item(0);
    assertEquals("cat", cat.getClassName());
    assertEquals(.75, cat.getProbability());
    assertEquals(4 / 12., cat.getBoundingBox().getBounds().getX());
    assertEquals(3 / 8., cat.getBoundingBox().getBounds().getHeight());
    float[][] inside = ((ai.djl.modality.cv.output.Mask) cat.getBoundingBox()).getProbDist();
    assertEquals(3, inside.length);
    assertArrayEquals(new float[] {1, 1, 1}, inside[0]);
  }

  @Test
  void theOverlayPaintsSegmentsAndKeepsTheLegendOffThePicture() {
    Segmentation result = overlapping();
    assumeTrue(Lettering.isAvailable(), "no fonts on this machine");
    BufferedImage drawn = (BufferedImage) result.overlay(picture(12, 8)).getWrappedImage();
    assertTrue(drawn.getHeight() > 8 && drawn.getWidth() >= 12);
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 12; x++) {
        int rgb = drawn.getRGB(x, y) & 0xFFFFFF;
        if (result.labelAt(x, y) == 0) {
          assertEquals(0x102030, rgb);
        } else {
          assertNotEquals(0x102030, rgb);
        }
      }
    }
    // The cat's border is drawn over the sofa; inside, its colour mixes with the picture's.
    assertEquals(Palette.rgb(1), drawn.getRGB(4, 4) & 0xFFFFFF);
    assertEquals((0x10 + (Palette.rgb(1) >> 16)) / 2, drawn.getRGB(5, 5) >> 16 & 0xFF);
    Set<Integer> legend = new HashSet<>();
    for (int i = 8 * drawn.getWidth(); i < drawn.getHeight() * drawn.getWidth(); i++) {
      legend.add(drawn.getRGB(i % drawn.getWidth(), i / drawn.getWidth()) & 0xFFFFFF);
    }
    assertTrue(legend.containsAll(Set.of(Palette.rgb(1), Palette.rgb(2))));
  }

  @Test
  void theOverlayIsWrittenWhole() throws Exception {
    Segmentation result = overlapping();
    Path file = folder.resolve("overlay.png");
    result.writeOverlay(file, picture(12, 8));
    assertEquals(Picture.of(result.overlay(picture(12, 8))), Picture.readAsStored(file));
    assertThrows(IllegalArgumentException.class, () -> result.writeOverlay(file, picture(8, 12)));
    assertOnlyFile(file);
  }

  @Test
  void anOverlayOfNothingIsThePicture() {
    Segmentation nothing = Segmentation.ofSegments(5, 4, NAMES, List.of());
    Image drawn = nothing.overlay(picture(5, 4));
    assertEquals(4, drawn.getHeight());
    assertEquals(5, drawn.getWidth());
  }

  @Test
  void onePixelGetsALegendToo() {
    assumeTrue(Lettering.isAvailable(), "no fonts on this machine");
    Segmentation one =
        Segmentation.ofLabels(1, 1, List.of("a rather long name"), new int[] {1}, new double[1]);
    Image drawn = one.overlay(picture(1, 1));
    assertTrue(drawn.getWidth() > 50 && drawn.getHeight() < 60);
  }

  @Test
  void withoutFontsThePictureAloneIsDrawn() throws Exception {
    Path none = folder.resolve("fonts.conf");
    Files.writeString(none, "<?xml version='1.0'?><fontconfig></fontconfig>");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Duser.home=" + folder, // where Java remembers the fonts that it found before
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            WithoutFonts.class.getName());
    builder.environment().put("FONTCONFIG_FILE", none.toString()); // elsewhere than on Linux idle
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
  }

  /** The process without fonts. */
  static final class WithoutFonts {
    private WithoutFonts() {}

    public static void main(String[] arguments) {
      Image drawn = overlapping().overlay(picture(12, 8));
      if (!Lettering.isAvailable() && drawn.getHeight() != 8) {
        throw new AssertionError("a legend without letters");
      }
    }
  }

  @Test
  void fewLabelsBecomeAnIndexedPng() throws IOException {
    Path file = folder.resolve("labels.png");
    overlapping().writeLabels(file);
    BufferedImage read = ImageIO.read(file.toFile());
    IndexColorModel palette = (IndexColorModel) read.getColorModel();
    assertEquals(Palette.rgb(2), palette.getRGB(2) & 0xFFFFFF);
    for (int y = 0; y < 8; y++) {
      for (int x = 0; x < 12; x++) {
        assertEquals(overlapping().labelAt(x, y), read.getRaster().getSample(x, y, 0));
      }
    }
    assertOnlyFile(file);
  }

  @Test
  void manyLabelsBecomeAPngOfSixteenBits() throws IOException {
    List<String> names = IntStream.range(0, 40_000).mapToObj(i -> "c" + i).toList();
    int[] labels = {0, 1, 255, 256, 39_999, 40_000};
    Segmentation result = Segmentation.ofLabels(3, 2, names, labels, new double[40_000]);
    assertArrayEquals(labels, result.labels());
    Path file = folder.resolve("labels.png");
    result.writeLabels(file);
    BufferedImage read = ImageIO.read(file.toFile());
    assertEquals(16, read.getSampleModel().getSampleSize(0));
    assertArrayEquals(labels, read.getRaster().getSamples(0, 0, 3, 2, 0, (int[]) null));
  }

  @Test
  void filesAreReplacedWhole() throws IOException {
    Path file = folder.resolve("result.json");
    Files.writeString(file, "old");
    overlapping().writeCocoJson(file, 7, label -> label);
    assertEquals(overlapping().toCocoJson(7, label -> label), Files.readString(file));
    overlapping().writeGeoJson(file, 1);
    assertEquals(overlapping().toGeoJson(1), Files.readString(file));
    assertOnlyFile(file);
    assertThrows(IOException.class, () -> overlapping().writeGeoJson(file.resolve("below"), 1));
  }

  private void assertOnlyFile(Path file) throws IOException {
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void neighbouringLabelsHaveDifferentColours() {
    Set<Integer> colours = new HashSet<>();
    for (int label = 0; label < 256; label++) {
      colours.add(Palette.rgb(label));
    }
    assertEquals(256, colours.size());
    for (int a = 1; a <= 24; a++) {
      for (int b = 1; b < a; b++) {
        assertTrue(distance(Palette.rgb(a), Palette.rgb(b)) > 25, a + " and " + b);
      }
    }
  }

  private static double distance(int a, int b) {
    int red = (a >> 16 & 255) - (b >> 16 & 255);
    int green = (a >> 8 & 255) - (b >> 8 & 255);
    int blue = (a & 255) - (b & 255);
    return Math.sqrt(red * red + green * green + blue * blue);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertRefused(
        "Label 3 at pixel (1, 0); there are 2 categories",
        () -> Segmentation.ofLabels(2, 1, NAMES, new int[] {0, 3}, new double[2]));
    assertRefused(
        "1 labels for a picture of 2 x 1",
        () -> Segmentation.ofLabels(2, 1, NAMES, new int[1], new double[2]));
    assertRefused(
        "1 scores for 2 categories",
        () -> Segmentation.ofLabels(2, 1, NAMES, new int[2], new double[1]));
    assertRefused(
        "different sizes",
        () ->
            Segmentation.ofSegments(
                2, 1, NAMES, List.of(Segment.of(1, "cat", 1, square(0, 0, 2)))));
    assertRefused(
        "no name among 2",
        () ->
            Segmentation.ofSegments(
                12, 8, NAMES, List.of(Segment.of(3, "dog", 1, square(0, 0, 2)))));
    for (Segment misfit :
        List.of(
            Segment.of(1, "cat", 1, square(0, 0, 2)),
            Segment.of(3, "dog", 1, Mask.of(2, 1, (x, y) -> true)))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> Segmentation.of(2, 1, NAMES, new int[2], List.of(misfit)));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Segmentation.of(2, 1, NAMES, new int[] {0, 3}, List.of()));
    assertRefused("labels begin at 1", () -> Segment.of(0, "sky", 1, square(0, 0, 2)));
    for (double score : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused("is " + score, () -> Segment.of(1, "cat", score, square(0, 0, 2)));
    }
    assertRefused(
        "12 x 8 does not fit a picture of 8 x 12", () -> overlapping().overlay(picture(8, 12)));
    assertRefused("tolerance of -1", () -> overlapping().toGeoJson(-1));
    assertThrows(IndexOutOfBoundsException.class, () -> overlapping().labelAt(12, 0));
  }

  private static void assertRefused(String message, Runnable call) {
    String found = assertThrows(IllegalArgumentException.class, call::run).getMessage();
    assertTrue(found.contains(message), found);
  }

  @Test
  void instancesLeaveAGivenLabelMapAlone() {
    Segment low = Segment.of(2, "b", 0.25, Mask.of(2, 1, (x, y) -> x == 0));
    Segment high = Segment.of(1, "a", 0.5, Mask.of(2, 1, (x, y) -> true));
    Segmentation both =
        Segmentation.of(2, 1, List.of("a", "b"), new int[] {0, 2}, List.of(low, high));
    assertArrayEquals(new int[] {0, 2}, both.labels());
    assertEquals(List.of(high, low), both.segments());
  }
}
