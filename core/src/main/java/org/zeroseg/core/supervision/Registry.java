package org.zeroseg.core.supervision;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** Things with ids, in the order in which they were added. */
final class Registry<T> {

  private final String kind;
  private final List<T> values = new ArrayList<>();
  private final Map<Long, Integer> index = new HashMap<>();

  Registry(String kind) {
    this.kind = kind;
  }

  /** Adds a thing; refuses an id that is taken. */
  void add(long id, T value) {
    if (index.putIfAbsent(id, values.size()) != null) {
      throw new IllegalArgumentException("two times " + kind + " id " + id);
    }
    values.add(value);
  }

  List<T> values() {
    return Collections.unmodifiableList(values);
  }

  /** The position of an id. */
  OptionalInt find(long id) {
    Integer found = index.get(id);
    return found == null ? OptionalInt.empty() : OptionalInt.of(found);
  }

  /** The position of an id that must be known. */
  int require(long id) {
    return find(id)
        .orElseThrow(() -> new IllegalArgumentException("there is no " + kind + " " + id));
  }
}
