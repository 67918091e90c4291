package org.zeroseg.zsi;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.zeroseg.core.file.InvalidFileException;

/**
 * Vectors of words: word2vec, GloVe, or what a text tower makes of them.
 *
 * <p>Files of millions of words are read as they come, and only the words that are asked for are
 * kept.
 *
 * <pre>{@code
 * WordVectors words = WordVectors.read(Path.of("glove.6B.300d.txt"), List.of("fire hydrant"));
 * float[] vector = words.vector("fire hydrant").orElseThrow();
 * }</pre>
 */
@FunctionalInterface
public interface WordVectors {

  /**
   * The vector of a word, as it is.
   *
   * @param word one word, or several that belong together
   * @return a vector, if there is one
   */
  Optional<float[]> word(String word);

  /**
   * The vector of a name. If the name as a whole has none, with blanks or with underscores, it is
   * the mean of its words' vectors.
   *
   * @param name such as {@code "fire hydrant"}
   * @return a vector, if the name or every word of it has one
   */
  default Optional<float[]> vector(String name) {
    for (String spelling : spellings(name)) {
      Optional<float[]> whole = word(spelling);
      if (whole.isPresent()) {
        return whole;
      }
    }
    String[] parts = parts(name);
    if (parts.length < 2) {
      return Optional.empty();
    }
    float[] sum = new float[0];
    for (String part : parts) {
      Optional<float[]> found =
          spellings(part).stream().map(this::word).flatMap(Optional::stream).findFirst();
      if (found.isEmpty()) {
        return Optional.empty();
      }
      sum = sum.length == 0 ? new float[found.get().length] : sum;
      for (int i = 0; i < sum.length; i++) {
        sum[i] += found.get()[i] / parts.length;
      }
    }
    return Optional.of(sum);
  }

  private static String[] parts(String name) {
    return name.strip().split("[\\s_\\-]+", -1);
  }

  /** Ways of writing a name in vocabularies. */
  private static Set<String> spellings(String name) {
    Set<String> spellings = new LinkedHashSet<>();
    String plain = name.strip();
    for (String one : new String[] {plain, plain.toLowerCase(Locale.ROOT)}) {
      spellings.add(one);
      spellings.add(one.replace(' ', '_'));
      spellings.add(one.replace(' ', '-'));
    }
    return spellings;
  }

  /**
   * Vectors that are there already.
   *
   * @param vectors words with their vectors
   * @return a view
   */
  static WordVectors of(Map<String, float[]> vectors) {
    Map<String, float[]> copy = new LinkedHashMap<>(vectors);
    return word -> Optional.ofNullable(copy.get(word)).map(float[]::clone);
  }

  /**
   * Reads the vectors of some names from a file, plain or gzip: word2vec in its binary or text form
   * (a first line with the number of words and of dimensions), or GloVe's text without that line.
   *
   * @param file the vectors
   * @param names whose vectors are wanted; with their words one by one, in case a name has none
   * @return the vectors of these names
   * @throws InvalidFileException if the file is none of these, naming the word or line
   * @throws IOException if it cannot be read
   */
  static WordVectors read(Path file, List<String> names) throws IOException {
    Set<String> wanted = new LinkedHashSet<>();
    for (String name : names) {
      wanted.addAll(spellings(name));
      for (String part : parts(name)) {
        wanted.addAll(spellings(part));
      }
    }
    try (InputStream opened = Files.newInputStream(file);
        PushbackInputStream start = new PushbackInputStream(opened, 2)) {
      byte[] magic = start.readNBytes(2);
      start.unread(magic);
      boolean packed = magic.length == 2 && (magic[0] & 0xff) == 0x1f && (magic[1] & 0xff) == 0x8b;
      try (InputStream in =
          new BufferedInputStream(packed ? new GZIPInputStream(start) : start, 1 << 16)) {
        return of(new VectorFile(file.toString(), in, wanted).read());
      }
    }
  }

  /**
   * Makes the vectors of a split: all of one length, background their mean.
   *
   * @param seen classes to train on
   * @param unseen classes to find by their words alone
   * @param length of every class's vector; 0.76663 in the published files
   * @return the classes
   * @throws IllegalArgumentException naming all classes without a vector
   */
  default ClassVectors classes(List<String> seen, List<String> unseen, double length) {
    List<float[]> vectors = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (List<String> side : List.of(seen, unseen)) {
      for (String name : side) {
        vector(name)
            .filter(vector -> ClassVectors.norm(vector) > 0)
            .ifPresentOrElse(
                vector -> vectors.add(ClassVectors.scaled(vector, length)),
                () -> missing.add(name));
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "There are no word vectors of %s".formatted(String.join(", ", missing)));
    }
    float[] mean = new float[vectors.isEmpty() ? 0 : vectors.get(0).length];
    for (float[] vector : vectors) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += vector[i] / vectors.size();
      }
    }
    vectors.add(0, mean);
    return ClassVectors.of(seen, unseen, vectors.toArray(float[][]::new));
  }
}
