package org.zeroseg.core.network;

import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.function.Supplier;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.TensorInfo;

/**
 * The shapes in a checkpoint, from which a model's sizes are read; a misfit is an error that names
 * the checkpoint.
 *
 * @param checkpoint where to look
 * @param model what the checkpoint should hold, for messages: {@code CLIP model}
 */
public record CheckpointShapes(Checkpoint checkpoint, String model) {

  /**
   * Whether there is a tensor.
   *
   * @param name its name
   * @return whether it is there
   */
  public boolean has(String name) {
    return checkpoint.tensors().containsKey(name);
  }

  /**
   * The shape of a tensor that must be there.
   *
   * @param name its name
   * @param dimensions how many it must have
   * @return the shape, without a side of zero
   * @throws CheckpointException if the tensor is missing, or has another number of dimensions or no
   *     elements
   */
  public Shape get(String name, int dimensions) {
    TensorInfo info = checkpoint.tensors().get(name);
    if (info == null) {
      throw new CheckpointException(
          "%s holds no %s: tensor %s is missing".formatted(checkpoint.source(), model, name));
    }
    if (info.shape().dimension() != dimensions || info.shape().size() == 0) {
      throw new CheckpointException(
          "%s holds no %s: tensor %s must have %d dimensions, found %s"
              .formatted(checkpoint.source(), model, name, dimensions, info.shape()));
    }
    return info.shape();
  }

  /**
   * Notes the weight and the bias of a layer: {@code name.weight} and {@code name.bias}.
   *
   * @param shapes takes both, in this order
   * @param name of the layer
   * @param weight its shape; the bias has as many numbers as the first dimension
   */
  public static void layer(Map<String, Shape> shapes, String name, Shape weight) {
    shapes.put(name + ".weight", weight);
    shapes.put(name + ".bias", new Shape(weight.get(0)));
  }

  /**
   * Counts {@code start + 0 + end}, {@code start + 1 + end} and so on.
   *
   * @param start of the names
   * @param end of the names
   * @return how many there are without a gap
   */
  public int count(String start, String end) {
    int n = 0;
    while (has(start + n + end)) {
      n++;
    }
    return n;
  }

  /**
   * The side of a square table of positions with a row in front for the class token.
   *
   * @param table the name of {@code [1 + n n, C]}, or of {@code [1, 1 + n n, C]}
   * @param dimensions 2 or 3
   * @return n
   * @throws CheckpointException if the table is missing or the rows are none of a square
   */
  public int grid(String table, int dimensions) {
    Shape shape = get(table, dimensions);
    long cells = shape.get(dimensions - 2) - 1;
    int side = (int) Math.round(Math.sqrt((double) cells));
    if (side == 0 || (long) side * side != cells) {
      throw new CheckpointException(
          "%s: rows of %s must be one more than a square, found %s"
              .formatted(checkpoint.source(), table, shape));
    }
    return side;
  }

  /**
   * Sizes that check themselves.
   *
   * @param sizes makes them
   * @param <T> their type
   * @return the sizes
   * @throws CheckpointException in place of an {@link IllegalArgumentException} or {@link
   *     ArithmeticException}
   */
  public <T> T checked(Supplier<T> sizes) {
    try {
      return sizes.get();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new CheckpointException(checkpoint.source() + ": " + e.getMessage(), e);
    }
  }
}
