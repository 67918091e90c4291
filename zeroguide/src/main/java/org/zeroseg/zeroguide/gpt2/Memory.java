package org.zeroseg.zeroguide.gpt2;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;

/**
 * The keys and values of tokens that a GPT-2 has read, {@code [B, H, P, d]} a layer each. Immutable
 * but for {@link #close}; its arrays belong to the manager of the call that made it.
 *
 * @param layers keys and values of each layer
 */
public record Memory(List<Layer> layers) implements AutoCloseable {

  /**
   * One layer's part.
   *
   * @param keys {@code [B, H, P, d]}
   * @param values {@code [B, H, P, d]}
   */
  public record Layer(NDArray keys, NDArray values) implements AutoCloseable {

    /**
     * Moves against a gradient whose norm is reduced, text by text, keys and values on their own:
     * {@code x - step g / (|g| + 1e-15)^exponent} (Tewel et al. 2022, Eq. 5).
     *
     * @param gradient of the same shape
     * @param options float64 {@code [2]} on the CPU: step and exponent
     * @return the moved part; of this one's manager
     */
    public Layer descend(Layer gradient, NDArray options) {
      return new Layer(
          Gpt2.KERNELS.call("descend", keys, gradient.keys, options),
          Gpt2.KERNELS.call("descend", values, gradient.values, options));
    }

    /** Frees the arrays. */
    @Override
    public void close() {
      new NDList(keys, values).close();
    }
  }

  /** Copies the list. */
  public Memory {
    layers = List.copyOf(layers);
  }

  /** The number of tokens that are remembered. */
  int length() {
    return (int) layers.get(0).keys().getShape().get(2);
  }

  /**
   * Chosen texts of it.
   *
   * @param manager owns the result
   * @param rows their rows; one may occur several times
   * @return a copy of those, in this order
   */
  public Memory pick(NDManager manager, int... rows) {
    long[] wide = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      wide[i] = rows[i];
    }
    List<Layer> picked = new ArrayList<>();
    try (NDArray index = manager.create(wide)) {
      for (Layer layer : layers) {
        picked.add(
            new Layer(
                Gpt2.KERNELS.call("pick", index, layer.keys()),
                Gpt2.KERNELS.call("pick", index, layer.values())));
      }
    }
    return new Memory(picked);
  }

  /** Frees the arrays. */
  @Override
  public void close() {
    layers.forEach(Layer::close);
  }
}
