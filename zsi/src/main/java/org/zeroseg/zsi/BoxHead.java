package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * The zero-shot detector (Zheng et al. 2021, Sec. 3.2): it takes a box's features into the space of
 * words, where the words of the classes classify them. Or, for ablations, one without an encoder,
 * which classifies the features themselves.
 */
final class BoxHead {

  private static final Kernels KERNELS = ProposalNetwork.KERNELS;

  private final Weights weights;
  private final NDArray vocabulary;
  private final Mode mode;
  private final NDArray[] folded;

  private BoxHead(Weights weights, NDArray vocabulary, Mode mode, NDArray[] folded) {
    this.weights = weights;
    this.vocabulary = vocabulary;
    this.mode = mode;
    this.folded = folded;
  }

  /** The head on {@code bbox_head} weights and a vocabulary {@code [D, M]}. */
  static BoxHead of(Weights weights, NDArray vocabulary, Mode mode) {
    return new BoxHead(weights, vocabulary, mode, new NDArray[0]);
  }

  /**
   * What it says of boxes.
   *
   * @param features {@code [R, F]}
   * @param semantic {@code [R, D]}, in the space of words; the features of a head without encoder
   * @param logits {@code [R, N]}, background first
   * @param deltas {@code [R, 4 N]}
   */
  record Answer(NDArray features, NDArray semantic, NDArray logits, NDArray deltas) {}

  /**
   * Classes and deltas of boxes.
   *
   * @param pooled {@code [R, C, 7, 7]}
   * @param words {@code [D, N]} of background and the seen classes
   */
  Answer forward(NDArray pooled, NDArray words) {
    NDArray features = features(pooled);
    NDArray semantic = encodes() ? semantic(features) : features;
    NDArray logits = encodes() ? call("compare", semantic, words) : dense(features, "fc_cls");
    return new Answer(features, semantic, logits, dense(features, "fc_reg"));
  }

  private boolean encodes() {
    return weights.find("fc_cls.weight").isEmpty();
  }

  private NDArray semantic(NDArray features) {
    return call(
        "encode",
        features,
        weights.get("fc_semantic.weight"),
        weights.get("fc_semantic.bias"),
        vocabulary,
        weights.get("kernel_semantic.weight"),
        weights.get("kernel_semantic.bias"));
  }

  private NDArray dense(NDArray features, String layer) {
    return call("dense", features, weights.get(layer + ".weight"), weights.get(layer + ".bias"));
  }

  private NDArray features(NDArray pooled) {
    return call(
        "box_features",
        pooled,
        weights.get("shared_fcs.0.weight"),
        weights.get("shared_fcs.0.bias"),
        weights.get("shared_fcs.1.weight"),
        weights.get("shared_fcs.1.bias"));
  }

  /** What the decoder makes of the place in the space of words: {@code [R, F]}. */
  NDArray reconstruction(Answer answer) {
    return call(
        "decode",
        answer.semantic(),
        weights.get("d_kernel_semantic.weight"),
        weights.get("d_kernel_semantic.bias"),
        vocabulary,
        weights.get("d_fc_semantic.weight"),
        weights.get("d_fc_semantic.bias"));
  }

  /**
   * The same head with everything after the features as one linear map; for inference. The
   * vocabulary is not needed any more.
   *
   * @param words {@code [D, N]} of background and the seen classes
   * @param semantic whether places in the space of words are wanted, too
   * @param manager owns the product
   */
  BoxHead folded(Matrix words, boolean semantic, NDManager manager) {
    if (!encodes()) {
      return folded(
          new NDList(weights.get("fc_cls.weight"), weights.get("fc_reg.weight")),
          new NDList(weights.get("fc_cls.bias"), weights.get("fc_reg.bias")),
          manager);
    }
    // The space of words first: [D, F].
    Matrix chain =
        Matrix.of(weights.get("kernel_semantic.weight")).times(Matrix.of(vocabulary).transposed());
    Matrix places = chain.times(Matrix.of(weights.get("fc_semantic.weight")));
    Matrix shifts =
        chain
            .times(Matrix.column(weights.get("fc_semantic.bias")))
            .plus(Matrix.column(weights.get("kernel_semantic.bias")));
    Matrix map = words.transposed().times(places);
    Matrix bias = words.transposed().times(shifts);
    try (NDManager scratch = manager.newSubManager()) {
      NDList maps = new NDList(array(scratch, map), weights.get("fc_reg.weight"));
      NDList biases = new NDList(scratch.create(bias.floats()), weights.get("fc_reg.bias"));
      if (semantic) {
        maps.add(array(scratch, places));
        biases.add(scratch.create(shifts.floats()));
      }
      return folded(maps, biases, manager);
    }
  }

  private BoxHead folded(NDList maps, NDList biases, NDManager manager) {
    NDArray allMaps = NDArrays.concat(maps, 0);
    NDArray allBiases = NDArrays.concat(biases, 0);
    allMaps.attach(manager);
    allBiases.attach(manager);
    return new BoxHead(weights, vocabulary, Mode.INFERENCE, new NDArray[] {allMaps, allBiases});
  }

  private static NDArray array(NDManager manager, Matrix matrix) {
    return manager.create(matrix.floats(), new Shape(matrix.rows(), matrix.columns()));
  }

  /**
   * Logits {@code [R, N]}, deltas {@code [R, 4 N]} and, if wanted, places in the space of words
   * {@code [R, D]} side by side, of a folded head.
   */
  NDArray classified(NDArray pooled) {
    return call("dense", features(pooled), folded[0], folded[1]);
  }

  /**
   * The losses of sampled boxes.
   *
   * @param classes of the true classes
   * @param boxes of the deltas of positives
   * @param reconstruction mean squared difference of the features and what the decoder makes of
   *     them; 0 without the decoder
   * @param accuracy share of right classes in percent
   */
  record Losses(NDArray classes, NDArray boxes, NDArray reconstruction, NDArray accuracy) {}

  /**
   * Losses of sampled boxes.
   *
   * @param labels of all boxes, 0 for background, -1 for one that does not count
   * @param targets deltas {@code [R, 4]}
   * @param weights of the deltas, {@code [R, 4]}
   * @param decode whether the decoder has a part
   */
  Losses losses(Answer answer, long[] labels, float[] targets, float[] weights, boolean decode) {
    NDManager call = answer.logits().getManager();
    Shape rows = new Shape(labels.length, 4);
    NDList losses =
        KERNELS.differentiableAll(
            "box_losses",
            answer.logits(),
            answer.deltas(),
            call.create(labels),
            call.create(targets, rows),
            call.create(weights, rows),
            answer.features(),
            decode ? reconstruction(answer) : answer.features());
    return new Losses(losses.get(0), losses.get(1), losses.get(2), losses.get(3));
  }

  private NDArray call(String kernel, NDArray... arguments) {
    return mode.call(KERNELS, kernel, arguments);
  }
}
