package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.core.Precision;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * CLIP's vision transformers, forward, in float32, bfloat16, int8 and what is taken by itself,
 * beside two baselines of the same run: the matrix products of the model alone, and the model
 * written with plain array calls. Aims: float32 at most 1.15 of the products' time at batch 8; int8
 * at most 0.5 of float32 (ViT-B/16) and 0.55 (ViT-L/14@336px); what is taken by itself at most 1.05
 * of the better of float32 and bfloat16.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 3)
@Fork(1)
public class ClipBenchmark {

  /** The published model. */
  @Param({"ViT-B/16", "ViT-L/14@336px"})
  public String model = "";

  /** Pictures at once. */
  @Param({"1", "8"})
  public int batch = 1;

  private final NDManager manager = TorchEngine.newManager();
  private ClipConfig.Vit vit = new ClipConfig.Vit(64, 1, 8, 1);
  private final Products products = new Products(manager);
  private Weights weights = Weights.of(Map.of(), "none");
  private final Map<Precision, ClipModel> models = new EnumMap<>(Precision.class);
  private NDArray pixels = manager.zeros(new Shape(1));

  /** Makes weights, pixels and the operands of the products. */
  @Setup
  public void prepare() {
    int embedding =
        switch (model) {
          case "ViT-B/16" -> 512;
          case "ViT-L/14@336px" -> 768;
          default -> throw new IllegalArgumentException("no sizes of " + model);
        };
    vit =
        embedding == 512
            ? new ClipConfig.Vit(768, 12, 16, 14)
            : new ClipConfig.Vit(1024, 24, 14, 24);
    // No more of the text tower than must be there.
    ClipConfig config = new ClipConfig(vit, new ClipConfig.Text(64, 1, 8, 16), embedding);
    Map<String, Shape> shapes = config.shapes();
    RandomCheckpoint checkpoint = RandomCheckpoint.of(shapes);
    weights = Weights.load(checkpoint, shapes, manager);
    models.put(Precision.FLOAT32, ClipModel.of(config, weights, manager));
    for (Precision reduced : new Precision[] {Precision.BFLOAT16, Precision.INT8}) {
      models.put(
          reduced, ClipModel.load(checkpoint, Transformer.Activation.QUICK_GELU, reduced, manager));
    }
    models.put(Precision.AUTO, models.get(Precision.AUTO.on(manager.getDevice())));
    int side = vit.inputSize();
    pixels = manager.randomNormal(new Shape(batch, 3, side, side));
    long tokens = 1 + (long) vit.grid() * vit.grid();
    products.linear(batch, tokens, vit.patch(), vit.width(), vit.layers());
    products.attention((long) batch * vit.heads(), tokens, 64, tokens, vit.layers());
  }

  /** Frees the arrays. */
  @TearDown
  public void close() {
    manager.close();
  }

  /**
   * Baseline: the model's matrix products and nothing else.
   *
   * @return something of the last
   */
  @Benchmark
  public float productsAlone() {
    return products.run();
  }

  /**
   * Baseline: the model in plain array calls.
   *
   * @return something of the embedding
   */
  @Benchmark
  @Against("productsAlone")
  public float plainArrays() {
    try (NDManager call = manager.newSubManager()) {
      int patch = vit.patch();
      long grid = vit.grid();
      long width = vit.width();
      pixels.attach(manager);
      NDArray input = pixels.duplicate();
      input.attach(call);
      NDArray patches =
          input
              .reshape(batch, 3, grid, patch, grid, patch)
              .transpose(0, 2, 4, 1, 3, 5)
              .reshape(batch, grid * grid, 3L * patch * patch)
              .matMul(kernel(call, "visual.conv1.weight").reshape(width, -1).transpose());
      NDArray first = kernel(call, "visual.class_embedding").broadcast(batch, 1, width);
      NDArray x = first.concat(patches, 1).add(weights.get("visual.positional_embedding"));
      x = norm(x, weights.at("visual.ln_pre"));
      for (int layer = 0; layer < vit.layers(); layer++) {
        try (NDManager block = call.newSubManager()) {
          x.attach(block);
          x = block(x, weights.at("visual.transformer.resblocks").at(Integer.toString(layer)));
          x.attach(call);
        }
      }
      NDArray last = norm(x.get(":, 0"), weights.at("visual.ln_post"));
      return last.matMul(weights.get("visual.proj")).getFloat(0, 0);
    }
  }

  /** A view that the call owns, so that what is made of it ends with the call. */
  private NDArray kernel(NDManager call, String name) {
    NDArray view = weights.get(name).reshape(weights.get(name).getShape());
    view.attach(call);
    return view;
  }

  private NDArray block(NDArray x, Weights at) {
    long tokens = x.getShape().get(1);
    long heads = vit.heads();
    NDArray normed = norm(x, at.at("ln_1"));
    NDArray qkv =
        linear(normed, at, "attn.in_proj_weight", "attn.in_proj_bias")
            .reshape(batch, tokens, 3, heads, 64)
            .transpose(2, 0, 3, 1, 4);
    NDList parts = qkv.split(3);
    NDArray q = parts.get(0).squeeze(0);
    NDArray k = parts.get(1).squeeze(0);
    NDArray v = parts.get(2).squeeze(0);
    NDArray attention = q.mul(0.125f).matMul(k.swapAxes(2, 3)).softmax(-1);
    NDArray mixed = attention.matMul(v).swapAxes(1, 2).reshape(batch, tokens, heads * 64);
    NDArray y = x.add(linear(mixed, at, "attn.out_proj.weight", "attn.out_proj.bias"));
    NDArray h = linear(norm(y, at.at("ln_2")), at, "mlp.c_fc.weight", "mlp.c_fc.bias");
    NDArray activated = h.mul(Activation.sigmoid(h.mul(1.702f)));
    return y.add(linear(activated, at, "mlp.c_proj.weight", "mlp.c_proj.bias"));
  }

  private static NDArray linear(NDArray x, Weights at, String weight, String bias) {
    try (NDArray transposed = at.get(weight).transpose()) {
      return x.matMul(transposed).add(at.get(bias));
    }
  }

  private static NDArray norm(NDArray x, Weights at) {
    int[] last = {x.getShape().dimension() - 1};
    NDArray centred = x.sub(x.mean(last, true));
    NDArray variance = centred.square().mean(last, true);
    return centred.div(variance.add(1e-5f).sqrt()).mul(at.get("weight")).add(at.get("bias"));
  }

  /**
   * The model in float32.
   *
   * @return something of the embedding
   */
  @Benchmark
  @Against({"productsAlone", "plainArrays"})
  public float float32() {
    return encode(models.get(Precision.FLOAT32));
  }

  /**
   * The model with its blocks in bfloat16.
   *
   * @return something of the embedding
   */
  @Benchmark
  @Against({"productsAlone", "plainArrays", "float32"})
  public float bfloat16() {
    return encode(models.get(Precision.BFLOAT16));
  }

  /**
   * The model with the products of its blocks in integers.
   *
   * @return something of the embedding
   */
  @Benchmark
  @Against({"productsAlone", "float32"})
  public float int8() {
    return encode(models.get(Precision.INT8));
  }

  /**
   * The model in the format that is taken where none is named.
   *
   * @return something of the embedding
   */
  @Benchmark
  @Against({"float32", "bfloat16"})
  public float auto() {
    return encode(models.get(Precision.AUTO));
  }

  private float encode(ClipModel clip) {
    try (NDManager call = manager.newSubManager()) {
      NDArray input = pixels.reshape(pixels.getShape());
      input.attach(call);
      return clip.image().encode(input).getFloat(0, 0);
    }
  }
}
