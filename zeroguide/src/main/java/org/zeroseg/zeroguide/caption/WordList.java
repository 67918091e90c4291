package org.zeroseg.zeroguide.caption;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.stream.IntStream;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.cluster.Vectors;
import org.zeroseg.core.file.TextFile;

/**
 * Names by the nearest words or phrases of a list: thousands of times cheaper than {@link ZeroCap},
 * but it says only what the list says. Every word is encoded once, when the list is made.
 */
public final class WordList implements Namer {

  private final List<String> words;
  private final float[][] vectors;
  private final int best;

  private WordList(List<String> words, float[][] vectors, int best) {
    this.words = words;
    this.vectors = vectors;
    this.best = best;
  }

  /**
   * A list of words.
   *
   * @param words words or phrases; repeated ones count once
   * @param texts of the CLIP whose joint space the vectors are of; not needed afterwards
   * @param prompt the sentences around a word
   * @param best how many words to give a vector
   * @return the namer
   * @throws IllegalArgumentException if there is no word, one is blank, or {@code best} is below 1
   */
  public static WordList of(
      List<String> words, TextEmbeddings texts, PromptTemplates prompt, int best) {
    List<String> distinct = List.copyOf(new LinkedHashSet<>(words));
    if (distinct.isEmpty() || best < 1 || distinct.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException(
          distinct.size() + " words, of which the best " + best + " are wanted; none may be blank");
    }
    float[][] vectors = texts.classifier(distinct, prompt);
    return new WordList(distinct, vectors, Math.min(best, distinct.size()));
  }

  /**
   * A list in a file.
   *
   * @param file UTF-8, one word or phrase a line; blank lines do not count
   * @param texts of the CLIP whose joint space the vectors are of; not needed afterwards
   * @param prompt the sentences around a word
   * @param best how many words to give a vector
   * @return the namer
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if it holds no word
   */
  public static WordList read(Path file, TextEmbeddings texts, PromptTemplates prompt, int best)
      throws IOException {
    List<String> words =
        TextFile.lines(file).stream().map(String::strip).filter(line -> !line.isEmpty()).toList();
    if (words.isEmpty()) {
      throw new IllegalArgumentException(file + " holds no word: one a line is expected");
    }
    return of(words, texts, prompt, best);
  }

  @Override
  public List<List<Caption>> captions(List<float[]> targets) {
    List<List<Caption>> captions = new ArrayList<>();
    for (float[] target : targets) {
      float[] unit = TextEmbeddings.unit(target);
      double[] cosines =
          Arrays.stream(vectors)
              .parallel()
              .mapToDouble(vector -> Vectors.dot(unit, vector))
              .toArray();
      captions.add(
          IntStream.range(0, cosines.length)
              .boxed()
              .sorted(Comparator.comparing(i -> -cosines[i]))
              .limit(best)
              .map(i -> new Caption(words.get(i), 0))
              .toList());
    }
    return captions;
  }

  @Override
  public void close() {}
}
