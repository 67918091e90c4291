package org.zeroseg.zsi;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.Outline;

/**
 * The objects of a picture as training reads them: without those marked to be left out, without
 * area, or smaller than a pixel; crowds apart. Boxes are rows x1, y1, x2, y2, the last pixel
 * included.
 *
 * @param boxes {@code [k, 4]}
 * @param categories index of each in the file's list
 * @param masks outlines, where given
 * @param crowds {@code [c, 4]}
 */
@SuppressWarnings("ArrayRecordComponent")
record Annotations(float[] boxes, int[] categories, List<Outline> masks, float[] crowds) {

  /** Pictures with a shorter side are no training data. */
  private static final int SHORTEST = 32;

  static Annotations of(CocoGroundTruth truth, long image) {
    List<Instance> objects = new ArrayList<>();
    List<Instance> crowds = new ArrayList<>();
    for (Instance one : truth.annotations(image)) {
      Optional<Box> box = one.box().filter(b -> b.width() >= 1 && b.height() >= 1);
      if (!one.ignored() && one.area() > 0 && box.isPresent()) {
        (one.crowd() ? crowds : objects).add(one);
      }
    }
    return new Annotations(
        rows(objects),
        objects.stream().mapToInt(Instance::category).toArray(),
        objects.stream().map(Instance::outline).toList(),
        rows(crowds));
  }

  /**
   * The labels of a file's categories: the seen ones in the file's order from 1, the others after
   * them.
   */
  static int[] labels(CocoGroundTruth truth, Predicate<String> seen) {
    List<CocoGroundTruth.Category> categories = truth.categories();
    int[] labels = new int[categories.size()];
    int next = 1;
    for (boolean side : new boolean[] {true, false}) {
      for (int i = 0; i < labels.length; i++) {
        if (seen.test(categories.get(i).name()) == side) {
          labels[i] = next++;
        }
      }
    }
    return labels;
  }

  private static float[] rows(List<Instance> annotations) {
    float[] rows = new float[4 * annotations.size()];
    for (int i = 0; i < annotations.size(); i++) {
      Box box = annotations.get(i).box().orElseThrow();
      rows[4 * i] = (float) box.x();
      rows[4 * i + 1] = (float) box.y();
      rows[4 * i + 2] = (float) (box.x() + box.width() - 1);
      rows[4 * i + 3] = (float) (box.y() + box.height() - 1);
    }
    return rows;
  }

  /** Pictures that training takes: any annotation at all, and no side shorter than 32 pixels. */
  static List<CocoGroundTruth.Image> trainable(CocoGroundTruth truth) {
    return truth.images().stream()
        .filter(image -> Math.min(image.width(), image.height()) >= SHORTEST)
        .filter(image -> !truth.annotations(image.id()).isEmpty())
        .toList();
  }
}
