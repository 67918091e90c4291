package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Activation;
import java.util.Optional;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.tensor.Kernels;

/**
 * Features of every cell of a picture in CLIP's joint space: the value path of the last attention
 * without the attention (MaskCLIP, Zhou et al. 2022; DenseCLIP of ReCo, Shin et al. 2022).
 *
 * <p>The paper reads the values and projects them; the released code, which made the numbers, keeps
 * the residual, the MLP and the norm of a vision transformer's last block as well, and so does
 * this.
 */
public final class DenseClip {

  /**
   * What a picture's cells say.
   *
   * @param features {@code [B, h w, D]}, row-major, in the joint space, not of unit length
   * @param keys {@code [B, h w, C]}, if asked for
   * @param height cells from top to bottom
   * @param width cells from left to right
   */
  public record Features(NDArray features, Optional<NDArray> keys, int height, int width) {

    /**
     * ReCo's text attention (Shin et al. 2022, Sec. 3.2): the sigmoid of the scaled cosine.
     *
     * @param words {@code [K, D]} of unit length
     * @param temperature the scale; 10 in the release
     * @return {@code [B, K, h, w]}
     */
    public NDArray attention(NDArray words, double temperature) {
      NDArray cosines = Refinement.cosines(features, words).mul(temperature);
      return Activation.sigmoid(cosines)
          .reshape(cosines.getShape().get(0), cosines.getShape().get(1), height, width);
    }

    /** Compares every cell with words {@code [K, D]} of unit length. */
    Map compare(NDArray words) {
      return new Map(Refinement.cosines(features, words), keys, height, width);
    }
  }

  /** Cosines {@code [B, K, h w]}, and keys {@code [B, h w, C]} if asked for. */
  record Map(NDArray cosines, Optional<NDArray> keys, int height, int width) {}

  private final ImageTower tower;
  private final PositionResampling positions;
  private final Optional<Pointwise> folded;

  private DenseClip(ImageTower tower, PositionResampling positions, Optional<Pointwise> folded) {
    this.tower = tower;
    this.positions = positions;
    this.folded = folded;
  }

  /** A linear map of every cell. */
  private record Pointwise(NDArray weight, NDArray bias) {
    NDArray apply(NDArray cells) {
      return Kernels.core().call("linear", cells, weight, bias);
    }
  }

  /**
   * The dense features of an image tower.
   *
   * @param tower for inference
   * @param positions how a vision transformer's positions are resampled
   * @param manager the model's manager; owns a projection if the tower is a ResNet
   * @return the features' source, thread-safe as the tower is
   */
  public static DenseClip of(ImageTower tower, PositionResampling positions, NDManager manager) {
    Optional<Pointwise> folded =
        tower instanceof ModifiedResNet resNet
            ? Optional.of(fold(resNet.attentionPool(), manager))
            : Optional.empty();
    return new DenseClip(tower, positions, folded);
  }

  /** Two linear maps in a row are one: {@code c_proj (v_proj x)}. */
  private static Pointwise fold(AttentionPool pool, NDManager manager) {
    try (NDManager call = manager.newSubManager()) {
      NDArray c = pool.weights().get("c_proj.weight").duplicate();
      NDArray vBias = pool.weights().get("v_proj.bias");
      c.attach(call);
      NDArray weight = Kernels.core().call("project", c, pool.weights().get("v_proj.weight"));
      NDArray bias =
          Kernels.core().call("project", c, vBias).add(pool.weights().get("c_proj.bias"));
      weight.attach(manager);
      bias.attach(manager);
      return new Pointwise(weight, bias);
    }
  }

  /**
   * Side of a cell.
   *
   * @return pixels
   */
  public int stride() {
    return tower instanceof VisionTransformer vit
        ? vit.config().stride()
        : ((ModifiedResNet) tower).config().stride();
  }

  /**
   * The features of a batch.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised; a vision transformer sees them padded with
   *     zeros at the right and the bottom to a multiple of the patch, a ResNet drops the remainder
   *     unless it is all there is
   * @param keys whether the keys are wanted
   * @return the features
   */
  public Features features(NDArray pixels, boolean keys) {
    return tower instanceof VisionTransformer vit
        ? ofTransformer(vit, pixels, keys)
        : ofResNet((ModifiedResNet) tower, pixels, keys);
  }

  private Features ofTransformer(VisionTransformer vit, NDArray pixels, boolean withKeys) {
    NDArray padded = Tiles.pad(pixels, stride());
    NDArray patches = lastBlockInput(vit, padded);
    Optional<NDArray> keys =
        withKeys
            ? Optional.of(
                vit.blocks()
                    .projectedPart(vit.blocks().layers() - 1, patches, Transformer.Part.KEYS))
            : Optional.empty();
    NDArray features = vit.project(valueTokens(vit, patches));
    int height = (int) padded.getShape().get(2) / stride();
    int width = (int) padded.getShape().get(3) / stride();
    return new Features(features, keys, height, width);
  }

  /** Patch tokens before the last block, where nothing looks at the class token any more. */
  NDArray lastBlockInput(VisionTransformer vit, NDArray padded) {
    Transformer blocks = vit.blocks();
    return blocks.forward(vit.tokens(padded, positions), 0, blocks.layers() - 1).get(":, 1:");
  }

  /** The last block's value path and the final norm: {@code [B, h w, C]}. */
  static NDArray valueTokens(VisionTransformer vit, NDArray patches) {
    int last = vit.blocks().layers() - 1;
    NDArray values =
        vit.blocks().projectedPart(last, patches, Transformer.Part.VALUES).add(patches);
    return vit.normalize(vit.blocks().feedForward(last, values));
  }

  /** A batch of pictures, {@code [B, D]}, and their cells. */
  record Embedded(NDArray pictures, Features cells) {}

  /** Pictures as the tower embeds them, and their cells; a ResNet's features are made once. */
  Embedded embed(NDArray pixels) {
    if (tower instanceof ModifiedResNet resNet) {
      NDArray map = resNet.features(pixels);
      return new Embedded(resNet.pool(map, positions), ofMap(resNet, map, false));
    }
    return new Embedded(tower.encode(pixels), features(pixels, false));
  }

  private Features ofResNet(ModifiedResNet resNet, NDArray pixels, boolean withKeys) {
    long shorter = Math.min(pixels.getShape().get(2), pixels.getShape().get(3));
    NDArray map = resNet.features(shorter < stride() ? Tiles.pad(pixels, stride()) : pixels);
    return ofMap(resNet, map, withKeys);
  }

  private Features ofMap(ModifiedResNet resNet, NDArray map, boolean withKeys) {
    NDArray cells = map.reshape(map.getShape().get(0), map.getShape().get(1), -1).swapAxes(1, 2);
    Optional<NDArray> keys =
        withKeys ? Optional.of(resNet.attentionPool().keys(cells)) : Optional.empty();
    return new Features(
        folded.orElseThrow().apply(cells),
        keys,
        (int) map.getShape().get(2),
        (int) map.getShape().get(3));
  }
}
