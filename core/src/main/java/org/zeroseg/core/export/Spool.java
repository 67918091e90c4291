package org.zeroseg.core.export;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * The elements of a list, kept in a file that nobody sees until the document can be put together.
 */
final class Spool implements Closeable {

  private final FileChannel channel;
  private final String separator;
  private long size;
  private long before;

  /** Of the elements of a JSON array. */
  Spool(Path folder) throws IOException {
    this(folder, ",\n");
  }

  Spool(Path folder, String separator) throws IOException {
    this.separator = separator;
    channel =
        FileChannel.open(
            folder.resolve("." + UUID.randomUUID() + ".part"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
  }

  /** Appends elements that are separated already, or nothing at all if that fails. */
  void append(String elements) throws IOException {
    before = size;
    if (elements.isEmpty()) {
      return;
    }
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(size == 0 ? elements : separator + elements);
    try {
      while (bytes.hasRemaining()) {
        size += channel.write(bytes, size);
      }
    } catch (IOException e) {
      undo();
      throw e;
    }
  }

  /** Takes back what was appended last. */
  void undo() {
    size = before;
  }

  void copyTo(OutputStream out) throws IOException {
    // Not closed: it is the caller's.
    long at = 0;
    while (at < size) {
      at += channel.transferTo(at, size - at, Channels.newChannel(out));
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
