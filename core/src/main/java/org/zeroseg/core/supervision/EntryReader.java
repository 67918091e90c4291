package org.zeroseg.core.supervision;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.mask.Box;

/**
 * Walks a JSON file entry by entry without building a tree, and collects what is wrong with each
 * entry, so that a file can be repaired in one go.
 */
final class EntryReader {

  /** Reads one part of the file. */
  @FunctionalInterface
  interface Part {
    void read() throws IOException;
  }

  /** Reads a whole file. */
  @FunctionalInterface
  interface Whole<T> {
    T read(EntryReader in) throws IOException;
  }

  /** Reads the value of one field. */
  @FunctionalInterface
  interface Field {
    void read(String name) throws IOException;
  }

  private final Path file;
  private final JsonReader json;
  private final List<String> problems = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();

  private EntryReader(Path file, JsonReader json) {
    this.file = file;
    this.json = json;
  }

  /** Makes something of a whole file, plain or gzip; fails with every problem that was noted. */
  static <T> T read(Path file, Whole<T> whole) throws IOException {
    return read(file, whole, content -> JsonFile.read(file, content));
  }

  /** As {@link #read(Path, Whole)}, of a part of the file that is a document by itself. */
  static <T> T read(Path file, ByteBuffer part, Whole<T> whole) throws IOException {
    return read(file, whole, content -> JsonFile.read(file.toString(), part, content));
  }

  private interface Document<T> {
    T read(JsonFile.Content<T> content) throws IOException;
  }

  private static <T> T read(Path file, Whole<T> whole, Document<T> document) throws IOException {
    List<String> problems = new ArrayList<>();
    try {
      return document.read(
          json -> {
            EntryReader reader = new EntryReader(file, json);
            try {
              return whole.read(reader);
            } finally {
              problems.addAll(reader.problems);
            }
          });
    } catch (InvalidFileException e) {
      problems.add(e.problem());
      throw new InvalidDataException(file.toString(), problems);
    }
  }

  void failIfWrong() {
    if (!problems.isEmpty()) {
      throw new InvalidDataException(file.toString(), problems);
    }
  }

  /** Notes a problem of the file as a whole or of an entry that was read before. */
  void problem(String text) {
    problems.add(text);
    if (problems.size() > InvalidDataException.MOST_TOLD) {
      failIfWrong();
    }
  }

  /** Notes what is wrong with a field of the entry being read. */
  void fault(String field, String text) {
    faults.add(field + ": " + text);
  }

  /** Whether nothing was said of a field of this entry yet. */
  boolean isFaultless(String field) {
    return faults.stream().noneMatch(fault -> fault.matches(field + "[:.\\[].*"));
  }

  /** Ends an entry; whether nothing was wrong with it. */
  boolean endEntry(String name) {
    boolean sound = faults.isEmpty();
    faults.forEach(fault -> problem(name + ": " + fault));
    faults.clear();
    return sound;
  }

  /** The fields of an object, or a fault named {@code field}. */
  boolean object(String field, Field fields) throws IOException {
    if (!expect(field, JsonToken.BEGIN_OBJECT, "an object")) {
      return false;
    }
    json.beginObject();
    while (json.hasNext()) {
      fields.read(json.nextName());
    }
    json.endObject();
    return true;
  }

  /** The elements of an array, or a fault named {@code field}. */
  boolean array(String field, Part element) throws IOException {
    if (!expect(field, JsonToken.BEGIN_ARRAY, "an array")) {
      return false;
    }
    json.beginArray();
    while (json.hasNext()) {
      element.read();
    }
    json.endArray();
    return true;
  }

  private boolean expect(String field, JsonToken token, String what) throws IOException {
    if (json.peek() == token) {
      return true;
    }
    fault(field, "expected " + what + ", found " + describe());
    json.skipValue();
    return false;
  }

  JsonToken peek() throws IOException {
    return json.peek();
  }

  void skip() throws IOException {
    json.skipValue();
  }

  OptionalLong integer(String field) throws IOException {
    if (json.peek() == JsonToken.NUMBER) {
      String digits = json.nextString();
      try {
        return OptionalLong.of(Long.parseLong(digits));
      } catch (NumberFormatException e) {
        double value = Double.parseDouble(digits);
        if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
          return OptionalLong.of((long) value);
        }
        fault(field, "expected an integer, found " + digits);
        return OptionalLong.empty();
      }
    }
    fault(field, "expected an integer, found " + describe());
    json.skipValue();
    return OptionalLong.empty();
  }

  OptionalDouble number(String field) throws IOException {
    if (json.peek() == JsonToken.NUMBER) {
      return OptionalDouble.of(json.nextDouble());
    }
    fault(field, "expected a number, found " + describe());
    json.skipValue();
    return OptionalDouble.empty();
  }

  /** A name: text or a number; null and what else it may be are as good as none. */
  String name() throws IOException {
    if (json.peek() == JsonToken.STRING || json.peek() == JsonToken.NUMBER) {
      return json.nextString();
    }
    json.skipValue();
    return "";
  }

  /** Whether the value is null, which is as good as none; then it is passed over. */
  boolean isNull() throws IOException {
    if (json.peek() != JsonToken.NULL) {
      return false;
    }
    json.nextNull();
    return true;
  }

  String text(String field) throws IOException {
    if (json.peek() == JsonToken.STRING) {
      return json.nextString();
    }
    fault(field, "expected text, found " + describe());
    json.skipValue();
    return "";
  }

  /** Whether a crowd: 0 or 1, or true or false as some writers have it. */
  boolean flag(String field) throws IOException {
    if (json.peek() == JsonToken.BOOLEAN) {
      return json.nextBoolean();
    }
    long value = integer(field).orElse(0);
    if (value != 0 && value != 1) {
      fault(field, "expected 0 or 1, found " + value);
    }
    return value == 1;
  }

  double[] numbers(String field) throws IOException {
    double[] values = new double[16];
    int count = 0;
    if (!expect(field, JsonToken.BEGIN_ARRAY, "an array of numbers")) {
      return new double[0];
    }
    json.beginArray();
    while (json.hasNext()) {
      if (count == values.length) {
        values = Arrays.copyOf(values, 2 * count);
      }
      values[count] = number(field + "[" + count + "]").orElse(0);
      count++;
    }
    json.endArray();
    return Arrays.copyOf(values, count);
  }

  /** A box x, y, width, height; an empty list counts as no box. */
  Optional<Box> box(String field) throws IOException {
    if (isNull()) {
      return Optional.empty();
    }
    double[] values = numbers(field);
    if (values.length == 0) {
      return Optional.empty();
    }
    if (values.length != 4) {
      fault(field, "expected x, y, width and height, found " + values.length + " numbers");
      return Optional.empty();
    }
    if (values[2] < 0 || values[3] < 0) {
      fault(field, "expected width and height from 0, found " + values[2] + " and " + values[3]);
      return Optional.empty();
    }
    return Optional.of(new Box(values[0], values[1], values[2], values[3]));
  }

  private String describe() throws IOException {
    return switch (json.peek()) {
      case BEGIN_ARRAY -> "an array";
      case BEGIN_OBJECT -> "an object";
      case STRING -> "text";
      case NUMBER -> "a number";
      case BOOLEAN -> "true or false";
      case NULL -> "null";
      default -> "nothing";
    };
  }
}
