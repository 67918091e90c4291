package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * SelfMask's pseudo-masks (Shin et al. 2022, Sec. 3.1): the features of one or several encoders are
 * clustered, and of all clusters the one wins that agrees best with the others. Thread-safe if its
 * encoders are; closing it leaves them open.
 *
 * @param encoders what looks at the pictures, in the order of the candidates; the paper has MoCo
 *     v2, SwAV and DINO
 * @param masks how features become candidates
 * @param voting how one is chosen
 */
public record SpectralVoting(List<Encoder> encoders, SpectralMasks masks, MaskVoting voting)
    implements SaliencyDetector {

  /** Features of a picture on a grid: {@link ResNetEncoder}, {@link Dino}, or any other. */
  @FunctionalInterface
  public interface Encoder {

    /**
     * Looks at a picture.
     *
     * @param picture RGB
     * @param manager owns the features
     * @return the features and how they lie on the picture
     */
    FeatureMap features(Picture picture, NDManager manager);
  }

  /**
   * Features on a grid that begins at the picture's top left corner.
   *
   * @param features {@code [1, D, rows, columns]}
   * @param stride side of a cell in pixels, even; the last row and column may reach beyond the
   *     picture
   */
  public record FeatureMap(NDArray features, int stride) {}

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there is no encoder
   */
  public SpectralVoting {
    encoders = List.copyOf(encoders);
    if (encoders.isEmpty()) {
      throw new IllegalArgumentException("No encoder to look at pictures with");
    }
  }

  /** {@code [1, 3, H, W]} with sides filled up to a multiple, by zeros after normalisation. */
  static NDArray pixels(Picture picture, int multiple, NDManager manager) {
    NDArray pixels = Normalization.IMAGENET.pixels(manager, List.of(picture));
    return Tiles.pad(pixels, multiple);
  }

  /**
   * All clusters of all encoders.
   *
   * @param picture of any mode
   * @return masks of the picture's size; none on a picture without differences
   */
  public List<Mask> candidates(Picture picture) {
    List<Mask> candidates = new ArrayList<>();
    try (NDManager call = TorchEngine.newManager()) {
      for (Encoder encoder : encoders) {
        FeatureMap map = encoder.features(picture.rgb(), call);
        candidates.addAll(
            masks.candidates(map.features(), map.stride(), picture.width(), picture.height()));
      }
    }
    return candidates;
  }

  /** The mask is empty where there are no clusters; objectness is the winner's mean IoU. */
  @Override
  public List<Salient> detect(List<Picture> pictures) {
    return pictures.stream().map(this::look).toList();
  }

  private Salient look(Picture picture) {
    List<Mask> candidates = candidates(picture);
    if (candidates.isEmpty()) {
      return new Salient(Mask.empty(picture.width(), picture.height()), 0);
    }
    MaskVoting.Vote vote = voting.vote(candidates);
    double score = 0;
    for (int i = 0; i < vote.kept().length; i++) {
      score = vote.kept()[i] == vote.best() ? vote.scores()[i] : score;
    }
    return new Salient(candidates.get(vote.best()), score / vote.kept().length);
  }

  @Override
  public void close() {}
}
