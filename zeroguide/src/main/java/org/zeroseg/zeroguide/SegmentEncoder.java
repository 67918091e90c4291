package org.zeroseg.zeroguide;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.PositionResampling;
import org.zeroseg.clip.VisionTransformer;
import org.zeroseg.core.tensor.Kernels;

/**
 * Embeds segments of a picture by CLIP's vision transformer: in its last blocks attention is
 * confined to the segment, and a share of the global token's attention is subtracted
 * (Rewatbowornwong et al. 2023, Sec. 3.2).
 *
 * <p>The blocks before the first masked one see the whole picture and run once, whatever the number
 * of segments; so do the queries, keys and values of the first masked block. The last block is
 * finished for the class token alone. Thread-safe; arrays belong to the caller's managers.
 */
public final class SegmentEncoder {

  static final Kernels KERNELS = Kernels.of(SegmentEncoder.class, "segments.torchscript");

  /** Segments that go through the masked blocks at once, for the sake of memory. */
  static final int AT_ONCE = 4;

  private final VisionTransformer vit;
  private final double epsilon;
  private final Settings settings;

  private SegmentEncoder(VisionTransformer vit, double epsilon, Settings settings) {
    this.vit = vit;
    this.epsilon = epsilon;
    this.settings = settings;
  }

  /**
   * How segments are embedded.
   *
   * @param maskedBlocks the last so many blocks are masked; 4 in the published code, the paper's
   *     layers 21 to 24
   * @param twoSigmaSquared width of the saliency's weight {@code exp(-(S + 1)^2 / 2 sigma^2)}; 0
   *     subtracts nothing
   * @param saliency what S compares
   */
  public record Settings(int maskedBlocks, double twoSigmaSquared, Saliency saliency) {

    /** As published: four blocks, sigma squared 2.5, rows. */
    public static final Settings DEFAULT = new Settings(4, 5, Saliency.ROWS);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if there is no masked block, or the width is negative
     */
    public Settings {
      if (maskedBlocks < 1 || !(twoSigmaSquared >= 0)) {
        throw new IllegalArgumentException(
            maskedBlocks + " masked blocks, two sigma squared " + twoSigmaSquared);
      }
    }

    /**
     * Masks alone, the ablation of the paper's Table 3.
     *
     * @return settings that subtract nothing
     */
    public Settings withoutGlobalSubtraction() {
      return new Settings(maskedBlocks, 0, saliency);
    }
  }

  /**
   * What segments become.
   *
   * @param embeddings {@code [S, D]} in the joint space, not of unit length
   * @param saliency {@code [S, L]}: S of each masked block
   * @param shares {@code [S, L]}: the share of the global token's attention subtracted there
   */
  public record Embeddings(NDArray embeddings, NDArray saliency, NDArray shares) {}

  /**
   * An encoder over a model.
   *
   * @param model CLIP with a vision transformer
   * @param settings how segments are embedded
   * @return the encoder
   * @throws IllegalArgumentException if the model is a ResNet or has too few blocks
   */
  public static SegmentEncoder of(ClipModel model, Settings settings) {
    if (!(model.image() instanceof VisionTransformer vit)) {
      throw new IllegalArgumentException(
          "segments need CLIP with a vision transformer, found " + model.config().image());
    }
    if (vit.config().layers() < settings.maskedBlocks()) {
      throw new IllegalArgumentException(
          settings.maskedBlocks() + " masked blocks of " + vit.config().layers());
    }
    return new SegmentEncoder(vit, model.config().epsilon(), settings);
  }

  /**
   * The side of the square that pictures are squashed to.
   *
   * @return pixels
   */
  public int inputSize() {
    return vit.config().inputSize();
  }

  /**
   * Cells of a side of the grid that masks are averaged to.
   *
   * @return cells
   */
  public int grid() {
    return vit.config().grid();
  }

  /**
   * What all segments of a picture share: the tokens that enter the first masked block.
   *
   * @param pixels {@code [1, 3, n, n]}, the whole picture squashed to the input size
   * @return {@code [1, N, C]}; of the pixels' manager
   */
  public NDArray shared(NDArray pixels) {
    ClipConfig.Vit config = vit.config();
    Shape expected = new Shape(1, 3, config.inputSize(), config.inputSize());
    if (!pixels.getShape().equals(expected)) {
      throw new IllegalArgumentException(
          "pixels " + pixels.getShape() + ", expected one picture " + expected);
    }
    NDArray tokens = vit.tokens(pixels, PositionResampling.TARGET_SIZE);
    return vit.blocks().forward(tokens, 0, firstMasked());
  }

  private int firstMasked() {
    return vit.config().layers() - settings.maskedBlocks();
  }

  /**
   * Embeds segments, all at once. Called again on the same shared tokens it embeds further segments
   * of the picture, such as merged ones.
   *
   * @param shared {@code [1, N, C]} of {@link #shared}
   * @param masks {@code [S, g, g]}, the share of each cell that belongs to the segment, 0 to 1; an
   *     empty segment attends to the global token alone
   * @return the embeddings; of the shared tokens' manager
   */
  public Embeddings embed(NDArray shared, NDArray masks) {
    long cells = (long) grid() * grid();
    long segments = masks.getShape().get(0);
    if (segments < 1 || masks.size() != segments * cells) {
      throw new IllegalArgumentException(
          "masks " + masks.getShape() + ", expected [S, " + grid() + ", " + grid() + "]");
    }
    NDManager call = shared.getManager();
    NDArray columns = call.ones(new Shape(segments, 1)).concat(masks.reshape(segments, cells), 1);
    List<NDArray> saliencies = new ArrayList<>();
    List<NDArray> shares = new ArrayList<>();
    NDArray tokens = shared;
    int last = vit.config().layers() - 1;
    for (int layer = firstMasked(); layer <= last; layer++) {
      NDList attended = attend(layer, tokens, columns, layer == last ? 1 : 0);
      NDArray next = vit.blocks().feedForward(layer, attended.get(0));
      attended.get(0).close();
      if (layer > firstMasked()) {
        tokens.close();
      }
      tokens = next;
      saliencies.add(attended.get(1));
      shares.add(attended.get(2));
    }
    NDArray embeddings = vit.project(vit.normalize(tokens.get(":, 0")));
    return new Embeddings(embeddings, sideBySide(saliencies), sideBySide(shares));
  }

  private static NDArray sideBySide(List<NDArray> columns) {
    return NDArrays.stack(new NDList(columns), 1);
  }

  private NDList attend(int layer, NDArray tokens, NDArray columns, int queries) {
    List<NDArray> arguments =
        new ArrayList<>(List.of(tokens, columns, options(tokens.getManager(), queries)));
    arguments.addAll(vit.blocks().attentionWeights(layer, tokens));
    return KERNELS.callAll("segment_attention", arguments.toArray(NDArray[]::new));
  }

  private NDArray options(NDManager call, int queries) {
    int heads = vit.config().heads();
    return options(call, heads, epsilon, settings, queries);
  }

  static NDArray options(
      NDManager call, int heads, double epsilon, Settings settings, int queries) {
    return Kernels.numbers(
        call,
        heads,
        epsilon,
        settings.twoSigmaSquared(),
        settings.saliency() == Saliency.OUTPUTS ? 1 : 0,
        queries);
  }
}
