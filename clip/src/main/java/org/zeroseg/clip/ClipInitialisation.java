package org.zeroseg.clip;

import ai.djl.ndarray.types.Shape;
import org.zeroseg.core.network.Initialiser;

/** The distributions that OpenAI's code ({@code CLIP.initialize_parameters}) draws weights from. */
final class ClipInitialisation {

  private ClipInitialisation() {}

  static Initialiser rule(ClipConfig config, String name, Shape shape) {
    if (name.equals("logit_scale")) {
      return Initialiser.constant(Math.log(1 / 0.07));
    } else if (name.endsWith("running_var") || isNormWeight(name)) {
      // The last norm of a bottleneck starts at zero: every residual block starts as the identity.
      return Initialiser.constant(name.matches("visual\\.layer.*\\.bn3\\.weight") ? 0 : 1);
    } else if (shape.dimension() >= 2 || name.equals("visual.class_embedding")) {
      double deviation = deviation(config, name);
      return deviation > 0 ? Initialiser.normal(deviation) : Initialiser.layer(shape);
    }
    return Initialiser.constant(0);
  }

  private static boolean isNormWeight(String name) {
    return name.matches("(.*\\.)?(ln_\\w+|bn\\d|downsample\\.1)\\.weight");
  }

  /** Standard deviation of a normal distribution; zero stands for PyTorch's uniform default. */
  private static double deviation(ClipConfig config, String name) {
    boolean visual = name.startsWith("visual.");
    double width = visual ? config.image().channels() : config.text().width();
    int layers = config.text().layers();
    if (visual && config.image() instanceof ClipConfig.Vit vit) {
      layers = vit.layers();
    }
    double scale = 1 / Math.sqrt(width);
    if (name.equals("token_embedding.weight")) {
      return 0.02;
    } else if (name.equals("positional_embedding")) {
      return 0.01;
    } else if (name.endsWith("attn.out_proj.weight") || name.endsWith("mlp.c_proj.weight")) {
      return scale / Math.sqrt(2.0 * layers);
    } else if (name.endsWith("mlp.c_fc.weight")) {
      return scale / Math.sqrt(2);
    } else if (name.contains("conv") || name.contains("downsample")) {
      return 0;
    }
    return scale;
  }
}
