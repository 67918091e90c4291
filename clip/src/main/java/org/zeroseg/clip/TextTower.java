package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * CLIP's text transformer. Attention is causal, so positions after a text's end token change
 * nothing: a batch is cut to its longest text.
 */
public final class TextTower {

  private final ClipConfig.Text config;
  private final Weights weights;
  private final Transformer blocks;
  private final NDArray epsilon;
  private final Mode mode;

  TextTower(ClipConfig clip, Weights weights, NDManager manager) {
    this.config = clip.text();
    this.weights = weights;
    this.blocks =
        Transformer.of(
            weights.at("transformer.resblocks"),
            config.layers(),
            Transformer.Names.CLIP,
            new Transformer.Options(config.heads(), clip.epsilon(), clip.activation(), true),
            manager);
    this.epsilon = Kernels.numbers(manager, clip.epsilon());
    this.mode = Mode.INFERENCE;
  }

  private TextTower(TextTower other, Mode mode) {
    this.config = other.config;
    this.weights = other.weights;
    this.blocks = other.blocks.in(mode);
    this.epsilon = other.epsilon;
    this.mode = mode;
  }

  TextTower in(Mode changed) {
    return new TextTower(this, changed);
  }

  /**
   * Text embeddings.
   *
   * @param ids int64 {@code [B, T]}, {@code T} at most the context; a text ends at its largest id,
   *     the first of them if there are several, and what follows is ignored
   * @return {@code [B, D]}, not of unit length
   * @throws IllegalArgumentException if an id is not in the vocabulary or {@code T} is too large
   */
  public NDArray encode(NDArray ids) {
    int texts = (int) ids.getShape().get(0);
    int length = (int) ids.getShape().get(1);
    long[] values = ids.toLongArray();
    long[] ends = new long[texts];
    long longest = 0;
    for (int text = 0; text < texts; text++) {
      ends[text] = end(values, text * length, length);
      longest = Math.max(longest, ends[text] + 1);
    }
    NDArray tokens = hidden(ids.get(":, :" + longest));
    NDArray last = mode.call("pick_tokens", tokens, ids.getManager().create(ends));
    return project(last);
  }

  /**
   * Embeddings of texts of which many begin alike: each distinct beginning is computed once, and no
   * text is padded.
   *
   * @param texts token ids, each text to its end token, within the context
   * @param call will own the result
   * @return {@code [B, D]}, not of unit length; equal to {@link #encode(NDArray)} but for rounding
   */
  NDArray encode(List<long[]> texts, NDManager call) {
    int longest = texts.stream().mapToInt(text -> text.length).max().orElseThrow();
    SharedBeginnings tree = new SharedBeginnings(texts, longest);
    NDArray tokens =
        mode.call(
            "placed_tokens",
            call.create(tree.tokens()),
            call.create(tree.places()),
            weights.get("token_embedding.weight"),
            weights.get("positional_embedding"));
    NDArray last =
        blocks.shared(
            tokens,
            call.create(tree.sequences(), new Shape(texts.size(), longest)),
            call.create(tree.all(), new Shape(2, tree.size())),
            call.create(tree.ends(), new Shape(2, texts.size())));
    return project(last);
  }

  /** The position of the largest id, which is the end token's. */
  private int end(long[] ids, int from, int length) {
    int best = from;
    for (int i = from; i < from + length; i++) {
      if (ids[i] < 0 || ids[i] >= config.vocabulary()) {
        throw new IllegalArgumentException(
            "token id " + ids[i] + " is not in the vocabulary of " + config.vocabulary());
      }
      if (ids[i] > ids[best]) {
        best = i;
      }
    }
    return best - from;
  }

  /**
   * The tokens after the last block, before {@code ln_final}.
   *
   * @param ids int64 {@code [B, T]}, {@code T} at most the context
   * @return {@code [B, T, W]}
   */
  public NDArray hidden(NDArray ids) {
    if (ids.getShape().get(1) > config.context()) {
      throw new IllegalArgumentException(
          "texts of " + ids.getShape().get(1) + " tokens; the context is " + config.context());
    }
    return blocks.forward(tokens(ids, 0));
  }

  /**
   * The tokens that enter the first block.
   *
   * @param ids int64 {@code [B, T]}
   * @param start the position of the first; it and the following ones are within the context
   * @return {@code [B, T, W]}
   */
  public NDArray tokens(NDArray ids, int start) {
    NDArray positions = weights.get("positional_embedding");
    NDArray words = weights.get("token_embedding.weight");
    if (start == 0) {
      return mode.call("word_tokens", ids, words, positions);
    }
    try (NDArray later = positions.get(start + ":")) {
      return mode.call("word_tokens", ids, words, later);
    }
  }

  /**
   * The blocks, for those who read texts in parts.
   *
   * @return the stack
   */
  public Transformer blocks() {
    return blocks;
  }

  /**
   * The final norm and the projection to the joint space, token by token; a text is read off at its
   * end token.
   *
   * @param tokens {@code [B, W]}, as they leave the blocks
   * @return {@code [B, D]}
   */
  public NDArray project(NDArray tokens) {
    Weights norm = weights.at("ln_final");
    NDArray normed = mode.call("layer_norm", tokens, norm.get("weight"), norm.get("bias"), epsilon);
    return mode.call("project", normed, weights.get("text_projection"));
  }
}
