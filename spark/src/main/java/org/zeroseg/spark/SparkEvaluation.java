package org.zeroseg.spark;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.zeroseg.core.Progress;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.Outline;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.CocoMatches;
import org.zeroseg.eval.coco.CocoProtocol;
import org.zeroseg.eval.coco.CocoScores;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import scala.Tuple2;

/**
 * Evaluates tables of predictions. Tasks count and match; what they have found is merged, and every
 * number is the same as on one machine. The driver holds the result, whose size is that of the
 * classes.
 *
 * <pre>{@code
 * CocoGroundTruth truth = CocoGroundTruth.read(Path.of("instances_val2017.json"));
 * SparkEvaluation.Outcome<CocoScores> outcome =
 *     SparkEvaluation.instances(
 *         CocoProtocol.coco(), truth.categories(), SparkEvaluation.truth(spark, truth), segments);
 * System.out.println(outcome.result() + "\n" + outcome.broken() + " pictures were not read");
 * }</pre>
 */
public final class SparkEvaluation {

  private static final StructType ANNOTATION =
      new StructType()
          .add("id", DataTypes.LongType, false)
          .add("category_id", DataTypes.LongType, false)
          .add("crowd", DataTypes.BooleanType, false)
          .add("area", DataTypes.DoubleType, false)
          .add("box", SparkSegment.BOX)
          .add("counts", DataTypes.StringType);

  private static final StructType TRUTH =
      new StructType()
          .add("name", DataTypes.StringType, false)
          .add("image_id", DataTypes.LongType, false)
          .add("width", DataTypes.IntegerType, false)
          .add("height", DataTypes.IntegerType, false)
          .add("annotations", DataTypes.createArrayType(ANNOTATION, false), false);

  private static final int MOST_REASONS = 20;
  private static final int IMAGES_AT_ONCE = 256;

  /** In place of a category: the pictures that were counted. */
  private static final int PICTURES = -1;

  private SparkEvaluation() {}

  /**
   * What an evaluation ends with.
   *
   * @param <R> of what kind
   * @param result the numbers
   * @param pictures how many were evaluated
   * @param broken how many had no prediction, or one that could not be compared
   * @param reasons why, of the first twenty of them by name
   */
  public record Outcome<R>(R result, long pictures, long broken, List<String> reasons) {

    /** Copies the list. */
    public Outcome {
      reasons = List.copyOf(reasons);
    }
  }

  /** Pictures counted by a task. */
  private record Count(long pictures, long broken, List<String> reasons) implements Serializable {

    static final Count NONE = new Count(0, 0, List.of());

    Count merge(Count other) {
      return new Count(
          pictures + other.pictures,
          broken + other.broken,
          Stream.of(reasons, other.reasons)
              .flatMap(Collection::stream)
              .sorted()
              .limit(MOST_REASONS)
              .toList());
    }

    Count good() {
      return new Count(pictures + 1, broken, reasons);
    }

    Count bad(String name, String reason) {
      return merge(new Count(0, 1, List.of(name + ": " + reason)));
    }
  }

  /**
   * Compares label maps pixel by pixel.
   *
   * @param pairs a table with {@code name}, and {@code truth} and {@code prediction}: label
   *     pictures as {@link LabelMap#readAny} takes them, each column binary (the files' bytes) or
   *     string (their paths). A null, or a prediction that cannot be compared with its truth, makes
   *     the picture a broken one, which counts for nothing
   * @param classes how many, the background included if it is one
   * @return the matrix of all pictures
   */
  public static Outcome<ConfusionMatrix> semantic(Dataset<Row> pairs, int classes) {
    for (String column : new String[] {"truth", "prediction"}) {
      SparkPictures.require(pairs, column, DataTypes.BinaryType, DataTypes.StringType);
    }
    SparkPictures.Reading reading =
        new SparkPictures.Reading(Storage.of(pairs.sparkSession()), false);
    byte[] none = Transport.bytes(new Confusions(new ConfusionMatrix(classes), Count.NONE));
    byte[] all =
        pairs
            .select("name", "truth", "prediction")
            .javaRDD()
            .mapPartitions(
                rows -> List.of(Transport.bytes(Confusions.of(rows, classes, reading))).iterator())
            .treeAggregate(none, Confusions::merge, Confusions::merge, 2);
    Confusions found = Transport.value(all, Confusions.class);
    Count count = found.count();
    return new Outcome<>(found.matrix(), count.pictures(), count.broken(), count.reasons());
  }

  /** What a task counts. */
  private record Confusions(ConfusionMatrix matrix, Count count) implements Serializable {

    static Confusions of(Iterator<Row> rows, int classes, SparkPictures.Reading reading) {
      ConfusionMatrix matrix = new ConfusionMatrix(classes);
      Count count = Count.NONE;
      while (rows.hasNext()) {
        Row row = rows.next();
        String name = String.valueOf(row.get(0));
        try {
          LabelMap truth = labels(reading, row.get(1), "the truth of " + name);
          LabelMap prediction = labels(reading, row.get(2), "the prediction of " + name);
          matrix.add(truth, prediction, name);
          count = count.good();
        } catch (IOException | IllegalArgumentException | InvalidDataException e) {
          count = count.bad(name, PictureBatches.reason(e));
        }
      }
      return new Confusions(matrix, count);
    }

    private static LabelMap labels(SparkPictures.Reading reading, Object place, String name)
        throws IOException {
      return LabelMap.ofAny(reading.picture(place, name), name);
    }

    static byte[] merge(byte[] one, byte[] other) {
      Confusions sum = Transport.value(one, Confusions.class);
      Confusions more = Transport.value(other, Confusions.class);
      sum.matrix.merge(more.matrix);
      return Transport.bytes(new Confusions(sum.matrix, sum.count.merge(more.count)));
    }
  }

  /**
   * The ground truth of a file, as a table. Larger ones, which the driver should not hold, are made
   * into such a table by other means.
   *
   * @param spark the session
   * @param truth as it was read
   * @return one row an image: {@code name} (its file's), {@code image_id} long, {@code width} and
   *     {@code height} int, and {@code annotations}, in the order of the file, each with {@code id}
   *     and {@code category_id} long, {@code crowd} boolean, {@code area} double, {@code box} and
   *     {@code counts} (COCO's compressed run lengths), either of which may be null
   * @throws IllegalArgumentException if an image has no file name or, with masks, no size
   */
  public static Dataset<Row> truth(SparkSession spark, CocoGroundTruth truth) {
    List<Row> rows = new ArrayList<>();
    for (CocoGroundTruth.Image image : truth.images()) {
      if (image.fileName().isEmpty()) {
        throw new IllegalArgumentException(
            truth.source() + ": image " + image.id() + " has no file_name to be found by");
      }
      Object[] annotations =
          truth.annotations(image.id()).stream()
              .map(instance -> annotation(truth, image, instance))
              .toArray();
      rows.add(
          RowFactory.create(
              image.fileName(), image.id(), image.width(), image.height(), annotations));
    }
    return spark.createDataFrame(rows, TRUTH);
  }

  private static Row annotation(
      CocoGroundTruth truth, CocoGroundTruth.Image image, Instance instance) {
    boolean hasMask = !(instance.outline() instanceof Outline.Missing);
    return RowFactory.create(
        instance.id(),
        truth.categories().get(instance.category()).id(),
        instance.crowd(),
        instance.area(),
        instance.box().map(SparkSegment::row).orElse(null),
        hasMask ? instance.outline().rle(image.width(), image.height()).text() : null);
  }

  /**
   * Evaluates segments as instances, by COCO's protocol.
   *
   * @param protocol what is measured
   * @param categories of the set, in its order; the segments' label k is the k-th of them
   * @param truth a table as {@link #truth} makes it
   * @param found a table as {@link SparkSegment} makes it, its names those of the truth. A picture
   *     that it does not have, or has with an error, is a broken one, evaluated as one in which
   *     nothing was found
   * @return the scores of all images
   */
  public static Outcome<CocoScores> instances(
      CocoProtocol protocol, List<Category> categories, Dataset<Row> truth, Dataset<Row> found) {
    Matching matching = new Matching(protocol, List.copyOf(categories));
    Dataset<Row> images =
        truth
            .select("name", "image_id", "width", "height", "annotations")
            .join(
                found.select(
                    functions.col("name"),
                    functions.col("segments"),
                    functions.col("error"),
                    functions.lit(true).as("is_found")),
                new String[] {"name"},
                "full_outer");
    JavaPairRDD<Integer, byte[]> parts = images.javaRDD().mapPartitionsToPair(matching::match);
    List<Tuple2<Integer, byte[]>> results =
        parts.groupByKey().mapToPair(part -> new Tuple2<>(part._1(), join(part))).collect();
    Count count = Count.NONE;
    CocoScores scores = new CocoEvaluator(protocol).match(matching.none()).scores();
    for (Tuple2<Integer, byte[]> part : results) {
      if (part._1() == PICTURES) {
        count = Transport.value(part._2(), Count.class);
      } else {
        scores = scores.merge(Transport.value(part._2(), CocoScores.class));
      }
    }
    return new Outcome<>(scores, count.pictures(), count.broken(), count.reasons());
  }

  /** The scores of a category, or the number of pictures. */
  private static byte[] join(Tuple2<Integer, Iterable<byte[]>> part) {
    if (part._1() == PICTURES) {
      Count count = Count.NONE;
      for (byte[] bytes : part._2()) {
        count = count.merge(Transport.value(bytes, Count.class));
      }
      return Transport.bytes(count);
    }
    List<CocoMatches> matches = new ArrayList<>();
    part._2().forEach(bytes -> matches.add(Transport.value(bytes, CocoMatches.class)));
    return Transport.bytes(CocoMatches.merge(matches).scores());
  }

  /** Matches images with what was found in them. */
  private record Matching(CocoProtocol protocol, List<Category> categories)
      implements Serializable {

    /** A set without images. */
    CocoDetections none() {
      return CocoDetections.builder(builder().build()).build();
    }

    private CocoGroundTruth.Builder builder() {
      CocoGroundTruth.Builder builder = CocoGroundTruth.builder();
      categories.forEach(category -> builder.category(category.id(), category.name()));
      return builder;
    }

    Iterator<Tuple2<Integer, byte[]>> match(Iterator<Row> rows) {
      CocoEvaluator evaluator = new CocoEvaluator(protocol, 1, Progress.SILENT);
      List<CocoMatches> matches = new ArrayList<>();
      Count count = Count.NONE;
      List<Row> some = new ArrayList<>();
      while (rows.hasNext()) {
        Row row = rows.next();
        some.add(row);
        if (row.isNullAt(row.fieldIndex("image_id"))) {
          throw new IllegalArgumentException(
              "the picture " + row.getAs("name") + " is not in the ground truth");
        }
        if (row.getAs("is_found") == null) {
          count = count.bad(row.getAs("name"), "it was not segmented");
        } else if (row.getAs("error") != null) {
          count = count.bad(row.getAs("name"), row.getAs("error"));
        } else {
          count = count.good();
        }
        if (some.size() == IMAGES_AT_ONCE || !rows.hasNext()) {
          matches.add(evaluator.match(detections(some)));
          some.clear();
        }
      }
      List<Tuple2<Integer, byte[]>> parts = new ArrayList<>();
      parts.add(new Tuple2<>(PICTURES, Transport.bytes(count)));
      if (!matches.isEmpty()) {
        List<CocoMatches> own = CocoMatches.merge(matches).byCategory();
        IntStream.range(0, own.size())
            .forEach(
                category -> parts.add(new Tuple2<>(category, Transport.bytes(own.get(category)))));
      }
      return parts.iterator();
    }

    private CocoDetections detections(List<Row> rows) {
      CocoGroundTruth.Builder builder = builder();
      for (Row row : rows) {
        long image = row.getAs("image_id");
        int width = row.getAs("width");
        int height = row.getAs("height");
        builder.image(image, width, height);
        for (Row annotation : row.<Row>getList(row.fieldIndex("annotations"))) {
          builder.annotation(
              image, annotation.getAs("category_id"), instance(annotation, width, height));
        }
      }
      CocoDetections.Builder detections = CocoDetections.builder(builder.build());
      for (Row row : rows) {
        if (row.getAs("segments") != null) {
          for (Row segment : row.<Row>getList(row.fieldIndex("segments"))) {
            int label = segment.getAs("label");
            detections.add(
                row.getAs("image_id"),
                categories.get(label - 1).id(),
                segment.getAs("score"),
                Rle.parse(row.getAs("width"), row.getAs("height"), segment.getAs("counts")));
          }
        }
      }
      return detections.build();
    }

    private static Instance instance(Row annotation, int width, int height) {
      Row box = annotation.getAs("box");
      String counts = annotation.getAs("counts");
      return new Instance(
          annotation.getAs("id"),
          0,
          0,
          annotation.getAs("crowd"),
          false,
          0,
          annotation.getAs("area"),
          Optional.ofNullable(box)
              .map(b -> new Box(b.getDouble(0), b.getDouble(1), b.getDouble(2), b.getDouble(3))),
          counts == null
              ? new Outline.Missing("is missing")
              : new Outline.Runs(Rle.parse(width, height, counts)));
    }
  }
}
