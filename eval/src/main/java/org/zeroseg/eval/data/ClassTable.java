package org.zeroseg.eval.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A table of classes that ships with this module: a class a line, columns by tabs. */
record ClassTable(List<List<String>> rows) {

  static boolean exists(String name) {
    return ClassTable.class.getResource(name + ".txt") != null;
  }

  static ClassTable read(String name) {
    try (InputStream stream = ClassTable.class.getResourceAsStream(name + ".txt")) {
      if (stream == null) {
        throw new IllegalArgumentException("there is no table of classes " + name);
      }
      String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      return new ClassTable(
          text.lines()
              .filter(line -> !line.startsWith("#"))
              .map(line -> List.of(line.split("\t", -1)))
              .toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> column(int index) {
    return rows.stream().map(row -> row.get(index)).toList();
  }
}
