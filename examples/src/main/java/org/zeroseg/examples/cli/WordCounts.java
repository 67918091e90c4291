package org.zeroseg.examples.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.PlainText;

/** In how many pictures each word was found, and how much of all of them it covers. */
final class WordCounts {

  private static final int ROWS = 50;

  /** Of one word; its number counts from 1 as words first come. */
  static final class Count {
    private final int number;
    private long pictures;
    private double area;
    private long judged;
    private double presence;
    private double mostPresence;

    private Count(int number) {
      this.number = number;
    }

    private void judge(double likely) {
      judged++;
      presence += likely;
      mostPresence = Math.max(mostPresence, likely);
    }

    int number() {
      return number;
    }

    long pictures() {
      return pictures;
    }

    private String presence() {
      return judged == 0
          ? ""
          : String.format(Locale.ROOT, "%17.2f %5.2f", presence / judged, mostPresence);
    }
  }

  private final Map<String, Count> words = new LinkedHashMap<>();
  private double pixels;

  /**
   * Adds a picture.
   *
   * @return the share of the picture that each word has, in the order of the labels
   */
  Map<String, Double> add(Segmentation result) {
    long[] areas = new long[result.names().size() + 1];
    for (int label : result.labels()) {
      areas[label]++;
    }
    double all = (double) result.width() * result.height();
    Map<String, Double> shares = new LinkedHashMap<>();
    for (int label = 1; label < areas.length; label++) {
      String word = result.names().get(label - 1);
      count(word);
      if (areas[label] > 0) {
        shares.merge(word, areas[label] / all, Double::sum);
      }
    }
    // What a surer segment hides is found all the same.
    result.segments().forEach(segment -> shares.putIfAbsent(segment.name(), 0.0));
    shares.forEach(
        (word, share) -> {
          count(word).pictures++;
          count(word).area += share * all;
        });
    for (int i = 0; i < result.presence().size(); i++) {
      count(result.names().get(i)).judge(result.presence().get(i));
    }
    pixels += all;
    return shares;
  }

  private Count count(String word) {
    return words.computeIfAbsent(word, key -> new Count(words.size() + 1));
  }

  Map<String, Count> words() {
    return words;
  }

  /** A table, of many words those of most pictures. */
  void print(PrintWriter report) {
    List<Map.Entry<String, Count>> rows = new ArrayList<>(words.entrySet());
    if (rows.size() > ROWS) {
      rows.sort((one, other) -> Long.compare(other.getValue().pictures, one.getValue().pictures));
    }
    boolean judged = rows.stream().anyMatch(row -> row.getValue().judged > 0);
    String presence = judged ? "   presence: mean, most" : "";
    report.printf("  %-32s %9s %8s%s%n", "word", "pictures", "area", presence);
    for (Map.Entry<String, Count> row : rows.subList(0, Math.min(ROWS, rows.size()))) {
      report.printf(
          Locale.ROOT,
          "  %-32s %9d %6.1f %%%s%n",
          PlainText.line(row.getKey()),
          row.getValue().pictures,
          pixels == 0 ? 0 : 100 * row.getValue().area / pixels,
          judged ? row.getValue().presence() : "");
    }
    if (rows.size() > ROWS) {
      report.printf("  and %d more%n", rows.size() - ROWS);
    }
  }
}
