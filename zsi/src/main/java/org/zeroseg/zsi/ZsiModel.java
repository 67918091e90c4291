package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.ResNet;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/**
 * The network of ZSI as functions over arrays: backbone, feature pyramid, proposals, and the two
 * heads. Immutable and thread-safe; holds arrays of the model's manager, and results belong to the
 * manager of what is passed in.
 */
record ZsiModel(
    ZsiConfig config,
    Weights weights,
    ResNet backbone,
    ProposalNetwork proposals,
    BoxHead boxes,
    Optional<MaskHead> masks,
    Mode mode,
    boolean channelsLast) {

  private static final Kernels KERNELS = ProposalNetwork.KERNELS;

  /**
   * The network, every layer by itself.
   *
   * @param weights the tensors of {@link ZsiConfig#shapes()}, for inference those that have a part
   * @param vocabulary {@code [D, M]}
   * @param mode whether gradients are recorded
   * @param manager owns a few small arrays
   */
  static ZsiModel of(
      ZsiConfig config, Weights weights, NDArray vocabulary, Mode mode, NDManager manager) {
    return new ZsiModel(
        config,
        weights,
        ResNet.of(config.backbone(), weights.at("backbone"), manager).in(mode),
        ProposalNetwork.of(weights.at("rpn_head"), mode),
        BoxHead.of(weights.at("bbox_head"), vocabulary, mode),
        config.masks() ? Optional.of(MaskHead.of(weights.at("mask_head"), mode)) : Optional.empty(),
        mode,
        false);
  }

  /**
   * The same network for inference, its maps with channels last in memory, as convolutions and the
   * pooling of boxes take them without copies, and with every chain of linear maps as one (norms
   * into filters, the proposal network's scores, the detector from features to classes).
   *
   * @param words rows of background and the seen classes
   * @param semantic whether the detector is asked for places in the space of words, too
   * @param manager owns the products
   */
  ZsiModel folded(float[][] words, boolean semantic, NDManager manager) {
    return new ZsiModel(
        config,
        weights,
        backbone.folded(manager),
        proposals.folded(manager),
        boxes.folded(Matrix.rows(words).transposed(), semantic, manager),
        masks,
        Mode.INFERENCE,
        true);
  }

  /** C2 to C5 of pixels {@code [B, 3, H, W]}, sides multiples of 32. */
  NDList stages(NDArray pixels) {
    if (!channelsLast) {
      return backbone.stages(pixels);
    }
    try (NDArray turned = Kernels.core().call("channels_last", pixels)) {
      return backbone.stages(turned);
    }
  }

  /** P2 to P6. */
  NDList pyramid(NDList stages) {
    Weights neck = weights.at("neck");
    NDArray[] levels = new NDArray[stages.size() + 1];
    NDArray above = null;
    for (int i = stages.size() - 1; i >= 0; i--) {
      NDArray lateral = conv(stages.get(i), neck.at("lateral_convs." + i + ".conv"));
      NDArray merged = above == null ? lateral : mode.call(KERNELS, "top_down", lateral, above);
      levels[i] = conv(merged, neck.at("fpn_convs." + i + ".conv"));
      if (above != null) { // what the backward pass needs of them, autograd keeps
        lateral.close();
        above.close();
      }
      above = merged;
    }
    above.close();
    levels[stages.size()] = mode.call(KERNELS, "halve", levels[stages.size() - 1]);
    return new NDList(levels);
  }

  private NDArray conv(NDArray x, Weights layer) {
    return mode.call(KERNELS, "conv", x, layer.get("weight"), layer.get("bias"));
  }
}
