package org.zeroseg.core.network;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
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

    private final long third;

    Part(long third) {
      this.third = third;
    }
  }

  private static final Kernels KERNELS = Kernels.core();

  private final List<Block> blocks;
  private final Options options;
  private final NDArray switches;
  private final Map<Part, NDArray> parts;
  private final NDArray noMask;
  private final boolean gradients;

  private Transformer(List<Block> blocks, Options options, NDManager manager) {
    this.blocks = List.copyOf(blocks);
    this.options = options;
    // Kernels read these as numbers, which would stall a GPU that held them.
    double[] numbers = {
      options.heads(), options.epsilon(), options.activation().code, options.causal() ? 1 : 0
    };
    this.switches = manager.create(numbers).toDevice(Device.cpu(), false);
    this.parts = new EnumMap<>(Part.class);
    for (Part part : Part.values()) {
      parts.put(part, manager.create(part.third).toDevice(Device.cpu(), false));
    }
    this.noMask = manager.zeros(new Shape(0));
    this.gradients = false;
  }

  private Transformer(Transformer other, boolean gradients) {
    this.blocks = other.blocks;
    this.options = other.options;
    this.switches = other.switches;
    this.parts = other.parts;
    this.noMask = other.noMask;
    this.gradients = gradients;
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
    return new Transformer(blocks, options, manager);
  }

  /**
   * The same stack with other options, on the same weights.
   *
   * @param changed the options
   * @param manager the model's manager; owns a few small arrays
   * @return another view
   */
  public Transformer with(Options changed, NDManager manager) {
    return new Transformer(new Transformer(blocks, changed, manager), gradients);
  }

  /**
   * The same stack, recording gradients into tokens and weights that ask for them.
   *
   * @return a view on the same weights
   */
  public Transformer differentiable() {
    return new Transformer(this, true);
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
      NDArray next = block(layer, x, mask);
      // Twenty-four layers of tokens would otherwise wait for the call's end; autograd needs them.
      if (layer > from && !gradients) {
        x.close();
      }
      x = next;
    }
    return x;
  }

  private NDArray block(int layer, NDArray x, NDArray mask) {
    Block b = blocks.get(layer);
    return call(
        "block",
        x,
        switches,
        mask,
        b.norm1.weight,
        b.norm1.bias,
        b.qkv.weight,
        b.qkv.bias,
        b.out.weight,
        b.out.bias,
        b.norm2.weight,
        b.norm2.bias,
        b.expand.weight,
        b.expand.bias,
        b.contract.weight,
        b.contract.bias);
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
    Block b = blocks.get(layer);
    NDArray[] arguments = {
      tokens, switches, b.norm1.weight, b.norm1.bias, b.qkv.weight, b.qkv.bias
    };
    return gradients
        ? KERNELS.differentiableAll("block_qkv", arguments)
        : KERNELS.callAll("block_qkv", arguments);
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
    Block b = blocks.get(layer);
    return call(
        "block_third",
        tokens,
        switches,
        parts.get(part),
        b.norm1.weight,
        b.norm1.bias,
        b.qkv.weight,
        b.qkv.bias);
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
    return call("attention_probabilities", heads(qkv.get(0)), heads(qkv.get(1)));
  }

  /** {@code [B, N, C] -> [B, H, N, C / H]}. */
  private NDArray heads(NDArray x) {
    Shape shape = x.getShape();
    return x.reshape(shape.get(0), shape.get(1), options.heads(), -1).swapAxes(1, 2);
  }

  /**
   * What a block's attention adds: {@code Attn(norm1(x))}, with the output projection.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}, as they enter it
   * @return {@code [B, N, C]}
   */
  public NDArray attention(int layer, NDArray tokens) {
    Block b = blocks.get(layer);
    return call(
        "block_attention",
        tokens,
        switches,
        noMask,
        b.norm1.weight,
        b.norm1.bias,
        b.qkv.weight,
        b.qkv.bias,
        b.out.weight,
        b.out.bias);
  }

  /**
   * The values of a block after its output projection, token by token, as if each token attended to
   * itself alone: what MaskCLIP reads instead of the last attention.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}, as they enter it
   * @return {@code [B, N, C]}, without the residual
   */
  public NDArray projectedValues(int layer, NDArray tokens) {
    return projectedPart(layer, tokens, Part.VALUES);
  }

  /**
   * The keys of a block after its output projection.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}, as they enter it
   * @return {@code [B, N, C]}
   */
  public NDArray projectedKeys(int layer, NDArray tokens) {
    return projectedPart(layer, tokens, Part.KEYS);
  }

  private NDArray projectedPart(int layer, NDArray tokens, Part part) {
    Block b = blocks.get(layer);
    return call(
        "block_part",
        tokens,
        switches,
        parts.get(part),
        b.norm1.weight,
        b.norm1.bias,
        b.qkv.weight,
        b.qkv.bias,
        b.out.weight,
        b.out.bias);
  }

  /**
   * The second half of a block: {@code x + MLP(norm2(x))}.
   *
   * @param layer the block
   * @param tokens {@code [B, N, C]}
   * @return {@code [B, N, C]}
   */
  public NDArray feedForward(int layer, NDArray tokens) {
    Block b = blocks.get(layer);
    NDArray mlp =
        call(
            "block_mlp",
            tokens,
            switches,
            b.norm2.weight,
            b.norm2.bias,
            b.expand.weight,
            b.expand.bias,
            b.contract.weight,
            b.contract.bias);
    return tokens.add(mlp);
  }

  private NDArray call(String kernel, NDArray... arguments) {
    return gradients ? KERNELS.differentiable(kernel, arguments) : KERNELS.call(kernel, arguments);
  }

  private record Layer(NDArray weight, NDArray bias) {
    static Layer of(Weights weights, String part) {
      return new Layer(weights.get(part + ".weight"), weights.get(part + ".bias"));
    }
  }

  private record Block(
      Layer norm1, Layer qkv, Layer out, Layer norm2, Layer expand, Layer contract) {
    static Block of(Weights weights, Names names) {
      return new Block(
          Layer.of(weights, names.norm1()),
          new Layer(weights.get(names.qkvWeight()), weights.get(names.qkvBias())),
          Layer.of(weights, names.out()),
          Layer.of(weights, names.norm2()),
          Layer.of(weights, names.expand()),
          Layer.of(weights, names.contract()));
    }
  }
}
