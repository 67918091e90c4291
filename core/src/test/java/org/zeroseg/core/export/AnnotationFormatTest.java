package org.zeroseg.core.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Polygon;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.InvalidDataException;

class AnnotationFormatTest {

  @TempDir private Path folder;

  private Path out() {
    return folder.resolve("out");
  }

  private Path photos() {
    return folder.resolve("photos");
  }

  static List<AnnotationFormat> readable() {
    return AnnotationFormat.readable();
  }

  private static List<String> described(Segmentation found, boolean scores) {
    return found.segments().stream()
        .map(
            segment ->
                segment.name()
                    + " "
                    + (scores ? segment.score() : "")
                    + segment.mask().rle().text())
        .sorted()
        .toList();
  }

  @ParameterizedTest
  @MethodSource("readable")
  void whatIsWrittenIsReadAgainToThePixel(AnnotationFormat format) throws IOException {
    FormatCases.write(format, out(), photos());
    assertEquals(
        Optional.of(format == AnnotationFormat.COCO_POLYGONS ? AnnotationFormat.COCO : format),
        AnnotationFormat.detect(out()));
    Map<String, Segmentation> read = FormatCases.read(format, out(), photos());
    boolean scores =
        List.of(
                AnnotationFormat.COCO_RESULTS,
                AnnotationFormat.LABELME,
                AnnotationFormat.MASKS,
                AnnotationFormat.GEOJSON)
            .contains(format);
    assertEquals(FormatCases.pictures().keySet(), read.keySet());
    FormatCases.pictures()
        .forEach(
            (name, expected) -> {
              Segmentation found = read.get(name);
              assertEquals(expected.width(), found.width());
              assertEquals(expected.height(), found.height());
              List<String> wanted = described(expected, scores);
              if (format == AnnotationFormat.VOC) {
                wanted =
                    wanted.stream().map(line -> line.replace("d: é", "d_ é")).sorted().toList();
              }
              assertEquals(wanted, described(found, scores), name);
            });
  }

  @ParameterizedTest
  @EnumSource
  void nothingHiddenOrHalfIsLeft(AnnotationFormat format) throws IOException {
    try (AnnotationWriter writer = format.open(out())) {
      writer.add("a.png", photos().resolve("a.png"), FormatCases.pictures().get("a.png"));
      // No finish, as of a run that ends by a fault.
    }
    try (Stream<Path> files = Files.walk(out())) {
      files
          .filter(Files::isRegularFile)
          .forEach(file -> assertFalse(file.getFileName().toString().startsWith("."), "" + file));
    }
    assertFalse(Files.exists(out().resolve(CocoWriter.INSTANCES)));
    assertFalse(Files.exists(out().resolve(LabelStudioWriter.TASKS)));
  }

  @Test
  void seamsGiveTheSamePixelsAsTheRings() {
    for (double share : new double[] {.2, .5, .8, .95}) {
      Mask mask = FormatCases.noise(61, 47, share, 7);
      double[] line = Seams.join(mask.polygons());
      assertEquals(mask, Rle.ofPolygon(61, 47, line).mask());
      List<double[]> parts = new ArrayList<>();
      mask.polygons().forEach(part -> parts.add(Seams.join(part)));
      assertEquals(mask, Rle.ofPolygons(61, 47, parts).mask());
    }
  }

  @Test
  void brushRunsAreDecodedAsLabelStudioDoes() {
    for (Mask mask :
        List.of(
            FormatCases.ring(37, 23),
            FormatCases.noise(64, 5, .5, 3),
            Mask.empty(3, 2),
            Mask.empty(300, 200).not(),
            Mask.of(1, 1, (x, y) -> true))) {
      byte[] bytes = BrushRuns.of(mask);
      assertEquals(mask, decoded(bytes, mask.width(), mask.height()));
    }
  }

  /** The rule of Label Studio's decoder, one bit after the other. */
  private static Mask decoded(byte[] bytes, int width, int height) {
    int[] at = {0};
    IntUnaryOperator read =
        count -> {
          int value = 0;
          for (int i = 0; i < count; i++, at[0]++) {
            value = value << 1 | (bytes[at[0] / 8] >> (7 - at[0] % 8) & 1);
          }
          return value;
        };
    int count = read.applyAsInt(32);
    assertEquals(4 * width * height, count);
    int word = read.applyAsInt(5) + 1;
    int[] sizes = IntStream.range(0, 4).map(i -> read.applyAsInt(4) + 1).toArray();
    int[] values = new int[count];
    for (int i = 0; i < count; ) {
      boolean run = read.applyAsInt(1) == 1;
      int end = i + 1 + read.applyAsInt(sizes[read.applyAsInt(2)]);
      int value = run ? read.applyAsInt(word) : 0;
      for (; i < end; i++) {
        values[i] = run ? value : read.applyAsInt(word);
      }
    }
    return Mask.of(width, height, (x, y) -> values[4 * (y * width + x) + 3] == 255);
  }

  @Test
  void outlinesInGeoJsonAreValid() throws IOException {
    FormatCases.write(AnnotationFormat.GEOJSON, out(), photos());
    JsonObject document =
        JsonParser.parseString(Files.readString(out().resolve("a.geojson"))).getAsJsonObject();
    List<Segment> segments = FormatCases.pictures().get("a.png").segments();
    JsonArray features = document.getAsJsonArray("features");
    assertEquals(segments.size(), features.size());
    for (int i = 0; i < features.size(); i++) {
      JsonObject feature = features.get(i).getAsJsonObject();
      Geometry geometry = geometry(feature.getAsJsonObject("geometry"));
      assertTrue(geometry.isValid());
      assertEquals(segments.get(i).mask().area(), geometry.getArea());
      JsonObject properties = feature.getAsJsonObject("properties");
      JsonObject classification = properties.getAsJsonObject("classification");
      assertEquals(segments.get(i).name(), classification.get("name").getAsString());
      assertEquals(3, classification.getAsJsonArray("color").size());
      assertEquals(
          segments.get(i).score(),
          properties.getAsJsonObject("measurements").get("score").getAsDouble());
    }
  }

  private static Geometry geometry(JsonObject json) {
    GeometryFactory factory = new GeometryFactory();
    JsonArray coordinates = json.getAsJsonArray("coordinates");
    if (json.get("type").getAsString().equals("Polygon")) {
      return polygon(factory, coordinates);
    }
    List<Polygon> parts = new ArrayList<>();
    coordinates.forEach(part -> parts.add(polygon(factory, part.getAsJsonArray())));
    return factory.createMultiPolygon(parts.toArray(Polygon[]::new));
  }

  private static Polygon polygon(GeometryFactory factory, JsonArray rings) {
    List<LinearRing> made = new ArrayList<>();
    for (JsonElement ring : rings) {
      List<Coordinate> corners = new ArrayList<>();
      for (JsonElement corner : ring.getAsJsonArray()) {
        JsonArray xy = corner.getAsJsonArray();
        corners.add(new Coordinate(xy.get(0).getAsDouble(), xy.get(1).getAsDouble()));
      }
      made.add(factory.createLinearRing(corners.toArray(Coordinate[]::new)));
    }
    return factory.createPolygon(
        made.get(0), made.subList(1, made.size()).toArray(LinearRing[]::new));
  }

  @Test
  void whatAFormatCannotHoldIsCounted() throws IOException {
    assertEquals(Map.of(), FormatCases.write(AnnotationFormat.COCO, out(), photos()));
    Map<String, Long> yolo =
        FormatCases.write(AnnotationFormat.YOLO, folder.resolve("yolo"), photos());
    List<org.zeroseg.core.mask.Polygon> parts =
        FormatCases.pictures().values().stream()
            .flatMap(found -> found.segments().stream())
            .flatMap(segment -> segment.mask().polygons().stream())
            .toList();
    assertEquals(parts.size() - 3, yolo.get("parts joined by a seam"));
    assertEquals(
        parts.stream().mapToInt(part -> part.holes().size()).sum(),
        yolo.get("holes kept by a seam").intValue());
    Mask mask = FormatCases.ring(40, 20);
    Segmentation twice =
        Segmentation.ofSegments(
            40,
            20,
            List.of("cat"),
            List.of(
                Segment.of(1, "cat", .9, mask),
                Segment.of(1, "cat", .8, mask),
                Segment.of(1, "cat", .7, Mask.empty(40, 20))));
    try (AnnotationWriter labels = AnnotationFormat.LABELS.open(folder.resolve("labels"));
        AnnotationWriter voc = AnnotationFormat.VOC.open(folder.resolve("voc"))) {
      labels.add("a.png", photos(), twice);
      voc.add("a.png", photos(), twice);
      assertEquals(
          Map.of(
              "objects joined with others of their category", 1L,
              "segments without a pixel left out", 1L),
          labels.finish());
      assertEquals(
          Map.of(
              "pixels of objects under others left out",
              (long) mask.area(),
              "segments without a pixel left out",
              1L),
          voc.finish());
    }
  }

  @Test
  void namesOfPicturesLeadNowhere() throws IOException {
    Segmentation found = FormatCases.pictures().get("deep/b.png");
    for (AnnotationFormat format : AnnotationFormat.values()) {
      Path own = folder.resolve("deep").resolve(format.toString());
      try (AnnotationWriter writer = format.open(own)) {
        for (String name :
            List.of(
                "../../up.png",
                "/root.png",
                "..\\up.png",
                "C:\\x\u001b[31m\n.png",
                "UP.png",
                "y".repeat(300) + ".png",
                "..",
                "")) {
          writer.add(name, folder.resolve("absent"), found);
        }
        writer.finish();
      }
    }
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> all = files.filter(Files::isRegularFile).toList();
      assertTrue(all.stream().allMatch(file -> file.startsWith(folder.resolve("deep"))), "" + all);
      assertTrue(all.stream().noneMatch(file -> file.toString().contains("\u001b")));
    }
    try (Stream<Path> files = Files.list(folder.resolve("deep").resolve("labelme"))) {
      assertEquals(
          List.of("UP.png-2.json", "picture-2.json"),
          files
              .filter(Files::isRegularFile)
              .map(file -> file.getFileName().toString())
              .filter(name -> name.startsWith("UP") || name.startsWith("picture-"))
              .sorted()
              .toList());
    }
  }

  @Test
  void manyCategoriesNeedSixteenBits() throws IOException {
    List<String> names = IntStream.range(0, 300).mapToObj(i -> "word " + i).toList();
    Mask mask = FormatCases.ring(40, 20);
    Segmentation found =
        Segmentation.ofSegments(40, 20, names, List.of(Segment.of(299, "word 298", 1, mask)));
    try (AnnotationWriter writer = AnnotationFormat.LABELS.open(out())) {
      writer.add("a.png", photos(), found);
      writer.finish();
    }
    Segmentation read = FormatCases.read(AnnotationFormat.LABELS, out(), photos()).get("a.png");
    assertEquals(described(found, true), described(read, true));
    try (AnnotationWriter writer = AnnotationFormat.VOC.open(folder.resolve("voc"))) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> writer.add("a.png", photos(), found));
      assertTrue(refused.getMessage().contains("254"), refused.getMessage());
    }
  }

  @Test
  void categoriesOfLaterPicturesAreAdded() throws IOException {
    Mask mask = FormatCases.ring(40, 20);
    try (AnnotationWriter writer = AnnotationFormat.COCO.open(out())) {
      for (String name : List.of("cat", "dog", "cat")) {
        writer.add(
            name + ".png",
            photos(),
            Segmentation.ofSegments(40, 20, List.of(name), List.of(Segment.of(1, name, 1, mask))));
      }
      writer.finish();
    }
    CocoGroundTruth truth = CocoGroundTruth.read(out().resolve("instances.json"));
    assertEquals(
        List.of("cat", "dog"),
        truth.categories().stream().map(CocoGroundTruth.Category::name).toList());
    assertEquals(List.of(), truth.warnings());
    assertEquals(
        List.of(0, 1, 0), truth.instances().stream().map(each -> each.category()).toList());
  }

  @Test
  void yoloNamesAreReadInEveryWayTheyAreWritten() throws IOException {
    Path file = folder.resolve("data.yaml");
    for (String text :
        List.of(
            "names:\n  0: cat\n  1: \"a, b\"\n",
            "names:\n- cat  # one\n- 'a, b'\nnc: 2\n",
            "nc: 2\nnames: [cat, 'a, b']\n",
            "names: {0: cat,\n  1: \"a, b\"}\n")) {
      Files.writeString(file, text);
      assertEquals(List.of("cat", "a, b"), YoloReader.names(file), text);
    }
  }

  @Test
  void whatIsMalformedNamesTheFile() throws IOException {
    Files.createDirectories(out());
    Map<String, String> documents =
        Map.of(
            "a.json", "{\"shapes\": [{\"label\": \"x\"}], \"imageWidth\": 9, \"imageHeight\": 9}",
            "b.json", "{\"shapes\": [], \"imageWidth\": 999999, \"imageHeight\": 999999}");
    for (Map.Entry<String, String> each : documents.entrySet()) {
      Path file = Files.writeString(out().resolve(each.getKey()), each.getValue());
      InvalidDataException refused =
          assertThrows(
              InvalidDataException.class,
              () -> FormatCases.read(AnnotationFormat.LABELME, out(), photos()));
      assertTrue(refused.getMessage().contains(each.getKey()), refused.getMessage());
      Files.delete(file);
    }
    Path geo =
        Files.writeString(
            out().resolve("c.geojson"),
            "{\"width\": 9, \"height\": 9, \"features\": [{\"geometry\": {\"type\": \"Polygon\","
                + " \"coordinates\": [[[0, 0], [1e300, 5], [3, 3]]]}}]}");
    assertThrows(
        InvalidDataException.class,
        () -> FormatCases.read(AnnotationFormat.GEOJSON, out(), photos()));
    Files.delete(geo);
  }

  @Test
  void everyFormatHasAName() {
    for (AnnotationFormat format : AnnotationFormat.values()) {
      assertEquals(format, AnnotationFormat.of(format.toString().toUpperCase(Locale.ROOT)));
    }
    String reason =
        assertThrows(IllegalArgumentException.class, () -> AnnotationFormat.of("x")).getMessage();
    assertTrue(
        Stream.of(AnnotationFormat.values()).allMatch(each -> reason.contains(each.toString())),
        reason);
    assertEquals(9, AnnotationFormat.readable().stream().collect(Collectors.toSet()).size());
  }

  @Test
  void groundTruthIsWrittenAsItWasRead() throws IOException {
    Path first = folder.resolve("first.json");
    Files.writeString(
        first,
        "{\"images\":[{\"id\":7,\"file_name\":\"x/é.jpg\",\"width\":40,\"height\":20}],"
            + "\"categories\":[{\"id\":3,\"name\":\"cat\"}],\"annotations\":["
            + "{\"id\":5,\"image_id\":7,\"category_id\":3,\"iscrowd\":0,\"area\":12.5,"
            + "\"bbox\":[1,2,3,4],\"segmentation\":[[1,1,9.25,1,9,9]]},"
            + "{\"id\":6,\"image_id\":7,\"category_id\":3,\"iscrowd\":1,\"area\":70,"
            + "\"bbox\":[1,2,3,4],\"segmentation\":{\"size\":[20,40],\"counts\":[10,70,720]}}]}");
    CocoGroundTruth truth = CocoGroundTruth.read(first);
    Path second = folder.resolve("second.json");
    truth.write(second);
    CocoGroundTruth again = CocoGroundTruth.read(second);
    assertEquals(truth.images(), again.images());
    assertEquals(truth.categories(), again.categories());
    for (int i = 0; i < truth.size(); i++) {
      assertEquals(truth.instances().get(i).id(), again.instances().get(i).id());
      assertEquals(truth.instances().get(i).crowd(), again.instances().get(i).crowd());
      assertEquals(truth.instances().get(i).area(), again.instances().get(i).area());
      assertEquals(truth.instances().get(i).box(), again.instances().get(i).box());
      assertEquals(
          truth.instances().get(i).outline().rle(40, 20),
          again.instances().get(i).outline().rle(40, 20));
    }
  }
}
