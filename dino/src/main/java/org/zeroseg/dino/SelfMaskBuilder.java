package org.zeroseg.dino;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.SegmenterBuilder;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * Builder of {@link SelfMask}. By default the network sees pictures with the shorter side resized
 * to 512 pixels, as NamedMask and ZUTIS do, four of one size at a time. It computes in float32.
 */
public final class SelfMaskBuilder extends SegmenterBuilder<SelfMaskBuilder> {

  /** The key under which training keeps the weights. */
  private static final String MODEL = "model";

  private Optional<BilateralSolver> solver = Optional.empty();
  private PositionRule rule = PositionRule.SELFMASK;

  SelfMaskBuilder() {
    super(InputSize.shorterSide(512), 4);
  }

  @Override
  protected SelfMaskBuilder self() {
    return this;
  }

  /**
   * Float32, or integers in the encoder's blocks.
   *
   * @param chosen float32, int8, or {@link Precision#AUTO}, which is float32
   * @return this
   * @throws IllegalArgumentException if it is another
   */
  @Override
  public SelfMaskBuilder precision(Precision chosen) {
    return super.precision(Dino.offered(chosen));
  }

  /**
   * Snaps masks to the edges of the picture, as NamedMask and ZUTIS do.
   *
   * @param chosen such as {@link BilateralSolver#DEFAULT}; none by default
   * @return this
   */
  public SelfMaskBuilder refinedBy(BilateralSolver chosen) {
    solver = Optional.of(chosen);
    return this;
  }

  /**
   * How positions are carried to other grids than the stored one.
   *
   * @param chosen {@link PositionRule#SELFMASK} by default, as the published checkpoint was
   *     evaluated
   * @return this
   */
  public SelfMaskBuilder positions(PositionRule chosen) {
    rule = chosen;
    return this;
  }

  /**
   * Loads the model.
   *
   * @return the detector, to be closed
   * @throws IOException if the model cannot be fetched
   * @throws CheckpointException if the checkpoint cannot be read or holds no SelfMask
   * @throws IllegalStateException if no model was chosen
   */
  public SelfMask build() throws IOException {
    Path file = hub().weights(model());
    NDManager manager = TorchEngine.newManager(device());
    try (Checkpoint checkpoint = named(Checkpoints.open(file).unwrapped())) {
      SelfMaskConfig config = SelfMaskConfig.of(checkpoint);
      Weights weights =
          Weights.load(
              checkpoint,
              config.shapes(),
              Dino.offered(precision()),
              name -> false,
              Transformer.Names.TIMM::isMatrix,
              manager);
      return build(SelfMaskNetwork.of(config, weights, rule, manager), manager);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /** A detector on a network that exists; the manager owns its weights and is closed with it. */
  SelfMask build(SelfMaskNetwork network, NDManager manager) {
    return new SelfMask(
        network, manager, new SelfMask.Settings(input(), solver, batch(), tiles(), progress()));
  }

  /** What training writes has the weights under a key, what is published has them bare. */
  private static Checkpoint named(Checkpoint opened) {
    boolean nested =
        opened.tensors().keySet().stream().anyMatch(name -> name.startsWith(MODEL + "."));
    return nested ? opened.under(MODEL) : opened;
  }
}
