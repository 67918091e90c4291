package org.zeroseg.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * The work that other tools are compared with, measured in one sitting: one row each of the tables
 * in {@code benchmarks/README.md}, without the peers' half.
 *
 * @param area the table
 * @param work what is done
 * @param benchmark its class
 * @param method of the class
 * @param parameters of the class that are not its first ones, as {@code name=value}
 * @param parts how many units of the work the method does
 */
record Summary(
    String area, String work, String benchmark, String method, List<String> parameters, int parts) {

  private static final String CLIP = "ClipBenchmark";
  private static final String LARGE = "model=ViT-L/14@336px";

  static final List<Summary> ROWS =
      List.of(
          of("Encoders", "ViT-B/16, batch 1, float32", CLIP, "float32"),
          of("Encoders", "ViT-B/16, batch 1, bfloat16", CLIP, "bfloat16"),
          of("Encoders", "ViT-B/16, batch 1, int8", CLIP, "int8"),
          of("Encoders", "ViT-B/16, batch 1, taken by itself", CLIP, "auto"),
          of("Encoders", "ViT-B/16, batch 8, float32", CLIP, "float32", "batch=8"),
          of("Encoders", "ViT-B/16, batch 8, bfloat16", CLIP, "bfloat16", "batch=8"),
          of("Encoders", "ViT-B/16, batch 8, int8", CLIP, "int8", "batch=8"),
          of("Encoders", "ViT-L/14@336, batch 1, float32", CLIP, "float32", LARGE),
          of("Encoders", "ViT-L/14@336, batch 1, bfloat16", CLIP, "bfloat16", LARGE),
          of("Encoders", "ViT-L/14@336, batch 1, int8", CLIP, "int8", LARGE),
          of(
              "Segmentation",
              "MaskCLIP ViT-B/16, 640 x 480, float32",
              "DenseAttentionBenchmark",
              "valuePath"),
          of("Segmentation", "DeepLabv3+ ResNet-50, 384 x 512", "DeepLabBenchmark", "inference"),
          of(
              "Segmentation",
              "ZSI detector, ResNet-50, 800 x 1333",
              "ZsiBenchmark",
              "detector",
              "depth=50"),
          new Summary(
              "Training steps",
              "DeepLabv3+ ResNet-50, 2 x 384 x 384",
              "DeepLabBenchmark",
              "twoSteps",
              List.of(),
              2),
          of("Training steps", "ZSI, 2 x 320 x 480", "ZsiTrainingBenchmark", "step"),
          of(
              "Training steps",
              "ZUTIS ViT-B/16, 1 x 384 x 384",
              "ZutisTrainingBenchmark",
              "float32",
              "size=384"),
          step("CLIP of the demo's size, 128 x 64 x 64", "CLIP"),
          step("GPT-2 of the demo's size, 64 x 32 tokens", "GPT2_DEMO"),
          step("GPT-2 of 124 million parameters, 2 x 256 tokens", "GPT2"),
          step("DINO ViT-S/16, 2 pictures in 2 + 8 crops", "DINO"),
          step("SelfMask ViT-S/8, 2 x 224 x 224", "SELFMASK"),
          of("Classical", "dense CRF, 500 x 375, 2 labels", "RefineBenchmark", "crfOf2Labels"),
          of("Classical", "dense CRF, 500 x 375, 21 labels", "RefineBenchmark", "crfOf21Labels"),
          of("Classical", "Ward, 12,321 x 384, free", "ClusterBenchmark", "ward12321"),
          of(
              "Classical",
              "Ward, 12,321 x 384, on the grid",
              "ClusterBenchmark",
              "wardOfNeighbours12321"));

  private static Summary of(
      String area, String work, String benchmark, String method, String... parameters) {
    return new Summary(area, work, benchmark, method, List.of(parameters), 1);
  }

  private static Summary step(String work, String trained) {
    return of("Training steps", work, "TrainingStepBenchmark", "step", "work=" + trained);
  }

  /**
   * Measures the rows and writes them.
   *
   * @param names parts of benchmarks' names; all if there are none
   * @param file the table
   */
  static void write(List<String> names, Path file) throws RunnerException, IOException {
    Map<String, StringBuilder> tables = new LinkedHashMap<>();
    for (Summary row : ROWS) {
      if (names.isEmpty() || names.stream().anyMatch(row.benchmark()::contains)) {
        System.out.println("Measuring " + row.work() + " ...");
        tables
            .computeIfAbsent(row.area(), area -> new StringBuilder(heading(area)))
            .append(row.line(row.measure()));
      }
    }
    if (tables.isEmpty()) {
      throw new IllegalArgumentException("No row of the summary is measured by " + names);
    }
    String text = String.join("\n", tables.values());
    System.out.println(text);
    Files.writeString(file, text);
    System.out.println("Tables: " + file.toAbsolutePath());
  }

  private static String heading(String area) {
    return "## " + area + "\n\n| work | ms | date |\n| --- | --- | --- |\n";
  }

  /** Milliseconds for one unit of the work. */
  private double measure() throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("\\." + benchmark + "\\." + method + "$")
            .forks(1)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .warmupIterations(1)
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(5)
            .measurementTime(TimeValue.seconds(1));
    settings().forEach((name, value) -> options.param(name, value));
    Collection<RunResult> results = new Runner(options.build()).run();
    return results.iterator().next().getPrimaryResult().getScore() / parts;
  }

  /** Every parameter of the class: the row's, or else the first. */
  Map<String, String> settings() {
    Map<String, String> settings = RunBenchmarks.firstValues(RunBenchmarks.load(qualified()));
    for (String parameter : parameters) {
      String[] pair = parameter.split("=", 2);
      settings.put(pair[0], pair[1]);
    }
    return settings;
  }

  String qualified() {
    return Summary.class.getPackageName() + "." + benchmark;
  }

  private String line(double milliseconds) {
    return String.format(
        Locale.ROOT, "| %s | %,.1f | %s |%n", work, milliseconds, LocalDate.now(ZoneOffset.UTC));
  }
}
