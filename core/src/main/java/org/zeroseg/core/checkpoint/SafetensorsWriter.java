package org.zeroseg.core.checkpoint;

import com.google.gson.stream.JsonWriter;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.zeroseg.core.file.WholeFile;

/**
 * Writes checkpoints as safetensors. The same tensors and metadata give the same bytes.
 *
 * <p>{@code SafetensorsWriter.write(file, weights.checkpoint().as(DataType.FLOAT16), metadata)}
 * stores trained weights at half their size.
 */
public final class SafetensorsWriter {

  private SafetensorsWriter() {}

  /**
   * Writes all tensors of a checkpoint, one at a time. A reader sees either the old file or the
   * whole new one, never a part.
   *
   * @param file where to write; an existing file is replaced
   * @param tensors what to write, under their names and in their order
   * @param metadata free-form text for the header, such as the weights' provenance
   * @throws IOException if the file cannot be written; nothing is left behind
   */
  public static void write(Path file, Checkpoint tensors, Map<String, String> metadata)
      throws IOException {
    WholeFile.write(file, unfinished -> writeAll(unfinished, tensors, metadata));
  }

  private static void writeAll(Path file, Checkpoint tensors, Map<String, String> metadata)
      throws IOException {
    // No channel, which would close in the middle of a checkpoint when the thread is interrupted.
    try (FileOutputStream out = new FileOutputStream(file.toFile())) {
      List<String> order = byAlignment(tensors);
      write(out, header(tensors, order, metadata));
      for (String name : order) {
        ByteBuffer bytes = tensors.read(name);
        long announced = tensors.tensors().get(name).bytes();
        if (bytes.remaining() != announced) {
          throw new IllegalStateException(
              "tensor %s has %d bytes, announced were %d"
                  .formatted(name, bytes.remaining(), announced));
        }
        write(out, bytes);
      }
      out.getFD().sync();
    }
  }

  /** Wider elements first, so that every tensor starts at a multiple of its element size. */
  private static List<String> byAlignment(Checkpoint tensors) {
    return tensors.tensors().entrySet().stream()
        .sorted(Comparator.comparing(entry -> -ElementTypes.size(entry.getValue().type())))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static ByteBuffer header(
      Checkpoint tensors, List<String> order, Map<String, String> metadata) throws IOException {
    Map<String, Long> offsets = new HashMap<>();
    long end = 0;
    for (String name : order) {
      offsets.put(name, end);
      end += tensors.tensors().get(name).bytes();
    }
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.beginObject();
      if (!metadata.isEmpty()) {
        json.name(Safetensors.METADATA).beginObject();
        for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
          json.name(entry.getKey()).value(entry.getValue());
        }
        json.endObject();
      }
      for (Map.Entry<String, TensorInfo> entry : tensors.tensors().entrySet()) {
        String name = entry.getKey();
        if (name.equals(Safetensors.METADATA)) {
          throw new CheckpointException("no tensor can be called " + name);
        }
        TensorInfo info = entry.getValue();
        json.name(name).beginObject();
        json.name("dtype").value(ElementTypes.toSafetensors(info.type()));
        json.name("shape").beginArray();
        for (long dimension : info.shape().getShape()) {
          json.value(dimension);
        }
        json.endArray();
        json.name("data_offsets").beginArray();
        json.value(offsets.get(name)).value(offsets.get(name) + info.bytes());
        json.endArray();
        json.endObject();
      }
      json.endObject();
    }
    byte[] utf8 = text.toString().getBytes(StandardCharsets.UTF_8);
    int padding = -utf8.length & 7; // spaces, so that the tensors begin at a multiple of eight
    ByteBuffer header =
        ByteBuffer.allocate(8 + utf8.length + padding).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(utf8.length + padding).put(utf8);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  private static void write(OutputStream out, ByteBuffer bytes) throws IOException {
    byte[] chunk = new byte[1 << 16];
    while (bytes.hasRemaining()) {
      int length = Math.min(chunk.length, bytes.remaining());
      bytes.get(chunk, 0, length);
      out.write(chunk, 0, length);
    }
  }
}
