package org.zeroseg.core.checkpoint;

import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Several files, whose index (JSON) says which holds which tensor. */
final class ShardedCheckpoint implements Checkpoint {

  private static final long LONGEST_INDEX = 100_000_000;

  private final Path index;
  private final Map<String, Checkpoint> shards = new LinkedHashMap<>();
  private final Map<String, Checkpoint> homes = new LinkedHashMap<>();
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  /** Reads the index and the directory of each shard; the index file is closed afterwards. */
  ShardedCheckpoint(MappedFile file) {
    this.index = file.path();
    try {
      weightMap(file).forEach((tensor, shard) -> add(file, tensor, shard));
    } catch (CheckpointException e) {
      close();
      throw e;
    } finally {
      file.close();
    }
  }

  private static Map<String, String> weightMap(MappedFile file) {
    if (file.size() > LONGEST_INDEX) {
      throw file.refuse("is no checkpoint: text of " + file.size() + " bytes");
    }
    byte[] text = file.copy(0, (int) file.size()).array();
    Map<String, String> shardOf = new LinkedHashMap<>();
    try (JsonReader json = new JsonReader(Safetensors.utf8(text))) {
      json.setStrictness(Strictness.STRICT);
      json.beginObject();
      while (json.hasNext()) {
        if (json.nextName().equals("weight_map")) {
          json.beginObject();
          while (json.hasNext()) {
            shardOf.put(json.nextName(), json.nextString());
          }
          json.endObject();
        } else {
          json.skipValue();
        }
      }
      json.endObject();
    } catch (IOException | IllegalStateException | JsonParseException e) {
      throw new CheckpointException(file.path() + ": is not a valid index of shards: " + e, e);
    }
    if (shardOf.isEmpty()) {
      throw file.refuse("is JSON without a weight_map, so not an index of shards");
    }
    return shardOf;
  }

  private void add(MappedFile file, String tensor, String shardName) {
    Checkpoint shard = shards.get(shardName);
    if (shard == null) {
      Path folder = index.toAbsolutePath().normalize().getParent();
      Path path = folder.resolve(requirePlain(file, shardName)).normalize();
      if (!path.startsWith(folder)) {
        throw file.refuse("points outside its folder: " + shardName);
      }
      shard = Checkpoints.openShard(path);
      shards.put(shardName, shard);
      metadata.putAll(shard.metadata());
    }
    TensorInfo info = shard.tensors().get(tensor);
    if (info == null) {
      throw file.refuse("says that " + tensor + " is in " + shardName + ", but it is not");
    }
    tensors.put(tensor, info);
    homes.put(tensor, shard);
  }

  private static String requirePlain(MappedFile file, String shardName) {
    if (shardName.isEmpty()
        || shardName.chars().anyMatch(c -> c < ' ' || ":\\*?\"<>|".indexOf(c) >= 0)) {
      throw file.refuse("names a shard that cannot be a file: '" + shardName + "'");
    }
    return shardName;
  }

  @Override
  public String source() {
    return index.toString();
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public ByteBuffer read(String name) {
    Layout.require(this, name);
    return homes.get(name).read(name);
  }

  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  @Override
  public void close() {
    shards.values().forEach(Checkpoint::close);
  }
}
