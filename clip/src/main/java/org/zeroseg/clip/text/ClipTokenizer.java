package org.zeroseg.clip.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CLIP's tokenizer: text to ids, id for id what the reference gives (Radford et al. 2021; {@code
 * openai/CLIP}, {@code clip.tokenize} with ftfy 6.3).
 *
 * <p>Text is fixed (broken encodings, ligatures, curly quotes, control characters), HTML references
 * are resolved, white space is reduced to single blanks, case is dropped; then it is cut into
 * words, and each word into byte pairs. A text becomes the start token, its pieces, and the end
 * token.
 *
 * <p>A vocabulary is no more than a list of merges: {@code 256} letters, the same at the end of a
 * word, one token a merge, and the two special tokens, start and end, as the last two ids. CLIP's
 * has 48,894 merges and so 49,408 ids; a small model may have any number of merges, or none. {@link
 * #read} opens published vocabularies, {@link #of} takes merges, {@link #learn} finds some.
 *
 * <p>Instances are immutable and thread-safe.
 */
public final class ClipTokenizer {

  /** The context length of every published CLIP. */
  public static final int CONTEXT_LENGTH = 77;

  /** What happens to the words {@code <|startoftext|>} and {@code <|endoftext|>} inside a text. */
  public enum SpecialWords {
    /** They become the special tokens, as in the reference: an end token moves the pooling. */
    TOKENS,
    /** They are ordinary text. The right choice for text from strangers. */
    TEXT,
    /** They are an error. */
    REJECTED
  }

  static final String START = "<|startoftext|>";
  static final String END = "<|endoftext|>";

  private static final String WORD =
      "'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\p{IsWhite_Space}\\p{L}\\p{N}]+";
  private static final int LOOSE = Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE;
  private static final Pattern WORDS = Pattern.compile(WORD, LOOSE);
  private static final Pattern WORDS_AND_SPECIALS =
      Pattern.compile(Pattern.quote(START) + "|" + Pattern.quote(END) + "|" + WORD, LOOSE);
  private static final Pattern WHITE_SPACE = Pattern.compile("\\p{IsWhite_Space}+");
  // Trimming knows four separators more than matching does, a difference between two libraries.
  private static final String BLANK = "[\\p{IsWhite_Space}\\x1c-\\x1f]";
  // Looking behind, since a run in the middle would else be tried from each of its characters on.
  private static final Pattern ENDS =
      Pattern.compile("\\A" + BLANK + "+|(?<!" + BLANK + ")" + BLANK + "++\\z");

  /** Words are remembered up to this many, and up to this length; enough for any caption corpus. */
  private static final int REMEMBERED = 1 << 16;

  private static final int REMEMBERED_LENGTH = 64;

  private final BytePairs pairs;
  private final Map<String, int[]> remembered;
  private final int contextLength;
  private final boolean truncates;
  private final boolean fixesText;
  private final SpecialWords specialWords;

  private ClipTokenizer(
      BytePairs pairs,
      Map<String, int[]> remembered,
      int contextLength,
      boolean truncates,
      boolean fixesText,
      SpecialWords specialWords) {
    if (contextLength < 2) {
      throw new IllegalArgumentException(
          "context length " + contextLength + ": the start and end tokens alone need 2");
    }
    this.pairs = pairs;
    this.remembered = remembered;
    this.contextLength = contextLength;
    this.truncates = truncates;
    this.fixesText = fixesText;
    this.specialWords = specialWords;
  }

  private ClipTokenizer(BytePairs pairs, int contextLength) {
    this(pairs, new ConcurrentHashMap<>(), contextLength, false, true, SpecialWords.TOKENS);
  }

  /**
   * A tokenizer from merges.
   *
   * @param merges two tokens with a blank between, in the order in which they apply, in the
   *     alphabet of published vocabularies ({@code "c a"}, {@code "ca t</w>"}); may be empty
   * @param contextLength ids a text may have at most, the special ones included
   * @return the tokenizer, with {@code 514 + merges.size()} ids
   * @throws IllegalArgumentException if a merge is malformed, uses a token that no earlier one
   *     makes, or makes one that exists
   */
  public static ClipTokenizer of(List<String> merges, int contextLength) {
    return new ClipTokenizer(BytePairs.of(merges, true), contextLength);
  }

  /**
   * Learns a vocabulary from texts. The result depends on the texts alone, not on their order.
   *
   * @param texts a corpus small enough that its different words fit in memory
   * @param merges how many merges to find; fewer are found where no pair of tokens occurs twice
   * @param contextLength ids a text may have at most, the special ones included
   * @return the tokenizer
   */
  public static ClipTokenizer learn(Collection<String> texts, int merges, int contextLength) {
    List<String> words = new ArrayList<>();
    for (String text : texts) {
      Matcher matcher = WORDS.matcher(clean(text, true));
      while (matcher.find()) {
        words.add(matcher.group());
      }
    }
    return new ClipTokenizer(BytePairs.learn(words, merges, true), contextLength);
  }

  /**
   * Reads a vocabulary, for texts of up to {@link #CONTEXT_LENGTH} ids.
   *
   * @param path a folder with {@code merges.txt} or {@code tokenizer.json}; one of these files; or
   *     OpenAI's {@code bpe_simple_vocab_16e6.txt.gz}. A {@code vocab.json} beside {@code
   *     merges.txt} must agree with it
   * @return the tokenizer
   * @throws IOException if nothing can be read there, or what is there is no such vocabulary
   */
  public static ClipTokenizer read(Path path) throws IOException {
    return new ClipTokenizer(VocabularyFiles.CLIP.read(path), CONTEXT_LENGTH);
  }

  /**
   * Writes {@code merges.txt} and {@code vocab.json}, the files that {@link #read} and other
   * libraries read.
   *
   * @param folder an existing folder
   * @throws IOException if they cannot be written
   */
  public void write(Path folder) throws IOException {
    VocabularyFiles.CLIP.write(pairs, folder);
  }

  /**
   * The same vocabulary for another context length.
   *
   * @param length ids a text may have at most, the special ones included
   * @return a tokenizer
   */
  public ClipTokenizer withContextLength(int length) {
    return new ClipTokenizer(pairs, remembered, length, truncates, fixesText, specialWords);
  }

  /**
   * The same tokenizer that cuts long texts instead of failing: the last id that fits becomes the
   * end token.
   *
   * @return a tokenizer
   */
  public ClipTokenizer truncating() {
    return new ClipTokenizer(pairs, remembered, contextLength, true, fixesText, specialWords);
  }

  /**
   * The same tokenizer without text fixing; HTML references, white space and case are still
   * cleaned.
   *
   * @return a tokenizer
   */
  public ClipTokenizer withoutTextFixing() {
    return new ClipTokenizer(pairs, remembered, contextLength, truncates, false, specialWords);
  }

  /**
   * The same tokenizer with another way to treat the special words.
   *
   * @param treatment the default is {@link SpecialWords#TOKENS}
   * @return a tokenizer
   */
  public ClipTokenizer with(SpecialWords treatment) {
    return new ClipTokenizer(pairs, remembered, contextLength, truncates, fixesText, treatment);
  }

  /**
   * How many ids there are.
   *
   * @return 49,408 for CLIP
   */
  public int vocabularySize() {
    return pairs.size() + 2;
  }

  /**
   * How many ids a text may have.
   *
   * @return the length, the special tokens included
   */
  public int contextLength() {
    return contextLength;
  }

  /**
   * The id that begins every text.
   *
   * @return the last id but one
   */
  public int startToken() {
    return pairs.size();
  }

  /**
   * The id that ends every text, and at which the text tower reads off its embedding.
   *
   * @return the last id
   */
  public int endToken() {
    return pairs.size() + 1;
  }

  /**
   * The merges that make the vocabulary.
   *
   * @return the list that {@link #of} takes
   */
  public List<String> merges() {
    return pairs.merges();
  }

  /**
   * The ids of a text without padding. Since attention is causal, nothing after the end token
   * matters to a text tower, so batches need only be as long as their longest text.
   *
   * @param text any text; may be blank
   * @return start, pieces, end: at most {@link #contextLength} ids
   * @throws IllegalArgumentException if the text is too long and this tokenizer does not truncate,
   *     or if it holds special words and they are rejected
   */
  public int[] encode(String text) {
    List<int[]> pieces = new ArrayList<>();
    int length = 2;
    boolean seeSpecials = specialWords != SpecialWords.TEXT;
    Matcher words = (seeSpecials ? WORDS_AND_SPECIALS : WORDS).matcher(clean(text, fixesText));
    while (words.find()) {
      int[] piece = ids(words.group(), text);
      pieces.add(piece);
      length += piece.length;
      if (length > contextLength && truncates) {
        break;
      }
    }
    if (length > contextLength && !truncates) {
      throw new IllegalArgumentException(
          "text of "
              + length
              + " tokens, but the context length is "
              + contextLength
              + ": \""
              + (text.length() > 80 ? text.substring(0, 80) + "..." : text)
              + "\"; shorten the text, or choose shorter prompt templates");
    }
    int[] ids = new int[Math.min(length, contextLength)];
    ids[0] = startToken();
    int position = 1;
    for (int[] piece : pieces) {
      int fitting = Math.min(piece.length, ids.length - 1 - position);
      System.arraycopy(piece, 0, ids, position, fitting);
      position += fitting;
    }
    ids[position] = endToken();
    return ids;
  }

  /**
   * The ids of texts, as a text tower takes them.
   *
   * @param texts N texts
   * @return ids [N, contextLength], zero after each end token
   * @throws IllegalArgumentException as {@link #encode}
   */
  public long[][] tokenize(List<String> texts) {
    long[][] rows = new long[texts.size()][contextLength];
    for (int n = 0; n < rows.length; n++) {
      int[] ids = encode(texts.get(n));
      for (int i = 0; i < ids.length; i++) {
        rows[n][i] = ids[i];
      }
    }
    return rows;
  }

  /**
   * The text of ids, in lower case, words apart.
   *
   * @param ids ids from {@link #encode}; the special tokens are left out
   * @return the text; bytes that are not UTF-8 become U+FFFD
   * @throws IllegalArgumentException if an id is outside the vocabulary
   */
  public String decode(int... ids) {
    int words = 0;
    int[] kept = new int[ids.length];
    for (int id : ids) {
      if (id < 0 || id > endToken()) {
        throw new IllegalArgumentException("id " + id + " of " + vocabularySize());
      }
      if (id < startToken()) {
        kept[words++] = id;
      }
    }
    return pairs.decode(Arrays.copyOf(kept, words)).strip();
  }

  private int[] ids(String word, String text) {
    if (specialWords != SpecialWords.TEXT && (word.equals(START) || word.equals(END))) {
      if (specialWords == SpecialWords.REJECTED) {
        throw new IllegalArgumentException("special word " + word + " in \"" + text + "\"");
      }
      return new int[] {word.equals(START) ? startToken() : endToken()};
    }
    int[] known = remembered.get(word);
    if (known == null) {
      known = pairs.encode(word);
      if (word.length() <= REMEMBERED_LENGTH && remembered.size() < REMEMBERED) {
        remembered.put(word, known);
      }
    }
    return known;
  }

  private static String clean(String text, boolean fix) {
    String fixed = fix ? TextFixing.fix(text) : text;
    String unescaped = trim(HtmlEntities.unescape(HtmlEntities.unescape(fixed)));
    return trim(WHITE_SPACE.matcher(unescaped).replaceAll(" ")).toLowerCase(Locale.ROOT);
  }

  private static String trim(String text) {
    return ENDS.matcher(text).replaceAll("");
  }
}
