package org.zeroseg.examples;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.TensorInfo;
import org.zeroseg.core.hub.ModelHub;

/**
 * Lists the tensors of a checkpoint: safetensors, PyTorch or TorchScript, on disk or on the hub.
 */
public final class ReadCheckpoint {

  private ReadCheckpoint() {}

  /**
   * Lists the tensors, and draws the first filters that look at colours.
   *
   * @param arguments a file, a folder, or an id such as {@code openai/clip-vit-base-patch16}
   * @throws IOException if it cannot be fetched or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println("Usage: ReadCheckpoint FILE|FOLDER|ID");
      System.exit(2);
    }
    Path file = ModelHub.fromEnvironment().weights(arguments[0]);
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      checkpoint.metadata().forEach((key, value) -> System.out.println(key + ": " + value));
      checkpoint
          .tensors()
          .forEach((name, info) -> System.out.println(name + " " + info.type() + info.shape()));
      for (var entry : checkpoint.tensors().entrySet()) {
        Shape shape = entry.getValue().shape();
        if (shape.dimension() == 4 && shape.get(1) == 3) {
          draw(checkpoint, entry.getKey(), entry.getValue());
          return;
        }
      }
      System.out.println("No filters over colours in " + checkpoint.source());
    }
  }

  private static void draw(Checkpoint checkpoint, String name, TensorInfo info) throws IOException {
    ByteBuffer numbers = checkpoint.as(DataType.FLOAT32).read(name);
    int filters = (int) Math.min(32, info.shape().get(0));
    int height = (int) info.shape().get(2);
    int width = (int) info.shape().get(3);
    List<Sheet.Tile> tiles = new ArrayList<>();
    for (int filter = 0; filter < filters; filter++) {
      float[] values = new float[3 * height * width];
      float largest = 1e-12f;
      for (int i = 0; i < values.length; i++) {
        values[i] = numbers.getFloat();
        largest = Math.max(largest, Math.abs(values[i]));
      }
      BufferedImage tile = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      for (int i = 0; i < height * width; i++) {
        int rgb = 0;
        for (int channel = 0; channel < 3; channel++) {
          float value = values[channel * height * width + i] / largest;
          rgb = rgb << 8 | Math.round(127.5f * (1 + value));
        }
        tile.setRGB(i % width, i / width, rgb);
      }
      tiles.add(new Sheet.Tile(tile, ""));
    }
    Sheet.write(Path.of("zeroseg-out", "read-checkpoint.png"), tiles, 8, 64);
  }
}
