package org.zeroseg.core.checkpoint;

import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

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

  static Set<String> shards(MappedFile file) {
    Set<String> names = new LinkedHashSet<>(weightMap(file).values());
    names.forEach(name -> shardPath(file, name));
    return names;
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
      shard = Checkpoints.openShard(shardPath(file, shardName));
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

  private static Path shardPath(MappedFile index, String name) {
    Path folder = index.path().toAbsolutePath().normalize().getParent();
    if (name.isEmpty() || name.chars().anyMatch(c -> c < ' ' || ":\\*?\"<>|".indexOf(c) >= 0)) {
      throw index.refuse("names a shard that cannot be a file: '" + name + "'");
    }
    Path path = folder.resolve(name).normalize();
    if (!path.startsWith(folder)) {
      throw index.refuse("points outside its folder: " + name);
    }
    return path;
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
  public void copy(String name, ByteBuffer into) {
    Layout.require(this, name);
    homes.get(name).copy(name, into);
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
