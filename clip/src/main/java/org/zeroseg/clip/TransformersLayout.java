package org.zeroseg.clip;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.zeroseg.core.checkpoint.Checkpoint;

/**
 * A CLIP checkpoint of the transformers library under OpenAI's names: queries, keys and values
 * joined, the two projections transposed.
 */
final class TransformersLayout {

  private static final Pattern BLOCK =
      Pattern.compile("(text|vision)_model\\.encoder\\.layers\\.(\\d+)\\.(.+)");

  private static final Pattern PROJECTION =
      Pattern.compile("self_attn\\.([qkv])_proj\\.(weight|bias)");

  private static final Map<String, String> IN_BLOCK =
      Map.of(
          "self_attn.out_proj", "attn.out_proj",
          "layer_norm1", "ln_1",
          "layer_norm2", "ln_2",
          "mlp.fc1", "mlp.c_fc",
          "mlp.fc2", "mlp.c_proj");

  private static final Map<String, String> ELSEWHERE =
      Map.ofEntries(
          Map.entry("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
          Map.entry("text_model.embeddings.position_embedding.weight", "positional_embedding"),
          Map.entry("text_model.final_layer_norm.weight", "ln_final.weight"),
          Map.entry("text_model.final_layer_norm.bias", "ln_final.bias"),
          Map.entry("text_projection.weight", "text_projection"),
          Map.entry("logit_scale", "logit_scale"),
          Map.entry("vision_model.embeddings.class_embedding", "visual.class_embedding"),
          Map.entry(
              "vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
          Map.entry("vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"),
          Map.entry("vision_model.pre_layrnorm.weight", "visual.ln_pre.weight"), // sic
          Map.entry("vision_model.pre_layrnorm.bias", "visual.ln_pre.bias"),
          Map.entry("vision_model.post_layernorm.weight", "visual.ln_post.weight"),
          Map.entry("vision_model.post_layernorm.bias", "visual.ln_post.bias"),
          Map.entry("visual_projection.weight", "visual.proj"));

  private TransformersLayout() {}

  /** Whether a checkpoint has this layout. */
  static boolean fits(Checkpoint checkpoint) {
    return checkpoint.tensors().containsKey("vision_model.embeddings.class_embedding");
  }

  /** A view of a checkpoint under OpenAI's names. */
  static Checkpoint openAi(Checkpoint original) {
    Map<String, List<String>> sources = new LinkedHashMap<>();
    for (String name : original.tensors().keySet()) {
      if (!name.endsWith("position_ids")) {
        add(sources, name);
      }
    }
    return original
        .joined(sources)
        .transposed(name -> name.equals("text_projection") || name.equals("visual.proj"));
  }

  private static void add(Map<String, List<String>> sources, String name) {
    Matcher block = BLOCK.matcher(name);
    if (block.matches()) {
      String tower = block.group(1).equals("vision") ? "visual." : "";
      String prefix = tower + "transformer.resblocks." + block.group(2) + ".";
      Matcher projection = PROJECTION.matcher(block.group(3));
      if (projection.matches()) {
        List<String> parts =
            Stream.of("q", "k", "v")
                .map(part -> name.replace(projection.group(1) + "_proj", part + "_proj"))
                .toList();
        sources.put(prefix + "attn.in_proj_" + projection.group(2), parts);
        return;
      }
      int dot = Math.max(0, block.group(3).lastIndexOf('.'));
      Optional<String> part = Optional.ofNullable(IN_BLOCK.get(block.group(3).substring(0, dot)));
      if (part.isPresent()) {
        sources.put(prefix + part.get() + block.group(3).substring(dot), List.of(name));
        return;
      }
    }
    // A name that is not known stays as it is, for the strict check to report.
    sources.put(ELSEWHERE.getOrDefault(name, name), List.of(name));
  }
}
