package org.zeroseg.core.supervision;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/**
 * Reads a large file that is a JSON list of objects in several parts at once.
 *
 * <p>The text is cut wherever an object seems to end and the next to begin, and each part must be a
 * list by itself once it stands in brackets. A cut inside a text or a deeper list leaves the part
 * before it without its end, so that parts which are all right are those of the list.
 */
final class ListParts {

  /** Bytes of a part, about. */
  private static final int PART = 1 << 20;

  /** Bytes that a part may have where objects are long. */
  private static final int LONGEST = 1 << 25;

  private static final int GZIP = 0x1f;

  /** Makes something of a part. */
  @FunctionalInterface
  interface Part<T> {

    /**
     * Reads a part.
     *
     * @param text a JSON list in UTF-8, with an array under it
     */
    T read(ByteBuffer text) throws IOException;
  }

  private final FileChannel channel;
  private final long size;
  private final AtomicBoolean failed = new AtomicBoolean();

  private ListParts(FileChannel channel, long size) {
    this.channel = channel;
    this.size = size;
  }

  /**
   * Makes something of each part.
   *
   * @param part makes something of the list that a part is
   * @return what was made, in order; empty if the file is small or packed, or if anything is wrong,
   *     which reading it as a whole will tell
   */
  static <T> Optional<List<T>> read(Path file, Part<T> part) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) < 2 * PART) {
      return Optional.empty();
    }
    try (FileChannel channel = FileChannel.open(file)) {
      ListParts parts = new ListParts(channel, channel.size());
      long count = (parts.size + PART - 1) / PART;
      if (count > Integer.MAX_VALUE || parts.bytes(0, 1)[0] == GZIP) {
        return Optional.empty();
      }
      List<T> made =
          IntStream.range(0, (int) count)
              .parallel()
              .mapToObj(i -> parts.read(i, part))
              .flatMap(Optional::stream)
              .toList();
      return parts.failed.get() ? Optional.empty() : Optional.of(made);
    }
  }

  private <T> Optional<T> read(int index, Part<T> part) {
    if (failed.get()) {
      return Optional.empty();
    }
    try {
      Optional<ByteBuffer> text = text(index);
      return text.isEmpty() ? Optional.empty() : Optional.of(part.read(text.get()));
    } catch (IOException | InvalidDataException e) {
      failed.set(true);
      return Optional.empty();
    }
  }

  /** The list of those objects that begin behind a stretch's first cut; empty if it has none. */
  private Optional<ByteBuffer> text(int index) throws IOException {
    long from = (long) index * PART;
    for (int length = PART + (PART >> 4); length <= LONGEST; length *= 2) {
      byte[] text = bytes(from, length);
      boolean whole = from + text.length == size;
      int start = index == 0 ? 0 : cut(text, 0) + 1;
      int end = cut(text, PART);
      if (end >= 0 || whole) {
        boolean isLast = end < 0;
        boolean isNone = index > 0 && start == end + 1; // of both cuts, or of none
        return isNone
            ? Optional.empty()
            : Optional.of(list(text, index == 0, start, isLast, isLast ? text.length : end));
      }
    }
    throw new IOException("no object ends within " + LONGEST + " bytes");
  }

  private byte[] bytes(long from, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(length, size - from));
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, from + bytes.position()) < 0) {
        throw new IOException("the file became shorter");
      }
    }
    return bytes.array();
  }

  /** The first comma between two objects of which the one ends at or after a place, or -1. */
  private static int cut(byte[] text, int from) {
    for (int end = from; end < text.length; end++) {
      if (text[end] == '}') {
        int comma = afterSpace(text, end + 1);
        if (comma < text.length && text[comma] == ',') {
          int next = afterSpace(text, comma + 1);
          if (next < text.length && text[next] == '{') {
            return comma;
          }
        }
      }
    }
    return -1;
  }

  private static int afterSpace(byte[] text, int from) {
    int at = from;
    while (at < text.length
        && (text[at] == ' ' || text[at] == '\n' || text[at] == '\r' || text[at] == '\t')) {
      at++;
    }
    return at;
  }

  /** Puts brackets in place of the commas where the part does not begin or end with the file. */
  private static ByteBuffer list(byte[] text, boolean isFirst, int start, boolean isLast, int end) {
    int from = isFirst ? start : start - 1;
    int to = isLast ? end : end + 1;
    if (!isFirst) {
      text[from] = '[';
    }
    if (!isLast) {
      text[end] = ']';
    }
    return ByteBuffer.wrap(text, from, to - from);
  }
}
