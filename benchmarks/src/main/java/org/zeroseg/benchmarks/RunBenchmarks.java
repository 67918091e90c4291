package org.zeroseg.benchmarks;

import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs benchmarks and writes a table with their ratios: {@code RunBenchmarks [--full] [NAME...]}.
 * Without {@code --full} each runs for seconds, with the first of every parameter's values only.
 * {@code RunBenchmarks --summary [NAME...]} runs what other tools are compared with, and writes the
 * project's half of the tables in {@code benchmarks/README.md}.
 */
public final class RunBenchmarks {

  private static final Path TABLE = Path.of("benchmarks.md");
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private RunBenchmarks() {}

  /**
   * Runs them.
   *
   * @param arguments {@code --full} or {@code --summary}, and parts of names; all benchmarks if
   *     none is named
   * @throws RunnerException if a benchmark fails
   * @throws IOException if the table cannot be written
   */
  public static void main(String[] arguments) throws RunnerException, IOException {
    List<String> names = new ArrayList<>(Arrays.asList(arguments));
    if (names.remove("--summary")) {
      Summary.write(names, TABLE);
      return;
    }
    boolean full = names.remove("--full");
    List<RunResult> results = new ArrayList<>();
    // One runner a class: parameters of one are unknown to another.
    for (Class<?> benchmark : classes(names)) {
      ChainedOptionsBuilder options =
          new OptionsBuilder()
              .include("\\." + benchmark.getSimpleName() + "\\.")
              .forks(1)
              .shouldFailOnError(true)
              .addProfiler(GCProfiler.class)
              .verbosity(VerboseMode.EXTRA);
      if (!full) {
        options
            .verbosity(VerboseMode.SILENT)
            .warmupIterations(1)
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(3)
            .measurementTime(TimeValue.seconds(1));
        firstValues(benchmark).forEach((name, value) -> options.param(name, value));
      }
      System.out.println("Running " + benchmark.getSimpleName() + " ...");
      Collection<RunResult> found = new Runner(options.build()).run();
      results.addAll(found);
    }
    String table = table(results);
    System.out.println(table);
    Files.writeString(TABLE, table);
    System.out.println("Table: " + TABLE.toAbsolutePath());
  }

  private static List<Class<?>> classes(List<String> names) {
    List<Class<?>> classes = new ArrayList<>();
    TreeSet<String> known = new TreeSet<>();
    for (BenchmarkListEntry entry :
        BenchmarkList.defaultList()
            .getAll(
                OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT),
                List.of())) {
      known.add(entry.getUserClassQName());
    }
    for (String name : known) {
      if (names.isEmpty() || names.stream().anyMatch(name::contains)) {
        classes.add(load(name));
      }
    }
    if (classes.isEmpty()) {
      throw new IllegalArgumentException("No benchmark is called " + names + " among " + known);
    }
    return classes;
  }

  /** Of every parameter of a benchmark the first value. */
  static Map<String, String> firstValues(Class<?> benchmark) {
    Map<String, String> values = new TreeMap<>();
    for (Field field : benchmark.getFields()) {
      if (field.isAnnotationPresent(Param.class)) {
        values.put(field.getName(), field.getAnnotation(Param.class).value()[0]);
      }
    }
    return values;
  }

  static Class<?> load(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("The list of benchmarks names " + name, e);
    }
  }

  /** A row a benchmark; a ratio below one means faster than the baseline. */
  private static String table(List<RunResult> results) {
    Map<String, RunResult> byKey = new TreeMap<>();
    for (RunResult result : results) {
      byKey.put(key(result, result.getParams().getBenchmark()), result);
    }
    StringBuilder table = new StringBuilder();
    table.append("| benchmark | parameters | time | allocated | ratio to |\n");
    table.append("| --- | --- | --- | --- | --- |\n");
    byKey.forEach(
        (key, result) -> {
          String name = result.getParams().getBenchmark();
          String owner = name.substring(0, name.lastIndexOf('.'));
          StringBuilder ratios = new StringBuilder();
          for (String baseline : baselines(owner, name.substring(owner.length() + 1))) {
            RunResult other = byKey.get(key(result, owner + "." + baseline));
            if (other != null) {
              double ratio = score(result) / score(other);
              ratios.append(String.format(Locale.ROOT, "%s %.3f ", baseline, ratio));
            }
          }
          table.append(
              String.format(
                  Locale.ROOT,
                  "| %s | %s | %.3f ± %.3f %s | %s | %s |%n",
                  name.substring(owner.lastIndexOf('.') + 1),
                  parameters(result),
                  score(result),
                  result.getPrimaryResult().getScoreError(),
                  result.getPrimaryResult().getScoreUnit(),
                  allocated(result),
                  ratios.toString().strip()));
        });
    return table.toString();
  }

  private static String key(RunResult result, String benchmark) {
    return benchmark + " " + parameters(result);
  }

  private static String parameters(RunResult result) {
    List<String> values = new ArrayList<>();
    for (String key : new TreeSet<>(result.getParams().getParamsKeys())) {
      values.add(key + "=" + result.getParams().getParam(key));
    }
    return String.join(", ", values);
  }

  private static double score(RunResult result) {
    return result.getPrimaryResult().getScore();
  }

  private static String allocated(RunResult result) {
    Result<?> bytes = result.getSecondaryResults().get(ALLOCATED);
    return bytes == null ? "" : String.format(Locale.ROOT, "%.1f kB", bytes.getScore() / 1024);
  }

  private static String[] baselines(String owner, String method) {
    for (Method candidate : load(owner).getMethods()) {
      Against against = candidate.getAnnotation(Against.class);
      if (candidate.getName().equals(method) && against != null) {
        return against.value();
      }
    }
    return new String[0];
  }
}
