package org.zeroseg.zeroguide.gpt2;

import java.util.List;
import java.util.SplittableRandom;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.core.train.Batches;

/**
 * Rows of texts drawn from a corpus, to train GPT-2 on: each row begins with {@code <|endoftext|>},
 * texts follow one another with that token between, and the last is cut where the row ends.
 *
 * @param corpus the tokens of each text
 * @param boundary the id of {@code <|endoftext|>}
 * @param rows of a batch
 * @param length tokens of a row: one more than the model is to read at a time
 * @param seed of the drawing
 */
public record PackedTexts(List<int[]> corpus, int boundary, int rows, int length, long seed)
    implements Batches<long[][]> {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there is no text or row, or rows are shorter than 2
   */
  public PackedTexts {
    corpus = List.copyOf(corpus);
    if (corpus.isEmpty() || rows < 1 || length < 2) {
      throw new IllegalArgumentException(
          corpus.size() + " texts in " + rows + " rows of " + length + " tokens");
    }
  }

  /**
   * Texts as a tokenizer cuts them.
   *
   * @param texts the corpus
   * @param tokenizer of the model
   * @param rows of a batch
   * @param length tokens of a row: one more than the model is to read at a time
   * @param seed of the drawing
   * @return the batches
   */
  public static PackedTexts of(
      List<String> texts, ByteLevelTokenizer tokenizer, int rows, int length, long seed) {
    List<int[]> corpus = texts.stream().map(tokenizer::encode).toList();
    return new PackedTexts(corpus, tokenizer.boundary(), rows, length, seed);
  }

  @Override
  public long[][] batch(long step) {
    SplittableRandom random = new SplittableRandom(seed * 1_000_003 + step);
    long[][] batch = new long[rows][length];
    for (long[] row : batch) {
      int filled = 0;
      while (filled < length) {
        row[filled++] = boundary;
        int[] text = corpus.get(random.nextInt(corpus.size()));
        for (int i = 0; i < text.length && filled < length; i++) {
          row[filled++] = text[i];
        }
      }
    }
    return batch;
  }
}
