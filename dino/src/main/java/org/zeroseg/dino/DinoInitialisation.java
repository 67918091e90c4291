package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.zeroseg.core.network.Initialiser;

/** The distributions that DINO's and SelfMask's code draw weights from. */
final class DinoInitialisation {

  private DinoInitialisation() {}

  static Map<String, NDArray> of(
      Map<String, Shape> shapes, RandomGenerator random, NDManager manager) {
    return Initialiser.arrays(shapes, DinoInitialisation::rule, random, manager);
  }

  private static Initialiser rule(String name, Shape shape) {
    if (shape.dimension() < 2) {
      return Initialiser.constant(name.matches("(.*\\.)?norm\\d?\\.weight") ? 1 : 0);
    }
    if (name.endsWith("query_embed")) {
      return Initialiser.normal(1);
    }
    if (name.endsWith("weight_g")) {
      return Initialiser.constant(1);
    }
    if (name.endsWith("patch_embed.proj.weight")
        || name.endsWith("weight_v")
        || name.startsWith("ffn.")) {
      return Initialiser.layer(shape);
    }
    if (name.startsWith("decoder.")) {
      return Initialiser.xavierUniform(shape); // as in DETR
    }
    // The bounds of the truncated normal lie a hundred deviations away.
    return Initialiser.normal(0.02);
  }
}
