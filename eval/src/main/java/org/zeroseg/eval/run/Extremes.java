package org.zeroseg.eval.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/** The lowest and highest scoring of many things; equal scores by name, so that order is free. */
final class Extremes<T> {

  record Scored<T>(String name, double score, T value) {}

  private final int most;
  private final NavigableSet<Scored<T>> lowest;
  private final NavigableSet<Scored<T>> highest;

  Extremes(int most) {
    this.most = most;
    Comparator<Scored<T>> byName = Comparator.comparing(Scored::name);
    Comparator<Scored<T>> byScore = Comparator.comparingDouble(Scored::score);
    lowest = new TreeSet<>(byScore.thenComparing(byName));
    highest = new TreeSet<>(byScore.reversed().thenComparing(byName));
  }

  void offer(String name, double score, T value) {
    if (!Double.isNaN(score)) {
      Scored<T> scored = new Scored<>(name, score, value);
      keep(lowest, scored);
      keep(highest, scored);
    }
  }

  private void keep(NavigableSet<Scored<T>> kept, Scored<T> scored) {
    kept.add(scored);
    if (kept.size() > most) {
      kept.pollLast();
    }
  }

  /** Lowest first, each thing once. */
  List<Scored<T>> all() {
    List<Scored<T>> all = new ArrayList<>(lowest);
    highest.descendingSet().stream().filter(scored -> !lowest.contains(scored)).forEach(all::add);
    return all;
  }
}
