package org.zeroseg.clip.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * GPT-2's tokenizer: text to ids and back, without loss (Radford et al. 2019; {@code openai/gpt-2},
 * and the clean-up of the transformers library). A blank belongs to the word after it; case counts.
 *
 * <p>A vocabulary is a list of merges: {@code 256} letters, one token a merge, and {@code
 * <|endoftext|>}, which begins texts too, as the last id. Instances are immutable and thread-safe.
 */
public final class ByteLevelTokenizer {

  private static final String SPECIAL = ClipTokenizer.END;

  // (?U) makes \s know the no-break space and its like, as the reference's pattern does.
  private static final Pattern PIECES =
      Pattern.compile(
          "(?U)'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

  private static final String[][] CLEAN_UP = {
    {" .", "."},
    {" ?", "?"},
    {" !", "!"},
    {" ,", ","},
    {" ' ", "'"},
    {" n't", "n't"},
    {" 'm", "'m"},
    {" 's", "'s"},
    {" 've", "'ve"},
    {" 're", "'re"}
  };

  private final BytePairs pairs;

  private ByteLevelTokenizer(BytePairs pairs) {
    this.pairs = pairs;
  }

  /**
   * Reads a vocabulary.
   *
   * @param path a folder with {@code merges.txt}, {@code tokenizer.json} or {@code vocab.bpe}; or
   *     one of these files. A {@code vocab.json} beside merges must agree with them
   * @return the tokenizer
   * @throws IOException if nothing can be read there, or what is there is no such vocabulary
   */
  public static ByteLevelTokenizer read(Path path) throws IOException {
    return new ByteLevelTokenizer(VocabularyFiles.GPT_2.read(path));
  }

  /**
   * Learns a vocabulary from texts. The result depends on the texts alone, not on their order.
   *
   * @param texts a corpus small enough that its different words fit in memory
   * @param merges how many merges to find; fewer are found where no pair of tokens occurs twice
   * @return the tokenizer
   */
  public static ByteLevelTokenizer learn(Collection<String> texts, int merges) {
    List<String> pieces = new ArrayList<>();
    for (String text : texts) {
      Matcher matcher = PIECES.matcher(text);
      while (matcher.find()) {
        pieces.add(matcher.group());
      }
    }
    return new ByteLevelTokenizer(BytePairs.learn(pieces, merges, false));
  }

  /**
   * Writes {@code merges.txt} and {@code vocab.json}, the files that {@link #read} and other
   * libraries read.
   *
   * @param folder an existing folder
   * @throws IOException if they cannot be written
   */
  public void write(Path folder) throws IOException {
    VocabularyFiles.GPT_2.write(pairs, folder);
  }

  /**
   * How many ids there are.
   *
   * @return 50,257 for GPT-2
   */
  public int vocabularySize() {
    return pairs.size() + 1;
  }

  /**
   * The id of {@code <|endoftext|>}, which stands between texts, and so also before the first.
   *
   * @return the last id
   */
  public int boundary() {
    return pairs.size();
  }

  /**
   * The id of a text that is one token.
   *
   * @param text any text
   * @return its id, if it is one token
   */
  public OptionalInt id(String text) {
    int[] ids = encode(text);
    return ids.length == 1 ? OptionalInt.of(ids[0]) : OptionalInt.empty();
  }

  /**
   * The ids of a text. {@code <|endoftext|>} in it becomes the one id.
   *
   * @param text any text
   * @return its ids, none for the empty text
   */
  public int[] encode(String text) {
    List<Integer> ids = new ArrayList<>();
    int start = 0;
    for (int at = text.indexOf(SPECIAL); at >= 0; at = text.indexOf(SPECIAL, start)) {
      encode(text.substring(start, at), ids);
      ids.add(boundary());
      start = at + SPECIAL.length();
    }
    encode(text.substring(start), ids);
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  private void encode(String text, List<Integer> ids) {
    Matcher pieces = PIECES.matcher(text);
    while (pieces.find()) {
      for (int id : pairs.encode(pieces.group())) {
        ids.add(id);
      }
    }
  }

  /**
   * The text of ids as it is.
   *
   * @param ids ids of the vocabulary
   * @return the text; bytes that are not UTF-8 become U+FFFD
   * @throws IllegalArgumentException if an id is outside the vocabulary
   */
  public String decodeRaw(int... ids) {
    StringBuilder text = new StringBuilder();
    int start = 0;
    for (int i = 0; i <= ids.length; i++) {
      if (i < ids.length && (ids[i] < 0 || ids[i] >= vocabularySize())) {
        throw new IllegalArgumentException("id " + ids[i] + " of " + vocabularySize());
      }
      if (i == ids.length || ids[i] == boundary()) {
        text.append(pairs.decode(Arrays.copyOfRange(ids, start, i)));
        text.append(i == ids.length ? "" : SPECIAL);
        start = i + 1;
      }
    }
    return text.toString();
  }

  /**
   * The text of ids, cleaned up as the transformers library does by default: no blank before
   * punctuation and contractions.
   *
   * @param ids ids of the vocabulary
   * @return the text; bytes that are not UTF-8 become U+FFFD
   * @throws IllegalArgumentException if an id is outside the vocabulary
   */
  public String decode(int... ids) {
    String text = decodeRaw(ids);
    for (String[] rule : CLEAN_UP) {
      text = text.replace(rule[0], rule[1]);
    }
    return text;
  }
}
