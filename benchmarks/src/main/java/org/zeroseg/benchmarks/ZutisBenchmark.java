package org.zeroseg.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
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
import org.zeroseg.core.Precision;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.zutis.ZutisConfig;
import org.zeroseg.zutis.ZutisModel;

/**
 * ZUTIS ViT-B/16 forward, both branches, 81 words, beside the matrix products of the model alone.
 * Aims: float32 at most 1.15 of the products' time, bfloat16 at most half of float32 where the
 * processor has BF16.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1, time = 2)
@Measurement(iterations = 3, time = 3)
@Fork(1)
public class ZutisBenchmark {

  private static final int WORDS = 81;

  /** Side of the pictures. */
  @Param({"384", "512"})
  public int size = 384;

  /** Pictures at once. */
  @Param({"1", "8"})
  public int batch = 1;

  private final NDManager manager = TorchEngine.newManager();
  private final Products products = new Products(manager);
  private List<ZutisModel> models = List.of();
  private NDArray pixels = manager.zeros(new Shape(1));
  private NDArray words = manager.zeros(new Shape(1));

  /** Makes weights, pixels and the operands of the products. */
  @Setup
  public void prepare() {
    ZutisConfig config = ZutisConfig.of(new ClipConfig.Vit(768, 12, 16, 14), 512);
    Map<String, Shape> shapes = config.shapes();
    RandomCheckpoint checkpoint = RandomCheckpoint.of(shapes);
    models =
        List.of(
            ZutisModel.of(config, Weights.load(checkpoint, shapes, manager), manager),
            ZutisModel.load(checkpoint, Precision.BFLOAT16, manager));
    pixels = manager.randomNormal(new Shape(batch, 3, size, size));
    words = manager.randomNormal(new Shape(WORDS, config.embedding()));
    long patches = (long) (size / 16) * (size / 16);
    products.linear(batch, 1 + patches, 16, 768, 12);
    products.attention(batch * 12L, 1 + patches, 64, 1 + patches, 12);
    branches(config, 4 * patches);
  }

  private void branches(ZutisConfig config, long cells) {
    int layers = config.decoderLayers();
    long queries = config.queries();
    products.multiply(batch * cells, 768, 512, 1);
    products.multiplyEach(batch, WORDS, 512, cells, 1);
    perceptron(batch * cells);
    perceptron(batch * queries);
    products.multiply(batch * queries, 768, 768, 6 * layers);
    products.multiply(batch * cells, 768, 768, 2 * layers);
    products.attention(batch * 8L, queries, 96, queries + cells, layers);
    products.multiply(batch * queries, 768, 2048, layers);
    products.multiply(batch * queries, 2048, 768, layers);
    products.multiplyEach(batch, queries, 768, cells, 1);
  }

  private void perceptron(long rows) {
    products.multiply(rows, 768, 256, 1);
    products.multiply(rows, 256, 256, 1);
    products.multiply(rows, 256, 768, 1);
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
   * Both branches in float32.
   *
   * @return a probability
   */
  @Benchmark
  @Against("productsAlone")
  public float float32() {
    return forward(models.get(0));
  }

  /**
   * Both branches with products in bfloat16.
   *
   * @return a probability
   */
  @Benchmark
  @Against({"productsAlone", "float32"})
  public float bfloat16() {
    return forward(models.get(1));
  }

  /**
   * The semantic branch alone.
   *
   * @return a cosine
   */
  @Benchmark
  @Against("float32")
  public float semanticOnly() {
    try (NDManager call = manager.newSubManager()) {
      ZutisModel.Features features = models.get(0).features(input(call));
      return models.get(0).cosines(models.get(0).patchTokens(features), words).getFloat(0, 0, 0);
    }
  }

  private float forward(ZutisModel model) {
    try (NDManager call = manager.newSubManager()) {
      ZutisModel.Features features = model.features(input(call));
      float cosine = model.cosines(model.patchTokens(features), words).getFloat(0, 0, 0);
      return cosine + model.proposals(model.decode(features, false), 0).getFloat(0, 0, 0);
    }
  }

  private NDArray input(NDManager call) {
    NDArray own = pixels.duplicate();
    own.attach(call);
    return own;
  }
}
