package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.dino.ResNetEncoder;
import org.zeroseg.namedmask.DenseEncoder.Cells;

/** What encoders are made of. */
final class Encoders {

  private Encoders() {}

  static Cells cells(ResNetEncoder network, Picture picture) {
    try (NDManager call = TorchEngine.newManager(TorchEngine.defaultDevice())) {
      Shape shape;
      NDArray map = network.features(picture, call).features();
      shape = map.getShape();
      NDArray rows = map.reshape(shape.get(1), -1).swapAxes(0, 1);
      return new Cells((int) shape.get(2), (int) shape.get(3), rows.toFloatArray());
    }
  }

  /** An encoder that another model makes. */
  record Wrapped(int stride, Function<List<Picture>, List<Cells>> encoding, Runnable closing)
      implements DenseEncoder {

    @Override
    public List<Cells> encode(List<Picture> pictures) {
      return encoding.apply(pictures);
    }

    @Override
    public void close() {
      closing.run();
    }
  }

  /** An encoder of its own memory: {@code [B, 3, H, W]} to {@code [B, h w, C]}. */
  record Of(int stride, UnaryOperator<NDArray> network, ModelMemory memory)
      implements DenseEncoder {

    @Override
    public List<Cells> encode(List<Picture> pictures) {
      return memory.during(
          call -> {
            NDArray pixels = Normalization.IMAGENET.pixels(call, pictures);
            int height = (int) pixels.getShape().get(2) / stride;
            int width = (int) pixels.getShape().get(3) / stride;
            return cellsOf(network.apply(pixels), height, width);
          });
    }

    @Override
    public void close() {
      memory.close();
    }
  }

  static List<Cells> cellsOf(NDArray features, int height, int width) {
    float[] all = features.toFloatArray();
    int count = (int) features.getShape().get(0);
    int length = all.length / count;
    List<Cells> cells = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      cells.add(new Cells(height, width, Arrays.copyOfRange(all, i * length, (i + 1) * length)));
    }
    return cells;
  }
}
