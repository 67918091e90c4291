package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import java.util.function.UnaryOperator;

/**
 * A second network whose features say which parts of a picture belong together, for {@link
 * Attention#PROXY_CLIP}. DINO is one:
 *
 * <pre>{@code
 * Dino dino = Dino.load("facebook/dino-vitb8");
 * PatchEncoder encoder = PatchEncoder.of(dino.config().patch(), dino::patches);
 * }</pre>
 */
public interface PatchEncoder {

  /**
   * The side of a patch.
   *
   * @return pixels
   */
  int patch();

  /**
   * Features of every patch.
   *
   * @param pixels {@code [B, 3, H, W]}, with ImageNet's mean and deviation; what does not fill a
   *     patch at the right and bottom is left out
   * @return {@code [B, (H / patch) (W / patch), C]}, row-major, owned by the pixels' manager
   */
  NDArray features(NDArray pixels);

  /**
   * An encoder from its two parts.
   *
   * @param patch side of a patch in pixels
   * @param features as {@link #features}
   * @return the encoder
   */
  static PatchEncoder of(int patch, UnaryOperator<NDArray> features) {
    return new PatchEncoder() {
      @Override
      public int patch() {
        return patch;
      }

      @Override
      public NDArray features(NDArray pixels) {
        return features.apply(pixels);
      }
    };
  }
}
