package org.zeroseg.examples.serve;

import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** What Prometheus reads: requests by route and status, how long they took, what is going on. */
final class Metrics {

  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final double[] SECONDS = {.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120};

  private final Map<String, LongAdder> requests = new ConcurrentSkipListMap<>();
  private final Map<String, Times> times = new ConcurrentSkipListMap<>();
  private final LongAdder pictures = new LongAdder();
  private final LongAdder pixels = new LongAdder();

  private static final class Times {
    private final LongAdder[] counts = new LongAdder[SECONDS.length];
    private final LongAdder count = new LongAdder();
    private final LongAdder nanoseconds = new LongAdder();

    Times() {
      for (int i = 0; i < counts.length; i++) {
        counts[i] = new LongAdder();
      }
    }
  }

  /** Counts a request; the route is one of the server's own. */
  void answered(String route, int status, long nanoseconds) {
    requests
        .computeIfAbsent(
            "route=\"" + route + "\",status=\"" + status + "\"", key -> new LongAdder())
        .increment();
    Times of = times.computeIfAbsent("route=\"" + route + "\"", key -> new Times());
    for (int i = 0; i < SECONDS.length; i++) {
      if (nanoseconds <= SECONDS[i] * 1e9) {
        of.counts[i].increment();
      }
    }
    of.count.increment();
    of.nanoseconds.add(nanoseconds);
  }

  /** Counts a picture that was looked at. */
  void looked(long size) {
    pictures.increment();
    pixels.add(size);
  }

  String text(Workers workers) {
    StringBuilder text = new StringBuilder();
    head(text, "zeroseg_requests_total", "counter", "Requests answered.");
    requests.forEach(
        (labels, count) -> line(text, "zeroseg_requests_total", labels, (double) count.sum()));
    head(text, "zeroseg_request_seconds", "histogram", "From a request's head to its answer.");
    times.forEach(
        (labels, of) -> {
          for (int i = 0; i < SECONDS.length; i++) {
            line(
                text,
                "zeroseg_request_seconds_bucket",
                labels + ",le=\"" + SECONDS[i] + "\"",
                (double) of.counts[i].sum());
          }
          double count = (double) of.count.sum();
          line(text, "zeroseg_request_seconds_bucket", labels + ",le=\"+Inf\"", count);
          line(text, "zeroseg_request_seconds_sum", labels, of.nanoseconds.sum() / 1e9);
          line(text, "zeroseg_request_seconds_count", labels, count);
        });
    single(
        text, "zeroseg_pictures_total", "counter", "Pictures looked at.", (double) pictures.sum());
    single(text, "zeroseg_pixels_total", "counter", "Their pixels.", (double) pixels.sum());
    single(text, "zeroseg_in_work", "gauge", "Being looked at.", workers.running());
    single(
        text,
        "zeroseg_taken",
        "gauge",
        "Requests that have a place, those that wait included.",
        workers.taken());
    Runtime runtime = Runtime.getRuntime();
    single(
        text,
        "jvm_heap_used_bytes",
        "gauge",
        "Java heap in use.",
        (double) (runtime.totalMemory() - runtime.freeMemory()));
    single(
        text,
        "process_uptime_seconds",
        "gauge",
        "Since the process began.",
        ManagementFactory.getRuntimeMXBean().getUptime() / 1000.0);
    return text.toString();
  }

  private static void single(
      StringBuilder text, String name, String kind, String help, double value) {
    head(text, name, kind, help);
    line(text, name, "", value);
  }

  private static void head(StringBuilder text, String name, String kind, String help) {
    text.append("# HELP ").append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(name).append(' ').append(kind).append('\n');
  }

  private static void line(StringBuilder text, String name, String labels, double value) {
    text.append(name);
    if (!labels.isEmpty()) {
      text.append('{').append(labels).append('}');
    }
    String number =
        value == Math.rint(value)
            ? String.format(Locale.ROOT, "%.0f", value)
            : String.format(Locale.ROOT, "%.6f", value);
    text.append(' ').append(number).append('\n');
  }
}
