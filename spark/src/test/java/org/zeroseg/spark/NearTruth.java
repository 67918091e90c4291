package org.zeroseg.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.eval.coco.CocoScores;

/** Sets whose objects are near to what a model finds, so that scores are neither 0 nor 1. */
final class NearTruth {

  private NearTruth() {}

  static CocoGroundTruth of(
      Path folder, List<String> names, Map<String, Segmentation> found, Vocabulary words)
      throws IOException {
    List<String> images = new ArrayList<>();
    List<String> annotations = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      int id = 10_000 - i; // not in the order of the names
      Segmentation segmentation = found.get(names.get(i));
      images.add(
          "{\"id\":%d,\"file_name\":\"%s\",\"width\":%d,\"height\":%d}"
              .formatted(id, names.get(i), segmentation.width(), segmentation.height()));
      for (Segment segment : segmentation.segments()) {
        annotations.add(annotation(annotations.size(), id, i, segment, words.size()));
      }
    }
    String categories =
        IntStream.range(0, words.size())
            .mapToObj(
                k -> "{\"id\":%d,\"name\":\"%s\"}".formatted(10 * (k + 1), words.names().get(k)))
            .collect(Collectors.joining(","));
    Path file = folder.resolve("instances.json");
    Files.writeString(
        file,
        "{\"images\":%s,\"annotations\":%s,\"categories\":[%s]}"
            .formatted(images, annotations, categories));
    return CocoGroundTruth.read(file);
  }

  private static String annotation(int id, int image, int i, Segment segment, int categories) {
    int shift = i % 4 * 5;
    int width = segment.mask().width();
    int height = segment.mask().height();
    Mask mask = Mask.of(width, height, (x, y) -> x >= shift && segment.mask().get(x - shift, y));
    return ("{\"id\":%d,\"image_id\":%d,\"category_id\":%d,\"iscrowd\":%d,\"area\":%d,"
            + "\"bbox\":[%d,0,20,30],\"segmentation\":{\"size\":[%d,%d],\"counts\":\"%s\"}}")
        .formatted(
            id,
            image,
            10 * (1 + (segment.label() + i / 9) % categories),
            i % 5 == 4 ? 1 : 0,
            mask.area(),
            shift,
            height,
            width,
            mask.rle().text().replace("\\", "\\\\"));
  }

  /** All curves. */
  static List<Double> numbers(CocoScores scores) {
    List<Double> numbers = new ArrayList<>();
    for (int k = 0; k < scores.categories().size(); k++) {
      for (int t = 0; t < scores.iouThresholds().length; t++) {
        for (int a = 0; a < scores.areas().size(); a++) {
          for (int r = 0; r < scores.recallThresholds().length; r++) {
            numbers.add(scores.precision(t, r, k, a, 2));
            numbers.add(scores.score(t, r, k, a, 2));
          }
          numbers.add(scores.recall(t, k, a, 0));
        }
      }
    }
    return numbers;
  }
}
