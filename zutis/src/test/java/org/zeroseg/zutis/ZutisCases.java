package org.zeroseg.zutis;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.mask.Nms;
import org.zeroseg.core.tensor.Weights;

/** What the golden tests share. */
final class ZutisCases {

  private ZutisCases() {}

  static ZutisConfig config(JsonObject json) {
    int patch = json.get("patch_size").getAsInt();
    ClipConfig.Vit encoder =
        new ClipConfig.Vit(
            json.get("vision_width").getAsInt(),
            json.get("vision_layers").getAsInt(),
            patch,
            json.get("native_resolution").getAsInt() / patch);
    return new ZutisConfig(
        encoder,
        json.get("embed_dim").getAsInt(),
        json.get("queries").getAsInt(),
        json.get("decoder_layers").getAsInt(),
        json.get("dim_feedforward").getAsInt(),
        json.get("ffn_hidden").getAsInt());
  }

  /** The case's weights, by way of the sizes that they tell. */
  static ZutisModel model(GoldenCase golden, NDManager manager) {
    Map<String, Shape> shapes = config(golden.config()).shapes();
    PortableWeights portable = new PortableWeights(shapes, golden.salt(), "", golden.weightScale());
    ZutisConfig told = ZutisConfig.of(portable);
    return ZutisModel.of(told, Weights.load(portable, told.shapes(), manager), manager);
  }

  static Instances instances(JsonObject config) {
    String nms =
        config.get("nms_type").isJsonNull() ? "none" : config.get("nms_type").getAsString();
    double threshold = number(config, "nms_iou_threshold", 0.3);
    Optional<Nms.Decay> suppression =
        switch (nms) {
          case "none" -> Optional.empty();
          case "hard" -> Optional.of(new Nms.Hard(threshold));
          case "linear" -> Optional.of(new Nms.Linear(threshold));
          case "gaussian" -> Optional.of(new Nms.Gaussian(number(config, "soft_sigma", 0.5)));
          default -> throw new AssertionError(nms);
        };
    return new Instances(
        number(config, "mask_threshold", 0.5),
        number(config, "temperature", 5),
        ClassScores.SIGMOID,
        suppression,
        number(config, "soft_score_threshold", 0.001),
        Integer.MAX_VALUE);
  }

  private static double number(JsonObject config, String key, double otherwise) {
    return config.has(key) ? config.get(key).getAsDouble() : otherwise;
  }
}
