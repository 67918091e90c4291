package org.zeroseg.zeroguide.gpt2;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonObject;
import java.util.OptionalInt;
import org.zeroseg.core.Precision;
import org.zeroseg.core.golden.PortableWeights;

/** GPT-2s of portable weights, as golden cases describe them. */
public final class Gpt2Cases {

  private Gpt2Cases() {}

  public static Gpt2Config config(JsonObject json) {
    return new Gpt2Config(
        json.get("n_layer").getAsInt(),
        json.get("n_embd").getAsInt(),
        json.get("n_head").getAsInt(),
        json.get("vocab_size").getAsInt(),
        json.get("n_positions").getAsInt(),
        json.has("layer_norm_epsilon") ? json.get("layer_norm_epsilon").getAsDouble() : 1e-5);
  }

  public static Gpt2 model(JsonObject json, String salt, NDManager manager) {
    return model(json, salt, Precision.FLOAT32, manager);
  }

  static Gpt2 model(JsonObject json, String salt, Precision precision, NDManager manager) {
    Gpt2Config config = config(json);
    PortableWeights portable = new PortableWeights(config.shapes(), salt);
    return Gpt2.load(portable, OptionalInt.of(config.heads()), precision, manager);
  }
}
