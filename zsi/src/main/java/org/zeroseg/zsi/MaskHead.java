package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * The semantic mask head (Zheng et al. 2021, Sec. 3.3): it takes every cell of a box into the space
 * of words. Of the four published convolutions at its beginning only the last has an effect, since
 * the released code feeds each of them the same input. Or, for ablations, one without an encoder,
 * which classifies the cells' features themselves.
 */
final class MaskHead {

  private static final Kernels KERNELS = ProposalNetwork.KERNELS;

  private final Weights weights;
  private final Mode mode;

  private MaskHead(Weights weights, Mode mode) {
    this.weights = weights;
    this.mode = mode;
  }

  /** The head on {@code mask_head} weights. */
  static MaskHead of(Weights weights, Mode mode) {
    return new MaskHead(weights, mode);
  }

  /** Boxes' features {@code [P, C, 14, 14]} to {@code [P, C', 28, 28]}. */
  NDArray features(NDArray pooled) {
    return call(
        "mask_features",
        pooled,
        weights.get("convs.3.conv.weight"),
        weights.get("convs.3.conv.bias"),
        weights.get("upsample.weight"),
        weights.get("upsample.bias"));
  }

  /** Whether cells are taken into the space of words. */
  boolean encodes() {
    return weights.find("conv_logits.weight").isEmpty();
  }

  /** The encoder without its last convolution: {@code [P, D, 28, 28]}. */
  NDArray inner(NDArray features) {
    return call(
        "mask_inner", features, weights.get("convT.conv.weight"), weights.get("convT.conv.bias"));
  }

  /** The encoder: every cell's place in the space of words, {@code [P, D, 28, 28]}. */
  NDArray semantic(NDArray features) {
    return call(
        "conv",
        inner(features),
        weights.get("kernel_semantic.weight"),
        weights.get("kernel_semantic.bias"));
  }

  /** The decoder: the features as it makes them of the cells' places. */
  NDArray reconstruction(NDArray semantic) {
    return call(
        "mask_back",
        semantic,
        weights.get("d_kernel_semantic.weight"),
        weights.get("d_kernel_semantic.bias"),
        weights.get("dconvT.conv.weight"),
        weights.get("dconvT.conv.bias"));
  }

  /** Maps of all classes, {@code [P, N, 28, 28]}; words {@code [D, N]}. */
  NDArray maps(NDArray semantic, NDArray words) {
    return call("maps", semantic, words);
  }

  /**
   * Filters that go from {@link #inner} straight to the map of a class: the encoder's last
   * convolution and the class's word folded, so that only the class of a box is computed. Without
   * encoder they have one tap, and go from {@link #features}.
   *
   * @param kernels for each class {@code [taps, D]}, taps in reverse order
   * @param biases one for each class
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Filters(float[][] kernels, float[] biases) {}

  /**
   * Filters of classes whose words are rows {@code [K, D]}; without encoder, of sums of the seen
   * classes' maps with weights {@code [K, N]}.
   */
  Filters filters(Matrix words) {
    String last = encodes() ? "kernel_semantic" : "conv_logits";
    NDArray kernel = weights.get(last + ".weight");
    int inputs = (int) kernel.getShape().get(1);
    Matrix folded = words.times(Matrix.of(kernel));
    Matrix bias = words.times(Matrix.column(weights.get(last + ".bias")));
    int taps = folded.columns() / inputs;
    float[][] kernels = new float[words.rows()][taps * inputs];
    for (int c = 0; c < kernels.length; c++) {
      for (int i = 0; i < inputs; i++) {
        for (int tap = 0; tap < taps; tap++) {
          kernels[c][(taps - 1 - tap) * inputs + i] =
              (float) folded.values()[c * folded.columns() + taps * i + tap];
        }
      }
    }
    return new Filters(kernels, bias.floats());
  }

  /**
   * Logits of each box's own class.
   *
   * @param pooled {@code [P, C, 14, 14]}
   * @param filters of all classes
   * @param classes the row of each box's class
   * @return {@code [P, 28, 28]}
   */
  NDArray own(NDArray pooled, Filters filters, int[] classes) {
    int length = filters.kernels()[0].length;
    float[] kernels = new float[classes.length * length];
    float[] biases = new float[classes.length];
    for (int i = 0; i < classes.length; i++) {
      System.arraycopy(filters.kernels()[classes[i]], 0, kernels, i * length, length);
      biases[i] = filters.biases()[classes[i]];
    }
    NDManager call = pooled.getManager();
    try (NDArray features = features(pooled);
        NDArray inner = encodes() ? inner(features) : features;
        NDArray own = call.create(kernels, taps(classes.length, length, inner));
        NDArray bias = call.create(biases)) {
      return KERNELS.call("own_map", inner, own, bias);
    }
  }

  private static Shape taps(long boxes, long length, NDArray inner) {
    long inputs = inner.getShape().get(1);
    return new Shape(boxes, length / inputs, inputs);
  }

  /**
   * The losses of positives.
   *
   * @param masks of the map of the true class
   * @param reconstruction mean squared difference of the features and what the decoder makes of
   *     them; 0 without the decoder
   */
  record Losses(NDArray masks, NDArray reconstruction) {}

  /**
   * Losses of positives.
   *
   * @param pooled {@code [P, C, 14, 14]}
   * @param words of each box's true class, {@code [P, D]}
   * @param targets {@code [P, 28, 28]}
   * @param decode whether the decoder has a part
   */
  Losses losses(NDArray pooled, NDArray words, NDArray targets, boolean decode) {
    NDArray features = features(pooled);
    NDArray semantic = semantic(features);
    NDList losses =
        KERNELS.differentiableAll(
            "mask_losses",
            semantic,
            words,
            targets,
            features,
            decode ? reconstruction(semantic) : features);
    return new Losses(losses.get(0), losses.get(1));
  }

  /**
   * Losses of positives without encoder.
   *
   * @param pooled {@code [P, C, 14, 14]}
   * @param labels of each box's true class
   * @param targets {@code [P, 28, 28]}
   */
  Losses losses(NDArray pooled, long[] labels, NDArray targets) {
    NDManager call = pooled.getManager();
    NDArray masks =
        KERNELS.differentiable(
            "plain_mask_loss",
            features(pooled),
            weights.get("conv_logits.weight"),
            weights.get("conv_logits.bias"),
            call.create(labels),
            targets);
    return new Losses(masks, call.create(0f));
  }

  private NDArray call(String kernel, NDArray... arguments) {
    return mode.call(KERNELS, kernel, arguments);
  }
}
