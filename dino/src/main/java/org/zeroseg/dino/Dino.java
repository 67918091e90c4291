package org.zeroseg.dino;

import ai.djl.Device;
import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.segment.Batches;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * DINO for pictures (Caron et al. 2021): an embedding of the whole, features of every patch, and
 * where the network looks. Results are plain Java values.
 *
 * <pre>{@code
 * try (Dino dino = Dino.load("facebook/dino-vits8")) {
 *   float[] whole = dino.embed(Path.of("photo.jpg"));
 *   Dino.Features patches = dino.patches(List.of(Picture.read(Path.of("photo.jpg")))).get(0);
 * }
 * }</pre>
 *
 * <p>Pictures are taken at the size they have; what does not fill a patch at the right and bottom
 * is left out. Pictures of one size go through the network together. Other pictures than Zeroseg's
 * own become one by {@link Picture#of} and {@link Picture#read}. Thread-safe; {@link #close} waits
 * for calls that run.
 */
public final class Dino implements SpectralVoting.Encoder, AutoCloseable {

  /**
   * A batch's pixels at most, each counted for every patch that it lies in: 8 pictures of 480 x 480
   * whose patches do not overlap.
   */
  private static final long BATCH = 8L * 480 * 480;

  private final DinoVit vit;
  private final ModelMemory memory;

  /**
   * Vectors of a picture's positions.
   *
   * @param grid the positions, row-major
   * @param dimension numbers a vector
   * @param values {@code [N, dimension]}
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  public record Features(Grid grid, int dimension, float[] values) {

    /**
     * As an array of the engine, for {@link Lost}, {@link TokenCut} and {@link MaskDistill}.
     *
     * @param manager owns the result
     * @return {@code [N, dimension]}
     */
    public NDArray array(NDManager manager) {
      return manager.create(values, new Shape(grid.size(), dimension));
    }
  }

  private Dino(DinoVit vit, ModelMemory memory) {
    this.vit = vit;
    this.memory = memory;
  }

  /**
   * Loads a vision transformer onto the default device.
   *
   * @param pathOrId a file, a folder or an id on the hub such as {@code facebook/dino-vits8}: the
   *     original {@code .pth} files, full checkpoints (their teacher is taken), or the transformers
   *     library's
   * @return the model
   * @throws IOException if the model cannot be fetched
   * @throws CheckpointException if the checkpoint cannot be read or holds no such transformer
   */
  public static Dino load(String pathOrId) throws IOException {
    return load(pathOrId, ModelHub.fromEnvironment(), TorchEngine.defaultDevice());
  }

  /**
   * Loads a vision transformer onto the default device.
   *
   * @param path a file or folder, as for {@link #load(String)}
   * @return the model
   * @throws IOException if the file cannot be read
   * @throws CheckpointException if the checkpoint cannot be read or holds no such transformer
   */
  public static Dino load(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path + ": there is no such file or folder");
    }
    return load(path.toString());
  }

  /**
   * Loads a vision transformer.
   *
   * @param pathOrId as for {@link #load(String)}
   * @param hub where ids are looked up
   * @param device where to compute
   * @return the model
   * @throws IOException if the model cannot be fetched
   * @throws CheckpointException if the checkpoint cannot be read or holds no such transformer
   */
  public static Dino load(String pathOrId, ModelHub hub, Device device) throws IOException {
    return load(pathOrId, hub, Precision.FLOAT32, device);
  }

  /**
   * Loads a vision transformer.
   *
   * @param pathOrId as for {@link #load(String)}
   * @param hub where ids are looked up
   * @param precision float32, int8, or {@link Precision#AUTO}, which is float32
   * @param device where to compute
   * @return the model
   * @throws IOException if the model cannot be fetched
   * @throws CheckpointException if the checkpoint cannot be read or holds no such transformer
   * @throws IllegalArgumentException if the precision is another
   */
  public static Dino load(String pathOrId, ModelHub hub, Precision precision, Device device)
      throws IOException {
    try (Checkpoint stored = Checkpoints.open(hub.weights(pathOrId))) {
      return of(stored, precision, device);
    }
  }

  /** What descriptors are computed in; 16 bits are not worth their loss. */
  static Precision offered(Precision chosen) {
    return switch (chosen) {
      case FLOAT32, INT8 -> chosen;
      case AUTO -> Precision.FLOAT32;
      case BFLOAT16, FLOAT16 ->
          throw new IllegalArgumentException(
              "DINO and SelfMask compute in float32 or int8, not in " + chosen);
    };
  }

  /**
   * A vision transformer from an open checkpoint.
   *
   * @param stored in any published layout; not closed
   * @param device where to compute
   * @return the model
   * @throws CheckpointException if the checkpoint holds no such transformer
   */
  public static Dino of(Checkpoint stored, Device device) {
    return of(stored, Precision.FLOAT32, device);
  }

  private static Dino of(Checkpoint stored, Precision precision, Device device) {
    Checkpoint backbone = DinoLayout.backbone(stored);
    DinoConfig config = DinoConfig.of(backbone);
    NDManager manager = TorchEngine.newManager(device);
    try {
      Weights weights =
          Weights.load(
              backbone,
              config.shapes(),
              offered(precision),
              name -> false,
              Transformer.Names.TIMM::isMatrix,
              manager);
      return new Dino(
          DinoVit.of(config, weights, PositionRule.DINO, manager),
          new ModelMemory(manager, "this DINO"));
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * The same model for one who does not own it.
   *
   * @return leaves the model open when it is closed
   */
  public Dino lent() {
    return new Dino(vit, memory.lent());
  }

  /**
   * The sizes.
   *
   * @return the configuration
   */
  public DinoConfig config() {
    return vit.config();
  }

  /**
   * The pictures' embeddings: the class token after the final norm.
   *
   * @param pictures of any modes and sizes
   * @return one vector of {@code config().width()} numbers a picture
   */
  public List<float[]> embed(List<Picture> pictures) {
    return each(pictures, config().patch(), vit::classToken, (shape, row) -> row);
  }

  /**
   * A picture's embedding.
   *
   * @param file a picture, taken upright
   * @return {@code config().width()} numbers
   * @throws IOException if the file cannot be read, or is no whole picture
   */
  public float[] embed(Path file) throws IOException {
    return embed(Picture.read(file));
  }

  /**
   * A picture's embedding.
   *
   * @param image DJL's picture
   * @return {@code config().width()} numbers
   */
  public float[] embed(Image image) {
    return embed(Picture.of(image));
  }

  /**
   * A picture's embedding.
   *
   * @param image Java's picture
   * @return {@code config().width()} numbers
   */
  public float[] embed(BufferedImage image) {
    return embed(Picture.of(image));
  }

  /**
   * A picture's embedding.
   *
   * @param picture of any mode and size
   * @return {@code config().width()} numbers
   */
  public float[] embed(Picture picture) {
    return embed(List.of(picture)).get(0);
  }

  /**
   * The pictures' patches after the final norm.
   *
   * @param pictures of any modes and sizes
   * @return one feature map a picture
   */
  public List<Features> patches(List<Picture> pictures) {
    return each(
        pictures,
        config().patch(),
        pixels -> DinoVit.withoutClass(vit.forward(pixels)),
        (shape, values) -> onGrid(vit.grid(shape, config().patch()), values));
  }

  /**
   * The features of every patch after the final norm, of pixels that are there already: what guides
   * CLIP's attention ({@code PatchEncoder} of the module clip).
   *
   * @param pixels {@code [B, 3, H, W]}, with ImageNet's mean and deviation; what does not fill a
   *     patch at the right and bottom is left out
   * @return {@code [B, N, D]}, row-major, owned by the pixels' manager
   * @throws IllegalArgumentException if the pixels are smaller than a patch
   */
  public NDArray patches(NDArray pixels) {
    return memory.during(call -> DinoVit.withoutClass(vit.forward(pixels)));
  }

  /**
   * The picture's patches after the final norm, as SelfMask's pseudo-masks are made of them: zeros
   * fill up the last patches.
   *
   * @param picture of any mode and size
   * @param manager owns the result
   * @return {@code [1, D, rows, columns]} at the patch's stride
   */
  @Override
  public SpectralVoting.FeatureMap features(Picture picture, NDManager manager) {
    return memory.during(
        call -> {
          NDArray pixels = SpectralVoting.pixels(picture, config().patch(), call);
          Grid grid = vit.grid(pixels.getShape(), config().patch());
          NDArray map =
              DinoVit.withoutClass(vit.forward(pixels))
                  .swapAxes(1, 2)
                  .reshape(1, config().width(), grid.rows(), grid.columns());
          map.attach(manager);
          return new SpectralVoting.FeatureMap(map, config().patch());
        });
  }

  /**
   * A facet of a block at every position, heads side by side.
   *
   * @param pictures of any modes and sizes
   * @param facet what to read
   * @param layer the block, from 0
   * @param stride pixels between positions; must divide the patch
   * @return one feature map a picture
   */
  public List<Features> facets(List<Picture> pictures, Facet facet, int layer, int stride) {
    return each(
        pictures,
        stride,
        pixels -> DinoVit.withoutClass(vit.facet(pixels, facet, layer, stride)),
        (shape, values) -> onGrid(vit.grid(shape, stride), values));
  }

  /**
   * Dense descriptors.
   *
   * @param pictures of any modes and sizes
   * @param descriptors what to compute
   * @return one feature map a picture
   */
  public List<Features> describe(List<Picture> pictures, DenseDescriptors descriptors) {
    return each(
        pictures,
        descriptors.stride(),
        pixels -> descriptors.describe(vit, pixels),
        (shape, values) -> onGrid(vit.grid(shape, descriptors.stride()), values));
  }

  /**
   * How much a block's class token attends to each patch; what it gives to itself is left out.
   *
   * @param pictures of any modes and sizes
   * @param layer the block, from 0
   * @param stride pixels between positions; must divide the patch
   * @return one map a picture, whose vectors hold a number a head
   */
  public List<Features> attention(List<Picture> pictures, int layer, int stride) {
    return each(
        pictures,
        stride,
        pixels -> vit.classAttention(pixels, layer, stride).get(":, :, 1:").swapAxes(1, 2),
        (shape, values) -> onGrid(vit.grid(shape, stride), values));
  }

  private static Features onGrid(Grid grid, float[] values) {
    return new Features(grid, values.length / grid.size(), values);
  }

  /** What becomes of the numbers of one picture, whose pixels have the given shape. */
  private interface Result<R> {
    R of(Shape pixels, float[] values);
  }

  private <R> List<R> each(
      List<Picture> pictures, int stride, UnaryOperator<NDArray> compute, Result<R> result) {
    return memory.during(
        call ->
            Batches.map(
                pictures,
                Dino::own,
                sizes -> together(sizes, stride),
                (some, sizes) -> {
                  try (NDManager arrays = call.newSubManager()) {
                    return batch(some, compute, result, arrays);
                  }
                }));
  }

  private static Sizes own(Picture picture) {
    int width = picture.width();
    int height = picture.height();
    return new Sizes(width, height, width, height);
  }

  /** How many pictures of a size the network takes at once. */
  int together(Sizes sizes, int stride) {
    long positions = vit.grid(new Shape(1, 3, sizes.height(), sizes.width()), stride).size();
    return (int) Math.max(1, BATCH / (positions * config().patch() * config().patch()));
  }

  private static <R> List<R> batch(
      List<Picture> batch, UnaryOperator<NDArray> compute, Result<R> result, NDManager call) {
    NDArray pixels = Normalization.IMAGENET.pixels(call, batch);
    Shape shape = pixels.getShape();
    float[] values = compute.apply(pixels).toFloatArray();
    int part = values.length / batch.size();
    List<R> results = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      results.add(result.of(shape, Arrays.copyOfRange(values, i * part, (i + 1) * part)));
    }
    return results;
  }

  /** Frees the model, after the calls that run. */
  @Override
  public void close() {
    memory.close();
  }
}
