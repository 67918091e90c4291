package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.cluster.CosineAffinity;
import org.zeroseg.core.cluster.SpectralClustering;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.tensor.Interpolation;

/**
 * The segments of a picture by spectral clustering of an encoder's features, for several numbers of
 * clusters (Shin et al. 2022, Sec. 3.1). One decomposition serves all of them.
 *
 * @param clusters numbers of clusters, each at least 2
 * @param seed of the k-means behind; the same seed gives the same masks
 */
public record SpectralMasks(List<Integer> clusters, long seed) {

  /** The published setting: 2, 3 and 4 clusters. */
  public static final SpectralMasks DEFAULT = new SpectralMasks(List.of(2, 3, 4), 0);

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there is no number of clusters, or one below 2
   */
  public SpectralMasks {
    clusters = List.copyOf(clusters);
    if (clusters.isEmpty() || clusters.stream().anyMatch(k -> k < 2)) {
      throw new IllegalArgumentException("Numbers of clusters " + clusters);
    }
  }

  /**
   * Clusters the positions of a feature map, at twice its resolution.
   *
   * @param features {@code [1, D, rows, columns]}
   * @param stride of the map in pixels, an even number
   * @param width of the picture; what was padded is cut off
   * @param height of the picture
   * @return the clusters as masks of the picture: for each number of clusters all of its masks.
   *     None if all features are the same, as on a constant picture; fewer than clusters where
   *     there are fewer positions or distinct vectors
   * @throws IllegalArgumentException if the shape is another or features are not finite
   */
  public List<Mask> candidates(NDArray features, int stride, int width, int height) {
    Shape shape = features.getShape();
    if (shape.dimension() != 4 || shape.get(0) != 1 || stride < 2 || stride % 2 != 0) {
      throw new IllegalArgumentException(
          "Features [1, D, rows, columns] at an even stride expected, found "
              + shape
              + " at stride "
              + stride);
    }
    int dimension = Math.toIntExact(shape.get(1));
    int rows = Math.toIntExact(2 * shape.get(2));
    int columns = Math.toIntExact(2 * shape.get(3));
    // Unlike everywhere else the reference aligns the corners here.
    NDArray fine = Interpolation.resize(features, rows, columns, Interpolation.Mode.BILINEAR, true);
    float[] vectors = fine.transpose(0, 2, 3, 1).toFloatArray();
    Optional<CosineAffinity> affinity = CosineAffinity.of(vectors, dimension);
    List<Mask> masks = new ArrayList<>();
    if (affinity.isEmpty()) {
      return masks;
    }
    int most = clusters.stream().mapToInt(Integer::intValue).max().orElseThrow();
    CosineAffinity.Spectrum spectrum =
        affinity.get().spectrum(Math.min(most, affinity.get().count()));
    for (int k : clusters) {
      int found = Math.min(k, spectrum.values().length);
      int[] labels = SpectralClustering.labels(spectrum, found, seed);
      for (int label = 0; label < found; label++) {
        Mask segment = Mask.ofLabel(columns, rows, labels, label);
        if (!segment.isEmpty()) { // k-means may find fewer
          masks.add(GridMasks.pixels(segment, stride / 2, width, height));
        }
      }
    }
    return masks;
  }
}
