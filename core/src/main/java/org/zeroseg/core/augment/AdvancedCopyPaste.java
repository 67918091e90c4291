package org.zeroseg.core.augment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Copy-paste into the patches of a randomly cut square, each object scaled to its patch (ZUTIS,
 * released code; off in its published configurations).
 *
 * @param gridSize side of the square in pixels
 * @param maxPartitions patches an axis at most; 1 leaves the square whole and pastes nothing
 * @param ignore labels from this one on are no objects
 */
public record AdvancedCopyPaste(int gridSize, int maxPartitions, int ignore) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public AdvancedCopyPaste {
    if (gridSize < 1 || maxPartitions < 1 || maxPartitions > gridSize) {
      throw new IllegalArgumentException(
          maxPartitions + " partitions of a square of " + gridSize + " pixels");
    }
  }

  /**
   * Cuts the square by random bars, down and across, and pastes.
   *
   * @param samples at least one, of any size; the first is the canvas
   * @param draws where numbers come from
   * @return {@code gridSize} pixels square; the canvas object is instance 1, the others count on
   */
  public LabelledPixels paste(List<LabelledPixels> samples, Draws draws) {
    List<Window> grid = partition(draws);
    List<Window> chosen = new ArrayList<>(grid);
    int wanted = draws.integer(0, grid.size() - 1);
    for (int i = 0; i < wanted; i++) {
      Collections.swap(chosen, i, draws.integer(i, chosen.size() - 1));
    }
    return paste(samples, chosen.subList(0, wanted), draws);
  }

  /** The patches between the bars, row by row; bars that coincide leave no patch. */
  List<Window> partition(Draws draws) {
    int[] rows = bars(draws);
    int[] columns = bars(draws);
    List<Window> patches = new ArrayList<>();
    for (int i = 0; i + 1 < rows.length; i++) {
      for (int j = 0; j + 1 < columns.length; j++) {
        if (rows[i + 1] > rows[i] && columns[j + 1] > columns[j]) {
          patches.add(
              new Window(columns[j], rows[i], columns[j + 1] - columns[j], rows[i + 1] - rows[i]));
        }
      }
    }
    return patches;
  }

  /**
   * Ascending, both ends included; a bar keeps its distance from the others while there is room.
   */
  private int[] bars(Draws draws) {
    List<Integer> bars = new ArrayList<>(List.of(0, gridSize));
    int margin = gridSize / maxPartitions;
    int count = maxPartitions > 1 ? draws.integer(1, maxPartitions - 1) : 0;
    for (int i = 0; i < count; i++) {
      int[] free =
          IntStream.range(0, gridSize)
              .filter(at -> bars.stream().noneMatch(b -> at >= b - margin && at < b + margin))
              .toArray();
      bars.add(free.length > 0 ? free[draws.integer(0, free.length - 1)] : 0);
    }
    return bars.stream().mapToInt(Integer::intValue).sorted().toArray();
  }

  /**
   * Pastes into given patches. Draws the padding and the crop of the canvas, then one offset for
   * each object along the side on which its patch has room.
   *
   * @param samples at least one, of any size; the first is the canvas, the others go into the
   *     patches in order as far as both reach
   * @param patches parts of the square
   * @param draws where numbers come from
   * @return {@code gridSize} pixels square
   * @throws IllegalArgumentException if there is no sample
   */
  LabelledPixels paste(List<LabelledPixels> samples, List<Window> patches, Draws draws) {
    if (samples.isEmpty()) {
      throw new IllegalArgumentException("Nothing to paste onto");
    }
    LabelledPixels canvas = canvas(samples.get(0), draws);
    int number = 1;
    for (int i = 0; i < canvas.instances().length; i++) {
      canvas.instances()[i] = canvas.isObject(i, ignore) ? 1 : 0;
    }
    int objects = Math.min(patches.size(), samples.size() - 1);
    for (int i = 0; i < objects; i++) {
      LabelledPixels sample = samples.get(i + 1);
      if (sample.hasObject(ignore) && paste(sample, patches.get(i), canvas, number + 1, draws)) {
        number++;
      }
    }
    fillBackground(canvas);
    return canvas;
  }

  /** The first sample with its shorter side as long as the square, cropped at random. */
  private LabelledPixels canvas(LabelledPixels sample, Draws draws) {
    int width = sample.width();
    int height = sample.height();
    int longer = (int) ((long) gridSize * Math.max(width, height) / Math.min(width, height));
    LabelledPixels scaled =
        resize(
            sample,
            new LabelledPixels.Box(0, 0, height, width),
            width < height ? gridSize : longer,
            width < height ? longer : gridSize);
    // The padding has no extent here, but the reference draws for its corner.
    GeometricAugmentation.Corner.draw(draws);
    int top = draws.integer(0, scaled.height() - gridSize);
    int left = draws.integer(0, scaled.width() - gridSize);
    return cut(scaled, new LabelledPixels.Box(top, left, gridSize, gridSize));
  }

  private boolean paste(
      LabelledPixels sample, Window patch, LabelledPixels canvas, int number, Draws draws) {
    LabelledPixels.Box box = sample.box(ignore, false);
    if (box.width() < 1 || box.height() < 1) {
      return false;
    }
    int[] size = fit(box.width(), box.height(), patch.width(), patch.height());
    if (size[0] < 1 || size[1] < 1) {
      return false;
    }
    LabelledPixels object = resize(sample, box, size[0], size[1]);
    int top = patch.top();
    int left = patch.left();
    if (object.height() == patch.height()) {
      left = draws.integer(left, left + patch.width() - object.width());
    } else {
      top = draws.integer(top, top + patch.height() - object.height());
    }
    int plane = gridSize * gridSize;
    int objectPlane = object.width() * object.height();
    for (int from = 0; from < objectPlane; from++) {
      if (object.isObject(from, ignore)) {
        int y = top + from / object.width();
        int to = y * gridSize + left + from % object.width();
        for (int c = 0; c < 3; c++) {
          canvas.pixels()[c * plane + to] = object.pixels()[c * objectPlane + from];
        }
        canvas.semantic()[to] = object.semantic()[from];
        canvas.instances()[to] = number;
      }
    }
    return true;
  }

  /** Width and height of an object in a patch. */
  static int[] fit(int width, int height, int patchWidth, int patchHeight) {
    if (patchHeight > patchWidth) {
      int[] turned = fit(height, width, patchHeight, patchWidth);
      return new int[] {turned[1], turned[0]};
    }
    if (width == height) {
      return new int[] {patchHeight, patchHeight};
    }
    if (width < height) {
      return new int[] {(int) ((double) width / height * patchHeight), patchHeight};
    }
    if (patchWidth == patchHeight) {
      return new int[] {patchWidth, (int) ((double) height / width * patchWidth)};
    }
    int wide = (int) ((long) patchHeight * width / height);
    return wide <= patchWidth
        ? new int[] {wide, patchHeight}
        : new int[] {patchWidth, (int) ((long) patchWidth * patchHeight / wide)};
  }

  private static LabelledPixels cut(LabelledPixels sample, LabelledPixels.Box box) {
    int size = box.width() * box.height();
    float[] pixels = new float[3 * size];
    int[] semantic = new int[size];
    int[] instances = new int[size];
    int plane = sample.width() * sample.height();
    for (int y = 0; y < box.height(); y++) {
      int from = (box.top() + y) * sample.width() + box.left();
      int to = y * box.width();
      for (int c = 0; c < 3; c++) {
        System.arraycopy(sample.pixels(), c * plane + from, pixels, c * size + to, box.width());
      }
      System.arraycopy(sample.semantic(), from, semantic, to, box.width());
      System.arraycopy(sample.instances(), from, instances, to, box.width());
    }
    return new LabelledPixels(pixels, box.width(), box.height(), semantic, instances);
  }

  /** Bilinear pixels without antialiasing, nearest labels. */
  private static LabelledPixels resize(
      LabelledPixels sample, LabelledPixels.Box box, int width, int height) {
    LabelledPixels part = cut(sample, box);
    try (NDManager manager = TorchEngine.newManager()) {
      NDArray pixels = manager.create(part.pixels(), new Shape(1, 3, part.height(), part.width()));
      NDArray resized = Interpolation.resize(pixels, height, width, Interpolation.Mode.BILINEAR);
      return new LabelledPixels(
          resized.toFloatArray(),
          width,
          height,
          GeometricAugmentation.nearest(
              part.semantic(), part.width(), part.height(), width, height),
          GeometricAugmentation.nearest(
              part.instances(), part.width(), part.height(), width, height));
    }
  }

  /** Paints whatever is no object in the mean colour of all objects. */
  private void fillBackground(LabelledPixels canvas) {
    int plane = gridSize * gridSize;
    boolean[] object = new boolean[plane];
    int count = 0;
    for (int i = 0; i < plane; i++) {
      object[i] = canvas.instances()[i] > 0;
      count += object[i] ? 1 : 0;
    }
    for (int c = 0; c < 3 && count > 0; c++) {
      double sum = 0;
      for (int i = 0; i < plane; i++) {
        sum += object[i] ? canvas.pixels()[c * plane + i] : 0;
      }
      for (int i = 0; i < plane; i++) {
        if (!object[i]) {
          canvas.pixels()[c * plane + i] = (float) (sum / count);
        }
      }
    }
  }
}
