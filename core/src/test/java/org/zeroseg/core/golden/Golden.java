package org.zeroseg.core.golden;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Walks the golden cases of an area and hands each to the runner of its kind. A new case of a known
 * kind needs no new code.
 */
public final class Golden {

  private Golden() {}

  /** Runs one case; throws an assertion error where it disagrees. */
  @FunctionalInterface
  public interface Runner {
    void run(GoldenCase golden) throws Exception;
  }

  /** The folder of the golden cases, from the system property {@code zeroseg.golden}. */
  public static Path folder() {
    return root().resolve(System.getProperty("zeroseg.golden", "../shared/golden")).normalize();
  }

  /** The folder of shared data beside the golden cases. */
  public static Path data() {
    return folder().resolveSibling("data");
  }

  /** The folder of inputs that once failed, beside the golden cases. */
  public static Path failures() {
    return folder().resolveSibling("cases");
  }

  private static Path root() {
    return Path.of(System.getProperty("zeroseg.root", "..")).toAbsolutePath();
  }

  /**
   * One dynamic test a case of the area whose kind has a runner here. Kinds without one are left to
   * other modules; {@code GoldenCoverageTest} of the last module names those that nobody runs.
   */
  public static Stream<DynamicTest> tests(String area, Map<String, Runner> runners) {
    Path areaFolder = folder().resolve(area);
    if (!Files.isDirectory(areaFolder)) {
      return Stream.of(
          dynamicTest(
              area,
              () -> abort("No golden cases: " + areaFolder + " is absent (-Dzeroseg.golden)")));
    }
    List<DynamicTest> tests = new ArrayList<>();
    Map<String, Integer> ran = new TreeMap<>();
    try (Stream<Path> folders = Files.list(areaFolder)) {
      for (Path folder : (Iterable<Path>) folders.sorted()::iterator) {
        if (!Files.exists(folder.resolve("case.json"))) {
          continue;
        }
        GoldenCase golden = GoldenCase.read(folder);
        Runner runner = runners.get(golden.kind());
        if (runner != null) {
          ran.merge(golden.kind(), 1, Integer::sum);
          String name = golden.kind() + ": " + folder.getFileName();
          tests.add(dynamicTest(name, folder.toUri(), () -> runner.run(golden)));
        }
      }
      record(area, ran);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return tests.stream();
  }

  /** Where the tests of all modules note the kinds that they ran. */
  public static Path ledger() {
    return root().resolve("target/golden");
  }

  /** The name of the note on a kind, given as {@code area kind}. */
  public static String note(String kind) {
    return kind.replace('/', '_');
  }

  /** Prints what runs, and notes it for the last module's summary. */
  private static void record(String area, Map<String, Integer> ran) throws IOException {
    int cases = ran.values().stream().mapToInt(Integer::intValue).sum();
    System.out.println("Golden " + area + ": " + cases + " cases " + ran);
    Files.createDirectories(ledger());
    for (String kind : ran.keySet()) {
      Files.writeString(ledger().resolve(note(area + " " + kind)), "");
    }
  }
}
