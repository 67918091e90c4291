package org.zeroseg.clip.retrieval;

import java.io.Serializable;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The best matches of one query in an index or in a part of one. Those of all parts, merged in any
 * order, are those of the whole: scores are compared as they were computed, in double precision,
 * and equal ones by their rows.
 *
 * @param k how many are kept
 * @param best at most k, best first; of equal ones the lower row first
 */
public record TopMatches(int k, List<Scored> best) implements Serializable {

  /**
   * A picture and its score.
   *
   * @param row where it is in the index
   * @param name its name there
   * @param score dot product with the query
   */
  public record Scored(int row, String name, double score) implements Serializable {

    static final Comparator<Scored> ORDER =
        Comparator.comparingDouble(Scored::score).reversed().thenComparing(Scored::row);
  }

  /** Copies the list. */
  public TopMatches {
    best = List.copyOf(best);
  }

  /**
   * The best of both.
   *
   * @param other of the same query in other rows
   * @return at most k of this one
   */
  public TopMatches merge(TopMatches other) {
    return new TopMatches(
        k,
        Stream.concat(best.stream(), other.best.stream()).sorted(Scored.ORDER).limit(k).toList());
  }

  /**
   * The same matches where the index is part of a larger one.
   *
   * @param rows how many rows of the larger index precede this one's
   * @return matches with the larger index's rows
   */
  public TopMatches shifted(int rows) {
    return new TopMatches(
        k,
        best.stream()
            .map(
                scored ->
                    new Scored(Math.addExact(scored.row(), rows), scored.name(), scored.score()))
            .toList());
  }

  /**
   * The matches as a search gives them.
   *
   * @return best first
   */
  public List<Match> matches() {
    return best.stream()
        .map(scored -> new Match(scored.row(), scored.name(), (float) scored.score()))
        .toList();
  }
}
