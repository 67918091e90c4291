package org.zeroseg.zeroguide.caption;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import java.io.IOException;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.zeroguide.gpt2.Gpt2Cases;

/** Models and settings, as golden cases describe them. */
public final class CaptionCases {

  private CaptionCases() {}

  static ZeroCapSettings settings(JsonObject config, int beams, int tokens) {
    return new ZeroCapSettings(
        beams,
        tokens,
        (int) number(config, "num_iterations", 1),
        number(config, "stepsize", 1),
        number(config, "grad_norm_factor", 1),
        number(config, "clip_loss_temperature", 1),
        number(config, "clip_scale", 1),
        number(config, "ce_scale", 1),
        (int) number(config, "top_size", 1),
        number(config, "end_factor", 1),
        number(config, "start_factor", 1),
        number(config, "forbidden_factor", 1),
        number(config, "repetition_penalty", 1),
        number(config, "fusion_factor", 1));
  }

  private static double number(JsonObject config, String key, double absent) {
    return config.has(key) ? config.get(key).getAsDouble() : absent;
  }

  private static ClipConfig clipConfig(JsonObject json) {
    int patch = json.get("vision_patch_size").getAsInt();
    return new ClipConfig(
        new ClipConfig.Vit(
            json.get("vision_width").getAsInt(),
            json.get("vision_layers").getAsInt(),
            patch,
            json.get("image_resolution").getAsInt() / patch),
        new ClipConfig.Text(
            json.get("text_width").getAsInt(), json.get("text_layers").getAsInt(), 77, 49_408),
        json.get("embed_dim").getAsInt());
  }

  public static Clip clip(JsonObject json, String salt) throws IOException {
    ClipConfig config = clipConfig(json);
    NDManager manager = NDManager.newBaseManager();
    Weights weights =
        Weights.load(new PortableWeights(config.shapes(), salt), config.shapes(), manager);
    ClipTokenizer tokenizer = ClipTokenizer.read(Golden.data().resolve("clip"));
    return Clip.of(ClipModel.of(config, weights, manager), tokenizer, manager);
  }

  public static ZeroCap namer(GoldenCase golden, Clip clip) throws IOException {
    JsonObject config = golden.config();
    ByteLevelTokenizer tokenizer = ByteLevelTokenizer.read(Golden.data().resolve("gpt2"));
    NDManager manager = NDManager.newBaseManager();
    return ZeroCap.of(
        Gpt2Cases.model(config.getAsJsonObject("gpt2"), golden.salt(), manager),
        tokenizer,
        clip,
        settings(
            config, config.get("beam_size").getAsInt(), config.get("target_seq_length").getAsInt()),
        config.get("cond_text").getAsString(),
        manager);
  }
}
