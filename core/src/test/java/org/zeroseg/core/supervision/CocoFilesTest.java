package org.zeroseg.core.supervision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;

/** Annotations and results as tools write them, and as nobody should. */
class CocoFilesTest {

  private static final String IMAGE = "{\"id\":1,\"file_name\":\"a.png\",\"width\":8,\"height\":6}";
  private static final String OBJECT =
      "{\"id\":%d,\"image_id\":1,\"category_id\":1,\"iscrowd\":0,\"area\":4,\"bbox\":[1,1,2,2],"
          + "\"segmentation\":%s}";
  private static final String SQUARE = "[[1,1,3,1,3,3,1,3]]";

  @TempDir Path folder;

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("file.json"), text);
  }

  private CocoGroundTruth truth(String images, String... annotations) throws IOException {
    return CocoGroundTruth.read(
        write(
            "{\"images\":[%s],\"categories\":[{\"id\":1,\"name\":\"cat\"}],\"annotations\":[%s]}"
                .formatted(images, String.join(",", annotations))));
  }

  private static String object(int id, String segmentation) {
    return OBJECT.formatted(id, segmentation);
  }

  private List<String> problems(String images, String... annotations) {
    return assertThrows(InvalidDataException.class, () -> truth(images, annotations)).problems();
  }

  private List<String> detectionProblems(String results) throws IOException {
    CocoGroundTruth truth = truth(IMAGE, object(1, SQUARE));
    Path file = write(results);
    return assertThrows(InvalidDataException.class, () -> CocoDetections.read(file, truth))
        .problems();
  }

  @Test
  void annotationsOfAllFormsAreRead() throws IOException {
    CocoGroundTruth truth =
        truth(
            IMAGE,
            object(1, SQUARE),
            object(2, "{\"size\":[6,8],\"counts\":[6,2,40]}"),
            object(3, "null").replace("\"iscrowd\":0", "\"iscrowd\":1"));
    assertEquals(List.of(new CocoGroundTruth.Image(1, "a.png", 8, 6)), truth.images());
    List<Instance> objects = truth.annotations(1);
    assertEquals(new Box(1, 1, 2, 2), objects.get(0).box().orElseThrow());
    assertEquals(4, objects.get(0).outline().rle(8, 6).area());
    assertEquals(Rle.of(8, 6, new int[] {6, 2, 40}), objects.get(1).outline().rle(8, 6));
    assertTrue(objects.get(2).crowd());
    assertEquals(List.of(), truth.warnings());
  }

  @Test
  void whatNobodyNeedsMayBeNullOrANumber() throws IOException {
    CocoGroundTruth truth =
        truth("{\"id\":1,\"file_name\":null,\"width\":null,\"height\":null}", object(1, "null"));
    assertEquals(new CocoGroundTruth.Image(1, "", 0, 0), truth.images().get(0));
    CocoGroundTruth numbered =
        CocoGroundTruth.read(
            write(
                "{\"images\":[{\"id\":1,\"file_name\":17}],\"annotations\":[],"
                    + "\"categories\":[{\"id\":1,\"name\":3}]}"));
    assertEquals("17", numbered.images().get(0).fileName());
    assertEquals("3", numbered.categories().get(0).name());
  }

  @Test
  void warningsAreCounted() throws IOException {
    String without = object(1, SQUARE).replace("\"iscrowd\":0,", "");
    CocoGroundTruth truth =
        truth(IMAGE, without, without.replace("\"id\":1", "\"id\":2"), object(3, SQUARE));
    assertEquals(1, truth.warnings().size(), truth.warnings().toString());
    assertTrue(
        truth.warnings().get(0).contains("annotation 1: iscrowd is missing, taken as 0")
            && truth.warnings().get(0).endsWith("so for 1 more"),
        truth.warnings().toString());
    Path results =
        write(
            "[{\"image_id\":1,\"category_id\":5,\"score\":1,\"bbox\":[0,0,1,1]},"
                + "{\"image_id\":1,\"category_id\":5,\"score\":1,\"bbox\":[0,0,1,1]},"
                + "{\"image_id\":1,\"category_id\":6,\"score\":1,\"bbox\":[0,0,1,1]}]");
    List<String> warnings = CocoDetections.read(results, truth).warnings();
    assertEquals(2, warnings.size(), warnings.toString());
    assertTrue(warnings.get(0).contains("[0]: category_id: there is no category 5"));
  }

  @Test
  void oneFaultGivesOneMessage() throws IOException {
    assertEquals(
        List.of("[0]: bbox: expected width and height from 0, found -30.0 and -30.0"),
        detectionProblems(
            "[{\"image_id\":1,\"category_id\":1,\"score\":1,\"bbox\":[9,9,-30,-30]},"
                + "{\"image_id\":1,\"category_id\":1,\"score\":1,\"bbox\":[1,1,2,2]}]"));
    assertEquals(
        List.of("[0]: detection: expected an object, found a number"),
        detectionProblems("[7,{\"image_id\":1,\"category_id\":1,\"score\":1,\"bbox\":[1,1,2,2]}]"));
    assertEquals(
        List.of("images[0]: id: expected an integer, found text"),
        problems(IMAGE.replace("\"id\":1", "\"id\":\"one\"")));
    assertEquals(
        List.of("annotation 1: image_id: expected an integer, found text"),
        problems(IMAGE, object(1, SQUARE).replace("\"image_id\":1", "\"image_id\":\"1\"")));
  }

  @Test
  void nothingFollowsTheDocument() throws IOException {
    String whole = Files.readString(write("{\"images\":[],\"categories\":[],\"annotations\":[]}"));
    write(whole + "\n" + whole);
    List<String> problems =
        assertThrows(
                InvalidDataException.class, () -> CocoGroundTruth.read(folder.resolve("file.json")))
            .problems();
    assertTrue(problems.get(0).contains("line 2"), problems.toString());
  }

  @Test
  void annotationsMayBePackedWhateverTheFileIsCalled() throws IOException {
    Path file = folder.resolve("packed.json");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(
          "{\"images\":[],\"categories\":[],\"annotations\":[]}".getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(0, CocoGroundTruth.read(file).size());
  }

  @Test
  void polygonsThatCrossAnImageTooOftenAreRefused() {
    double[] there = new double[800];
    for (int i = 0; i < there.length; i += 2) {
      there[i] = i % 4 == 0 ? 0 : 3e6;
    }
    List<String> problems =
        problems(
            "{\"id\":1,\"width\":2147483647,\"height\":1}",
            object(1, "[" + Arrays.toString(there) + "]"));
    assertEquals(1, problems.size(), problems.toString());
    assertTrue(problems.get(0).contains("cross"), problems.toString());
  }

  @Test
  void farCornersAreCut() throws IOException {
    double far = 1 << 24;
    double[] xy = {-far, -far, far, -far, far, far, -far, far};
    CocoGroundTruth truth = truth(IMAGE, object(1, "[" + Arrays.toString(xy) + "]"));
    assertEquals(48, truth.annotations(1).get(0).outline().rle(8, 6).area());
    assertEquals(Optional.of(new Box(1, 1, 2, 2)), truth.annotations(1).get(0).box());
  }

  @Test
  void aTextWithoutEndIsRefusedBeforeItIsPutTogether() throws IOException {
    Path file = folder.resolve("long.json.gz");
    byte[] letters = new byte[1 << 20];
    Arrays.fill(letters, (byte) 'A');
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write("{\"images\":[{\"id\":1,\"file_name\":\"".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 20; i++) {
        out.write(letters);
      }
    }
    String message =
        assertThrows(InvalidDataException.class, () -> CocoGroundTruth.read(file)).getMessage();
    assertTrue(message.contains("has a value of over"), message);
  }

  /** Detections in a file that is long enough to be read in parts; cuts meet texts, too. */
  private static String manyDetections(int count, String more) {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : i % 3 == 0 ? "\n,\t" : ",")
          .append("{\"image_id\":1,\"category_id\":")
          .append(i % 20_000 == 19_999 ? 7 : 1)
          .append(more)
          .append(",\"score\":")
          .append(i)
          .append(",\"segmentation\":{\"size\":[6,8],\"counts\":[")
          .append(i % 40)
          .append(",2,")
          .append(46 - i % 40)
          .append("]}}");
    }
    return text.append("]").toString();
  }

  @Test
  void aLongResultFileIsReadAsAShortOne() throws IOException {
    CocoGroundTruth truth = truth(IMAGE, object(1, SQUARE));
    int count = 50_000;
    CocoDetections detections = CocoDetections.read(write(manyDetections(count, "")), truth);
    assertEquals(count - 2, detections.size());
    for (Instance found : detections.instances()) {
      int i = (int) found.id() - 1;
      assertEquals(i, found.score());
      int[] runs = {i % 40, 2, 46 - i % 40};
      assertEquals(Rle.of(8, 6, runs), found.outline().rle(8, 6));
    }
    List<String> warnings = detections.warnings();
    assertTrue(
        warnings.get(0).contains("[19999]: category_id: there is no category 7")
            && warnings.get(0).endsWith("so for 1 more"),
        warnings.toString());
  }

  @Test
  void whatLooksLikeTheEndOfADetectionIsNone() throws IOException {
    CocoGroundTruth truth = truth(IMAGE, object(1, SQUARE));
    String nested = manyDetections(40_000, ",\"more\":[{\"a\":1},{\"b\":[]}]");
    assertEquals(39_998, CocoDetections.read(write(nested), truth).size());
    String texts = manyDetections(40_000, ",\"more\":\"}, {},{ ,{\"");
    assertEquals(39_998, CocoDetections.read(write(texts), truth).size());
  }

  @Test
  void faultsOfALongResultFileAreTold() throws IOException {
    String text = manyDetections(40_000, "");
    assertEquals(
        List.of(
            "[33333]: score: expected a number, found text",
            "[39000]: segmentation: is missing; the first detection has one and no bbox"),
        detectionProblems(
            text.replace("\"score\":33333,", "\"score\":\"1\",")
                .replaceAll("(\"score\":39000),\"segmentation\"", "$1,\"other\"")));
    assertEquals(1, detectionProblems(text + "[]").size());
    assertEquals(1, detectionProblems(text.substring(0, text.length() - 1)).size());
    assertEquals(
        1,
        detectionProblems(text.replace("{\"image_id\":1,\"cat", "],[{\"image_id\":1,\"cat"))
            .size());
  }

  @Test
  void theFirstDetectionDecidesForALongFile() throws IOException {
    CocoGroundTruth truth = truth(IMAGE, object(1, SQUARE));
    String boxed = manyDetections(40_000, "").replace("\"score\"", "\"bbox\":[0,0,3,2],\"score\"");
    assertEquals(6, CocoDetections.read(write(boxed), truth).instances().get(39_000).area());
    String first = boxed.replaceFirst("\"bbox\":\\[0,0,3,2\\],", "");
    assertEquals(2, CocoDetections.read(write(first), truth).instances().get(39_000).area());
  }

  private static String textDetections(int from, int to, String extra) {
    StringBuilder text = new StringBuilder("[");
    for (int i = from; i < to; i++) {
      int gap = 1 + i * 37 % 90_000; // its digits have backslashes, too
      String counts =
          Rle.of(400, 300, new int[] {gap, 1 + i % 500, 119_999 - gap - i % 500}).text();
      text.append(i == from ? "" : i % 3 == 0 ? " ,\n" : ",")
          .append("{\"category_id\": 1, \"image_id\": 1, \"segmentation\": {\"counts\": \"")
          .append(counts.replace("\\", "\\\\"))
          .append("\", \"size\": [300, 400]}, \"score\": ")
          .append(i % 7 == 0 ? "-" + i + "e-05" : 1.0 / (i + 1))
          .append(i % 5 == 0 ? ", \"bbox\": [0.5, 1, 2e1, 3]" : "")
          .append(i % 2 == 0 ? ", \"area\": 3.5" : extra)
          .append("}");
    }
    return text.append("]\n").toString();
  }

  @Test
  void masksAsTextInALongFileAreThoseOfShortOnes() throws IOException {
    CocoGroundTruth truth = truth("{\"id\":1,\"width\":400,\"height\":300}");
    for (String extra : List.of("", ", \"name\": \"\\u00e4\"")) {
      List<Instance> whole =
          CocoDetections.read(write(textDetections(1, 30_000, extra)), truth).instances();
      assertEquals(29_999, whole.size());
      for (int from = 1; from < 30_000; from += 5_000) {
        int to = Math.min(from + 5_000, 30_000);
        List<Instance> part =
            CocoDetections.read(write(textDetections(from, to, extra)), truth).instances();
        for (int i = 0; i < part.size(); i++) {
          assertEquals(part.get(i).withId(from + i), whole.get(from + i - 1));
        }
      }
    }
  }

  @Test
  void faultsOfMasksAsTextAreTold() throws IOException {
    CocoGroundTruth truth = truth("{\"id\":1,\"width\":400,\"height\":300}");
    String sound = textDetections(1, 30_000, "");
    List<List<String>> faults =
        List.of(
            List.of("\"score\": ", "\"score\": 0", "is not JSON"),
            List.of("\"size\": \\[300, 400]", "\"size\": [400, 300]", "[0]: segmentation.size: "),
            List.of("\"counts\": \"", "\"counts\": \" ", "Run lengths have the character ' '"),
            List.of("\"image_id\": 1", "\"image_id\": 2", "[0]: image_id: there is no image 2"),
            List.of("\"image_id\": 1", "\"image_id\": 1.5", "expected an integer, found 1.5"),
            List.of("}\n?,", "};", "is not JSON"));
    for (List<String> fault : faults) {
      Path file = write(sound.replaceAll(fault.get(0), fault.get(1)));
      String message =
          assertThrows(InvalidDataException.class, () -> CocoDetections.read(file, truth))
              .getMessage();
      assertTrue(message.contains(fault.get(2)), message.lines().limit(2).toList() + " " + fault);
    }
  }
}
