package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * A stack of pre-norm transformer blocks over tokens {@code [B, N, C]}, as CLIP, DINO and GPT-2
 * have them: {@code x + Attn(norm1(x))}, then {@code x + MLP(norm2(x))}. Attention never builds the
 * matrix of all pairs, except where a caller asks to see it.
 *
 * <p>The type of the weights decides: with bfloat16 weights the products and the attention are
 * bfloat16, while norms and residuals stay float32. Instances are immutable and thread-safe; they
 * hold arrays of the model's manager. Every result belongs to the manager of the array passed in.
 */
public final class Transformer {

  /** The function between the two layers of the MLP. */
  public enum Activation {
    /** {@code x sigmoid(1.702 x)}, of all weights that OpenAI published. */
    QUICK_GELU("quick_gelu", 0),
    /** {@code x Phi(x)}, by the error function. */
    GELU("gelu", 1),
    /** The approximation of GELU by tanh, of GPT-2. */
    GELU_TANH("gelu_tanh", 2);

    private final String kernel;
    private final int code;

    Activation(String kernel, int code) {
      this.kernel = kernel;
      this.code = code;
    }

    /**
     * The function, element by element.
     *
     * @param x any shape
     * @return the same shape
     */
    public NDArray apply(NDArray x) {
      return Kernels.core().call(kernel, x);
    }
  }

  /**
   * What the blocks have in common.
   *
   * @param heads attention heads
   * @param epsilon of the layer norms
   * @param activation of the MLP
   * @param causal whether a token sees only itself and those before it
   */
  public record Options(int heads, double epsilon, Activation activation, boolean causal) {}

  /**
   * How a checkpoint names the parts of a block, below the block's own prefix. Layer {@code part}
   * has {@code part.weight} and {@code part.bias}, but for the joint projection to queries, keys
   * and values, whose two names stand in full.
   *
   * @param norm1 the norm before attention
   * @param qkvWeight the joint projection's weight {@code [3C, C]}, rows queries, keys, values
   * @param qkvBias its bias {@code [3C]}
   * @param out the projection after attention
   * @param norm2 the norm before the MLP
   * @param expand the MLP's first layer
   * @param contract the MLP's second layer
   */
  public record Names(
      String norm1,
      String qkvWeight,
      String qkvBias,
      String out,
      String norm2,
      String expand,
      String contract) {

    /**
     * Whether a weight of a block is a matrix of its four linear layers.
     *
     * @param name below the block's prefix or in full
     * @return true for the layers' weights, not for biases and norms
     */
    public boolean isMatrix(String name) {
      return Stream.of(qkvWeight, out + ".weight", expand + ".weight", contract + ".weight")
          .anyMatch(matrix -> name.endsWith("." + matrix));
    }

    /** OpenAI's CLIP: {@code ln_1}, {@code attn.in_proj_weight}, {@code mlp.c_fc} and so on. */
    public static final Names CLIP =
        new Names(
            "ln_1",
            "attn.in_proj_weight",
            "attn.in_proj_bias",
            "attn.out_proj",
            "ln_2",
            "mlp.c_fc",
            "mlp.c_proj");

    /** DINO and timm: {@code norm1}, {@code attn.qkv}, {@code mlp.fc1} and so on. */
    public static final Names TIMM =
        new Names(
            "norm1",
            "attn.qkv.weight",
            "attn.qkv.bias",
            "attn.proj",
            "norm2",
            "mlp.fc1",
            "mlp.fc2");
  }

  /** What a block's joint projection makes of a token, in the order of its rows. */
  public enum Part {
    /** What a token asks with. */
    QUERIES(0),
    /** What other tokens compare with. */
    KEYS(1),
    /** What a token passes on. */
    VALUES(2);

    private final int third;

    Part(int third) {
      this.third = third;
    }
  }

  private final List<Block> blocks;
  private final Options options;
  private final NDArray switches;
  private final Map<Part, NDArray> parts;
  private final NDArray noMask;
  private final Mode mode;

  private Transformer(
      List<Block> blocks,
      Options options,
      NDArray switches,
      Map<Part, NDArray> parts,
      NDArray noMask,
      Mode mode) {
    this.blocks = blocks;
    this.options = options;
    this.switches = switches;
    this.parts = parts;
    this.noMask = noMask;
    this.mode = mode;
  }

  private static NDArray switches(Options options, NDManager manager) {
    return Kernels.numbers(
        manager,
        options.heads(),
        options.epsilon(),
        options.activation().code,
        options.causal() ? 1 : 0);
  }

  /**
   * Blocks {@code 0..layers-1} below the view's prefix: {@code weights.at("0")} is the first.
   *
   * @param weights the weights of all blocks
   * @param layers their number
   * @param names the names below each block's prefix
   * @param options what the blocks have in common
   * @param manager the model's manager; owns a few small arrays
   * @return the stack
   */
  public static Transformer of(
      Weights weights, int layers, Names names, Options options, NDManager manager) {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      blocks.add(Block.of(weights.at(Integer.toString(i)), names));
    }
    Map<Part, NDArray> parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      parts.put(part, Kernels.numbers(manager, part.third));
    }
    return new Transformer(
        List.copyOf(blocks),
        options,
        switches(options, manager),
        parts,
        manager.zeros(new Shape(0)),
        Mode.INFERENCE);
  }

  /**
   * The same stack for another purpose.
   *
   * @param changed whether gradients flow into tokens and weights that ask for them
   * @return a view on the same weights
   */
  public Transformer in(Mode changed) {
    return new Transformer(blocks, options, switches, parts, noMask, changed);
  }

  /**
   * The number of blocks.
   *
   * @return layers
   */
  public int layers() {
    return blocks.size();
  }

  /**
   * What the blocks have in common.
   *
   * @return the options
   */
  public Options options() {
    return options;
  }

  /**
   * All blocks.
   *
   * @param tokens {@code [B, N, C]}
   * @return {@code [B, N, C]}
   */
  public NDArray forward(NDArray tokens) {
    return forward(tokens, 0, blocks.size());
  }

  /**
   * Blocks {@code from} (inclusive) to {@code to} (exclusive), so that a caller may stop early or
   * go on from tokens that it changed.
   *
   * @param tokens {@code [B, N, C]}, as they enter block {@code from}
   * @param from the first block
   * @param to the block before which to stop
   * @return {@code [B, N, C]}; the tokens themselves if there is no block between
   */
  public NDArray forward(NDArray tokens, int from, int to) {
    return forward(tokens, noMask, from, to);
  }

  /**
   * Blocks whose attention scores a mask is added to. The mask replaces the causal one.
   *
   * @param tokens {@code [B, N, C]}, as they enter block {@code from}
   * @param mask broadcasts to {@code [B, H, N, N]}; minus infinity hides a key
   * @param from the first block
   * @param to the block before which to stop
   * @return {@code [B, N, C]}
   */
  public NDArray forward(NDArray tokens, NDArray mask, int from, int to) {
    NDArray x = tokens;
    for (int layer = from; layer < to; layer++) {
      NDArray next = call("block", List.of(x, switches, mask), blocks.get(layer).all());
      // Twenty-four layers of tokens would otherwise wait for the call's end.
      if (layer > from && !mode.records()) {
        x.close();
      }
      x = next;
    }
    return x;
  }

  /**
   * The first token after all blocks, such as a class token: what the last block makes of the
   * others is not computed.
   *
   * @param tokens {@code [B, N, C]}
   * @return {@code [B, C]}
   * @throws IllegalStateException if attention is causal, so that the first token sees itself alone
   */
  public NDArray first(NDArray tokens) {
    if (options.causal()) {
      throw new IllegalStateException("The first token of a causal stack sees no other");
    }
    int last = blocks.size() - 1;
    NDArray x = forward(tokens, 0, last);
    return call("block_first", List.of(x, switches), blocks.get(last).all());
  }

  /**
   * All blocks over sequences that share their beginnings, each distinct beginning computed once:
   * where attention is causal, a token depends on those before it only.
   *
   * @param tokens {@code [M, C]}, the last token of each distinct beginning
   * @param sequences int64 {@code [B, L]}, rows of {@code tokens}; any behind a sequence's end
   * @param all int64 {@code [2, M]}: every row, and where among the {@code B L} places it stands
   * @param wanted int64 {@code [2, K]}: the rows to return, and where they stand
   * @return {@code [K, C]}
   * @throws IllegalStateException if attention is not causal
   */
  public NDArray shared(NDArray tokens, NDArray sequences, NDArray all, NDArray wanted) {
    if (!options.causal()) {
      throw new IllegalStateException("Only causal attention lets sequences share tokens");
    }
    NDArray x = tokens;
    for (int layer = 0; layer < blocks.size(); layer++) {
      // What the last block makes of other tokens, nobody reads.
      NDArray rows = layer == blocks.size() - 1 ? wanted : all;
      List<NDArray> leading = List.of(x, switches, sequences, rows.get(0), rows.get(1));
      NDArray next = call("shared_block", leading, blocks.get(layer).all());
      if (layer > 0 && !mode.records()) {
        x.close();
      }
      x = next;
    }
    return x;
  }

  /**
   * The tokens after each block.
   *
   * @param tokens {@code [B, N, C]}
   * @return one {@code [B, N, C]} a block
   */
  public NDList hiddenStates(NDArray tokens) {
    NDList states = new NDList();
    NDArray x = tokens;
    for (int layer = 0; layer < blocks.size(); layer++) {
      x = forward(x, layer, layer + 1);
      states.add(x);
    }
    return states;
  }

  /**
   * The queries, keys and values of a block.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}, as they enter it
   * @return three {@code [B, N, C]}; a head's part is {@code C / heads} columns in turn
   */
  public NDList queriesKeysValues(int layer, NDArray tokens) {
    return callAll("block_qkv", List.of(tokens, switches), blocks.get(layer).projection());
  }

  /**
   * The queries, the keys or the values of a block alone.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}, as they enter it
   * @param part which of the three
   * @return {@code [B, N, C]}; a head's part is {@code C / heads} columns in turn
   */
  public NDArray part(int layer, NDArray tokens, Part part) {
    List<NDArray> leading = List.of(tokens, switches, parts.get(part));
    return call("block_third", leading, blocks.get(layer).projection());
  }

  /**
   * The attention probabilities of a block, without any mask. They fill {@code B H N N} floats: for
   * looking at, not for computing with.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}, as they enter it
   * @return {@code [B, H, N, N]}, rows sum to one
   */
  public NDArray attentionProbabilities(int layer, NDArray tokens) {
    NDList qkv = queriesKeysValues(layer, tokens);
    return probabilities(qkv.get(0), qkv.get(1));
  }

  /**
   * How queries attend to keys.
   *
   * @param queries {@code [B, Q, C]}
   * @param keys {@code [B, N, C]}
   * @return {@code [B, H, Q, N]}, rows sum to one
   */
  public NDArray probabilities(NDArray queries, NDArray keys) {
    return mode.call("attention_probabilities", heads(queries), heads(keys));
  }

  /**
   * Tokens split into heads.
   *
   * @param tokens {@code [B, N, C]}
   * @return {@code [B, H, N, C / H]}
   */
  public NDArray heads(NDArray tokens) {
    Shape shape = tokens.getShape();
    return tokens.reshape(shape.get(0), shape.get(1), options.heads(), -1).swapAxes(1, 2);
  }

  /**
   * What a block's attention adds: {@code Attn(norm1(x))}, with the output projection.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}, as they enter it
   * @return {@code [B, N, C]}
   */
  public NDArray attention(int layer, NDArray tokens) {
    List<NDArray> leading = List.of(tokens, switches, noMask);
    return call("block_attention", leading, blocks.get(layer).attention());
  }

  /**
   * A part of a block after its output projection, token by token. With the values it is as if each
   * token attended to itself alone: what MaskCLIP reads instead of the last attention.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}, as they enter it
   * @param part which part
   * @return {@code [B, N, C]}, without the residual
   */
  public NDArray projectedPart(int layer, NDArray tokens, Part part) {
    List<NDArray> leading = List.of(tokens, switches, parts.get(part));
    return call("block_part", leading, blocks.get(layer).attention());
  }

  /**
   * The second half of a block: {@code x + MLP(norm2(x))}.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}
   * @return {@code [B, N, C]}
   */
  public NDArray feedForward(int layer, NDArray tokens) {
    return tokens.add(call("block_mlp", List.of(tokens, switches), blocks.get(layer).mlp()));
  }

  /**
   * The arrays of a block's attention, for kernels that do it another way. Weights that are stored
   * as integers come as float32.
   *
   * @param layer the block
   * @param anchor an array of the call, whose manager will own such copies
   * @return weight and bias of the norm before it, of the joint projection and of the output
   *     projection
   */
  public List<NDArray> attentionWeights(int layer, NDArray anchor) {
    return floats(layer, anchor, 0, 6);
  }

  /**
   * Of {@link #attentionWeights} the norm before attention, which is never stored as integers.
   *
   * @param layer the block
   * @return weight and bias
   */
  public List<NDArray> attentionNorm(int layer) {
    return blocks.get(layer).attention().subList(0, 2);
  }

  /**
   * Of {@link #attentionWeights} the joint projection alone.
   *
   * @param layer the block
   * @param anchor an array of the call, whose manager will own copies
   * @return weight and bias
   */
  public List<NDArray> attentionProjection(int layer, NDArray anchor) {
    return floats(layer, anchor, 2, 4);
  }

  /**
   * Of {@link #attentionWeights} the output projection alone.
   *
   * @param layer the block
   * @param anchor an array of the call, whose manager will own copies
   * @return weight and bias
   */
  public List<NDArray> attentionOutput(int layer, NDArray anchor) {
    return floats(layer, anchor, 4, 6);
  }

  private List<NDArray> floats(int layer, NDArray anchor, int from, int to) {
    List<NDArray> attention = blocks.get(layer).attention();
    long width = attention.get(0).getShape().get(0);
    // An integer matrix has four rows more than inputs; the engine cannot be asked for its type.
    return attention.subList(from, to).stream()
        .map(
            array ->
                array.getShape().get(0) == width + 4
                    ? Kernels.core().call("from_int8", anchor, array)
                    : array)
        .toList();
  }

  private NDArray call(String kernel, List<NDArray> leading, List<NDArray> weights) {
    return callAll(kernel, leading, weights).singletonOrThrow();
  }

  private NDList callAll(String kernel, List<NDArray> leading, List<NDArray> weights) {
    NDArray[] arguments = Stream.concat(leading.stream(), weights.stream()).toArray(NDArray[]::new);
    return mode.callAll(Kernels.core(), kernel, arguments);
  }

  /**
   * A block's arrays in the order that kernels take them.
   *
   * @param attention weight and bias of the norm, the joint and the output projection
   * @param mlp weight and bias of the norm and the two layers
   */
  private record Block(List<NDArray> attention, List<NDArray> mlp) {

    static Block of(Weights weights, Names names) {
      List<NDArray> attention = new ArrayList<>(layer(weights, names.norm1()));
      attention.add(weights.get(names.qkvWeight()));
      attention.add(weights.get(names.qkvBias()));
      attention.addAll(layer(weights, names.out()));
      List<NDArray> mlp = new ArrayList<>(layer(weights, names.norm2()));
      mlp.addAll(layer(weights, names.expand()));
      mlp.addAll(layer(weights, names.contract()));
      return new Block(List.copyOf(attention), List.copyOf(mlp));
    }

    private static List<NDArray> layer(Weights weights, String part) {
      return List.of(weights.get(part + ".weight"), weights.get(part + ".bias"));
    }

    /** Norm and joint projection. */
    List<NDArray> projection() {
      return attention.subList(0, 4);
    }

    List<NDArray> all() {
      return Stream.concat(attention.stream(), mlp.stream()).toList();
    }
  }
}
