package org.zeroseg.clip;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.TensorInfo;

/**
 * A CLIP checkpoint of the transformers library under OpenAI's names: queries, keys and values
 * joined, the two projections transposed.
 */
final class TransformersLayout implements Checkpoint {

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

  /** The tensors that make up one: three to be joined by rows, or one. */
  private record Sources(List<String> names, boolean transposed) {}

  private final Checkpoint original;
  private final Map<String, Sources> sources = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

  TransformersLayout(Checkpoint original) {
    this.original = original;
    for (String name : original.tensors().keySet()) {
      if (!name.endsWith("position_ids")) {
        add(name);
      }
    }
    sources.forEach((name, from) -> tensors.put(name, info(name, from)));
  }

  private void add(String name) {
    Matcher block = BLOCK.matcher(name);
    if (block.matches()) {
      String tower = block.group(1).equals("vision") ? "visual." : "";
      String prefix = tower + "transformer.resblocks." + block.group(2) + ".";
      Matcher projection = PROJECTION.matcher(block.group(3));
      if (projection.matches()) {
        List<String> parts = new ArrayList<>();
        for (String part : List.of("q", "k", "v")) {
          parts.add(name.replace(projection.group(1) + "_proj", part + "_proj"));
        }
        sources.put(prefix + "attn.in_proj_" + projection.group(2), new Sources(parts, false));
        return;
      }
      int dot = Math.max(0, block.group(3).lastIndexOf('.'));
      Optional<String> part = Optional.ofNullable(IN_BLOCK.get(block.group(3).substring(0, dot)));
      if (part.isPresent()) {
        String known = prefix + part.get() + block.group(3).substring(dot);
        sources.put(known, new Sources(List.of(name), false));
        return;
      }
    }
    // A name that is not known stays as it is, for the strict check to report.
    String known = ELSEWHERE.getOrDefault(name, name);
    boolean transposed = known.equals("text_projection") || known.equals("visual.proj");
    sources.put(known, new Sources(List.of(name), transposed));
  }

  private TensorInfo info(String name, Sources from) {
    List<TensorInfo> parts = from.names().stream().map(this::required).toList();
    TensorInfo first = parts.get(0);
    if (from.transposed()) {
      if (first.shape().dimension() != 2) {
        throw fault(from.names().get(0) + " must have 2 dimensions, found " + first.shape());
      }
      return new TensorInfo(first.type(), new Shape(first.shape().get(1), first.shape().get(0)));
    }
    if (parts.size() == 1) {
      return first;
    }
    if (first.shape().dimension() == 0 || !parts.stream().allMatch(first::equals)) {
      throw fault("the parts of " + name + " differ: " + from.names() + " are " + parts);
    }
    long[] sides = first.shape().getShape().clone();
    sides[0] *= parts.size();
    return new TensorInfo(first.type(), new Shape(sides));
  }

  private TensorInfo required(String name) {
    TensorInfo info = original.tensors().get(name);
    if (info == null) {
      throw fault("tensor " + name + " is missing");
    }
    return info;
  }

  private CheckpointException fault(String what) {
    return new CheckpointException(original.source() + ": " + what);
  }

  @Override
  public String source() {
    return original.source();
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public ByteBuffer read(String name) {
    Sources from = sources.get(name);
    if (from == null) {
      throw fault("has no tensor " + name);
    }
    if (from.transposed()) {
      String stored = from.names().get(0);
      Shape shape = required(stored).shape();
      return transpose(
          original.read(stored),
          Math.toIntExact(shape.get(0)),
          Math.toIntExact(shape.get(1)),
          required(stored).type());
    }
    if (from.names().size() == 1) {
      return original.read(from.names().get(0));
    }
    List<ByteBuffer> parts = from.names().stream().map(original::read).toList();
    ByteBuffer joined =
        ByteBuffer.allocateDirect(parts.stream().mapToInt(ByteBuffer::remaining).sum());
    parts.forEach(joined::put);
    return joined.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteBuffer transpose(ByteBuffer rows, int height, int width, DataType type) {
    int size = type.getNumOfBytes();
    ByteBuffer columns = ByteBuffer.allocateDirect(rows.remaining());
    int start = rows.position();
    for (int column = 0; column < width; column++) {
      for (int row = 0; row < height; row++) {
        int at = start + (row * width + column) * size;
        for (int i = 0; i < size; i++) {
          columns.put(rows.get(at + i));
        }
      }
    }
    return columns.flip().order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public Map<String, String> metadata() {
    return original.metadata();
  }

  @Override
  public void close() {
    original.close();
  }
}
