package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.StringTokenizer;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.file.WholeFile;

/**
 * The classes of a zero-shot split with their word vectors: background, the seen classes that a
 * network is trained on, and unseen ones. Immutable.
 */
public final class ClassVectors {

  /** The length of every class's vector in the published files. */
  public static final double PUBLISHED_LENGTH = 0.76663;

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
   * @throws InvalidFileException if a file is not as said, naming line and column
   * @throws IllegalArgumentException if there is no seen class or a name is there twice
   * @throws IOException if a file cannot be read
   */
  public static ClassVectors read(Path matrix, Path classes) throws IOException {
    Names names = Names.read(classes);
    return read(matrix, names.seen(), names.unseen());
  }

  /**
   * Reads the published matrix of classes whose names are known.
   *
   * @param matrix text as for {@link #read(Path, Path)}; columns after the last class are left out
   * @param seen names in the order of the columns
   * @param unseen names in the order of the columns after them
   * @return the classes
   * @throws InvalidFileException if the file is not as said, naming line and column
   * @throws IllegalArgumentException if there is no seen class or a name is there twice
   * @throws IOException if the file cannot be read
   */
  public static ClassVectors read(Path matrix, List<String> seen, List<String> unseen)
      throws IOException {
    float[][] columns = columns(matrix);
    int expected = 1 + seen.size() + unseen.size();
    if (columns.length < expected) {
      throw new InvalidFileException(
          matrix.toString(),
          "has %d columns; background, %d seen and %d unseen classes need %d"
              .formatted(columns.length, seen.size(), unseen.size(), expected));
    }
    return of(seen, unseen, Arrays.copyOf(columns, expected));
  }

  /**
   * Reads a matrix in the published text form: word vectors or the vocabulary.
   *
   * @param file a line for each dimension, numbers separated by commas or blanks
   * @return the columns
   * @throws InvalidFileException if it has no number, lines of different lengths, or anything that
   *     is no finite number
   * @throws IOException if the file cannot be read
   */
  static float[][] columns(Path file) throws IOException {
    List<float[]> lines = new ArrayList<>();
    for (String line : TextFile.lines(file)) {
      if (line.isBlank()) {
        continue;
      }
      float[] numbers = numbers(file, lines.size() + 1, line);
      lines.add(numbers);
      if (numbers.length != lines.get(0).length) {
        throw new InvalidFileException(
            file.toString(),
            "line %d has %d numbers, line 1 has %d"
                .formatted(lines.size(), numbers.length, lines.get(0).length));
      }
    }
    if (lines.isEmpty()) {
      throw new InvalidFileException(file.toString(), "holds no numbers");
    }
    float[][] columns = new float[lines.get(0).length][lines.size()];
    for (int d = 0; d < lines.size(); d++) {
      for (int c = 0; c < columns.length; c++) {
        columns[c][d] = lines.get(d)[c];
      }
    }
    return columns;
  }

  private static float[] numbers(Path file, int line, String text) throws IOException {
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
        throw new InvalidFileException(
            file.toString(),
            "line %d, column %d: expected a finite number, found '%s'"
                .formatted(line, i + 1, token));
      }
    }
    return numbers;
  }

  /**
   * The names of a split.
   *
   * @param seen classes to train on, in the order of their labels
   * @param unseen classes to find by their words alone
   */
  public record Names(List<String> seen, List<String> unseen) {

    /**
     * Reads a class list.
     *
     * @param file JSON with the lists {@code seen} and {@code unseen}, of names or of objects with
     *     a {@code name}
     * @return the names
     * @throws InvalidFileException if the file is not as said
     * @throws IOException if the file cannot be read
     */
    public static Names read(Path file) throws IOException {
      return JsonFile.object(file, json -> new Names(list(json, "seen"), list(json, "unseen")));
    }

    private static List<String> list(JsonObject json, String side) {
      if (!json.has(side)) {
        throw new IllegalArgumentException("expected lists 'seen' and 'unseen' of classes");
      }
      return json.getAsJsonArray(side).asList().stream()
          .map(entry -> entry.isJsonObject() ? entry.getAsJsonObject().get("name") : entry)
          .map(JsonElement::getAsString)
          .toList();
    }
  }

  /**
   * Reads a vocabulary for the detector's encoder.
   *
   * @param file text like the word vectors', a column a word
   * @param manager owns the result
   * @return {@code [D, M]}
   * @throws InvalidFileException if it is no such matrix, naming line and column
   * @throws IOException if the file cannot be read
   */
  public static NDArray readVocabulary(Path file, NDManager manager) throws IOException {
    return columns(columns(file), manager);
  }

  /**
   * Writes a vocabulary for the detector's encoder.
   *
   * @param file takes the vectors as they are, a column a word
   * @param vectors of words
   * @param words those without a vector are left out
   * @return how many words were written
   * @throws IllegalArgumentException if no word has a vector
   * @throws IOException if the file cannot be written
   */
  public static int writeVocabulary(Path file, WordVectors vectors, List<String> words)
      throws IOException {
    float[][] found =
        words.stream().map(vectors::vector).flatMap(Optional::stream).toArray(float[][]::new);
    if (found.length == 0) {
      throw new IllegalArgumentException(
          "None of the %d words has a vector".formatted(words.size()));
    }
    writeColumns(file, found);
    return found.length;
  }

  private static NDArray columns(float[][] vectors, NDManager manager) {
    Matrix matrix = Matrix.rows(vectors).transposed();
    return manager.create(matrix.floats(), new Shape(matrix.rows(), matrix.columns()));
  }

  /**
   * The seen classes as a vocabulary for the detector's encoder.
   *
   * @param manager owns the result
   * @return {@code [D, S]}
   */
  public NDArray seenVocabulary(NDManager manager) {
    return columns(Arrays.copyOfRange(vectors, 1, 1 + seen.size()), manager);
  }

  /**
   * Writes the published pair of files.
   *
   * @param matrix takes the vectors
   * @param classes takes the names
   * @throws IOException if a file cannot be written
   */
  public void write(Path matrix, Path classes) throws IOException {
    writeColumns(matrix, vectors);
    JsonObject json = new JsonObject();
    json.addProperty("background_column", 0);
    json.add("seen", entries(seen, 1));
    json.add("unseen", entries(unseen, 1 + seen.size()));
    WholeFile.write(classes, json + "\n");
  }

  private static void writeColumns(Path file, float[][] vectors) throws IOException {
    WholeFile.writeText(
        file,
        writer -> {
          for (int d = 0; d < vectors[0].length; d++) {
            StringBuilder line = new StringBuilder();
            for (int c = 0; c < vectors.length; c++) {
              line.append(c == 0 ? "" : ",");
              line.append(String.format(Locale.ROOT, "%.9e", vectors[c][d]));
            }
            writer.write(line.append('\n').toString());
          }
        });
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

  /** A vector of another length. */
  static float[] scaled(float[] vector, double length) {
    float factor = (float) (length / norm(vector));
    float[] scaled = new float[vector.length];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = vector[i] * factor;
    }
    return scaled;
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
