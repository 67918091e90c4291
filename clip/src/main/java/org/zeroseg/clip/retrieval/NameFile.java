package org.zeroseg.clip.retrieval;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.zeroseg.core.file.TextFile;

/**
 * The names of an index's rows: a text file with one name a line, in which a backslash, a line feed
 * and a carriage return inside a name are written {@code \\}, {@code \n} and {@code \r}. Stays
 * mapped, not on the heap.
 */
final class NameFile {

  private final ByteBuffer bytes;
  private final int[] ends;

  private NameFile(ByteBuffer bytes, int[] ends) {
    this.bytes = bytes;
    this.ends = ends;
  }

  /** Maps the first {@code rows} lines; further lines were not finished and do not count. */
  static NameFile open(Path file, int rows) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() > Integer.MAX_VALUE) {
        throw new IOException(file + ": names of " + channel.size() + " bytes; at most 2 GiB");
      }
      ByteBuffer bytes = channel.map(MapMode.READ_ONLY, 0, channel.size());
      int[] ends = new int[rows];
      int found = 0;
      for (int i = 0; i < bytes.limit() && found < rows; i++) {
        if (bytes.get(i) == '\n') {
          ends[found++] = i;
        }
      }
      if (found < rows) {
        throw new IOException(file + " has " + found + " names, but there are " + rows + " rows");
      }
      TextFile.requireUtf8(file, bytes.slice(0, rows == 0 ? 0 : ends[rows - 1]));
      return new NameFile(bytes, ends);
    }
  }

  String name(int row) {
    int start = row == 0 ? 0 : ends[row - 1] + 1;
    byte[] line = new byte[ends[row] - start];
    bytes.get(start, line);
    return unescape(new String(line, StandardCharsets.UTF_8));
  }

  /** How many bytes the names take that count. */
  long length() {
    return ends.length == 0 ? 0 : ends[ends.length - 1] + 1L;
  }

  static String escape(String name) {
    return name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
  }

  static String unescape(String line) {
    if (line.indexOf('\\') < 0) {
      return line;
    }
    StringBuilder name = new StringBuilder(line.length());
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '\\' && i + 1 < line.length()) {
        char escaped = line.charAt(++i);
        name.append(escaped == 'n' ? '\n' : escaped == 'r' ? '\r' : escaped);
      } else {
        name.append(c);
      }
    }
    return name.toString();
  }
}
