package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** What the class token looks at, as a map from 0 to 1 (Amir et al. 2021, Sec. 4). */
public final class AttentionSaliency {

  /** The heads of ViT-S/8 that look at objects. */
  private static final int[] SMALL_8_HEADS = {0, 2, 4, 5};

  private AttentionSaliency() {}

  /**
   * The heads to look through: those that the reference picked for ViT-S/8, else all.
   *
   * @param config the transformer's sizes
   * @return indices of heads
   */
  public static int[] heads(DinoConfig config) {
    if (config.equals(DinoConfig.SMALL_8)) {
      return SMALL_8_HEADS.clone();
    }
    return java.util.stream.IntStream.range(0, config.heads()).toArray();
  }

  /**
   * The mean of heads of the last block's class attention, stretched to 0..1 picture by picture.
   * (The reference stretches over the wrong axis for batches above one.)
   *
   * @param vit the transformer
   * @param pixels {@code [B, 3, H, W]}, normalised
   * @param stride pixels between positions; must divide the patch
   * @param heads indices of the heads to average
   * @return {@code [B, N]}, row-major over the grid; zeros where attention is constant
   */
  public static NDArray of(DinoVit vit, NDArray pixels, int stride, int... heads) {
    NDManager call = pixels.getManager();
    NDArray attention =
        vit.classAttention(pixels, vit.config().depth() - 1, stride).get(":, :, 1:");
    Shape shape = attention.getShape();
    float[] values = attention.toFloatArray();
    int batch = Math.toIntExact(shape.get(0));
    int all = Math.toIntExact(shape.get(1));
    int n = Math.toIntExact(shape.get(2));
    float[] saliency = new float[batch * n];
    for (int b = 0; b < batch; b++) {
      for (int head : heads) {
        int start = (b * all + head) * n;
        for (int i = 0; i < n; i++) {
          saliency[b * n + i] += values[start + i] / heads.length;
        }
      }
      stretch(saliency, b * n, n);
    }
    return call.create(saliency, new Shape(batch, n));
  }

  private static void stretch(float[] values, int start, int n) {
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (int i = start; i < start + n; i++) {
      least = Math.min(least, values[i]);
      most = Math.max(most, values[i]);
    }
    for (int i = start; i < start + n; i++) {
      values[i] = most > least ? (values[i] - least) / (most - least) : 0;
    }
  }
}
