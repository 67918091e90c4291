package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.dino.Dino;

/** Where DINO's class token looks, head by head. */
public final class AttentionMaps {

  private AttentionMaps() {}

  /**
   * Draws the attention of the last block.
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
      Dino.Features maps = dino.attention(List.of(picture), last, stride).get(0);
      int columns = maps.grid().columns();
      int rows = maps.grid().rows();
      for (int head = 0; head < maps.dimension(); head++) {
        float[] map = new float[rows * columns];
        for (int i = 0; i < map.length; i++) {
          map[i] = maps.values()[i * maps.dimension() + head];
        }
        tiles.add(new Sheet.Tile(Maps.heat(map, columns, rows), "head " + head));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "attention-maps.png"), tiles, 3, 240);
  }
}
