package org.zeroseg.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.annotations.Benchmark;

class SummaryTest {

  @TempDir Path folder;

  @Test
  void everyRowNamesABenchmarkAndParametersThatItHas() {
    for (Summary row : Summary.ROWS) {
      Class<?> benchmark = RunBenchmarks.load(row.qualified());
      assertTrue(
          Arrays.stream(benchmark.getMethods())
              .anyMatch(
                  method ->
                      method.getName().equals(row.method())
                          && method.isAnnotationPresent(Benchmark.class)),
          row::toString);
      assertEquals(
          RunBenchmarks.firstValues(benchmark).keySet(), row.settings().keySet(), row::toString);
    }
    List<String> works = Summary.ROWS.stream().map(Summary::work).toList();
    assertEquals(works.size(), works.stream().distinct().count());
  }

  @Test
  void aRowsOwnParametersTakeTheFirstOnesPlace() {
    Summary row =
        Summary.ROWS.stream()
            .filter(each -> each.work().equals("ViT-L/14@336, batch 1, int8"))
            .findFirst()
            .orElseThrow();
    assertEquals(Map.of("model", "ViT-L/14@336px", "batch", "1"), row.settings());
  }

  @Test
  void namesThatMeasureNothingAreRefused() {
    Path file = folder.resolve("table.md");
    assertThrows(IllegalArgumentException.class, () -> Summary.write(List.of("nothing"), file));
    assertTrue(Files.notExists(file));
  }
}
