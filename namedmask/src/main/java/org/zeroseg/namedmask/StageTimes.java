package org.zeroseg.namedmask;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** How long stages have taken, in all calls that worked in a folder together. */
final class StageTimes implements AutoCloseable {

  private final Manifest manifest;
  private final Map<String, Duration> spent = new LinkedHashMap<>();
  private final Set<String> begun = new LinkedHashSet<>();
  private String stage = "";
  private long since;

  /**
   * Goes on from what was noted before.
   *
   * @param file JSON, as for {@link Manifest}; need not exist
   */
  StageTimes(Path file) throws IOException {
    manifest = new Manifest(file);
    for (Map.Entry<String, String> noted : manifest.read().entrySet()) {
      spent.put(noted.getKey(), duration(file, noted.getValue()));
    }
  }

  private static Duration duration(Path file, String noted) throws IOException {
    try {
      return Duration.parse(noted);
    } catch (RuntimeException e) {
      throw new IOException("%s: \"%s\" is no duration; remove the file".formatted(file, noted), e);
    }
  }

  /** Ends the stage that runs, if one does, and begins another. */
  void begin(String name) throws IOException {
    end();
    stage = name;
    begun.add(name);
    since = System.nanoTime();
  }

  /** Ends the stage that runs, and notes its time. */
  void end() throws IOException {
    if (!stage.isEmpty()) {
      Duration time = Duration.ofMillis((System.nanoTime() - since) / 1_000_000);
      spent.merge(stage, time, Duration::plus);
      stage = "";
      Map<String, String> noted = new LinkedHashMap<>();
      spent.forEach((name, sum) -> noted.put(name, sum.toString()));
      manifest.write(Map.of("what", "time of each stage in all calls, ISO 8601"), noted);
    }
  }

  /** What the stages of this call have taken in all calls together, in their order. */
  Map<String, Duration> all() {
    Map<String, Duration> times = new LinkedHashMap<>();
    begun.forEach(name -> times.put(name, spent.getOrDefault(name, Duration.ZERO)));
    return times;
  }

  @Override
  public void close() throws IOException {
    end();
  }
}
