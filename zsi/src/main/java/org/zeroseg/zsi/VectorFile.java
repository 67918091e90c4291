package org.zeroseg.zsi;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.zeroseg.core.file.InvalidFileException;

/** Reads word2vec's and GloVe's files. */
final class VectorFile {

  private static final int LONGEST_WORD = 1 << 12;
  private static final int MOST_DIMENSIONS = 1 << 16;
  private static final int LONGEST_LINE = 1 << 20;

  private final String source;
  private final InputStream in;
  private final Set<String> wanted;
  private final Map<String, float[]> found = new LinkedHashMap<>();

  VectorFile(String source, InputStream in, Set<String> wanted) {
    this.source = source;
    this.in = in;
    this.wanted = wanted;
  }

  Map<String, float[]> read() throws IOException {
    byte[] first = line();
    String[] header = new String(first, StandardCharsets.UTF_8).strip().split("[ \t]+", -1);
    if (header.length == 2 && header[0].matches("\\d{1,12}") && header[1].matches("\\d{1,6}")) {
      long words = Long.parseLong(header[0]);
      int dimensions = Integer.parseInt(header[1]);
      if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
        throw new InvalidFileException(source, "vectors of " + dimensions + " numbers");
      }
      in.mark(LONGEST_WORD + 4 * dimensions + 64);
      boolean binary = isBinary(dimensions);
      in.reset();
      if (binary) {
        readBinary(words, dimensions);
      } else {
        readText(dimensions, 2);
      }
    } else {
      int dimensions = header.length - 1;
      if (dimensions < 2) {
        throw new InvalidFileException(
            source, "holds no word vectors: the first line has " + header.length + " parts");
      }
      keep(first, dimensions, 1);
      readText(dimensions, 2);
    }
    return found;
  }

  /** Whether the first entry is not a line of so many numbers. */
  private boolean isBinary(int dimensions) throws IOException {
    byte[] start = in.readNBytes(LONGEST_WORD + 4 * dimensions);
    int end = 0;
    while (end < start.length && start[end] != '\n') {
      end++;
    }
    String text = new String(start, 0, end, StandardCharsets.ISO_8859_1).strip();
    // A long line may be cut; the words of it that are there must be numbers all the same.
    String[] parts = text.split(" ", -1);
    boolean whole = end < start.length && parts.length == dimensions + 1;
    int known = whole ? parts.length : Math.min(parts.length - 1, dimensions);
    if ((!whole && end < start.length) || known < 2) {
      return true;
    }
    for (int i = 1; i < known; i++) {
      if (!parts[i].matches("[-+.0-9eE]{1,40}")) {
        return true;
      }
    }
    return false;
  }

  private void readBinary(long words, int dimensions) throws IOException {
    byte[] bytes = new byte[4 * dimensions];
    byte[] word = new byte[LONGEST_WORD];
    for (long i = 0; i < words; i++) {
      int length = 0;
      int next = in.read();
      while (next == '\n') {
        next = in.read();
      }
      while (next >= 0 && next != ' ') {
        if (length == LONGEST_WORD) {
          throw new InvalidFileException(
              source, "word " + (i + 1) + " is longer than " + LONGEST_WORD + " bytes");
        }
        word[length++] = (byte) next;
        next = in.read();
      }
      if (next < 0 || in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
        throw new InvalidFileException(
            source, "ends inside word %d of %d".formatted(i + 1, words), new EOFException());
      }
      String text = new String(word, 0, length, StandardCharsets.UTF_8);
      if (wanted.contains(text) && !found.containsKey(text)) {
        float[] vector = new float[dimensions];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
        for (float value : vector) {
          if (!Float.isFinite(value)) {
            throw new InvalidFileException(source, "the vector of '" + text + "' holds " + value);
          }
        }
        found.put(text, vector);
      }
    }
  }

  private void readText(int dimensions, long firstLine) throws IOException {
    long number = firstLine;
    for (byte[] line = line(); line.length > 0; line = line()) {
      keep(line, dimensions, number++);
    }
  }

  /** The rest up to a line's end, with it; empty at the end of the file. */
  private byte[] line() throws IOException {
    byte[] line = new byte[256];
    int length = 0;
    int next = in.read();
    while (next >= 0) {
      if (length == line.length) {
        if (length >= LONGEST_LINE) {
          throw new InvalidFileException(
              source, "has a line of more than " + LONGEST_LINE + " bytes");
        }
        line = Arrays.copyOf(line, 2 * length);
      }
      line[length++] = (byte) next;
      if (next == '\n') {
        break;
      }
      next = in.read();
    }
    return Arrays.copyOf(line, length);
  }

  /** GloVe has words with blanks in them, so the numbers are counted from the end. */
  private void keep(byte[] line, int dimensions, long number) throws IOException {
    String text = new String(line, StandardCharsets.UTF_8).stripTrailing();
    int first = text.indexOf(' ');
    if (text.isEmpty()) {
      return;
    }
    String[] parts = text.split("[ \t]", -1);
    if (parts.length <= dimensions) {
      throw new InvalidFileException(
          source,
          "line %d has %d numbers, the first vector has %d"
              .formatted(number, first < 0 ? 0 : parts.length - 1, dimensions));
    }
    String word = String.join(" ", Arrays.copyOf(parts, parts.length - dimensions));
    if (!wanted.contains(word) || found.containsKey(word)) {
      return;
    }
    float[] vector = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      String token = parts[parts.length - dimensions + i];
      try {
        vector[i] = Float.parseFloat(token);
      } catch (NumberFormatException e) {
        vector[i] = Float.NaN;
      }
      if (!Float.isFinite(vector[i])) {
        throw new InvalidFileException(
            source, "line %d: the vector of '%s' holds '%s'".formatted(number, word, token));
      }
    }
    found.put(word, vector);
  }
}
