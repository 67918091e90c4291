package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.zeroseg.core.cluster.KMeans;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.dino.DenseDescriptors;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.Facet;

/** Dense descriptors of a picture, in clusters: parts that look alike have one colour. */
public final class DescriptorClusters {

  private DescriptorClusters() {}

  /**
   * Clusters the keys of the last block.
   *
   * @param arguments a picture and a DINO (file, folder or id of the hub); without them a scene and
   *     the demo model
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    Picture picture = Maps.picture(arguments);
    List<Sheet.Tile> tiles = new ArrayList<>();
    tiles.add(new Sheet.Tile(picture.toBufferedImage(), "picture"));
    try (Dino dino = arguments.length > 1 ? Dino.load(arguments[1]) : DemoModels.dino()) {
      int last = dino.config().depth() - 1;
      int stride = dino.config().patch() / 2;
      DenseDescriptors keys = new DenseDescriptors(Facet.KEY, last, stride, false);
      Dino.Features found = dino.describe(List.of(picture), keys).get(0);
      double[] points = new double[found.values().length];
      for (int i = 0; i < points.length; i++) {
        points[i] = found.values()[i];
      }
      for (int clusters = 2; clusters <= 6; clusters++) {
        int[] labels =
            KMeans.of(clusters).fit(points, found.dimension(), new SplittableRandom(1)).labels();
        tiles.add(
            new Sheet.Tile(
                Maps.labels(labels, found.grid().columns(), found.grid().rows()),
                clusters + " clusters"));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "descriptor-clusters.png"), tiles, 3, 240);
  }
}
