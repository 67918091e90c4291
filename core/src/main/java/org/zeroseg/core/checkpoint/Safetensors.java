package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A safetensors file: eight bytes with the length of the header, the header (JSON: name, type,
 * shape and byte range of each tensor), then the tensors' bytes without gaps.
 */
final class Safetensors implements Checkpoint {

  static final String METADATA = "__metadata__";

  /** The format's own limit. */
  private static final int LONGEST_HEADER = 100_000_000;

  private final MappedFile file;
  private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
  private final Map<String, Long> offsets = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  Safetensors(MappedFile file) {
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
    byte[] header = file.copy(8, (int) headerLength).array();
    try (JsonReader json = new JsonReader(utf8(header))) {
      json.setStrictness(Strictness.STRICT);
      json.beginObject();
      while (json.hasNext()) {
        String name = json.nextName();
        if (name.equals(METADATA)) {
          readMetadata(json);
        } else {
          readTensor(json, name, start);
        }
      }
      json.endObject();
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw file.refuse("has something after its safetensors header");
      }
    } catch (MalformedJsonException | CharacterCodingException e) {
      throw new CheckpointException(file.path() + ": its safetensors header is damaged: " + e, e);
    } catch (IOException | IllegalStateException | NumberFormatException | JsonParseException e) {
      throw new CheckpointException(file.path() + ": its safetensors header is not valid: " + e, e);
    }
    requireNoGaps(start);
  }

  static Reader utf8(byte[] bytes) {
    return new InputStreamReader(
        new ByteArrayInputStream(bytes), StandardCharsets.UTF_8.newDecoder());
  }

  private void readMetadata(JsonReader json) throws IOException {
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
    if (info.bytes() != range[1] - range[0]) {
      throw file.refuse(
          "tensor %s of shape %s and type %s does not fit its %d bytes"
              .formatted(name, info.shape(), type, range[1] - range[0]));
    }
    if (tensors.put(name, info) != null) {
      throw file.refuse("names tensor " + name + " twice");
    }
    offsets.put(name, start + range[0]);
  }

  private static long[] longs(JsonReader json) throws IOException {
    LongStream.Builder values = LongStream.builder();
    json.beginArray();
    while (json.hasNext()) {
      values.add(json.nextLong());
    }
    json.endArray();
    return values.build().toArray();
  }

  /** The format asks that every byte belongs to exactly one tensor. */
  private void requireNoGaps(long start) {
    List<String> inFileOrder =
        tensors.keySet().stream()
            .sorted(
                (a, b) -> {
                  int byOffset = Long.compare(offsets.get(a), offsets.get(b));
                  return byOffset != 0
                      ? byOffset
                      : Long.compare(tensors.get(a).bytes(), tensors.get(b).bytes());
                })
            .toList();
    long end = start;
    for (String name : inFileOrder) {
      if (offsets.get(name) != end) {
        throw file.refuse("tensor " + name + " overlaps its neighbour or leaves a gap");
      }
      end += tensors.get(name).bytes();
    }
    if (end != file.size()) {
      throw file.refuse((file.size() - end) + " bytes at its end belong to no tensor");
    }
  }

  @Override
  public String source() {
    return file.path().toString();
  }

  @Override
  public Map<String, TensorInfo> tensors() {
    return Collections.unmodifiableMap(tensors);
  }

  @Override
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  @Override
  public ByteBuffer read(String name) {
    TensorInfo info = Layout.require(this, name);
    return file.map(offsets.get(name), info.bytes());
  }

  @Override
  public void copy(String name, ByteBuffer into) {
    TensorInfo info = Layout.require(this, name);
    file.copy(offsets.get(name), info.bytes(), into);
  }

  @Override
  public void close() {
    file.close();
  }
}
