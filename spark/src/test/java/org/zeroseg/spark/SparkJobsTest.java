package org.zeroseg.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.clip.retrieval.Unreadable;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.CocoProtocol;
import org.zeroseg.eval.coco.CocoScores;
import org.zeroseg.eval.run.Evaluation;
import org.zeroseg.eval.semantic.ConfusionMatrix;

/** Every job ends with what one machine ends with. */
class SparkJobsTest {

  private static final int PICTURES = 40;
  private static final String DEMO = DemoModels.CLIP;

  @TempDir static Path shared;

  private static SparkSession spark;
  private static Path root;
  private static List<String> names;

  @TempDir Path folder;

  @BeforeAll
  static void start() throws IOException {
    // Tasks fail on purpose here, and what fails otherwise is told by its test.
    System.setProperty("org.slf4j.simpleLogger.log.org.apache.spark", "off");
    root = shared.resolve("pictures");
    names = Scenes.write(root, PICTURES);
    spark =
        SparkSession.builder()
            .master("local[2,4]") // a task may fail three times
            .appName("zeroseg")
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 2)
            // Users have it, and it cannot write records.
            .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
            .config("spark.sql.warehouse.dir", shared.resolve("warehouse").toString())
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static SharedModel<Colours> colours() {
    return SharedModel.of(Colours::new);
  }

  private Path copyWithBroken() throws IOException {
    Path spoilt = folder.resolve("spoilt");
    Scenes.write(spoilt, PICTURES);
    Files.write(spoilt.resolve("n00/broken.png"), new byte[] {1, 2, 3});
    Picture.of(PixelFormat.GREY, 300, 2, new byte[600]).writePng(spoilt.resolve("n02/long.png"));
    return spoilt;
  }

  private static Dataset<Row> pictures() throws IOException {
    return SparkPictures.folder(spark, root.toString(), 9);
  }

  /** The pictures in a table, in the order of their names. */
  private static Dataset<Row> contents(List<String> order) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (String name : order) {
      rows.add(RowFactory.create(name, Files.readAllBytes(root.resolve(name))));
    }
    return spark.createDataFrame(
        rows,
        new StructType().add("name", DataTypes.StringType).add("content", DataTypes.BinaryType));
  }

  private static void assertSameIndex(ImageIndex expected, ImageIndex found) {
    assertEquals(expected.size(), found.size());
    for (int row = 0; row < expected.size(); row++) {
      assertEquals(expected.name(row), found.name(row));
      assertArrayEquals(expected.embedding(row), found.embedding(row), expected.name(row));
    }
  }

  private static Set<String> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static Map<String, Object> times(Path folder) throws IOException {
    Map<String, Object> times = new TreeMap<>();
    for (String file : files(folder)) {
      times.put(file, Files.getLastModifiedTime(folder.resolve(file)));
    }
    times.keySet().removeIf(file -> !file.contains("/"));
    return times;
  }

  @Test
  void aFolderIsATableInTheOrderOfNames() throws IOException {
    Dataset<Row> table = pictures();
    assertEquals(5, table.javaRDD().getNumPartitions());
    List<Row> rows = table.collectAsList();
    assertEquals(names, rows.stream().map(row -> row.getString(0)).toList());
    assertEquals("file:" + root.resolve(names.get(0)), rows.get(0).getString(1));
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertEquals(0, SparkPictures.folder(spark, empty.toString()).count());
    assertThrows(
        IOException.class, () -> SparkPictures.folder(spark, folder.resolve("absent").toString()));
  }

  @Test
  void tablesWithoutPicturesAreRefused() {
    Dataset<Row> numbers = spark.range(3).toDF("path");
    String out = folder.resolve("index").toString();
    IllegalArgumentException wrong =
        assertThrows(
            IllegalArgumentException.class,
            () -> SparkIndex.of(colours(), model -> model).build(numbers, out));
    assertEquals("the column path is of BIGINT, expected [STRING]", wrong.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> SparkIndex.of(colours(), model -> model).build(numbers.toDF("name"), out));
  }

  @Test
  void theIndexIsThatOfOneMachineWithAnImageTower() throws IOException {
    String demo = DEMO;
    SharedModel<Clip> model = SharedModel.of(() -> Clip.load(Path.of(demo)));
    try (Clip clip = Clip.load(Path.of(demo))) {
      ImageIndex expected =
          IndexBuilder.of(clip.imageEncoder("demo"))
              .withBatchSize(1)
              .build(folder.resolve("one"), root)
              .index();
      String out = folder.resolve("parts").toString();
      SparkIndex.Outcome outcome =
          SparkIndex.of(model, own -> own.imageEncoder("demo"))
              .withBatchSize(1)
              .build(pictures(), out);
      assertEquals(new SparkIndex.Outcome(PICTURES, 0), outcome);
      assertSameIndex(expected, SparkIndex.open(Path.of(out)));
      float[][] words = clip.encode(List.of("a red circle", "a blue circle", "a star"));
      assertEquals(expected.search(words, 11), SparkArchives.search(spark, out, words, 11));
      assertEquals(
          expected.archives(List.of("a", "b", "c"), words, 5),
          SparkArchives.archives(spark, out, List.of("a", "b", "c"), words, 5));
    }
  }

  @Test
  void equalScoresComeInTheOrderOfOneMachine() throws IOException {
    ImageIndex expected = IndexBuilder.of(new Colours()).build(folder.resolve("one"), root).index();
    String out = folder.resolve("parts").toString();
    SparkIndex.of(colours(), model -> model)
        .build(SparkPictures.folder(spark, root.toString(), 3), out);
    float[][] queries = new float[3][12];
    queries[0][2] = 1;
    queries[1][5] = -1;
    for (int k : new int[] {0, 1, 7, 1000}) { // the last query ties with all
      assertEquals(expected.search(queries, k), SparkArchives.search(spark, out, queries, k));
    }
    assertEquals(
        expected.search(queries, 4),
        SparkArchives.search(spark, folder.resolve("one").toString(), queries, 4));
    Dataset<Row> table = SparkArchives.matches(spark, out, queries, 4).orderBy("query", "rank");
    assertEquals(
        expected.search(queries, 4).stream()
            .flatMap(List::stream)
            .map(match -> match.name() + " " + match.score())
            .toList(),
        table.collectAsList().stream()
            .map(row -> row.<String>getAs("name") + " " + row.<Float>getAs("score"))
            .toList());
  }

  @Test
  void brokenPicturesAreListedAndFinishedPartsAreKept() throws IOException {
    Path spoilt = copyWithBroken();
    IndexBuilder.Outcome expected =
        IndexBuilder.of(new Colours()).build(folder.resolve("one"), spoilt);
    String out = folder.resolve("parts").toString();
    SparkIndex<Colours> job = SparkIndex.of(colours(), model -> model);
    Dataset<Row> table = SparkPictures.folder(spark, spoilt.toString(), 10);
    assertEquals(new SparkIndex.Outcome(PICTURES, 2), job.build(table, out));
    assertSameIndex(expected.index(), SparkIndex.open(Path.of(out)));
    assertEquals(
        expected.unreadable(),
        SparkIndex.unreadable(spark, out).collectAsList().stream()
            .map(row -> new Unreadable(row.getString(0), row.getString(1)))
            .toList());
    Map<String, Object> before = times(Path.of(out));
    Files.createDirectories(Path.of(out).resolve(".part-00001.killed"));
    Files.createDirectories(Path.of(out).resolve("part-00077"));
    Files.delete(Path.of(out).resolve("parts.tsv"));
    assertThrows(NoSuchFileException.class, () -> SparkIndex.open(Path.of(out)));
    job.build(table, out);
    assertEquals(before, times(Path.of(out)));
    assertFalse(Files.exists(Path.of(out).resolve("part-00077")));
    assertFalse(Files.exists(Path.of(out).resolve(".part-00001.killed")));
    job.storing(DataType.FLOAT32).build(table, out); // other numbers: nothing is kept
    assertTrue(times(Path.of(out)).values().stream().noneMatch(before::containsValue));
  }

  @Test
  void contentsInATableMakeTheSameIndex() throws IOException {
    Path one = folder.resolve("one");
    ImageIndex expected =
        IndexBuilder.of(new Colours()).withBatchSize(1).build(one, root, names).index();
    Path out = folder.resolve("parts");
    SparkIndex.of(colours(), model -> model).build(contents(names).coalesce(2), out.toString());
    assertSameIndex(expected, SparkIndex.open(out));
    Dataset<Row> binary =
        spark.read().format("binaryFile").option("recursiveFileLookup", true).load(root.toString());
    assertEquals(
        new SparkIndex.Outcome(PICTURES, 1), // the page of text
        SparkIndex.of(colours(), model -> model).build(binary, out.toString()));
  }

  /** Fails in the middle of a part, at the first try. */
  private static final class Failing implements AutoCloseable {

    ImageEncoder encoder() {
      Colours colours = new Colours();
      return new ImageEncoder() {
        private int batches;

        @Override
        public String model() {
          return colours.model();
        }

        @Override
        public int dimension() {
          return colours.dimension();
        }

        @Override
        public Picture prepare(Picture picture) {
          return colours.prepare(picture);
        }

        @Override
        public float[][] embed(List<Picture> prepared) {
          if (TaskContext.get().attemptNumber() < 2 && ++batches == 2) {
            throw new IllegalStateException("the machine failed");
          }
          return colours.embed(prepared);
        }
      };
    }

    @Override
    public void close() {
      // holds nothing
    }
  }

  @Test
  void tasksThatFailAndAreTriedAgainChangeNothing() throws IOException {
    Path calm = folder.resolve("calm");
    SparkIndex.of(colours(), model -> model).withBatchSize(2).build(pictures(), calm.toString());
    Path out = folder.resolve("parts");
    SharedModel<Failing> failing = SharedModel.of(Failing::new);
    SparkIndex.of(failing, Failing::encoder).withBatchSize(2).build(pictures(), out.toString());
    assertEquals(files(calm), files(out));
    for (String file : files(calm)) {
      assertArrayEquals(
          Files.readAllBytes(calm.resolve(file)), Files.readAllBytes(out.resolve(file)), file);
    }
  }

  @Test
  void whoComesSecondWithTheSamePartLeavesTheFirst() throws IOException {
    Storage storage = Storage.of(spark);
    String place = folder.resolve("part-00000").toString();
    for (String text : new String[] {"first", "same", "other"}) {
      storage.makeFolder(
          place,
          present -> text.equals("same") && Files.exists(present.resolve("text")),
          part -> {
            Files.writeString(part.resolve("text"), text);
            return null;
          });
      assertEquals(
          text.equals("same") ? "first" : text,
          Files.readString(folder.resolve("part-00000/text")));
    }
    assertEquals(Set.of("part-00000/text"), files(folder));
  }

  @Test
  void anExecutorLoadsAModelOnce() throws IOException {
    int before = Colours.LOADED.get();
    SharedModel<Colours> model = colours();
    SparkPseudoMasks masks = SparkPseudoMasks.of(model);
    Dataset<Row> table = SparkPictures.folder(spark, root.toString(), 2);
    assertEquals(20, table.javaRDD().getNumPartitions());
    assertEquals(PICTURES, masks.masks(table).count());
    SparkIndex.of(model, own -> own).build(table, folder.resolve("index").toString());
    assertEquals(before + 1, Colours.LOADED.get());
    assertNotNull(System.getProperty("ai.djl.pytorch.num_interop_threads"));
  }

  @Test
  void pseudoMasksAreThoseOfOneMachine() throws IOException {
    Path spoilt = copyWithBroken();
    PseudoMasks expected = new PseudoMasks(folder.resolve("one"));
    expected.make(new Colours(), root, names, 1, Progress.SILENT);
    String table = folder.resolve("table").toString();
    SparkPseudoMasks.of(colours())
        .masks(SparkPictures.folder(spark, spoilt.toString(), 8))
        .write()
        .parquet(table);
    Dataset<Row> masks = spark.read().parquet(table);
    Path out = folder.resolve("masks");
    SparkPseudoMasks.export(masks, out.toString());
    assertEquals(files(expected.folder()), files(out));
    for (String file : files(out)) {
      assertArrayEquals(
          Files.readAllBytes(expected.folder().resolve(file)),
          Files.readAllBytes(out.resolve(file)));
    }
    List<Row> broken = masks.where("error is not null").orderBy("name").collectAsList();
    assertEquals(2, broken.size());
    assertTrue(broken.get(0).<String>getAs("error").contains("broken.png"), broken::toString);
    assertEquals("too long", broken.get(1).getAs("error"));
    assertEquals(PICTURES + 2, masks.count());
  }

  private static SharedModel<Segmenter> segmenter() {
    String demo = DEMO;
    return SharedModel.of(() -> DemoModels.maskClip(demo));
  }

  private static final Vocabulary WORDS =
      Vocabulary.of("blue circle", "red star", "striped ring").withBackground("paper", "sand");

  @Test
  void wordsThatTheModelRefusesAreNotThePicturesFault() throws IOException {
    String demo = DEMO;
    SharedModel<Segmenter> model =
        SharedModel.of(() -> MaskClip.builder().model(Path.of(demo)).build());
    Vocabulary words = Vocabulary.of("star ".repeat(100).strip());
    Dataset<Row> found = SparkSegment.of(model, words).segment(pictures().limit(3));
    Exception refusal = assertThrows(Exception.class, found::collectAsList);
    assertTrue(refusal.toString().contains("tokens"), refusal::toString);
  }

  @Test
  void segmentsAreThoseOfOneMachine() throws IOException {
    Path spoilt = folder.resolve("spoilt");
    List<String> all = new ArrayList<>(Scenes.write(spoilt, 12));
    Files.write(spoilt.resolve("n00/broken.png"), new byte[] {1, 2, 3});
    String table = folder.resolve("table").toString();
    SparkSegment.of(segmenter(), WORDS)
        .segment(SparkPictures.folder(spark, spoilt.toString(), 4))
        .write()
        .parquet(table);
    Map<String, Row> rows = new TreeMap<>();
    spark.read().parquet(table).collectAsList().forEach(row -> rows.put(row.getAs("name"), row));
    Row broken = rows.remove("n00/broken.png");
    assertTrue(broken.<String>getAs("error").contains("broken.png"), broken::toString);
    assertTrue(broken.isNullAt(broken.fieldIndex("labels")));
    assertEquals(all, List.copyOf(rows.keySet()));
    try (Segmenter one = DemoModels.maskClip(DEMO)) {
      for (String name : all) {
        Segmentation expected = one.segment(spoilt.resolve(name), WORDS);
        Path png = folder.resolve("labels.png");
        expected.writeLabels(png);
        Row row = rows.get(name);
        assertArrayEquals(Files.readAllBytes(png), row.<byte[]>getAs("labels"), name);
        List<Row> segments = row.getList(row.fieldIndex("segments"));
        assertEquals(expected.segments().size(), segments.size());
        for (int i = 0; i < segments.size(); i++) {
          Segment segment = expected.segments().get(i);
          Row found = segments.get(i);
          assertEquals(segment.name(), found.getAs("name"));
          assertEquals(segment.label(), found.<Integer>getAs("label"));
          assertEquals(segment.score(), found.<Double>getAs("score"));
          assertEquals(segment.mask().area(), found.<Long>getAs("area"));
          assertEquals(segment.box().width(), found.<Row>getAs("box").<Double>getAs("width"));
          assertEquals(segment.mask().rle().text(), found.getAs("counts"));
        }
      }
    }
  }

  @Test
  void scoresAreThoseOfOneMachine() throws IOException {
    try (Segmenter one = DemoModels.maskClip(DEMO)) {
      Map<String, Segmentation> segmented = new TreeMap<>();
      for (String name : names) {
        segmented.put(name, one.segment(root.resolve(name), WORDS));
      }
      CocoGroundTruth truth = NearTruth.of(folder, names, segmented, WORDS);
      CocoDetections detections =
          new Evaluation(1, 0, Progress.SILENT).detect(one, truth, truth.categories(), root, WORDS);
      Dataset<Row> found =
          SparkSegment.of(segmenter(), WORDS).asStored().segment(pictures()).cache();
      for (CocoProtocol protocol :
          List.of(
              CocoProtocol.coco(),
              CocoProtocol.coco().useCategories(false),
              CocoProtocol.coco().categories(List.of(10L, 30L)).images(List.of(10_000L, 9_990L)))) {
        CocoScores expected = new CocoEvaluator(protocol).evaluate(detections);
        SparkEvaluation.Outcome<CocoScores> outcome =
            SparkEvaluation.instances(
                protocol, truth.categories(), SparkEvaluation.truth(spark, truth), found);
        assertEquals(NearTruth.numbers(expected), NearTruth.numbers(outcome.result()));
        assertEquals(expected.summary(), outcome.result().summary());
        assertEquals(PICTURES, outcome.pictures());
        assertEquals(List.of(), outcome.reasons());
      }
      assertTrue(
          new CocoEvaluator(CocoProtocol.coco()).evaluate(detections).summary().get("AP") > 0);
      SparkEvaluation.Outcome<CocoScores> some =
          SparkEvaluation.instances(
              CocoProtocol.coco(),
              truth.categories(),
              SparkEvaluation.truth(spark, truth),
              found.where("name <> 'n00/scene 0.png'"));
      assertEquals(PICTURES - 1, some.pictures());
      assertEquals(List.of("n00/scene 0.png: it was not segmented"), some.reasons());
      found.unpersist();
    }
  }

  @Test
  void confusionsAreThoseOfOneMachine() throws IOException {
    ConfusionMatrix expected = new ConfusionMatrix(4);
    List<Row> truths = new ArrayList<>();
    try (Segmenter one = DemoModels.maskClip(DEMO)) {
      for (int i = 0; i < PICTURES; i++) {
        String name = names.get(i);
        LabelMap predicted = LabelMap.of(one.segment(root.resolve(name), WORDS));
        int shift = i % 4;
        LabelMap truth = predicted.map(label -> (label + shift) % 4 == 3 ? 255 : label);
        Path png = folder.resolve("truth").resolve(i + ".png");
        truth.write(png, false);
        truths.add(RowFactory.create(name, png.toString()));
        expected.add(truth, predicted, name);
      }
    }
    truths.add(RowFactory.create("absent", folder.resolve("absent.png").toString()));
    Dataset<Row> found = SparkSegment.of(segmenter(), WORDS).segment(pictures());
    Dataset<Row> pairs =
        spark
            .createDataFrame(
                truths,
                new StructType()
                    .add("name", DataTypes.StringType)
                    .add("truth", DataTypes.StringType))
            .join(found.withColumnRenamed("labels", "prediction"), new String[] {"name"}, "left");
    SparkEvaluation.Outcome<ConfusionMatrix> outcome = SparkEvaluation.semantic(pairs, 4);
    for (int truth = 0; truth < 4; truth++) {
      for (int prediction = 0; prediction < 4; prediction++) {
        assertEquals(expected.count(truth, prediction), outcome.result().count(truth, prediction));
      }
    }
    assertEquals(expected.meanIou(), outcome.result().meanIou());
    assertEquals(PICTURES, outcome.pictures());
    assertEquals(1, outcome.broken());
    assertTrue(outcome.reasons().get(0).startsWith("absent: "), outcome.reasons()::toString);
  }
}
