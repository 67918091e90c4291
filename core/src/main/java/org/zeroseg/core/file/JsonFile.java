package org.zeroseg.core.file;

import com.google.gson.JsonElement;
import com.google.gson.JsonIOException;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * Reads JSON files: text as {@link TextFile} reads it, of one document by the letter of RFC 8259
 * that nothing follows.
 */
public final class JsonFile {

  /** Arrays and objects inside one another, as other readers bound them. */
  private static final int DEEPEST = 200;

  /** Bytes of the longest document that is put together in memory. */
  private static final int LONGEST_OBJECT = 1 << 22;

  private JsonFile() {}

  /**
   * Refuses what no value of a document can be, before a parser puts it together. How deep values
   * are is counted here, since only newer parsers can be told a limit, and Spark brings an older
   * one.
   */
  private static final class Bounded extends FilterReader {
    private static final long LONGEST = 1 << 24; // characters without a quotation mark
    private final String source;
    private long length;
    private int depth;
    private boolean isInText;
    private boolean isEscaped;

    Bounded(String source, Reader text) {
      super(text);
      this.source = source;
    }

    @Override
    public int read(char[] into, int start, int count) throws IOException {
      int n = super.read(into, start, count);
      for (int at = start; at < start + n; at++) {
        look(into[at]);
      }
      return n;
    }

    private void look(char next) throws InvalidFileException {
      length = next == '"' ? 0 : length + 1;
      if (length > LONGEST) {
        throw new InvalidFileException(
            source, "has a value of over " + LONGEST + " characters, which no JSON here has");
      }
      if (isEscaped) {
        isEscaped = false;
      } else if (next == '"') {
        isInText = !isInText;
      } else if (isInText) {
        isEscaped = next == '\\';
      } else if (next == '[' || next == '{') {
        depth++;
        if (depth > DEEPEST) {
          throw new InvalidFileException(source, "is JSON nested more than " + DEEPEST + " deep");
        }
      } else if (next == ']' || next == '}') {
        depth--;
      }
    }
  }

  /**
   * Makes something of a document as it comes.
   *
   * @param <T> what
   */
  @FunctionalInterface
  public interface Content<T> {

    /**
     * Reads the one value of a document.
     *
     * @param json strict, at the document's start
     * @return what was made of it
     * @throws IOException if it cannot be read
     */
    T read(JsonReader json) throws IOException;
  }

  /**
   * Reads a document of any length as it comes.
   *
   * @param file plain or gzip
   * @param content reads the document; what the reader throws where it meets another kind of value
   *     becomes this method's exception
   * @param <T> what is made of it
   * @return that
   * @throws InvalidFileException if it is not UTF-8, not JSON, of other values than expected, or
   *     something follows the document
   * @throws IOException if it cannot be read
   */
  public static <T> T read(Path file, Content<T> content) throws IOException {
    try (Reader text = TextFile.open(file)) {
      return read(file.toString(), text, content);
    }
  }

  /**
   * Reads a document that is a part of a file.
   *
   * @param source the file's name, for messages
   * @param utf8 the document from position to limit, neither of which moves
   * @param content reads the document
   * @param <T> what is made of it
   * @return that
   * @throws IOException as for {@link #read(Path, Content)}
   */
  public static <T> T read(String source, ByteBuffer utf8, Content<T> content) throws IOException {
    try (Reader text = TextFile.open(source, utf8)) {
      return read(source, text, content);
    }
  }

  /**
   * Reads a document that is one object, such as a model's configuration.
   *
   * @param file at most 4 MiB
   * @param meaning makes something of the object; where it meets no value, one of another kind or
   *     one that does not fit, what is thrown becomes this method's exception
   * @param <T> what is made of it
   * @return that
   * @throws InvalidFileException if it is too long, not UTF-8, not JSON, no object, of other values
   *     than expected, or something follows the document
   * @throws IOException if it cannot be read
   */
  public static <T> T object(Path file, Function<JsonObject, T> meaning) throws IOException {
    try (Reader text = TextFile.open(file, LONGEST_OBJECT)) {
      return object(file.toString(), text, meaning);
    }
  }

  /**
   * Reads a document that is one object and a part of a file.
   *
   * @param source the file's name, for messages
   * @param utf8 the document from position to limit, neither of which moves
   * @param meaning makes something of the object
   * @param <T> what is made of it
   * @return that
   * @throws IOException as for {@link #object(Path, Function)}
   */
  public static <T> T object(String source, ByteBuffer utf8, Function<JsonObject, T> meaning)
      throws IOException {
    try (Reader text = TextFile.open(source, utf8)) {
      return object(source, text, meaning);
    }
  }

  private static <T> T object(String source, Reader text, Function<JsonObject, T> meaning)
      throws IOException {
    JsonObject object = read(source, text, JsonFile::object);
    try {
      return meaning.apply(object);
    } catch (IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | ClassCastException
        | IndexOutOfBoundsException
        | NullPointerException e) {
      String reason = e instanceof NullPointerException ? "lacks a value" : firstLine(e);
      throw new InvalidFileException(source, "is JSON of other values: " + reason, e);
    }
  }

  private static JsonObject object(JsonReader json) throws IOException {
    JsonToken found = json.peek();
    if (found != JsonToken.BEGIN_OBJECT) {
      throw new IllegalStateException("expected an object, found " + found);
    }
    JsonElement value = JsonParser.parseReader(json);
    return value.getAsJsonObject();
  }

  private static <T> T read(String source, Reader text, Content<T> content) throws IOException {
    JsonReader json = new JsonReader(new Bounded(source, text));
    json.setStrictness(Strictness.STRICT);
    boolean whole = false;
    try {
      T made = content.read(json);
      whole = true;
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw new MalformedJsonException("more values");
      }
      return made;
    } catch (MalformedJsonException | EOFException | JsonParseException e) {
      if (e instanceof JsonIOException && e.getCause() instanceof InvalidFileException invalid) {
        throw invalid; // the text under the JSON, which the parser has wrapped
      }
      throw new InvalidFileException(source, malformed(json, e, whole), e);
    } catch (IllegalStateException | NumberFormatException e) {
      throw new InvalidFileException(source, "is JSON of other values: " + firstLine(e), e);
    }
  }

  private static String malformed(JsonReader json, Exception e, boolean whole) {
    String place = json.toString().replaceFirst("^.* at (line \\d+ column \\d+) .*$", "$1");
    String path = json.getPath().equals("$") ? "" : " (" + json.getPath() + ")";
    Throwable reason = e instanceof JsonParseException && e.getCause() != null ? e.getCause() : e;
    if (whole) {
      return "something follows the JSON document at " + place + "; are these two files in one?";
    }
    if (reason instanceof EOFException) {
      return "the JSON ends inside a value at " + place + path;
    }
    return "is not JSON at " + place + path + "; NaN and Infinity are not, either";
  }

  /** Without the address of an explanation that the parser adds. */
  private static String firstLine(Exception e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
