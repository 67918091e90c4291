package org.zeroseg.clip.retrieval;

import ai.djl.ndarray.types.DataType;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.core.file.JsonFile;

/**
 * The layout of an index's matrix: a safetensors file with the one tensor {@code embeddings} [N,
 * D], whose header has a fixed length, so that rows can be appended and the header rewritten. What
 * lies behind the N rows that the header counts was not finished and does not count.
 *
 * @param rows N
 * @param dimension D
 * @param type float32 or float16
 * @param start where the first row begins, in bytes
 * @param model the encoder, if the file says so
 */
record EmbeddingFile(int rows, int dimension, DataType type, long start, Optional<String> model) {

  static final String TENSOR = "embeddings";

  /** One page, so that rows are aligned; blanks fill what the text leaves. */
  private static final int START = 4096;

  private static final int LONGEST_HEADER = 1 << 20;
  private static final String MODEL = "model";

  static EmbeddingFile empty(int dimension, DataType type, String model) {
    return new EmbeddingFile(0, dimension, type, START, Optional.of(model));
  }

  EmbeddingFile withRows(int count) {
    return new EmbeddingFile(count, dimension, type, start, model);
  }

  int bytesPerRow() {
    return dimension * (type == DataType.FLOAT16 ? 2 : 4);
  }

  long end() {
    return start + (long) rows * bytesPerRow();
  }

  /** Reads and checks the header. */
  static EmbeddingFile read(FileChannel channel, Path file) throws IOException {
    long size = channel.size();
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length, 0, file);
    long header = length.getLong(0);
    if (header < 2 || header > Math.min(size - 8, LONGEST_HEADER)) {
      throw new IOException(
          file + ": a safetensors header of " + header + " bytes cannot be; the file has " + size);
    }
    ByteBuffer text = ByteBuffer.allocate((int) header);
    readFully(channel, text, 8, file);
    EmbeddingFile found =
        JsonFile.object(file.toString(), text.flip(), json -> parse(json, 8 + header));
    if (found.end() > size) {
      throw new IOException(
          "%s is cut off: %d rows of %d bytes end at byte %d, but it has %d"
              .formatted(file, found.rows, found.bytesPerRow(), found.end(), size));
    }
    return found;
  }

  private static void readFully(FileChannel channel, ByteBuffer bytes, long offset, Path file)
      throws IOException {
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, offset + bytes.position()) < 0) {
        throw new IOException(file + " is cut off inside its header");
      }
    }
  }

  private static EmbeddingFile parse(JsonObject json, long start) {
    JsonObject tensor = json.getAsJsonObject(TENSOR);
    if (tensor == null
        || !tensor.has("dtype")
        || !tensor.has("shape")
        || !tensor.has("data_offsets")) {
      throw new IllegalArgumentException(
          "no matrix \"" + TENSOR + "\" with dtype, shape and data_offsets");
    }
    DataType type =
        switch (tensor.get("dtype").getAsString()) {
          case "F32" -> DataType.FLOAT32;
          case "F16" -> DataType.FLOAT16;
          default ->
              throw new IllegalArgumentException(
                  "type " + tensor.get("dtype") + ", expected F32 or F16");
        };
    JsonArray shape = tensor.getAsJsonArray("shape");
    if (shape.size() != 2
        || shape.get(0).getAsLong() < 0
        || shape.get(0).getAsLong() > Integer.MAX_VALUE
        || shape.get(1).getAsLong() < 1
        || shape.get(1).getAsLong() > 1 << 20) {
      throw new IllegalArgumentException("shape " + shape + ", expected [N, D]");
    }
    Optional<String> model =
        Optional.ofNullable(json.getAsJsonObject("__metadata__"))
            .map(metadata -> metadata.get(MODEL))
            .map(value -> value.getAsString());
    long begin = tensor.getAsJsonArray("data_offsets").get(0).getAsLong();
    long end = tensor.getAsJsonArray("data_offsets").get(1).getAsLong();
    EmbeddingFile file =
        new EmbeddingFile(
            shape.get(0).getAsInt(), shape.get(1).getAsInt(), type, start + begin, model);
    // Offsets near the largest number make a start that has wrapped around.
    if (begin < 0 || file.start < 0 || end - begin != (long) file.rows * file.bytesPerRow()) {
      throw new IllegalArgumentException("shape " + shape + " does not fit its data_offsets");
    }
    return file;
  }

  /** The header as it stands in the file: all bytes before the first row. */
  ByteBuffer header() {
    JsonObject metadata = new JsonObject();
    metadata.addProperty("format", "zeroseg image index");
    model.ifPresent(name -> metadata.addProperty(MODEL, name));
    JsonArray shape = new JsonArray();
    shape.add(rows);
    shape.add(dimension);
    JsonArray offsets = new JsonArray();
    offsets.add(0);
    offsets.add((long) rows * bytesPerRow());
    JsonObject tensor = new JsonObject();
    tensor.addProperty("dtype", type == DataType.FLOAT16 ? "F16" : "F32");
    tensor.add("shape", shape);
    tensor.add("data_offsets", offsets);
    JsonObject json = new JsonObject();
    json.add("__metadata__", metadata);
    json.add(TENSOR, tensor);
    byte[] text = json.toString().getBytes(StandardCharsets.UTF_8);
    if (text.length > START - 8) {
      throw new IllegalArgumentException("a model name of " + text.length + " bytes: " + model);
    }
    ByteBuffer header = ByteBuffer.allocate(START).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(START - 8).put(text);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }
}
