package org.zeroseg.core.checkpoint;

import com.google.gson.stream.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.zeroseg.core.file.JsonFile;

/** Several files, whose index (JSON) says which holds which tensor. */
final class ShardedCheckpoint extends ListedCheckpoint {

  /** Several times what the largest known models have. */
  private static final int MOST_SHARDS = 2000;

  private static final long LONGEST_INDEX = 100_000_000;

  private final Map<Path, Checkpoint> shards = new LinkedHashMap<>();
  private final Map<String, Checkpoint> homes = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  /** Reads the index and the directory of each shard; the index file is closed afterwards. */
  ShardedCheckpoint(MappedFile file) {
    super(file.path().toString());
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
    if (names.size() > MOST_SHARDS) {
      throw file.refuse("names " + names.size() + " shards; at most " + MOST_SHARDS);
    }
    names.forEach(name -> shardPath(file, name));
    return names;
  }

  private static Map<String, String> weightMap(MappedFile file) {
    if (file.size() > LONGEST_INDEX) {
      throw file.refuse("is no checkpoint: text of " + file.size() + " bytes");
    }
    Map<String, String> shardOf;
    try {
      shardOf =
          JsonFile.read(
              file.path().toString(), file.map(0, file.size()), ShardedCheckpoint::weightMap);
    } catch (IOException e) {
      throw new CheckpointException(e.getMessage(), e);
    }
    if (shardOf.isEmpty()) {
      throw file.refuse("is JSON without a weight_map, so not an index of shards");
    }
    return shardOf;
  }

  private static Map<String, String> weightMap(JsonReader json) throws IOException {
    Map<String, String> shardOf = new LinkedHashMap<>();
    json.beginObject();
    while (json.hasNext()) {
      if (!json.nextName().equals("weight_map")) {
        json.skipValue();
        continue;
      }
      json.beginObject();
      while (json.hasNext()) {
        shardOf.put(json.nextName(), json.nextString());
        if (shardOf.size() > Layout.MOST_TENSORS) {
          throw new IllegalStateException("an index of over " + Layout.MOST_TENSORS + " tensors");
        }
      }
      json.endObject();
    }
    json.endObject();
    return shardOf;
  }

  private void add(MappedFile file, String tensor, String shardName) {
    Path path = shardPath(file, shardName);
    Checkpoint shard = shards.get(path);
    if (shard == null) {
      shard = Checkpoints.openShard(path);
      shards.put(path, shard);
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
    if (name.isBlank() || name.chars().anyMatch(Character::isISOControl)) {
      throw index.refuse("names a shard that cannot be a file: '" + name + "'");
    }
    Path path;
    try {
      path = folder.resolve(name).normalize();
    } catch (InvalidPathException e) {
      throw index.refuse("names a shard that cannot be a file here: '" + name + "'");
    }
    if (!path.startsWith(folder)) {
      throw index.refuse("points outside its folder: " + name);
    }
    return path;
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
