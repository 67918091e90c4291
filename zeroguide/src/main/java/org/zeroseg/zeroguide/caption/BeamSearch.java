package org.zeroseg.zeroguide.caption;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The beam search of ZeroCap: beams are ranked by their mean log-probability a token; a beam that
 * took the end token stays as it is and keeps competing. Not thread-safe.
 */
final class BeamSearch {

  /** One text under way. Its length counts its tokens up to the end token. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Beam(int[] generated, double score, int length, boolean stopped) {

    double average() {
      return score / length;
    }

    Beam with(int token, double newScore, boolean ends) {
      int[] longer = Arrays.copyOf(generated, generated.length + 1);
      longer[generated.length] = token;
      return new Beam(longer, newScore, stopped ? length : length + 1, stopped || ends);
    }
  }

  private final int width;
  private final int end;
  private List<Beam> beams = List.of(new Beam(new int[0], 0, 0, false));

  BeamSearch(int width, int end) {
    this.width = width;
    this.end = end;
  }

  /** The number of beams: 1 before the first token, then all. */
  int size() {
    return beams.size();
  }

  /** The beams that go on, ascending. */
  int[] running() {
    return IntStream.range(0, beams.size()).filter(i -> !beams.get(i).stopped()).toArray();
  }

  /** What a beam has generated so far; after its end token come fillers. */
  int[] generated(int beam) {
    return beams.get(beam).generated().clone();
  }

  /**
   * Takes one token more.
   *
   * @param probabilities of the next token, one row for each of {@link #running()}
   * @return the beam that each of the new beams continues
   */
  int[] advance(List<float[]> probabilities) {
    int[] running = running();
    if (probabilities.size() != running.length) {
      throw new IllegalArgumentException(
          probabilities.size() + " rows for " + running.length + " running beams");
    }
    record Choice(int beam, int token, double average) {}
    // The widest search needs no more than its width from each beam.
    List<Choice> choices = new ArrayList<>();
    for (int i = 0; i < running.length; i++) {
      Beam beam = beams.get(running[i]);
      float[] row = probabilities.get(i);
      for (int token : largest(row, width)) {
        double total = beam.score() + Math.log(row[token]);
        choices.add(new Choice(running[i], token, total / (beam.length() + 1)));
      }
    }
    for (int i = 0; i < beams.size(); i++) {
      if (beams.get(i).stopped()) {
        choices.add(new Choice(i, 0, beams.get(i).average()));
      }
    }
    choices.sort(
        Comparator.comparingDouble(Choice::average)
            .reversed()
            .thenComparingInt(Choice::beam)
            .thenComparingInt(Choice::token));
    List<Choice> best = choices.subList(0, Math.min(width, choices.size()));
    List<Beam> next = new ArrayList<>();
    for (Choice choice : best) {
      Beam source = beams.get(choice.beam());
      int length = source.stopped() ? source.length() : source.length() + 1;
      next.add(source.with(choice.token(), choice.average() * length, choice.token() == end));
    }
    beams = next;
    return best.stream().mapToInt(Choice::beam).toArray();
  }

  /** Places of the largest numbers, largest first, of equal ones the first. */
  private static int[] largest(float[] row, int count) {
    int[] places = new int[Math.min(count, row.length)];
    int found = 0;
    for (int i = 0; i < row.length; i++) {
      if (found < places.length || row[i] > row[places[found - 1]]) {
        int at = found < places.length ? found++ : found - 1;
        while (at > 0 && row[places[at - 1]] < row[i]) {
          places[at] = places[at - 1];
          at--;
        }
        places[at] = i;
      }
    }
    return places;
  }

  /**
   * A finished text.
   *
   * @param tokens up to the end token
   * @param score mean log-probability a token
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Sequence(int[] tokens, double score) {}

  /** The texts, best first. */
  List<Sequence> ranked() {
    return beams.stream()
        .sorted(Comparator.comparingDouble(Beam::average).reversed())
        .map(beam -> new Sequence(Arrays.copyOf(beam.generated(), beam.length()), beam.average()))
        .toList();
  }
}
