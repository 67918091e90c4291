package org.zeroseg.dino;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.network.ResNet;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * A ResNet-50 of MoCo v2, SwAV or DINO as SelfMask's pseudo-masks are made by it (Shin et al. 2022,
 * Sec. 3.1): the channels of the last stage, where the last two stages dilate instead of striding.
 * Thread-safe; {@link #close} waits for calls that run.
 */
public final class ResNetEncoder implements SpectralVoting.Encoder, AutoCloseable {

  private static final int STRIDE = 8;

  private static final ResNetConfig SIZES = ResNetConfig.RESNET_50.withOutputStride(STRIDE);

  private final ResNet network;
  private final ModelMemory memory;

  private ResNetEncoder(ResNet network, ModelMemory memory) {
    this.network = network;
    this.memory = memory;
  }

  /**
   * An encoder from an open checkpoint.
   *
   * @param stored in any published layout; not closed
   * @param device where to compute
   * @return the encoder, to be closed
   * @throws CheckpointException if the checkpoint holds no ResNet-50
   */
  public static ResNetEncoder of(Checkpoint stored, Device device) {
    NDManager manager = TorchEngine.newManager(device);
    try {
      ResNet network = ResNet.load(stored, SIZES, manager);
      return new ResNetEncoder(network, new ModelMemory(manager, "this ResNet"));
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Looks at a picture at the size it has; zeros fill up the last cells.
   *
   * @param picture of any mode and size
   * @param manager owns the result
   * @return {@code [1, 2048, rows, columns]} at stride 8
   */
  @Override
  public SpectralVoting.FeatureMap features(Picture picture, NDManager manager) {
    return memory.during(
        call -> {
          NDArray last = network.last(SpectralVoting.pixels(picture, STRIDE, call));
          last.attach(manager);
          return new SpectralVoting.FeatureMap(last, STRIDE);
        });
  }

  /** Frees the model, after the calls that run. */
  @Override
  public void close() {
    memory.close();
  }
}
