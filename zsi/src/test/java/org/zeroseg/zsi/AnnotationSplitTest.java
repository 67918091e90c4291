package org.zeroseg.zsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.supervision.CocoGroundTruth;

class AnnotationSplitTest {

  private static final List<String> SEEN = List.of("zebra", "cat");
  private static final List<String> UNSEEN = List.of("bus");

  @TempDir Path folder;
  private Path source;
  private Path target;

  @BeforeEach
  void write() throws IOException {
    source = folder.resolve("instances.json");
    target = folder.resolve("split.json");
    Files.writeString(
        source,
        """
        {"info": {"year": 2014}, "images": [
          {"id": 1, "width": 40, "height": 40, "file_name": "1.jpg", "licence": 7},
          {"id": 2, "width": 40, "height": 40}, {"id": 3, "width": 40, "height": 40},
          {"id": 4, "width": 40, "height": 40}, {"id": 5, "width": 40, "height": 40}],
         "annotations": [
          %s, %s, %s, %s, %s, %s],
         "categories": [{"id": 9, "name": "bus"}, {"id": 4, "name": "cat"},
          {"id": 7, "name": "zebra"}, {"id": 8, "name": "spoon"}]}
        """
            .formatted(
                annotation(11, 1, 4, 1.25),
                annotation(12, 1, 8, 2),
                annotation(13, 2, 4, 3),
                annotation(14, 2, 9, 4),
                annotation(15, 3, 9, 5),
                annotation(16, 4, 8, 6)));
  }

  private static String annotation(int id, int image, int category, double x) {
    return """
    {"id": %d, "image_id": %d, "category_id": %d, "bbox": [%s, 2, 3, 4], "area": 12,
     "iscrowd": 0, "segmentation": [[1, 2, 5, 2, 5, 6]]}\
    """
        .formatted(id, image, category, x);
  }

  private CocoGroundTruth split(AnnotationSplit.Kind kind, int images, int annotations)
      throws IOException {
    AnnotationSplit.Summary summary = AnnotationSplit.write(source, SEEN, UNSEEN, kind, target);
    assertEquals(new AnnotationSplit.Summary(images, annotations), summary);
    CocoGroundTruth truth = CocoGroundTruth.read(target);
    assertEquals(images, truth.images().size());
    assertEquals(annotations, truth.size());
    return truth;
  }

  private static List<String> names(CocoGroundTruth truth) {
    return truth.categories().stream().map(CocoGroundTruth.Category::name).toList();
  }

  @Test
  void trainingSeesNoImageWithAnythingUnseen() throws IOException {
    CocoGroundTruth truth = split(AnnotationSplit.Kind.TRAINING, 1, 1);
    assertEquals(List.of("zebra", "cat"), names(truth));
    assertEquals(1, truth.images().get(0).id());
    assertEquals(11, truth.instances().get(0).id());
    assertEquals(1.25, truth.instances().get(0).box().orElseThrow().x());
    assertTrue(Files.readString(target).contains("\"licence\":7"));
  }

  @Test
  void unseenTestsKeepUnseenClassesAndGeneralisedOnesBoth() throws IOException {
    assertEquals(List.of("bus"), names(split(AnnotationSplit.Kind.UNSEEN, 2, 2)));
    assertEquals(
        List.of("zebra", "cat", "bus"), names(split(AnnotationSplit.Kind.GENERALISED, 2, 3)));
  }

  @Test
  void crowdsAndSpecksAreKeptAsTheyAre() throws IOException {
    String text = Files.readString(source);
    String crowd =
        """
        ,{"id": 17, "image_id": 5, "category_id": 9, "bbox": [0, 0, 40, 40], "area": 800,
          "iscrowd": 1, "segmentation": {"size": [40, 40], "counts": [0, 800, 800]}},
         {"id": 18, "image_id": 5, "category_id": 7, "bbox": [3, 3, 1, 1], "area": 1,
          "iscrowd": 0, "segmentation": [[3, 3, 4, 3, 4, 4, 3, 4]]}\
        """;
    Files.writeString(source, text.replace("],\n \"categories\"", crowd + "],\n \"categories\""));
    CocoGroundTruth truth = split(AnnotationSplit.Kind.GENERALISED, 3, 5);
    assertTrue(truth.annotations(5).stream().anyMatch(one -> one.crowd()));
    assertTrue(truth.annotations(5).stream().anyMatch(one -> one.area() == 1));
  }

  @Test
  void aClassThatTheFileLacksIsNamedAndNothingIsWritten() throws IOException {
    String message =
        assertThrows(
                InvalidFileException.class,
                () ->
                    AnnotationSplit.write(
                        source,
                        List.of("cat", "unicorn"),
                        UNSEEN,
                        AnnotationSplit.Kind.TRAINING,
                        target))
            .getMessage();
    assertTrue(message.contains("unicorn") && message.contains("instances.json"), message);
    Files.writeString(
        source, Files.readString(source).replace("\"category_id\": 8", "\"category_id\": 77"));
    String unknown =
        assertThrows(
                InvalidFileException.class,
                () ->
                    AnnotationSplit.write(
                        source, SEEN, UNSEEN, AnnotationSplit.Kind.UNSEEN, target))
            .getMessage();
    assertTrue(unknown.contains("77"), unknown);
    assertFalse(Files.exists(target));
  }
}
