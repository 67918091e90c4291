package org.zeroseg.clip.retrieval;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.zeroseg.core.checkpoint.Halves;
import org.zeroseg.core.file.WholeFile;

/**
 * Appends to an index. Rows and names are written and forced to disk first, then the header, which
 * alone says how many there are: whatever happens in between leaves an index without them.
 */
final class IndexWriter implements AutoCloseable {

  private final FileChannel embeddings;
  private final FileChannel names;
  private final Set<String> present;
  private EmbeddingFile header;

  private IndexWriter(
      FileChannel embeddings, FileChannel names, Set<String> present, EmbeddingFile header) {
    this.embeddings = embeddings;
    this.names = names;
    this.present = present;
    this.header = header;
  }

  /**
   * Begins an index, or goes on with the one that is there.
   *
   * @throws IOException if it is damaged, of another kind, or being written by somebody else
   */
  static IndexWriter open(Path folder, int dimension, DataType type, String model)
      throws IOException {
    Files.createDirectories(folder);
    Path file = folder.resolve(ImageIndex.EMBEDDINGS);
    Path nameFile = folder.resolve(ImageIndex.NAMES);
    // The names are locked, not the matrix: a new matrix is moved to its place as another file.
    FileChannel names =
        FileChannel.open(nameFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      lock(names, folder);
      EmbeddingFile empty = EmbeddingFile.empty(dimension, type, model);
      if (!Files.exists(file)) {
        names.truncate(0);
        WholeFile.write(file, empty.header().array());
      }
      FileChannel embeddings =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        EmbeddingFile header = EmbeddingFile.read(embeddings, file);
        check(header, empty, file);
        NameFile lines = NameFile.open(nameFile, header.rows());
        Set<String> present = new HashSet<>();
        for (int row = 0; row < header.rows(); row++) {
          present.add(lines.name(row));
        }
        names.truncate(lines.length()).position(lines.length());
        embeddings.truncate(header.end()).position(header.end());
        return new IndexWriter(embeddings, names, present, header);
      } catch (IOException | RuntimeException e) {
        embeddings.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      names.close();
      throw e;
    }
  }

  /** Held until the channel closes. */
  private static void lock(FileChannel channel, Path folder) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return;
      }
    } catch (OverlappingFileLockException e) {
      throw new IOException(folder + " is being written by another thread", e);
    }
    throw new IOException(folder + " is being written by another process");
  }

  private static void check(EmbeddingFile found, EmbeddingFile expected, Path file)
      throws IOException {
    EmbeddingFile comparable = expected.withRows(found.rows());
    if (!found.equals(comparable)) {
      throw new IOException(
          "%s cannot be gone on with: it holds %s of %d numbers by %s, laid out from byte %d on; expected %s, %d, %s, %d"
              .formatted(
                  file,
                  found.type(),
                  found.dimension(),
                  found.model().orElse("an unknown encoder"),
                  found.start(),
                  expected.type(),
                  expected.dimension(),
                  expected.model().orElseThrow(),
                  expected.start()));
    }
  }

  /** The names that the index held when it was opened. */
  Set<String> names() {
    return present;
  }

  /** Adds rows [n, D] and commits them. */
  void append(List<String> newNames, List<float[]> rows) throws IOException {
    if (rows.isEmpty()) {
      return;
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(rows.size(), header.bytesPerRow()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : rows) {
      if (row.length != header.dimension()) {
        throw new IllegalStateException(
            "a vector of " + row.length + " numbers, expected " + header.dimension());
      }
      for (float value : row) {
        if (header.type() == DataType.FLOAT16) {
          bytes.putShort(Halves.toFloat16(value));
        } else {
          bytes.putFloat(value);
        }
      }
    }
    StringBuilder lines = new StringBuilder();
    newNames.forEach(name -> lines.append(NameFile.escape(name)).append('\n'));
    write(embeddings, bytes.flip());
    write(names, StandardCharsets.UTF_8.encode(lines.toString()));
    embeddings.force(false);
    names.force(false);
    header = header.withRows(Math.addExact(header.rows(), rows.size()));
    ByteBuffer text = header.header();
    while (text.hasRemaining()) {
      embeddings.write(text, text.position());
    }
  }

  private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Adds a line to a text file. */
  static void append(Path file, String line) throws IOException {
    Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Override
  public void close() throws IOException {
    try (embeddings;
        names) {
      embeddings.force(true);
    }
  }
}
