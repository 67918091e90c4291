package org.zeroseg.core.supervision;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What looks wrong in a file, told once with the first entry and how many more there are. */
final class Warnings {

  private final Path file;
  private final Map<String, String> first = new LinkedHashMap<>();
  private final Map<String, Integer> count = new LinkedHashMap<>();

  Warnings(Path file) {
    this.file = file;
  }

  void add(String entry, String warning) {
    first.putIfAbsent(warning, entry);
    count.merge(warning, 1, Integer::sum);
  }

  List<String> lines() {
    return first.entrySet().stream().map(e -> line(e.getValue(), e.getKey())).toList();
  }

  private String line(String entry, String warning) {
    int more = count.get(warning) - 1;
    return file + ": " + entry + ": " + warning + (more == 0 ? "" : "; so for " + more + " more");
  }
}
