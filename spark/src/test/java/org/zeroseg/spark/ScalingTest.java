package org.zeroseg.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.CocoProtocol;
import org.zeroseg.eval.coco.CocoScores;

/**
 * All jobs on more pictures, on one core and on two, compared with one machine. Prints for each:
 * pictures, seconds, pictures a second, seconds of cores, pictures a second of a core. {@code
 * -Dzeroseg.pictures=FOLDER} takes the pictures of a folder in place of generated ones.
 */
@Tag("slow")
class ScalingTest {

  private static final Vocabulary WORDS =
      Vocabulary.of("blue circle", "red star", "striped ring").withBackground("paper", "sand");

  @TempDir Path folder;

  private interface Work<T> {
    T run() throws IOException;
  }

  @BeforeAll
  static void oneThreadACall() {
    System.setProperty("ai.djl.pytorch.num_threads", "1");
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
  }

  private static <T> T timed(String what, int pictures, Work<T> work) throws IOException {
    OperatingSystemMXBean process =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long busy = process.getProcessCpuTime();
    long start = System.nanoTime();
    T result = work.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    double coreSeconds = (process.getProcessCpuTime() - busy) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "| %s | %d | %.1f | %.1f | %.1f | %.1f |%n",
        what,
        pictures,
        seconds,
        pictures / seconds,
        coreSeconds,
        pictures / coreSeconds);
    return result;
  }

  @Test
  void twoThousandScenesByTheDemoModel() throws IOException {
    String given = System.getProperty("zeroseg.pictures");
    Path root = given == null ? folder.resolve("pictures") : Path.of(given);
    if (given == null) {
      Scenes.write(root, 2000);
    }
    String demo = DemoModels.CLIP;
    compare(
        root,
        200,
        SharedModel.of(() -> Clip.load(Path.of(demo))),
        SharedModel.of(() -> DemoModels.maskClip(demo)));
  }

  @Test
  void fiftyPicturesByANetworkOfFullSize() throws IOException {
    Path root = folder.resolve("pictures");
    Scenes.write(root, 50);
    compare(
        root,
        5,
        SharedModel.of(DemoModels::fullSize),
        SharedModel.of(
            () ->
                MaskClip.builder()
                    .model(DemoModels.fullSize())
                    .inputWithin(224, 1024)
                    .batch(1)
                    .build()));
  }

  @Test
  void searchesOfOneAndOfAThousandWords() throws IOException {
    int rows = 50_000;
    float[][] vectors = new float[rows][768];
    SplittableRandom random = new SplittableRandom(1);
    for (float[] vector : vectors) {
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) random.nextDouble(-1, 1);
      }
    }
    float[][] units = Arrays.stream(vectors).map(TextEmbeddings::unit).toArray(float[][]::new);
    List<String> names = IntStream.range(0, rows).mapToObj(Integer::toString).toList();
    ImageIndex index = ImageIndex.of(names, units);
    assertEquals(0, index.search(units[0], 1).get(0).row());
    timed("search, 1 word", rows, () -> index.search(units[1], 500));
    float[][] words = Arrays.copyOf(units, 1000);
    timed("search, 1,000 words", rows, () -> index.search(words, 500));
  }

  private void compare(
      Path root, int inAPartition, SharedModel<Clip> clip, SharedModel<Segmenter> segmenter)
      throws IOException {
    IndexBuilder builder =
        IndexBuilder.of(clip.get().imageEncoder("model")).withBatchSize(1).withWorkers(1);
    builder.build(folder.resolve("warm"), root, List.of());
    Segmenter one = segmenter.get();
    ImageIndex index = builder.build(folder.resolve("once"), root).index(); // reads files once
    int pictures = index.size();
    List<String> names = IntStream.range(0, pictures).mapToObj(index::name).toList();
    timed("one machine, index", pictures, () -> builder.build(folder.resolve("one"), root));
    Map<String, Segmentation> segmented = new TreeMap<>();
    timed(
        "one machine, segmentation",
        pictures,
        () -> {
          for (String name : names) {
            segmented.put(name, one.segment(root.resolve(name), WORDS));
          }
          return segmented;
        });
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    masks.make(new Colours(), root, names, 1, Progress.SILENT);
    CocoGroundTruth truth = NearTruth.of(folder, names, segmented, WORDS);
    CocoDetections.Builder detections = CocoDetections.builder(truth);
    for (CocoGroundTruth.Image image : truth.images()) {
      for (Segment segment : segmented.get(image.fileName()).segments()) {
        long category = truth.categories().get(segment.label() - 1).id();
        detections.add(image.id(), category, segment.score(), segment.mask().rle());
      }
    }
    CocoScores scores = new CocoEvaluator(CocoProtocol.coco()).evaluate(detections.build());
    for (int cores = 1; cores <= 2; cores++) {
      SparkSession spark =
          SparkSession.builder()
              .master("local[" + cores + "]")
              .config("spark.ui.enabled", false)
              .config("spark.sql.shuffle.partitions", 2)
              .getOrCreate();
      Dataset<Row> table = SparkPictures.folder(spark, root.toString(), inAPartition);
      SparkIndex<Clip> job =
          SparkIndex.of(clip, model -> model.imageEncoder("model")).withBatchSize(1);
      String on = "Spark, %d core%s, ".formatted(cores, cores == 1 ? "" : "s");
      Path out = folder.resolve("index" + cores);
      timed(on + "index", pictures, () -> job.build(table, out.toString()));
      ImageIndex found = SparkIndex.open(out);
      for (int row = 0; row < pictures; row++) {
        assertEquals(names.get(row), found.name(row));
        assertArrayEquals(index.embedding(row), found.embedding(row));
      }
      float[][] queries = {index.embedding(0), index.embedding(pictures / 2)};
      assertEquals(
          index.search(queries, 40), SparkArchives.search(spark, out.toString(), queries, 40));
      Path made = folder.resolve("masks" + cores);
      SparkPseudoMasks.export(
          SparkPseudoMasks.of(SharedModel.of(Colours::new)).masks(table), made.toString());
      for (String name : names) {
        assertArrayEquals(
            Files.readAllBytes(masks.folder().resolve(name + ".json")),
            Files.readAllBytes(made.resolve(name + ".json")));
      }
      String segments = folder.resolve("segments" + cores).toString();
      timed(
          on + "segmentation to Parquet",
          pictures,
          () -> {
            SparkSegment.of(segmenter, WORDS).segment(table).write().parquet(segments);
            return segments;
          });
      Dataset<Row> rows = spark.read().parquet(segments);
      for (Row row : rows.collectAsList()) {
        assertArrayEquals(
            segmented.get(row.<String>getAs("name")).toLabelPng(), row.<byte[]>getAs("labels"));
      }
      assertEquals(
          NearTruth.numbers(scores),
          NearTruth.numbers(
              SparkEvaluation.instances(
                      CocoProtocol.coco(),
                      truth.categories(),
                      SparkEvaluation.truth(spark, truth),
                      rows)
                  .result()));
      spark.stop();
    }
  }
}
