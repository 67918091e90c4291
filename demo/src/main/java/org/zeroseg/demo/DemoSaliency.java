package org.zeroseg.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.Facet;
import org.zeroseg.dino.GridMasks;
import org.zeroseg.dino.Lost;
import org.zeroseg.dino.MaskVoting;
import org.zeroseg.dino.SpectralMasks;
import org.zeroseg.dino.SpectralVoting;
import org.zeroseg.dino.TokenCut;

/** The object finders, set up for the demo DINO and its small pictures. */
public final class DemoSaliency {

  /** The shorter side of what the demo SelfMask looks at. */
  public static final int SIDE = 96;

  /** The published cells of 16 pixels are for pictures five times as large. */
  public static final BilateralSolver SOLVER =
      new BilateralSolver(4, 16, 8, 128, 0.999, 25, 1e-5, 0);

  /** A finer grid: the encoder looks at pictures this many times as large. */
  private static final int ENLARGED = 2;

  private DemoSaliency() {}

  private static Picture enlarged(Picture picture) {
    int width = ENLARGED * picture.width();
    return picture.resize(width, ENLARGED * picture.height(), Filter.BICUBIC);
  }

  /** Keys of the last block, which LOST and TokenCut work with. */
  private static Dino.Features keys(Dino dino, Picture picture) {
    int last = dino.config().depth() - 1;
    int patch = dino.config().patch();
    return dino.facets(List.of(enlarged(picture)), Facet.KEY, last, patch).get(0);
  }

  private static NDArray array(Dino.Features keys, boolean centred, NDManager call) {
    NDArray array = keys.array(call);
    return centred ? array.sub(array.mean(new int[] {0}, true)) : array;
  }

  /**
   * Spectral voting by one encoder.
   *
   * @param dino the encoder
   * @return the detector
   */
  public static SpectralVoting voting(Dino dino) {
    SpectralVoting.Encoder encoder =
        (picture, manager) -> {
          SpectralVoting.FeatureMap map = dino.features(enlarged(picture), manager);
          return new SpectralVoting.FeatureMap(map.features(), map.stride() / ENLARGED);
        };
    return new SpectralVoting(List.of(encoder), SpectralMasks.DEFAULT, MaskVoting.DEFAULT);
  }

  /**
   * LOST's mask.
   *
   * @param dino the encoder
   * @param picture RGB
   * @param centred whether the keys' mean over the picture is taken off them, as neither the paper
   *     nor its code does
   * @return a mask of the picture's size
   */
  public static Mask lost(Dino dino, Picture picture, boolean centred) {
    Dino.Features keys = keys(dino, picture);
    try (NDManager call = TorchEngine.newManager()) {
      Mask mask = Lost.DEFAULT.find(array(keys, centred, call), keys.grid()).mask();
      return GridMasks.stretched(mask, picture.width(), picture.height());
    }
  }

  /**
   * TokenCut's mask.
   *
   * @param dino the encoder
   * @param picture RGB
   * @param centred whether the keys' mean over the picture is taken off them, as neither the paper
   *     nor its code does
   * @return a mask of the picture's size
   */
  public static Mask tokenCut(Dino dino, Picture picture, boolean centred) {
    Dino.Features keys = keys(dino, picture);
    try (NDManager call = TorchEngine.newManager()) {
      Mask mask = TokenCut.DEFAULT.find(array(keys, centred, call), keys.grid()).mask();
      return GridMasks.stretched(mask, picture.width(), picture.height());
    }
  }
}
