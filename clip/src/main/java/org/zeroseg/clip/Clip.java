package org.zeroseg.clip;

import ai.djl.Device;
import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.clip.text.TextEncoder;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;
import org.zeroseg.core.network.Transformer.Activation;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * CLIP for pictures and texts (Radford et al. 2021): both become vectors of one space, in which the
 * cosine says how well they go together.
 *
 * <pre>{@code
 * try (Clip clip = Clip.load("openai/clip-vit-base-patch16")) {
 *   float[] picture = clip.encodeImage(Path.of("photo.jpg"));
 *   float[][] texts = clip.encode(List.of("a photo of a cat", "a photo of a dog"));
 * }
 * }</pre>
 *
 * <p>Thread-safe. {@link #close} waits for calls that run, after which every call fails with {@link
 * IllegalStateException}.
 */
public final class Clip implements TextEncoder, AutoCloseable {

  /** Pictures that go through a tower at once. */
  private static final int BATCH = 32;

  /** Tokens of texts that go through a tower at once, those that texts share counted each time. */
  private static final int TEXT_PLACES = 16_384;

  private final ClipModel model;
  private final ClipTokenizer tokenizer;
  private final ModelMemory memory;
  private final TextEmbeddings textEmbeddings;

  /** Made once each, since what they hold lives as long as the model. */
  private final Map<Boolean, DenseClip> dense;

  private Clip(ClipModel model, ClipTokenizer tokenizer, NDManager manager) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.memory = new ModelMemory(manager, "the model");
    this.textEmbeddings = TextEmbeddings.of(this);
    this.dense = new ConcurrentHashMap<>();
  }

  private Clip(Clip owned) {
    this.model = owned.model;
    this.tokenizer = owned.tokenizer;
    this.memory = owned.memory.lent();
    this.textEmbeddings = owned.textEmbeddings;
    this.dense = owned.dense;
  }

  /**
   * Loads a model onto the default device, in the precision that it gains from.
   *
   * @param model a local path, as for {@link #load(Path)}, or an id on the Hugging Face hub such as
   *     {@code openai/clip-vit-base-patch16}
   * @return the model
   * @throws IOException if a file cannot be fetched or read
   * @throws CheckpointException if the checkpoint cannot be read or holds no CLIP
   */
  public static Clip load(String model) throws IOException {
    return load(model, Precision.AUTO, TorchEngine.defaultDevice());
  }

  /**
   * Loads a model.
   *
   * @param model as for {@link #load(String)}
   * @param precision of the transformers' products
   * @param device where to compute
   * @return the model
   * @throws IOException if a file cannot be fetched or read
   * @throws CheckpointException if the checkpoint cannot be read or holds no CLIP
   */
  public static Clip load(String model, Precision precision, Device device) throws IOException {
    return load(model, ModelHub.fromEnvironment(), precision, device);
  }

  /**
   * Loads a model, its files fetched from a hub of the caller's choice.
   *
   * @param model as for {@link #load(String)}
   * @param hub where ids are looked up
   * @param precision of the transformers' products
   * @param device where to compute
   * @return the model
   * @throws IOException if a file cannot be fetched or read
   * @throws CheckpointException if the checkpoint cannot be read or holds no CLIP
   */
  public static Clip load(String model, ModelHub hub, Precision precision, Device device)
      throws IOException {
    Path weights = hub.weights(model);
    if (Files.exists(Path.of(model))) {
      return load(Path.of(model), precision, device);
    }
    Optional<Path> merges = hub.find(model, "merges.txt");
    Path vocabulary = merges.isPresent() ? merges.get() : hub.file(model, "tokenizer.json");
    return load(weights, vocabulary, hub.find(model, "config.json"), precision, device);
  }

  /**
   * Loads a model onto the default device, in the precision that it gains from.
   *
   * @param path a folder with a checkpoint and its vocabulary under the hub's usual names, or a
   *     checkpoint file (OpenAI's {@code .pt}, safetensors) with the vocabulary beside it
   * @return the model
   * @throws IOException if the vocabulary or the configuration cannot be read
   * @throws CheckpointException if the checkpoint cannot be read or holds no CLIP
   */
  public static Clip load(Path path) throws IOException {
    return load(path, Precision.AUTO, TorchEngine.defaultDevice());
  }

  /**
   * Loads a model.
   *
   * @param path as for {@link #load(Path)}
   * @param precision of the transformers' products
   * @param device where to compute
   * @return the model
   * @throws IOException if the vocabulary or the configuration cannot be read
   * @throws CheckpointException if the checkpoint cannot be read or holds no CLIP
   */
  public static Clip load(Path path, Precision precision, Device device) throws IOException {
    Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    Optional<Path> config = Optional.of(folder.resolve("config.json")).filter(Files::exists);
    return load(path, folder, config, precision, device);
  }

  private static Clip load(
      Path weights, Path vocabulary, Optional<Path> config, Precision precision, Device device)
      throws IOException {
    ClipTokenizer tokenizer = ClipTokenizer.read(vocabulary);
    // Where nothing is said the weights are taken for OpenAI's.
    Activation activation = config.isPresent() ? activation(config.get()) : Activation.QUICK_GELU;
    NDManager manager = TorchEngine.newManager(device);
    try (Checkpoint checkpoint = Checkpoints.open(weights)) {
      ClipModel model =
          ClipModel.load(checkpoint.unwrapped(), activation, precision, manager).folded(manager);
      try {
        return of(model, tokenizer, manager);
      } catch (IllegalArgumentException e) {
        throw new CheckpointException(
            "%s does not fit the vocabulary of %s: %s"
                .formatted(weights, vocabulary, e.getMessage()),
            e);
      }
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * A model that exists, with its vocabulary.
   *
   * @param model for inference
   * @param tokenizer its vocabulary; texts are cut to the model's context by its own rules
   * @param manager owns the model's weights; closed with the result
   * @return the model as a whole
   * @throws IllegalArgumentException if the vocabulary has another size than the model's
   */
  public static Clip of(ClipModel model, ClipTokenizer tokenizer, NDManager manager) {
    ClipConfig.Text text = model.config().text();
    if (tokenizer.vocabularySize() != text.vocabulary()) {
      throw new IllegalArgumentException(
          "the tokenizer knows "
              + tokenizer.vocabularySize()
              + " tokens, the model "
              + text.vocabulary());
    }
    return new Clip(model, tokenizer.withContextLength(text.context()), manager);
  }

  /** What the transformers library's configuration says. */
  private static Activation activation(Path config) throws IOException {
    String name =
        JsonFile.object(
            config,
            json -> {
              JsonObject vision =
                  json.has("vision_config") ? json.getAsJsonObject("vision_config") : json;
              return vision.has("hidden_act")
                  ? vision.get("hidden_act").getAsString()
                  : "quick_gelu";
            });
    return switch (name) {
      case "quick_gelu" -> Activation.QUICK_GELU;
      case "gelu" -> Activation.GELU;
      case "gelu_new", "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      default ->
          throw new InvalidFileException(config.toString(), "unknown hidden_act \"" + name + "\"");
    };
  }

  /**
   * The same model for one who does not own it.
   *
   * @return leaves the model open when it is closed
   */
  public Clip lent() {
    return new Clip(this);
  }

  /**
   * The sizes.
   *
   * @return the configuration
   */
  public ClipConfig config() {
    return model.config();
  }

  /**
   * The vocabulary.
   *
   * @return the tokenizer, for texts up to the model's context
   */
  public ClipTokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Class vectors of words, remembered.
   *
   * @return embeddings by this model's text tower
   */
  public TextEmbeddings textEmbeddings() {
    return textEmbeddings;
  }

  /**
   * The image tower's dense features, to be computed during {@link #compute}.
   *
   * @return the same at every call
   * @throws IllegalStateException if this is closed
   */
  public DenseClip dense() {
    return dense(false);
  }

  /** Dense features; those of MaskCLIP's released network differ, see {@link MaskClipBuilder}. */
  DenseClip dense(boolean asReleased) {
    return compute((loaded, call) -> dense.computeIfAbsent(asReleased, this::makeDense));
  }

  private DenseClip makeDense(boolean asReleased) {
    ClipConfig config = model.config();
    ImageTower tower = model.image();
    PositionResampling positions = PositionResampling.TARGET_SIZE;
    if (asReleased) {
      if (tower instanceof VisionTransformer) {
        config = config.with(Activation.GELU, 1e-6);
        tower = ClipModel.imageTower(config, model.weights().at("visual"), memory.manager());
      }
      positions = PositionResampling.CELL_COUNT;
    }
    return DenseClip.of(tower, positions, memory.manager());
  }

  /**
   * Runs a computation on the model's arrays, which stay open until it ends.
   *
   * @param computation takes the model, and a manager that is closed afterwards
   * @param <T> a type without arrays
   * @return what the computation returns
   * @throws IllegalStateException if this is closed
   */
  public <T> T compute(Computation<T> computation) {
    return memory.during(call -> computation.run(model, call));
  }

  /**
   * A computation on a model's arrays.
   *
   * @param <T> a type without arrays
   */
  @FunctionalInterface
  public interface Computation<T> {

    /**
     * Computes.
     *
     * @param model the model
     * @param call owns what the computation makes
     * @return plain values
     */
    T run(ClipModel model, NDManager call);
  }

  /**
   * Text embeddings.
   *
   * @param texts any number
   * @return {@code [N, D]}, not of unit length
   * @throws IllegalArgumentException if a text is longer than the model's context
   */
  @Override
  public float[][] encode(List<String> texts) {
    long[][] ids = tokenizer.tokenize(texts);
    List<long[]> ended =
        Arrays.stream(ids).map(text -> Arrays.copyOf(text, lengthOf(text))).toList();
    // Texts of like length go together, since places are counted up to the longest.
    List<Integer> order =
        IntStream.range(0, ids.length)
            .boxed()
            .sorted(Comparator.comparingInt(i -> ended.get(i).length))
            .toList();
    float[][] embeddings = new float[ids.length][];
    for (int start = 0; start < order.size(); ) {
      int end = start + 1;
      while (end < order.size()
          && (end - start + 1) * ended.get(order.get(end)).length <= TEXT_PLACES) {
        end++;
      }
      List<Integer> batch = order.subList(start, end);
      List<long[]> some = batch.stream().map(ended::get).toList();
      float[][] rows = compute((clip, call) -> rows(clip.text().encode(some, call)));
      for (int i = 0; i < rows.length; i++) {
        embeddings[batch.get(i)] = rows[i];
      }
      start = end;
    }
    return embeddings;
  }

  /** Up to the end token, which is the largest id. */
  private int lengthOf(long[] ids) {
    int length = 1;
    while (length < ids.length && ids[length - 1] != tokenizer.endToken()) {
      length++;
    }
    return length;
  }

  /**
   * Embeddings of pictures by OpenAI's transform: the shorter side to the model's size, the middle
   * cut out, CLIP's statistics.
   *
   * @param pictures any number, of any sizes
   * @return {@code [N, D]}, not of unit length
   */
  public float[][] encodeImages(List<Picture> pictures) {
    return encodeImages(pictures, Preprocessing.clip(model.config().image().inputSize()));
  }

  /**
   * Embeddings of pictures.
   *
   * @param pictures any number, of any sizes
   * @param preprocessing its size is the model's, or another multiple of the model's stride
   * @return {@code [N, D]}, not of unit length
   */
  public float[][] encodeImages(List<Picture> pictures, Preprocessing preprocessing) {
    float[][] embeddings = new float[pictures.size()][];
    for (int start = 0; start < embeddings.length; start += BATCH) {
      List<Picture> batch = pictures.subList(start, Math.min(embeddings.length, start + BATCH));
      float[][] rows =
          compute((clip, call) -> rows(clip.image().encode(preprocessing.pixels(call, batch))));
      System.arraycopy(rows, 0, embeddings, start, rows.length);
    }
    return embeddings;
  }

  /**
   * The embedding of a picture by OpenAI's transform, as of {@link #encodeImages(List)}.
   *
   * @param file a picture, taken upright
   * @return {@code [D]}, not of unit length
   * @throws IOException if the file cannot be read, or is no whole picture
   */
  public float[] encodeImage(Path file) throws IOException {
    return encodeImage(Picture.read(file));
  }

  /**
   * The embedding of a picture by OpenAI's transform, as of {@link #encodeImages(List)}.
   *
   * @param image DJL's picture
   * @return {@code [D]}, not of unit length
   */
  public float[] encodeImage(Image image) {
    return encodeImage(Picture.of(image));
  }

  /**
   * The embedding of a picture by OpenAI's transform, as of {@link #encodeImages(List)}.
   *
   * @param image Java's picture
   * @return {@code [D]}, not of unit length
   */
  public float[] encodeImage(BufferedImage image) {
    return encodeImage(Picture.of(image));
  }

  /**
   * The embedding of a picture by OpenAI's transform, as of {@link #encodeImages(List)}.
   *
   * @param picture of any mode and size
   * @return {@code [D]}, not of unit length
   */
  public float[] encodeImage(Picture picture) {
    return encodeImages(List.of(picture))[0];
  }

  /**
   * This model's image tower for an {@link ImageIndex}, with OpenAI's transform.
   *
   * @param name tells this model from others in the index
   * @return the encoder; usable until this model is closed
   */
  public ImageEncoder imageEncoder(String name) {
    Preprocessing preprocessing = Preprocessing.clip(model.config().image().inputSize());
    return ImageEncoder.of(name, model.config().embedding(), preprocessing, this::encodeImages);
  }

  private static float[][] rows(NDArray matrix) {
    float[] values = matrix.toFloatArray();
    int width = (int) matrix.getShape().get(1);
    return IntStream.range(0, (int) matrix.getShape().get(0))
        .mapToObj(i -> Arrays.copyOfRange(values, i * width, (i + 1) * width))
        .toArray(float[][]::new);
  }

  @Override
  public void close() {
    memory.close();
  }
}
