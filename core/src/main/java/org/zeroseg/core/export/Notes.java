package org.zeroseg.core.export;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** Counts what a format cannot hold as it is. */
final class Notes {

  private final SortedMap<String, Long> counts = new TreeMap<>();

  void add(String what, long count) {
    if (count > 0) {
      counts.merge(what, count, Long::sum);
    }
  }

  SortedMap<String, Long> counts() {
    return Collections.unmodifiableSortedMap(new TreeMap<>(counts));
  }
}
