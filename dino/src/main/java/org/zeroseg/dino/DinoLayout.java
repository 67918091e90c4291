package org.zeroseg.dino;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.network.BackboneLayout;

/** Checkpoints of DINO in all published layouts, under the names of the original code. */
final class DinoLayout {

  private static final Pattern BLOCK = Pattern.compile("encoder\\.layer\\.(\\d+)\\.(.+)\\.(\\w+)");

  private static final Map<String, String> IN_BLOCK =
      Map.of(
          "layernorm_before", "norm1",
          "layernorm_after", "norm2",
          "attention.output.dense", "attn.proj",
          "intermediate.dense", "mlp.fc1",
          "output.dense", "mlp.fc2");

  private static final Map<String, String> ELSEWHERE =
      Map.of(
          "embeddings.cls_token", "cls_token",
          "embeddings.position_embeddings", "pos_embed",
          "embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight",
          "embeddings.patch_embeddings.projection.bias", "patch_embed.proj.bias",
          "layernorm.weight", "norm.weight",
          "layernorm.bias", "norm.bias");

  private DinoLayout() {}

  /** The backbone of a checkpoint, without the prefixes of wrappers and without heads. */
  static Checkpoint backbone(Checkpoint stored) {
    Checkpoint backbone = BackboneLayout.backbone(stored);
    return backbone.tensors().containsKey("embeddings.cls_token")
        ? transformers(backbone)
        : backbone;
  }

  /** The transformers library's names: queries, keys and values are to be joined. */
  private static Checkpoint transformers(Checkpoint stored) {
    Map<String, List<String>> sources = new LinkedHashMap<>();
    for (String name : stored.tensors().keySet()) {
      Matcher block = BLOCK.matcher(name);
      if (!block.matches()) {
        sources.put(ELSEWHERE.getOrDefault(name, name), List.of(name));
        continue;
      }
      String prefix = "blocks." + block.group(1) + ".";
      String part = block.group(2);
      String kind = block.group(3);
      if (part.startsWith("attention.attention.")) {
        List<String> parts = new ArrayList<>();
        for (String projection : List.of("query", "key", "value")) {
          parts.add(
              "encoder.layer.%s.attention.attention.%s.%s"
                  .formatted(block.group(1), projection, kind));
        }
        sources.put(prefix + "attn.qkv." + kind, parts);
      } else {
        String known = IN_BLOCK.containsKey(part) ? prefix + IN_BLOCK.get(part) + "." + kind : name;
        sources.put(known, List.of(name));
      }
    }
    return stored.joined(sources);
  }
}
