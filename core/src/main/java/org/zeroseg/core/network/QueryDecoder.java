package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * The decoder of DETR (Carion et al. 2020, App. A.4), as SelfMask and ZUTIS have it: learned
 * queries attend to each other and to an encoder's tokens. The target starts at zero; the query is
 * a position that is added to queries and keys, never to values.
 *
 * <p>Instances are immutable and thread-safe and hold arrays of the model's manager; results belong
 * to the manager of the memory.
 */
public final class QueryDecoder {

  private static final Kernels KERNELS = Kernels.of(QueryDecoder.class, "decoder.torchscript");

  /** PyTorch's default. */
  private static final double EPSILON = 1e-5;

  private static final String[] PARTS = {
    "self_attn.in_proj_weight",
    "self_attn.in_proj_bias",
    "self_attn.out_proj.weight",
    "self_attn.out_proj.bias",
    "multihead_attn.in_proj_weight",
    "multihead_attn.in_proj_bias",
    "multihead_attn.out_proj.weight",
    "multihead_attn.out_proj.bias",
    "linear1.weight",
    "linear1.bias",
    "linear2.weight",
    "linear2.bias",
    "norm1.weight",
    "norm1.bias",
    "norm2.weight",
    "norm2.bias",
    "norm3.weight",
    "norm3.bias"
  };

  private final Weights weights;
  private final int layers;
  private final NDArray options;
  private final Mode mode;

  private QueryDecoder(Weights weights, int layers, NDArray options, Mode mode) {
    this.weights = weights;
    this.layers = layers;
    this.options = options;
    this.mode = mode;
  }

  /**
   * The decoder on given weights.
   *
   * @param weights {@code layers.i.*} and {@code norm.*}, under PyTorch's names
   * @param layers their number
   * @param heads of both attentions
   * @param normsFirst whether norms come before attention instead of after the residual sum
   * @param manager the model's manager; owns one small array
   * @return the decoder
   */
  public static QueryDecoder of(
      Weights weights, int layers, int heads, boolean normsFirst, NDManager manager) {
    NDArray options = Kernels.numbers(manager, heads, EPSILON, normsFirst ? 1 : 0);
    return new QueryDecoder(weights, layers, options, Mode.INFERENCE);
  }

  /**
   * Adds the names and shapes of a decoder's tensors.
   *
   * @param shapes where to add
   * @param prefix of the names, with its dot
   * @param layers their number
   * @param width C
   * @param inner width of the feed-forward layers
   */
  public static void shapes(
      Map<String, Shape> shapes, String prefix, int layers, int width, int inner) {
    for (int i = 0; i < layers; i++) {
      for (String part : PARTS) {
        boolean weight = part.endsWith("weight");
        Shape shape;
        if (part.contains("in_proj")) {
          shape = weight ? new Shape(3L * width, width) : new Shape(3L * width);
        } else if (part.contains("out_proj")) {
          shape = weight ? new Shape(width, width) : new Shape(width);
        } else if (part.startsWith("linear1")) {
          shape = weight ? new Shape(inner, width) : new Shape(inner);
        } else if (part.startsWith("linear2")) {
          shape = weight ? new Shape(width, inner) : new Shape(width);
        } else {
          shape = new Shape(width);
        }
        shapes.put(prefix + "layers." + i + "." + part, shape);
      }
    }
    shapes.put(prefix + "norm.weight", new Shape(width));
    shapes.put(prefix + "norm.bias", new Shape(width));
  }

  /**
   * The same decoder for another purpose.
   *
   * @param changed whether gradients flow into memory, queries and weights that ask for them
   * @return a view on the same weights
   */
  public QueryDecoder in(Mode changed) {
    return new QueryDecoder(weights, layers, options, changed);
  }

  /**
   * Every layer's output, each read through the decoder's final norm; the next layer goes on from
   * the output before it.
   *
   * @param memory the encoder's tokens {@code [B, N, C]}
   * @param position added to the memory where it serves as keys, {@code [1 or B, N, C]}
   * @param queries {@code [Q, C]}
   * @return one {@code [B, Q, C]} a layer
   */
  public NDList forward(NDArray memory, Optional<NDArray> position, NDArray queries) {
    Shape shape = memory.getShape();
    NDManager call = memory.getManager();
    NDArray asked = queries.expandDims(0);
    asked.attach(call);
    NDArray target = call.zeros(new Shape(shape.get(0), queries.getShape().get(0), shape.get(2)));
    NDArray keys = position.orElseGet(() -> call.zeros(new Shape(1)));
    NDList outputs = new NDList();
    for (int i = 0; i < layers; i++) {
      Weights layer = weights.at("layers." + i);
      NDArray[] arguments = new NDArray[5 + PARTS.length];
      arguments[0] = target;
      arguments[1] = asked;
      arguments[2] = memory;
      arguments[3] = keys;
      arguments[4] = options;
      for (int part = 0; part < PARTS.length; part++) {
        arguments[5 + part] = layer.get(PARTS[part]);
      }
      target = mode.call(KERNELS, "layer", arguments);
      outputs.add(
          mode.call(
              KERNELS,
              "read",
              target,
              options,
              weights.get("norm.weight"),
              weights.get("norm.bias")));
    }
    return outputs;
  }
}
