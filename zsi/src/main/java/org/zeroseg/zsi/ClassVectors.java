package org.zeroseg.zsi;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.StringTokenizer;
import org.zeroseg.core.file.WholeFile;

/**
 * The classes of a zero-shot split with their word vectors: background, the seen classes that a
 * network is trained on, and unseen ones. Immutable.
 */
public final class ClassVectors {

  private static final int LONGEST_LINE = 64 << 20;

  private final List<String> seen;
  private final List<String> unseen;
  private final float[][] vectors;

  private ClassVectors(List<String> seen, List<String> unseen, float[][] vectors) {
    this.seen = seen;
    this.unseen = unseen;
    this.vectors = vectors;
  }

  /**
   * Classes with vectors as they are.
   *
   * @param seen names, in the order of the network's labels
   * @param unseen names, in the order of theirs
   * @param vectors one for background, then those of the seen and of the unseen classes
   * @return the classes
   * @throws IllegalArgumentException if there is no seen class, a name is there twice, or the
   *     vectors are not as many, not of one length, or not all finite
   */
  public static ClassVectors of(List<String> seen, List<String> unseen, float[][] vectors) {
    if (seen.isEmpty()) {
      throw new IllegalArgumentException("A split needs at least one seen class");
    }
    Set<String> names = new HashSet<>();
    for (List<String> side : List.of(seen, unseen)) {
      for (String name : side) {
        if (name.isBlank() || !names.add(key(name))) {
          throw new IllegalArgumentException(
              "Class '" + name + "' is " + (name.isBlank() ? "blank" : "in the split twice"));
        }
      }
    }
    int expected = 1 + seen.size() + unseen.size();
    if (vectors.length != expected) {
      throw new IllegalArgumentException(
          "%d vectors for background, %d seen and %d unseen classes: expected %d"
              .formatted(vectors.length, seen.size(), unseen.size(), expected));
    }
    float[][] copies = new float[expected][];
    for (int i = 0; i < expected; i++) {
      copies[i] = vectors[i].clone();
      if (copies[i].length == 0 || copies[i].length != vectors[0].length) {
        throw new IllegalArgumentException(
            "Vector %d has %d numbers, vector 0 has %d"
                .formatted(i, copies[i].length, vectors[0].length));
      }
      for (float value : copies[i]) {
        if (!Float.isFinite(value)) {
          throw new IllegalArgumentException("Vector " + i + " holds " + value);
        }
      }
    }
    return new ClassVectors(List.copyOf(seen), List.copyOf(unseen), copies);
  }

  /**
   * Reads the published pair of files.
   *
   * @param matrix text: a line for each dimension, in it a number for background and for each seen
   *     and unseen class, separated by commas
   * @param classes JSON with the lists {@code seen} and {@code unseen}, of names or of objects with
   *     a {@code name}
   * @return the classes
   * @throws IOException if a file cannot be read
   * @throws IllegalArgumentException if a file is not as said, naming file, line and column
   */
  public static ClassVectors read(Path matrix, Path classes) throws IOException {
    List<List<String>> names = names(classes);
    return read(matrix, names.get(0), names.get(1));
  }

  /**
   * Reads the published matrix of classes whose names are known.
   *
   * @param matrix text as for {@link #read(Path, Path)}; columns after the last class are left out
   * @param seen names in the order of the columns
   * @param unseen names in the order of the columns after them
   * @return the classes
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if the file is not as said, naming line and column
   */
  public static ClassVectors read(Path matrix, List<String> seen, List<String> unseen)
      throws IOException {
    float[][] columns = columns(matrix);
    int expected = 1 + seen.size() + unseen.size();
    if (columns.length < expected) {
      throw new IllegalArgumentException(
          "%s: has %d columns; background, %d seen and %d unseen classes need %d"
              .formatted(matrix, columns.length, seen.size(), unseen.size(), expected));
    }
    return of(seen, unseen, Arrays.copyOf(columns, expected));
  }

  /**
   * Reads a matrix in the published text form: word vectors or the vocabulary.
   *
   * @param file a line for each dimension, numbers separated by commas or blanks
   * @return the columns
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it has no number, lines of different lengths, or anything
   *     that is no finite number
   */
  static float[][] columns(Path file) throws IOException {
    List<float[]> lines = new ArrayList<>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.length() > LONGEST_LINE) {
          throw new IllegalArgumentException(
              "%s: line %d is longer than %d characters"
                  .formatted(file, lines.size() + 1, LONGEST_LINE));
        }
        if (!line.isBlank()) {
          lines.add(numbers(file, lines.size() + 1, line));
        }
        if (lines.get(lines.size() - 1).length != lines.get(0).length) {
          throw new IllegalArgumentException(
              "%s: line %d has %d numbers, line 1 has %d"
                  .formatted(
                      file, lines.size(), lines.get(lines.size() - 1).length, lines.get(0).length));
        }
      }
    }
    if (lines.isEmpty()) {
      throw new IllegalArgumentException(file + ": holds no numbers");
    }
    float[][] columns = new float[lines.get(0).length][lines.size()];
    for (int d = 0; d < lines.size(); d++) {
      for (int c = 0; c < columns.length; c++) {
        columns[c][d] = lines.get(d)[c];
      }
    }
    return columns;
  }

  private static float[] numbers(Path file, int line, String text) {
    StringTokenizer tokens = new StringTokenizer(text, ", \t\r;");
    float[] numbers = new float[tokens.countTokens()];
    for (int i = 0; i < numbers.length; i++) {
      String token = tokens.nextToken();
      try {
        numbers[i] = Float.parseFloat(token);
      } catch (NumberFormatException e) {
        numbers[i] = Float.NaN;
      }
      if (!Float.isFinite(numbers[i])) {
        throw new IllegalArgumentException(
            "%s: line %d, column %d: expected a finite number, found '%s'"
                .formatted(file, line, i + 1, token));
      }
    }
    return numbers;
  }

  /** The seen and the unseen names of a class list. */
  static List<List<String>> names(Path classes) throws IOException {
    try (Reader reader = Files.newBufferedReader(classes)) {
      JsonObject json = JsonParser.parseReader(reader).getAsJsonObject();
      return List.of(names(classes, json, "seen"), names(classes, json, "unseen"));
    } catch (JsonParseException | IllegalStateException e) {
      throw new IllegalArgumentException(
          classes + ": is no JSON with lists of seen and unseen classes: " + e.getMessage(), e);
    }
  }

  private static List<String> names(Path file, JsonObject json, String side) {
    JsonArray list = json.getAsJsonArray(side);
    if (list == null) {
      throw new IllegalArgumentException(file + ": has no list '" + side + "'");
    }
    List<String> names = new ArrayList<>();
    for (JsonElement element : list) {
      JsonElement name = element.isJsonObject() ? element.getAsJsonObject().get("name") : element;
      if (name == null || !name.isJsonPrimitive()) {
        throw new IllegalArgumentException(
            "%s: entry %d of '%s' has no name".formatted(file, names.size(), side));
      }
      names.add(name.getAsString());
    }
    return names;
  }

  /**
   * Writes the published pair of files.
   *
   * @param matrix takes the vectors
   * @param classes takes the names
   * @throws IOException if a file cannot be written
   */
  public void write(Path matrix, Path classes) throws IOException {
    WholeFile.writeText(
        matrix,
        writer -> {
          for (int d = 0; d < dimensions(); d++) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < vectors.length; c++) {
              line.append(c == 0 ? "" : ",");
              line.append(String.format(Locale.ROOT, "%.9e", vectors[c][d]));
            }
            writer.write(line.append('\n').toString());
          }
        });
    JsonObject json = new JsonObject();
    json.addProperty("background_column", 0);
    json.add("seen", entries(seen, 1));
    json.add("unseen", entries(unseen, 1 + seen.size()));
    WholeFile.write(classes, json + "\n");
  }

  private static JsonArray entries(List<String> names, int first) {
    JsonArray entries = new JsonArray();
    for (int i = 0; i < names.size(); i++) {
      JsonObject entry = new JsonObject();
      entry.addProperty("column", first + i);
      entry.addProperty("name", names.get(i));
      entries.add(entry);
    }
    return entries;
  }

  /** What two spellings of a name have in common. */
  static String key(String name) {
    return name.strip().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /**
   * The classes that a network is trained on.
   *
   * @return names in the order of its labels
   */
  public List<String> seen() {
    return seen;
  }

  /**
   * The classes that it meets only as words.
   *
   * @return names
   */
  public List<String> unseen() {
    return unseen;
  }

  /**
   * Numbers in a vector.
   *
   * @return D
   */
  public int dimensions() {
    return vectors[0].length;
  }

  /**
   * The vector of a class.
   *
   * @param name seen or unseen, in any case, with blanks or underscores
   * @return a copy, if the split has the class
   */
  public Optional<float[]> vector(String name) {
    int index = index(seen, name);
    if (index >= 0) {
      return Optional.of(vectors[1 + index].clone());
    }
    index = index(unseen, name);
    return index < 0 ? Optional.empty() : Optional.of(vectors[1 + seen.size() + index].clone());
  }

  /** Where a name is in a list, or -1. */
  static int index(List<String> names, String name) {
    String key = key(name);
    for (int i = 0; i < names.size(); i++) {
      if (key(names.get(i)).equals(key)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The length that a new class's vector should have: the mean of the seen classes'.
   *
   * @return a Euclidean norm
   */
  public double length() {
    double sum = 0;
    for (int i = 1; i <= seen.size(); i++) {
      sum += norm(vectors[i]);
    }
    return sum / seen.size();
  }

  static double norm(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }

  /** Background and the seen classes as rows, background being the given vector. */
  float[][] seenRows(float[] background) {
    float[][] rows = Arrays.copyOf(vectors, 1 + seen.size());
    rows[0] = background;
    return rows;
  }

  float[] background() {
    return vectors[0];
  }

  /** All vectors, background first; not a copy. */
  float[][] rows() {
    return vectors;
  }

  @Override
  public String toString() {
    return "%d seen and %d unseen classes with vectors of %d numbers"
        .formatted(seen.size(), unseen.size(), dimensions());
  }
}
