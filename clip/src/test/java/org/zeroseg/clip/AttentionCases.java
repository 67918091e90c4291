package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;

/** Attention as golden cases describe it. */
final class AttentionCases {

  private AttentionCases() {}

  static Attention attention(JsonObject json) {
    Attention.Procrustes procrustes = Attention.PEARL.procrustes();
    if (json.has("solver")) {
      boolean polar = json.get("solver").getAsString().equals("polar");
      procrustes =
          new Attention.Procrustes(
              polar ? json.get("polar_iterations").getAsInt() : 0,
              json.get("kk_weight").getAsDouble());
    }
    Attention.Proxy proxy =
        json.has("self_calibration")
            ? new Attention.Proxy(
                1, json.getAsJsonObject("self_calibration").get("gamma").getAsDouble())
            : object(json, "proxy")
                .map(
                    p ->
                        new Attention.Proxy(
                            p.get("beta").getAsDouble(), p.get("gamma").getAsDouble()))
                .orElse(Attention.PROXY_CLIP.proxy());
    return new Attention(
        "case",
        json.has("terms")
            ? json.getAsJsonArray("terms").asList().stream().map(AttentionCases::term).toList()
            : List.of(),
        json.has("combine") && json.get("combine").getAsString().equals("mean")
            ? Attention.Combine.MEAN
            : Attention.Combine.SUM,
        json.has("gaussian_std") && !json.get("gaussian_std").isJsonNull()
            ? json.get("gaussian_std").getAsDouble()
            : 0,
        json.has("residual") && json.get("residual").getAsBoolean(),
        json.has("ffn") && json.get("ffn").getAsBoolean(),
        json.has("global_bias") ? json.get("global_bias").getAsDouble() : 0,
        procrustes,
        proxy,
        object(json, "rcs").filter(rcs -> rcs.has("layers")).map(AttentionCases::correlation),
        object(json, "sfr").filter(sfr -> sfr.has("threshold")).map(AttentionCases::feedback),
        object(json, "self_calibration").map(AttentionCases::calibration),
        json.has("gem_depth")
            ? Optional.of(
                new Attention.Smoothing(
                    json.get("gem_depth").getAsInt(), json.get("gem_iterations").getAsInt()))
            : Optional.empty());
  }

  private static Optional<JsonObject> object(JsonObject json, String key) {
    return Optional.ofNullable(json.getAsJsonObject(key));
  }

  private static Attention.Term term(JsonElement name) {
    return switch (name.getAsString()) {
      case "qk" -> Attention.Term.QUERY_KEY;
      case "qq" -> Attention.Term.QUERY_QUERY;
      case "kk" -> Attention.Term.KEY_KEY;
      case "vv" -> Attention.Term.VALUE_VALUE;
      case "identity" -> Attention.Term.IDENTITY;
      case "neighbours" -> Attention.Term.NEIGHBOURS;
      case "proxy" -> Attention.Term.PROXY;
      case "procrustes" -> Attention.Term.PROCRUSTES;
      default -> throw new AssertionError("an unknown term: " + name);
    };
  }

  private static Attention.Correlation correlation(JsonObject rcs) {
    return new Attention.Correlation(
        rcs.getAsJsonArray("layers").asList().stream().map(JsonElement::getAsInt).toList(),
        rcs.get("tau").getAsDouble(),
        rcs.get("lambda").getAsDouble());
  }

  private static Attention.Feedback feedback(JsonObject sfr) {
    return new Attention.Feedback(
        sfr.get("tau").getAsDouble(),
        sfr.get("lambda").getAsDouble(),
        sfr.get("threshold").getAsDouble(),
        sfr.get("gaussian_std").getAsDouble(),
        sfr.get("logit_scale").getAsDouble(),
        false);
  }

  private static Attention.Calibration calibration(JsonObject json) {
    return new Attention.Calibration(
        json.get("neighbours").getAsInt(),
        json.get("contamination").getAsDouble(),
        json.get("early_layer").getAsInt(),
        json.get("late_layer").getAsInt(),
        json.getAsJsonArray("fused_layers").get(0).getAsInt(),
        json.getAsJsonArray("fused_layers").get(1).getAsInt(),
        json.get("class_residual").getAsDouble(),
        json.get("similarity_threshold").getAsDouble());
  }

  /** The second network of a case, if it has one. */
  static Optional<PatchEncoder> encoder(GoldenCase golden, NDManager manager) {
    return object(golden.config().getAsJsonObject("attention"), "proxy")
        .filter(proxy -> proxy.has("dino"))
        .map(proxy -> encoder(proxy.getAsJsonObject("dino"), manager));
  }

  /** A DINO of portable weights. This module does not know DINO, so it is put together here. */
  private static PatchEncoder encoder(JsonObject json, NDManager manager) {
    int patch = json.get("patch_size").getAsInt();
    int width = json.get("embed_dim").getAsInt();
    int depth = json.get("depth").getAsInt();
    int hidden = width * json.get("mlp_ratio").getAsInt();
    int grid = json.get("img_size").getAsInt() / patch;
    double epsilon = json.get("layer_norm_eps").getAsDouble();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    shapes.put("cls_token", new Shape(1, 1, width));
    shapes.put("pos_embed", new Shape(1, 1 + (long) grid * grid, width));
    shapes.put("patch_embed.proj.weight", new Shape(width, 3, patch, patch));
    shapes.put("patch_embed.proj.bias", new Shape(width));
    norm(shapes, "norm", width);
    for (int i = 0; i < depth; i++) {
      String block = "blocks." + i + ".";
      norm(shapes, block + "norm1", width);
      norm(shapes, block + "norm2", width);
      linear(shapes, block + "attn.qkv", width, 3 * width);
      linear(shapes, block + "attn.proj", width, width);
      linear(shapes, block + "mlp.fc1", width, hidden);
      linear(shapes, block + "mlp.fc2", hidden, width);
    }
    Map<String, Double> scale = new LinkedHashMap<>();
    json.getAsJsonObject("weight_scale")
        .asMap()
        .forEach((name, factor) -> scale.put(name, factor.getAsDouble()));
    PortableWeights portable =
        new PortableWeights(shapes, json.get("salt").getAsString(), "", scale);
    Weights weights = Weights.load(portable, shapes, manager);
    Transformer blocks =
        Transformer.of(
            weights.at("blocks"),
            depth,
            Transformer.Names.TIMM,
            new Transformer.Options(
                json.get("heads").getAsInt(), epsilon, Transformer.Activation.GELU, false),
            manager);
    return PatchEncoder.of(
        patch,
        pixels -> {
          int rows = (int) pixels.getShape().get(2) / patch;
          int columns = (int) pixels.getShape().get(3) / patch;
          NDArray table = weights.get("pos_embed").squeeze(0);
          if (rows != grid || columns != grid) {
            double[] options = {rows, columns, 0, (rows + 0.1) / grid, (columns + 0.1) / grid};
            table =
                Kernels.core()
                    .call("resample_positions", pixels.getManager().create(options), table);
          }
          NDArray tokens =
              Kernels.core()
                  .call(
                      "patch_tokens",
                      pixels,
                      weights.get("patch_embed.proj.weight"),
                      weights.get("patch_embed.proj.bias"),
                      weights.get("cls_token").reshape(width),
                      table);
          NDArray normed =
              Kernels.core()
                  .call(
                      "layer_norm",
                      blocks.forward(tokens),
                      weights.get("norm.weight"),
                      weights.get("norm.bias"),
                      Kernels.numbers(pixels.getManager(), epsilon));
          return normed.get(":, 1:");
        });
  }

  private static void norm(Map<String, Shape> shapes, String name, int width) {
    shapes.put(name + ".weight", new Shape(width));
    shapes.put(name + ".bias", new Shape(width));
  }

  private static void linear(Map<String, Shape> shapes, String name, int from, int to) {
    shapes.put(name + ".weight", new Shape(to, from));
    shapes.put(name + ".bias", new Shape(to));
  }
}
