package org.zeroseg.zeroguide.gpt2;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * GPT-2 of any size (Radford et al. 2019) as functions of its weights, reading texts token by token
 * into a {@link Memory}. Gradients with respect to a memory are computed by hand: one token's pass
 * backwards costs as much as one forwards, builds no graph and leaves the weights alone, and
 * several threads may do it at once.
 *
 * <p>Instances are immutable and thread-safe. They hold arrays of the model's manager; results
 * belong to the manager of the array passed in.
 */
public final class Gpt2 {

  static final Kernels KERNELS = Kernels.withDense(Gpt2.class, "gpt2.torchscript");

  /** Constants that some files carry: the causal mask and its filler. */
  private static final Pattern NO_PARAMETER = Pattern.compile("h\\.\\d+\\.attn\\.(masked_)?bias");

  private static final String PREFIX = "transformer.";
  private static final String OUTPUT = "lm_head.weight";

  private static final List<String> BLOCK =
      List.of("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj");

  private final Gpt2Config config;
  private final Weights weights;
  private final NDArray options;
  private final Mode mode;
  private final List<NDArray[]> blocks = new ArrayList<>();

  private Gpt2(Gpt2Config config, Weights weights, NDManager manager, Mode mode) {
    this.config = config;
    this.weights = weights;
    this.mode = mode;
    this.options = Kernels.numbers(manager, config.heads(), config.epsilon());
    for (int i = 0; i < config.layers(); i++) {
      List<NDArray> arguments = new ArrayList<>(List.of(options));
      for (String part : BLOCK) {
        arguments.add(weights.get("h." + i + "." + part + ".weight"));
        arguments.add(weights.get("h." + i + "." + part + ".bias"));
      }
      blocks.add(arguments.toArray(NDArray[]::new));
    }
  }

  /**
   * A model of weights that exist.
   *
   * @param config the sizes
   * @param weights every tensor of {@link Gpt2Config#shapes()}
   * @param manager the model's manager; owns a few small arrays
   * @return the model
   */
  public static Gpt2 of(Gpt2Config config, Weights weights, NDManager manager) {
    return new Gpt2(config, weights, manager, Mode.INFERENCE);
  }

  /** A model of the same weights whose readings record gradients. */
  static Gpt2 training(Gpt2Config config, Weights weights, NDManager manager) {
    return new Gpt2(config, weights, manager, Mode.DIFFERENTIABLE);
  }

  /**
   * Where a model lies with all that belongs to it: checkpoint, configuration and vocabulary, which
   * are fetched if need be.
   *
   * @param model a local folder, or an id of the hub such as {@code openai-community/gpt2-medium}
   * @param hub where ids are looked up
   * @return a folder
   * @throws IOException if it has no checkpoint or no vocabulary, or they cannot be fetched
   */
  public static Path folder(String model, ModelHub hub) throws IOException {
    Path weights = hub.weights(model);
    hub.find(model, "config.json");
    if (hub.find(model, "merges.txt").isEmpty() && hub.find(model, "tokenizer.json").isEmpty()) {
      throw new IOException(
          model + ": expected merges.txt or tokenizer.json beside the checkpoint, found neither");
    }
    return weights.toAbsolutePath().getParent();
  }

  /**
   * Reads a model.
   *
   * @param path a checkpoint file, or a folder with one under the hub's usual names; with {@code
   *     config.json} beside it, if heads are not 64 wide
   * @param precision of the products
   * @param manager the model's manager; owns the weights
   * @return the model
   * @throws IOException if the configuration cannot be read
   * @throws CheckpointException if the checkpoint holds no GPT-2 or not exactly the tensors of one
   */
  public static Gpt2 load(Path path, Precision precision, NDManager manager) throws IOException {
    Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    OptionalInt heads = Gpt2Config.heads(folder.resolve("config.json"));
    try (Checkpoint checkpoint = Checkpoints.open(path)) {
      return load(checkpoint, heads, precision, manager);
    }
  }

  /**
   * Reads a model.
   *
   * @param checkpoint the published names, or those with {@code transformer.} in front and the
   *     output layer as {@code lm_head.weight}, which is the words' table once more
   * @param heads if known, see {@link Gpt2Config#of}
   * @param precision of the products
   * @param manager the model's manager; owns the weights
   * @return the model
   * @throws CheckpointException if the checkpoint holds no GPT-2 or not exactly the tensors of one
   */
  public static Gpt2 load(
      Checkpoint checkpoint, OptionalInt heads, Precision precision, NDManager manager) {
    Checkpoint named = published(checkpoint.unwrapped());
    Gpt2Config config = Gpt2Config.of(named, heads);
    Precision format = precision.on(manager.getDevice());
    Weights weights =
        format == Precision.INT8
            ? integers(named, config, manager)
            : Weights.load(named, config.shapes(), format, Gpt2::inProduct, manager);
    return new Gpt2(config, weights, manager, Mode.INFERENCE);
  }

  /** The blocks' matrices are rounded by output, for which they are read the other way round. */
  private static Weights integers(Checkpoint named, Gpt2Config config, NDManager manager) {
    Map<String, Shape> turned = config.shapes();
    turned.replaceAll(
        (name, shape) -> isMatrix(name) ? new Shape(shape.get(1), shape.get(0)) : shape);
    Weights read =
        Weights.load(
            named.transposed(Gpt2::isMatrix),
            turned,
            Precision.INT8,
            Gpt2::inProduct,
            Gpt2::isMatrix,
            manager);
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    for (String name : turned.keySet()) {
      NDArray array = read.get(name);
      // One that rounding would harm has stayed float32.
      boolean back = isMatrix(name) && array.getDataType() != DataType.INT8;
      arrays.put(name, back ? turned(array) : array);
    }
    return Weights.of(arrays, named.source());
  }

  private static NDArray turned(NDArray matrix) {
    try (matrix;
        NDArray view = matrix.transpose()) {
      return view.duplicate();
    }
  }

  private static boolean isMatrix(String name) {
    return name.startsWith("h.") && name.endsWith(".weight") && !name.contains("ln_");
  }

  /**
   * Writes {@code model.safetensors} and {@code config.json}, under the names and in the form of
   * the transformers library.
   *
   * @param folder an existing folder
   * @param type of the numbers in the file
   * @param provenance what the weights come from; becomes the file's metadata
   * @throws IOException if a file cannot be written
   */
  public void write(Path folder, DataType type, Map<String, String> provenance) throws IOException {
    WholeFile.write(folder.resolve("config.json"), config.json());
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"), weights.checkpoint().as(type), provenance);
  }

  /** Norms and positions stay float32: they cost nothing. */
  private static boolean inProduct(String name) {
    return !name.contains("ln_") && !name.startsWith("wpe");
  }

  private static Checkpoint published(Checkpoint checkpoint) {
    Checkpoint tied = checkpoint.without(OUTPUT::equals);
    Checkpoint plain =
        tied.renamed(name -> name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name);
    return plain.without(name -> NO_PARAMETER.matcher(name).matches());
  }

  /**
   * The sizes.
   *
   * @return the configuration
   */
  public Gpt2Config config() {
    return config;
  }

  /**
   * The named arrays.
   *
   * @return the weights, under the published names
   */
  public Weights weights() {
    return weights;
  }

  /**
   * What a reading gives.
   *
   * @param logits {@code [B, T, V]} of the token after each
   * @param memory of all tokens read so far
   */
  public record Reading(NDArray logits, Memory memory) {}

  /**
   * Reads texts from their beginning.
   *
   * @param ids int64 {@code [B, T]}
   * @return logits and memory of the ids' manager
   * @throws IllegalArgumentException if the texts are longer than the model's positions
   */
  public Reading read(NDArray ids) {
    Shape nothing = new Shape(ids.getShape().get(0), config.heads(), 0, headWidth());
    List<Memory.Layer> empty = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      empty.add(new Memory.Layer(ids.getManager().zeros(nothing), ids.getManager().zeros(nothing)));
    }
    return read(ids, new Memory(empty));
  }

  private int headWidth() {
    return config.width() / config.heads();
  }

  /**
   * Reads on.
   *
   * @param ids int64 {@code [B, T]}, the next tokens
   * @param memory of those before, {@code B} rows
   * @return logits and memory of the ids' manager
   * @throws IllegalArgumentException if the texts are longer than the model's positions
   */
  public Reading read(NDArray ids, Memory memory) {
    NDArray x = embed(ids, memory.length());
    List<Memory.Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      Memory.Layer before = memory.layers().get(i);
      NDList result = call("block", i, x, before.keys(), before.values());
      x.close();
      x = result.get(0);
      layers.add(new Memory.Layer(result.get(1), result.get(2)));
    }
    return new Reading(logits(x), new Memory(layers));
  }

  private NDArray embed(NDArray ids, int start) {
    long length = start + ids.getShape().get(1);
    if (length > config.positions()) {
      throw new IllegalArgumentException(
          "a text of " + length + " tokens; the model has " + config.positions() + " positions");
    }
    NDArray first = Kernels.numbers(ids.getManager(), start);
    return run("embed", ids, first, weights.get("wte.weight"), weights.get("wpe.weight")).get(0);
  }

  private NDArray logits(NDArray x) {
    return run(
            "logits",
            x,
            options,
            weights.get("ln_f.weight"),
            weights.get("ln_f.bias"),
            weights.get("wte.weight"))
        .get(0);
  }

  NDList run(String kernel, NDArray... arguments) {
    return mode.callAll(KERNELS, kernel, arguments);
  }

  private NDList call(String kernel, int layer, NDArray... arguments) {
    List<NDArray> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of(blocks.get(layer)));
    return run(kernel, all.toArray(NDArray[]::new));
  }

  /**
   * One token's pass, with what its gradient needs.
   *
   * @param logits {@code [R, V]} of the token behind
   * @param last the tokens as they enter the last norm {@code [R, 1, E]}
   * @param traces of each layer
   */
  public record Pass(NDArray logits, NDArray last, List<Trace> traces) {}

  /**
   * What a layer keeps of one token's pass.
   *
   * @param arrays its input, queries, own key, own value, probabilities, and the input of its
   *     second half
   */
  public record Trace(NDList arrays) {}

  /**
   * One token after a memory.
   *
   * @param ids int64 {@code [R, 1]}
   * @param memory {@code R} rows of at least one token
   * @return the pass
   */
  public Pass pass(NDArray ids, Memory memory) {
    NDArray x = embed(ids, memory.length());
    List<Trace> traces = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      Memory.Layer before = memory.layers().get(i);
      NDList result = call("token", i, x, before.keys(), before.values());
      NDList kept = new NDList(x);
      kept.addAll(result.subNDList(1));
      traces.add(new Trace(kept));
      x = result.get(0);
    }
    return new Pass(logits(x).squeeze(1), x, traces);
  }

  /**
   * The memory with the token of a pass read into it.
   *
   * @param memory that the pass was made on
   * @param pass the pass
   * @return a memory one token longer
   */
  public Memory append(Memory memory, Pass pass) {
    List<Memory.Layer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      Memory.Layer before = memory.layers().get(i);
      NDList trace = pass.traces().get(i).arrays();
      layers.add(
          new Memory.Layer(
              KERNELS.call("append", before.keys(), trace.get(2)),
              KERNELS.call("append", before.values(), trace.get(3))));
    }
    return new Memory(layers);
  }

  /** Takes the gradient of one layer's part of a memory, which is freed afterwards. */
  @FunctionalInterface
  public interface LayerGradient {

    /**
     * Takes it.
     *
     * @param layer from 0
     * @param gradient in the form of the layer's part; the layer's own part is not needed any more
     */
    void take(int layer, Memory.Layer gradient);
  }

  /**
   * The gradient of a function of a pass's logits with respect to the memory it was made on, layer
   * by layer from the last to the first, so that never more than one is held.
   *
   * @param memory that the pass was made on
   * @param pass the pass
   * @param gradient of the function with respect to the logits {@code [R, V]}
   * @param taker told each layer's
   */
  public void gradient(Memory memory, Pass pass, NDArray gradient, LayerGradient taker) {
    NDArray g =
        KERNELS.call(
            "logits_back",
            gradient.expandDims(1),
            pass.last(),
            options,
            weights.get("ln_f.weight"),
            weights.get("ln_f.bias"),
            weights.get("wte.weight"));
    for (int i = config.layers() - 1; i >= 0; i--) {
      Memory.Layer before = memory.layers().get(i);
      NDList trace = pass.traces().get(i).arrays();
      NDList result =
          call(
              "token_back",
              i,
              g,
              trace.get(0),
              before.keys(),
              before.values(),
              trace.get(1),
              trace.get(2),
              trace.get(3),
              trace.get(4),
              trace.get(5));
      g.close();
      g = result.get(0);
      try (Memory.Layer own = new Memory.Layer(result.get(1), result.get(2))) {
        taker.take(i, own);
      }
    }
    g.close();
  }
}
