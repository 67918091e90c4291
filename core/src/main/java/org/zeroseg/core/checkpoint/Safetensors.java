package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;

/**
 * A safetensors file: eight bytes with the length of the header, the header (JSON: name, type,
 * shape and byte range of each tensor), then the tensors' bytes without gaps.
 */
final class Safetensors extends ListedCheckpoint {

  static final String METADATA = "__metadata__";

  /** The format's own limit. */
  private static final int LONGEST_HEADER = 100_000_000;

  /** A tensor's bytes, from the start of the file. */
  private record Range(long start, long end) {}

  private final MappedFile file;
  private final Map<String, Range> ranges = new LinkedHashMap<>();

  /** Tensors of types that are not read here, with what the file calls those. */
  private final Map<String, String> unread = new HashMap<>();

  private final Map<String, String> metadata = new LinkedHashMap<>();

  Safetensors(MappedFile file) {
    super(file.path().toString());
    this.file = file;
    if (file.size() < 8) {
      throw file.refuse("is not a safetensors file: " + file.size() + " bytes");
    }
    long headerLength = file.copy(0, 8).getLong();
    if (headerLength < 2 || headerLength > file.size() - 8) {
      throw file.refuse(
          "its safetensors header claims %s bytes, but the file has %d; it is damaged or cut off"
              .formatted(Long.toUnsignedString(headerLength), file.size()));
    }
    if (headerLength > LONGEST_HEADER) {
      throw file.refuse("its safetensors header of " + headerLength + " bytes is over the limit");
    }
    long start = 8 + headerLength;
    try {
      JsonFile.read(
          file.path().toString(),
          file.map(8, headerLength),
          json -> {
            readHeader(json, start);
            return tensors;
          });
    } catch (InvalidFileException e) {
      throw new CheckpointException(file.path() + ": its safetensors header: " + e.problem(), e);
    } catch (IOException e) {
      throw new CheckpointException(file.path() + ": cannot be read: " + e, e);
    }
    requireNoGaps(start);
  }

  private CheckpointException unread(String name) {
    return file.refuse(
        "tensor %s has elements of the type '%s', which is not read here"
            .formatted(name, unread.get(name)));
  }

  private void readHeader(JsonReader json, long start) throws IOException {
    json.beginObject();
    while (json.hasNext()) {
      String name = json.nextName();
      if (name.equals(METADATA)) {
        readMetadata(json);
      } else if (tensors.size() == Layout.MOST_TENSORS) {
        throw file.refuse("has over " + Layout.MOST_TENSORS + " tensors");
      } else {
        readTensor(json, name, start);
      }
    }
    json.endObject();
  }

  private void readMetadata(JsonReader json) throws IOException {
    if (json.peek() == JsonToken.NULL) {
      json.nextNull();
      return;
    }
    json.beginObject();
    while (json.hasNext()) {
      metadata.put(json.nextName(), json.nextString());
    }
    json.endObject();
  }

  private void readTensor(JsonReader json, String name, long start) throws IOException {
    String type = "";
    long[] shape = null;
    long[] range = null;
    json.beginObject();
    while (json.hasNext()) {
      switch (json.nextName()) {
        case "dtype" -> type = json.nextString();
        case "shape" -> shape = longs(json);
        case "data_offsets" -> range = longs(json);
        default -> json.skipValue();
      }
    }
    json.endObject();
    if (shape == null || range == null || range.length != 2) {
      throw file.refuse("tensor " + name + " lacks a shape or its two data_offsets");
    }
    String unknown = type;
    DataType elements =
        ElementTypes.ofSafetensors(type)
            .orElseThrow(
                () -> file.refuse("tensor " + name + " has the unknown type '" + unknown + "'"));
    long available = file.size() - start;
    if (range[0] < 0 || range[1] < range[0] || range[1] > available) {
      throw file.refuse(
          "tensor %s claims the bytes %d to %d, but there are %d; the file is damaged or cut off"
              .formatted(name, range[0], range[1], available));
    }
    TensorInfo info = Layout.info(file, name, elements, shape);
    if (elements == DataType.UNKNOWN) {
      unread.put(name, type);
    }
    if (ElementTypes.bytes(type, info.shape().size()) != range[1] - range[0]) {
      throw file.refuse(
          "tensor %s of shape %s and type %s does not fit its %d bytes"
              .formatted(name, info.shape(), type, range[1] - range[0]));
    }
    if (tensors.put(name, info) != null) {
      throw file.refuse("names tensor " + name + " twice");
    }
    ranges.put(name, new Range(start + range[0], start + range[1]));
  }

  private static long[] longs(JsonReader json) throws IOException {
    long[] values = new long[Layout.MOST_DIMENSIONS];
    int count = 0;
    json.beginArray();
    while (json.hasNext()) {
      if (count == values.length) {
        throw new IllegalStateException(
            "over " + Layout.MOST_DIMENSIONS + " numbers at " + json.getPath());
      }
      values[count++] = json.nextLong();
    }
    json.endArray();
    return Arrays.copyOf(values, count);
  }

  /** The format asks that every byte belongs to exactly one tensor. */
  private void requireNoGaps(long start) {
    long end = start;
    for (Range range :
        ranges.values().stream()
            .sorted(Comparator.comparingLong(Range::start).thenComparingLong(Range::end))
            .toList()) {
      if (range.start != end) {
        String name =
            ranges.entrySet().stream()
                .filter(entry -> entry.getValue().equals(range))
                .findFirst()
                .orElseThrow()
                .getKey();
        throw file.refuse("tensor " + name + " overlaps its neighbour or leaves a gap");
      }
      end = range.end;
    }
    if (end != file.size()) {
      throw file.refuse((file.size() - end) + " bytes at its end belong to no tensor");
    }
  }

  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  @Override
  public ByteBuffer read(String name) {
    Range range = range(name);
    return file.map(range.start, range.end - range.start);
  }

  @Override
  public void copy(String name, ByteBuffer into) {
    Range range = range(name);
    file.copy(range.start, range.end - range.start, into);
  }

  private Range range(String name) {
    Layout.require(this, name);
    if (unread.containsKey(name)) {
      throw unread(name);
    }
    return ranges.get(name);
  }

  @Override
  public void close() {
    file.close();
  }
}
