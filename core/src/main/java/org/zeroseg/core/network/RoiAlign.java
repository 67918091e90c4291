package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
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

  /**
   * Checks the sizes.
   *
   * @param height bins down
   * @param width bins across
   * @param spatialScale feature cells a picture pixel, such as 1/16
   * @param sampling samples a bin and axis; 0 or less takes {@code ceil(box size / bins)}
   * @param convention where a box begins and ends
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
   * @return float32 {@code [R, C, height, width]}
   * @throws IllegalArgumentException if the boxes are not rows of five finite numbers or name a
   *     picture that is not there
   */
  public NDArray pool(NDArray features, float[] boxes) {
    Shape shape = features.getShape();
    if (boxes.length % 5 != 0) {
      throw new IllegalArgumentException("Boxes are rows of 5 numbers, found " + boxes.length);
    }
    int count = boxes.length / 5;
    long channels = shape.get(1);
    NDManager manager = features.getManager();
    Plan plan = new Plan(shape.get(0), (int) shape.get(2), (int) shape.get(3), boxes);
    if (plan.taps == 0) {
      return manager.zeros(new Shape(count, channels, height, width));
    }
    try (NDArray indices = manager.create(plan.indices);
        NDArray offsets = manager.create(plan.offsets);
        NDArray weights = manager.create(plan.weights);
        NDArray sums = KERNELS.differentiable("bags", features, indices, offsets, weights);
        NDArray bins = sums.reshape(count, (long) height * width, channels);
        NDArray channelsFirst = bins.transpose(0, 2, 1)) {
      return channelsFirst.reshape(count, channels, height, width);
    }
  }

  /** Which cells each bin adds up, and with which weights. */
  private final class Plan {
    private final int mapWidth;
    private final long[] offsets;
    private long[] indices;
    private float[] weights;
    private int taps;

    Plan(long pictures, int mapHeight, int mapWidth, float[] boxes) {
      this.mapWidth = mapWidth;
      int count = boxes.length / 5;
      offsets = new long[count * height * width];
      indices = new long[offsets.length * 16];
      weights = new float[indices.length];
      for (int r = 0; r < count; r++) {
        float picture = boxes[5 * r];
        for (int i = 5 * r; i < 5 * r + 5; i++) {
          if (!Float.isFinite(boxes[i])) {
            throw new IllegalArgumentException("Box " + r + " holds " + boxes[i]);
          }
        }
        if (picture < 0 || picture >= pictures) {
          throw new IllegalArgumentException(
              "Box " + r + " is in picture " + picture + " of a batch of " + pictures);
        }
        Axis y = new Axis(boxes[5 * r + 2], boxes[5 * r + 4], height, mapHeight);
        Axis x = new Axis(boxes[5 * r + 1], boxes[5 * r + 3], width, mapWidth);
        long cells = (long) mapHeight * mapWidth;
        box(r, cells * (int) picture, y, x);
      }
      indices = java.util.Arrays.copyOf(indices, taps);
      weights = java.util.Arrays.copyOf(weights, taps);
    }

    private void box(int r, long base, Axis y, Axis x) {
      // Of no samples at all the mean is 0, as in torchvision.
      float share = 1f / Math.max(y.samples * x.samples, 1);
      for (int bin = 0; bin < height * width; bin++) {
        offsets[r * height * width + bin] = taps;
        reserve(4 * y.samples * x.samples);
        int firstY = bin / width * y.samples;
        int firstX = bin % width * x.samples;
        for (int i = firstY; i < firstY + y.samples; i++) {
          for (int j = firstX; j < firstX + x.samples; j++) {
            if (y.inside[i] && x.inside[j]) {
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
        indices = java.util.Arrays.copyOf(indices, length);
        weights = java.util.Arrays.copyOf(weights, length);
      }
    }

    private void add(long index, float weight) {
      if (weight != 0) {
        indices[taps] = index;
        weights[taps++] = weight;
      }
    }
  }

  /** The samples of one box along one axis: two cells and the fraction between them. */
  private final class Axis {
    private final int samples;
    private final boolean[] inside;
    private final int[] low;
    private final int[] high;
    private final float[] fraction;

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
      int all = samples * bins;
      inside = new boolean[all];
      low = new int[all];
      high = new int[all];
      fraction = new float[all];
      for (int i = 0; i < all; i++) {
        int index = i / samples;
        float at = start + index * bin + (i % samples + 0.5f) * bin / samples;
        inside[i] = at >= -1 && at <= cells;
        float clamped = Math.max(at, 0);
        low[i] = Math.min((int) clamped, cells - 1);
        high[i] = Math.min(low[i] + 1, cells - 1);
        fraction[i] = low[i] < cells - 1 ? clamped - low[i] : 0;
      }
    }
  }
}
