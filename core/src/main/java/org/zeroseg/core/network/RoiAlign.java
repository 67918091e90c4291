package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import org.zeroseg.core.tensor.Kernels;

/**
 * RoIAlign: features inside boxes, pooled to a fixed size by bilinear samples (He et al. 2017, Mask
 * R-CNN, Sec. 3).
 *
 * <p>Every output bin is a weighted sum of feature vectors. The weights are worked out here; a
 * kernel adds the vectors up, so that gradients reach the features and the same code serves a GPU.
 *
 * @param height bins down
 * @param width bins across
 * @param spatialScale feature cells a picture pixel, such as 1/16
 * @param sampling samples a bin and axis; 0 or less takes {@code ceil(box size / bins)}
 * @param convention where a box begins and ends
 */
public record RoiAlign(
    int height, int width, float spatialScale, int sampling, Convention convention) {

  /** The three published readings of a box's corners. */
  public enum Convention {
    /** torchvision with {@code aligned=false}: corners scaled, boxes at least one cell. */
    CORNERS,
    /** torchvision with {@code aligned=true}: half a cell is taken off, any size. */
    HALF_PIXEL,
    /** mmdetection v1, as in ZSI: the far corner is one pixel further, boxes at least empty. */
    INCLUSIVE
  }

  private static final Kernels KERNELS = Kernels.of(RoiAlign.class, "roialign.torchscript");

  /** Cells and weights that are gathered at once, by about: 50 MB. */
  private static final int AT_ONCE = 1 << 22;

  /** Cells that a corner may be away: a box of garbage would have samples without end. */
  private static final float FARTHEST = 1 << 20;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if they do not fit together
   */
  public RoiAlign {
    if (height < 1 || width < 1 || !(spatialScale > 0)) {
      throw new IllegalArgumentException(
          "RoIAlign to " + height + " x " + width + " bins at scale " + spatialScale);
    }
  }

  /**
   * Pools the features of boxes. Gradients flow into the features, not into the boxes.
   *
   * @param features float32 {@code [B, C, H, W]}; the result belongs to its manager
   * @param boxes {@code [R, 5]} row-major: index of the picture in the batch, then x1, y1, x2, y2
   *     in picture pixels; parts outside the picture count as 0
   * @param mode whether gradients flow
   * @return float32 {@code [R, C, height, width]}
   * @throws IllegalArgumentException if the boxes are not rows of five finite numbers, name a
   *     picture that is not there, or have a corner more than a million cells away
   */
  public NDArray pool(NDArray features, float[] boxes, Mode mode) {
    Shape shape = features.getShape();
    if (boxes.length % 5 != 0) {
      throw new IllegalArgumentException("Boxes are rows of 5 numbers, found " + boxes.length);
    }
    NDList parts = new NDList();
    for (int box = 0; box < boxes.length / 5; ) {
      Plan plan = new Plan(shape, boxes, box);
      parts.add(pooled(features, plan, mode));
      box = plan.end;
    }
    if (parts.isEmpty()) {
      return features.getManager().zeros(new Shape(0, shape.get(1), height, width));
    }
    return parts.size() == 1 ? parts.get(0) : NDArrays.concat(parts, 0);
  }

  private NDArray pooled(NDArray features, Plan plan, Mode mode) {
    NDManager manager = features.getManager();
    long channels = features.getShape().get(1);
    long count = (long) plan.end - plan.start;
    if (plan.taps == 0) {
      return manager.zeros(new Shape(count, channels, height, width));
    }
    NDArray indices = manager.create(Arrays.copyOf(plan.indices, plan.taps));
    NDArray offsets = manager.create(Arrays.copyOf(plan.offsets, plan.bins));
    NDArray weights = manager.create(Arrays.copyOf(plan.weights, plan.taps));
    try (NDArray sums = mode.call(KERNELS, "bags", features, indices, offsets, weights);
        NDArray bins = sums.reshape(count, (long) height * width, channels);
        NDArray channelsFirst = bins.transpose(0, 2, 1)) {
      return channelsFirst.reshape(count, channels, height, width);
    } finally {
      // Closed, an array gives back the memory that it was made on, though autograd reads it yet.
      if (!mode.records()) {
        indices.close();
        offsets.close();
        weights.close();
      }
    }
  }

  /** Which cells each bin of some boxes adds up, and with which weights. */
  private final class Plan {
    private final int mapWidth;
    private final int start;
    private int end;
    private long[] offsets = new long[1024];
    private int bins;
    private long[] indices = new long[16 * 1024];
    private float[] weights = new float[indices.length];
    private int taps;

    /** From a box on until there is enough to do. */
    Plan(Shape map, float[] boxes, int first) {
      int mapHeight = (int) map.get(2);
      mapWidth = (int) map.get(3);
      start = first;
      end = first;
      while (end < boxes.length / 5 && taps < AT_ONCE) {
        float picture = picture(boxes, end, map.get(0));
        Axis y = new Axis(boxes[5 * end + 2], boxes[5 * end + 4], height, mapHeight);
        Axis x = new Axis(boxes[5 * end + 1], boxes[5 * end + 3], width, mapWidth);
        box((long) mapHeight * mapWidth * (int) picture, y, x);
        end++;
      }
    }

    private float picture(float[] boxes, int box, long pictures) {
      for (int i = 5 * box; i < 5 * box + 5; i++) {
        if (!Float.isFinite(boxes[i])) {
          throw new IllegalArgumentException("Box " + box + " holds " + boxes[i]);
        }
        if (i > 5 * box && Math.abs(boxes[i] * spatialScale) > FARTHEST) {
          throw new IllegalArgumentException(
              "Box " + box + " has a corner at " + boxes[i] + ", too far away to sample");
        }
      }
      float picture = boxes[5 * box];
      if (picture < 0 || picture >= pictures) {
        throw new IllegalArgumentException(
            "Box " + box + " is in picture " + picture + " of a batch of " + pictures);
      }
      return picture;
    }

    private void box(long base, Axis y, Axis x) {
      // Of no samples at all the mean is 0, as in torchvision.
      float share = 1f / Math.max((long) y.samples * x.samples, 1);
      for (int row = 0; row < height; row++) {
        for (int column = 0; column < width; column++) {
          if (bins == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * bins);
          }
          offsets[bins++] = taps;
          reserve(4 * (y.first[row + 1] - y.first[row]) * (x.first[column + 1] - x.first[column]));
          for (int i = y.first[row]; i < y.first[row + 1]; i++) {
            for (int j = x.first[column]; j < x.first[column + 1]; j++) {
              long upper = base + (long) y.low[i] * mapWidth;
              long lower = base + (long) y.high[i] * mapWidth;
              float above = (1 - y.fraction[i]) * share;
              float below = y.fraction[i] * share;
              add(upper + x.low[j], above * (1 - x.fraction[j]));
              add(upper + x.high[j], above * x.fraction[j]);
              add(lower + x.low[j], below * (1 - x.fraction[j]));
              add(lower + x.high[j], below * x.fraction[j]);
            }
          }
        }
      }
    }

    private void reserve(int more) {
      if (taps + more > indices.length) {
        int length = Math.max(taps + more, indices.length + indices.length / 2);
        indices = Arrays.copyOf(indices, length);
        weights = Arrays.copyOf(weights, length);
      }
    }

    private void add(long index, float weight) {
      if (weight != 0) {
        indices[taps] = index;
        weights[taps++] = weight;
      }
    }
  }

  /** The samples of one box along one axis, those inside the map: two cells and their mixture. */
  private final class Axis {
    /** Of a bin, those outside included. */
    private final int samples;

    /** The first sample of each bin, and the end. */
    private final int[] first;

    private int[] low;
    private int[] high;
    private float[] fraction;

    Axis(float from, float to, int bins, int cells) {
      float start = from * spatialScale;
      float end = (convention == Convention.INCLUSIVE ? to + 1 : to) * spatialScale;
      if (convention == Convention.HALF_PIXEL) {
        start -= 0.5f;
        end -= 0.5f;
      }
      float size =
          switch (convention) {
            case CORNERS -> Math.max(end - start, 1);
            case HALF_PIXEL -> end - start;
            case INCLUSIVE -> Math.max(end - start, 0);
          };
      float bin = size / bins;
      samples = sampling > 0 ? sampling : Math.max((int) Math.ceil(bin), 0);
      first = new int[bins + 1];
      low = new int[bins * Math.min(samples, 4)];
      high = new int[low.length];
      fraction = new float[low.length];
      int inside = 0;
      for (int index = 0; index < bins; index++) {
        for (int i = 0; i < samples; i++) {
          float at = start + index * bin + (i + 0.5f) * bin / samples;
          if (at >= -1 && at <= cells) {
            if (inside == low.length) {
              low = Arrays.copyOf(low, 2 * inside);
              high = Arrays.copyOf(high, 2 * inside);
              fraction = Arrays.copyOf(fraction, 2 * inside);
            }
            float clamped = Math.max(at, 0);
            low[inside] = Math.min((int) clamped, cells - 1);
            high[inside] = Math.min(low[inside] + 1, cells - 1);
            fraction[inside] = low[inside] < cells - 1 ? clamped - low[inside] : 0;
            inside++;
          }
        }
        first[index + 1] = inside;
      }
    }
  }
}
