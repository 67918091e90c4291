package org.zeroseg.clip.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Byte-level byte-pair encoding (Sennrich et al. 2016). Ids 0 to 255 are the letters of {@link
 * ByteLevel}; in CLIP's numbering 256 to 511 are the same letters at the end of a word, which
 * GPT-2's does not tell apart; what merge n makes comes after them.
 */
final class BytePairs {

  static final String END_OF_WORD = "</w>";

  private final List<String> tokens;
  private final Map<String, Integer> ids;

  /** Left and right id of a pair, packed, to the id that they merge into. Lower ids merge first. */
  private final Map<Long, Integer> merged;

  private final boolean marksEnds;

  private BytePairs(int size, boolean marksEnds) {
    this(new ArrayList<>(size), new HashMap<>(2 * size), new HashMap<>(2 * size), marksEnds);
  }

  private BytePairs(
      List<String> tokens, Map<String, Integer> ids, Map<Long, Integer> merged, boolean marksEnds) {
    this.marksEnds = marksEnds;
    this.tokens = tokens;
    this.ids = ids;
    this.merged = merged;
  }

  /**
   * Merges in order, each two tokens with a blank between.
   *
   * @param marksEnds whether letters at the end of a word are tokens of their own
   * @throws IllegalArgumentException if a merge is malformed, uses a token that no earlier one
   *     makes, or makes a token that exists
   */
  static BytePairs of(List<String> merges, boolean marksEnds) {
    BytePairs pairs = new BytePairs(2 * ByteLevel.LETTERS + merges.size(), marksEnds);
    for (String end : marksEnds ? new String[] {"", END_OF_WORD} : new String[] {""}) {
      for (int letter = 0; letter < ByteLevel.LETTERS; letter++) {
        pairs.add(ByteLevel.character(letter) + end);
      }
    }
    for (int n = 0; n < merges.size(); n++) {
      String merge = merges.get(n);
      int blank = merge.indexOf(' ');
      Integer left = blank < 0 ? null : pairs.ids.get(merge.substring(0, blank));
      Integer right = blank < 0 ? null : pairs.ids.get(merge.substring(blank + 1));
      if (left == null || right == null) {
        throw new IllegalArgumentException(
            "merge " + n + " \"" + merge + "\" is not two tokens of letters and earlier merges");
      }
      String whole = pairs.tokens.get(left) + pairs.tokens.get(right);
      if (pairs.ids.containsKey(whole) || pairs.endsWord(left)) {
        throw new IllegalArgumentException(
            "merge "
                + n
                + " \""
                + merge
                + "\" makes a token that exists or goes over a word's end");
      }
      pairs.merged.put(pack(left, right), pairs.add(whole));
    }
    return pairs;
  }

  private int add(String token) {
    ids.put(token, tokens.size());
    tokens.add(token);
    return tokens.size() - 1;
  }

  private boolean endsWord(int id) {
    return marksEnds && id >= ByteLevel.LETTERS && tokens.get(id).endsWith(END_OF_WORD);
  }

  private int firstMerge() {
    return (marksEnds ? 2 : 1) * ByteLevel.LETTERS;
  }

  private static long pack(int left, int right) {
    return ((long) left << 32) | right;
  }

  int size() {
    return tokens.size();
  }

  List<String> merges() {
    String[] merges = new String[size() - firstMerge()];
    merged.forEach(
        (pair, id) ->
            merges[id - firstMerge()] =
                tokens.get((int) (pair >> 32)) + " " + tokens.get((int) (long) pair));
    return List.of(merges);
  }

  String token(int id) {
    return tokens.get(id);
  }

  /**
   * The ids of one word. Always merges the pair of the lowest id, leftmost first; as a pair's id is
   * above those of its parts, this equals merging all occurrences of one pair after another.
   */
  int[] encode(String word) {
    int[] symbols = ByteLevel.letters(word);
    int length = symbols.length;
    if (length == 0) {
      return symbols;
    }
    if (marksEnds) {
      symbols[length - 1] += ByteLevel.LETTERS;
    }
    int[] next = new int[length];
    int[] previous = new int[length];
    PriorityQueue<Long> candidates = new PriorityQueue<>(); // id of the merge, left position
    for (int i = 0; i < length; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
      if (i > 0) {
        propose(candidates, symbols, i - 1, i);
      }
    }
    while (!candidates.isEmpty()) {
      long candidate = candidates.remove();
      int id = (int) (candidate >> 32);
      int left = (int) candidate;
      int right = next[left];
      // A candidate is stale when one of its parts has meanwhile been merged into something else.
      if (symbols[left] < 0
          || right >= length
          || merged.getOrDefault(pack(symbols[left], symbols[right]), -1) != id) {
        continue;
      }
      symbols[left] = id;
      symbols[right] = -1;
      next[left] = next[right];
      if (next[left] < length) {
        previous[next[left]] = left;
        propose(candidates, symbols, left, next[left]);
      }
      if (previous[left] >= 0) {
        propose(candidates, symbols, previous[left], left);
      }
    }
    return Arrays.stream(symbols).filter(symbol -> symbol >= 0).toArray();
  }

  private void propose(PriorityQueue<Long> candidates, int[] symbols, int left, int right) {
    Integer id = merged.get(pack(symbols[left], symbols[right]));
    if (id != null) {
      candidates.add(((long) id << 32) | left);
    }
  }

  /** The text of ids, a blank after each marked end of a word. */
  String decode(int... sequence) {
    List<Byte> bytes = new ArrayList<>();
    for (int id : sequence) {
      String token = tokens.get(id);
      boolean ends = endsWord(id);
      int letters = token.length() - (ends ? END_OF_WORD.length() : 0);
      for (int i = 0; i < letters; i++) {
        bytes.add(ByteLevel.value(ids.get(token.substring(i, i + 1))));
      }
      if (ends) {
        bytes.add((byte) ' ');
      }
    }
    byte[] utf8 = new byte[bytes.size()];
    for (int i = 0; i < utf8.length; i++) {
      utf8[i] = bytes.get(i);
    }
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /**
   * Learns merges from words: again and again the most frequent pair, of equally frequent ones that
   * of the lowest ids, until there are enough or no pair occurs twice.
   */
  static BytePairs learn(Collection<String> words, int count, boolean marksEnds) {
    Map<String, Integer> frequencies = new HashMap<>();
    words.forEach(word -> frequencies.merge(word, 1, Integer::sum));
    List<String> merges = new ArrayList<>();
    BytePairs pairs = of(merges, marksEnds);
    while (merges.size() < count) {
      Map<Long, Integer> seen = new HashMap<>();
      for (Map.Entry<String, Integer> word : frequencies.entrySet()) {
        int[] symbols = pairs.encode(word.getKey());
        for (int i = 1; i < symbols.length; i++) {
          seen.merge(pack(symbols[i - 1], symbols[i]), word.getValue(), Integer::sum);
        }
      }
      Map.Entry<Long, Integer> best =
          seen.entrySet().stream()
              .max(
                  Map.Entry.<Long, Integer>comparingByValue()
                      .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
              .filter(pair -> pair.getValue() > 1)
              .orElse(null);
      if (best == null) {
        break;
      }
      int left = (int) (best.getKey() >> 32);
      int right = (int) (long) best.getKey();
      merges.add(pairs.token(left) + " " + pairs.token(right));
      String whole = pairs.token(left) + pairs.token(right);
      pairs.merged.put(best.getKey(), pairs.add(whole));
    }
    return pairs;
  }
}
