package org.zeroseg.examples.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.PlainText;

/**
 * Work of hours as lines of text, for where the output is no terminal: one for each task, and one a
 * minute with what is done and the time left.
 */
final class StageLines implements Progress {

  private static final long BETWEEN = TimeUnit.MINUTES.toNanos(1);

  private final PrintWriter out;
  private String task = "";
  private long since;
  private long before;
  private long told;

  StageLines(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void update(String name, long done, long total) {
    update(name, "", done, total);
  }

  @Override
  public synchronized void update(String name, String detail, long done, long total) {
    long now = System.nanoTime();
    if (!name.equals(task)) {
      task = name;
      since = now;
      told = now;
      before = done; // what is there from an earlier run took no time
      out.println(PlainText.line(name) + ": " + total);
      out.flush();
    } else if (now - told > BETWEEN && total > 0) {
      told = now;
      String words = detail.isEmpty() ? "" : ", " + PlainText.line(detail);
      out.printf("  %d of %d%s%s%n", done, total, left(now, done, total), words);
      out.flush();
    }
  }

  private String left(long now, long done, long total) {
    if (done <= before) {
      return "";
    }
    double share = (double) (total - done) / (done - before);
    return ", " + inWords(Duration.ofNanos((long) ((now - since) * share))) + " left";
  }

  /** The times of stages and their sum, in a line. */
  static String inALine(Map<String, Duration> times) {
    StringBuilder line = new StringBuilder();
    times.forEach(
        (stage, time) -> line.append(stage).append(' ').append(seconds(time)).append(", "));
    Duration sum = times.values().stream().reduce(Duration.ZERO, Duration::plus);
    return line.append("together ").append(seconds(sum)).toString();
  }

  static String seconds(Duration time) {
    return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1e3);
  }

  static String inWords(Duration time) {
    long minutes = Math.round(time.toSeconds() / 60.0);
    if (minutes < 1) {
      return "less than a minute";
    }
    return minutes < 120 ? minutes + " min" : Math.round(minutes / 60.0) + " h";
  }
}
