package org.zeroseg.clip;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Texts as a tree: each distinct beginning of them once, by its last token. Of 85 sentences about
 * each of many words, a fifth to a third of the tokens is left.
 */
final class SharedBeginnings {

  /** A beginning that is one token longer than another. */
  private record Step(int from, long token) {}

  private final List<Long> tokens = new ArrayList<>();
  private final List<Long> places = new ArrayList<>();
  private final List<Long> firsts = new ArrayList<>();
  private final long[] ends;
  private final long[] sequences;

  /**
   * Builds the tree.
   *
   * @param texts token ids, each text to its end token
   * @param longest the length of the longest
   */
  SharedBeginnings(List<long[]> texts, int longest) {
    Map<Step, Integer> nodes = new HashMap<>();
    sequences = new long[texts.size() * longest];
    ends = new long[2 * texts.size()];
    for (int i = 0; i < texts.size(); i++) {
      long[] text = texts.get(i);
      int node = -1;
      for (int j = 0; j < text.length; j++) {
        int place = i * longest + j;
        Step step = new Step(node, text[j]);
        Integer known = nodes.putIfAbsent(step, tokens.size());
        if (known == null) {
          node = tokens.size();
          tokens.add(text[j]);
          places.add((long) j);
          firsts.add((long) place);
        } else {
          node = known;
        }
        sequences[place] = node;
      }
      ends[i] = node;
      ends[texts.size() + i] = (long) i * longest + text.length - 1;
    }
  }

  /** Distinct beginnings. */
  int size() {
    return tokens.size();
  }

  /** The last token of each beginning, {@code [M]}. */
  long[] tokens() {
    return array(tokens);
  }

  /** Its position, {@code [M]}. */
  long[] places() {
    return array(places);
  }

  /** Each text's beginnings, {@code [B, L]}; zero behind its end. */
  long[] sequences() {
    return sequences;
  }

  /** Every beginning, and where in the sequences it stands first, {@code [2, M]}. */
  long[] all() {
    long[] all = new long[2 * size()];
    for (int i = 0; i < size(); i++) {
      all[i] = i;
      all[size() + i] = firsts.get(i);
    }
    return all;
  }

  /** The whole texts among the beginnings, and where they end in the sequences, {@code [2, B]}. */
  long[] ends() {
    return ends;
  }

  private static long[] array(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }
}
