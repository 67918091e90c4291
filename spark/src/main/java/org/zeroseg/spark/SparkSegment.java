package org.zeroseg.spark;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.mask.Box;

/**
 * Segments the pictures of a table by words. The result is a table again, to be written as Parquet:
 *
 * <table>
 * <caption>Columns</caption>
 * <tr><td>{@code name}</td><td>string</td></tr>
 * <tr><td>{@code width}, {@code height}</td><td>int</td></tr>
 * <tr><td>{@code labels}</td><td>binary, the PNG of {@link Segmentation#toLabelPng}</td></tr>
 * <tr><td>{@code segments}</td><td>array of {@code label} int, {@code name} string, {@code score}
 * double, {@code area} long (pixels), {@code box} ({@code x}, {@code y}, {@code width}, {@code
 * height} double), {@code counts} string (COCO's compressed run lengths)</td></tr>
 * <tr><td>{@code error}</td><td>string: why there is no result; null if there is one, and the
 * other columns are null if not</td></tr>
 * </table>
 *
 * <pre>{@code
 * SharedModel<Segmenter> model =
 *     SharedModel.of(() -> MaskClip.builder().model("openai/clip-vit-base-patch16").build());
 * Vocabulary words = Vocabulary.of("cat", "sofa").withCommonBackground();
 * SparkSegment.of(model, words)
 *     .segment(SparkPictures.folder(spark, "s3a://bucket/pictures"))
 *     .write()
 *     .parquet("s3a://bucket/segments");
 * }</pre>
 *
 * <p>Results are those of one machine, bit for bit if the model's batches are of 1 (see {@link
 * Segmenter#segment(List, Vocabulary)}). Segmentation happens when the table is used, and every
 * time: write it before using it twice. That tasks which are run twice write nothing twice is the
 * business of Spark's writers, which see to it.
 */
public final class SparkSegment {

  /** Of a box. */
  static final StructType BOX =
      new StructType()
          .add("x", DataTypes.DoubleType, false)
          .add("y", DataTypes.DoubleType, false)
          .add("width", DataTypes.DoubleType, false)
          .add("height", DataTypes.DoubleType, false);

  private static final StructType SEGMENT =
      new StructType()
          .add("label", DataTypes.IntegerType, false)
          .add("name", DataTypes.StringType, false)
          .add("score", DataTypes.DoubleType, false)
          .add("area", DataTypes.LongType, false)
          .add("box", BOX, false)
          .add("counts", DataTypes.StringType, false);

  private static final StructType RESULT =
      new StructType()
          .add("name", DataTypes.StringType, false)
          .add("width", DataTypes.IntegerType)
          .add("height", DataTypes.IntegerType)
          .add("labels", DataTypes.BinaryType)
          .add("segments", DataTypes.createArrayType(SEGMENT, false))
          .add("error", DataTypes.StringType);

  private final SharedModel<? extends Segmenter> model;
  private final Vocabulary vocabulary;
  private final int batchSize;
  private final boolean isUpright;

  private SparkSegment(
      SharedModel<? extends Segmenter> model,
      Vocabulary vocabulary,
      int batchSize,
      boolean isUpright) {
    this.model = model;
    this.vocabulary = vocabulary;
    this.batchSize = batchSize;
    this.isUpright = isUpright;
  }

  /**
   * A job with calls of 8 pictures, read upright.
   *
   * @param model the segmenter
   * @param vocabulary the words
   * @return the job
   */
  public static SparkSegment of(SharedModel<? extends Segmenter> model, Vocabulary vocabulary) {
    return new SparkSegment(model, vocabulary, 8, true);
  }

  /**
   * How many pictures a call of the segmenter is given. Those of one size become batches, no larger
   * than the segmenter was built for.
   *
   * @param pictures at least 1
   * @return a new job
   */
  public SparkSegment withBatchSize(int pictures) {
    return new SparkSegment(model, vocabulary, pictures, isUpright);
  }

  /**
   * Reads pictures as they are stored, as data sets are, in place of upright.
   *
   * @return a new job
   */
  public SparkSegment asStored() {
    return new SparkSegment(model, vocabulary, batchSize, false);
  }

  /**
   * Segments the pictures of a table.
   *
   * @param pictures see {@link SparkPictures}
   * @return one row a picture, in their order
   */
  public Dataset<Row> segment(Dataset<Row> pictures) {
    SparkPictures.Reading reading =
        new SparkPictures.Reading(Storage.of(pictures.sparkSession()), isUpright);
    Task task = new Task(model, Words.of(vocabulary), batchSize, reading);
    return SparkPictures.places(pictures).mapPartitions(task, Encoders.row(RESULT));
  }

  /** A vocabulary on its way to the executors. */
  private record Words(List<List<String>> categories, List<String> background, Double threshold)
      implements Serializable {

    static Words of(Vocabulary vocabulary) {
      return new Words(
          vocabulary.categories().stream().map(Vocabulary.Category::words).toList(),
          vocabulary.backgroundWords(),
          vocabulary.backgroundThreshold().isPresent()
              ? (Double) vocabulary.backgroundThreshold().getAsDouble()
              : null);
    }

    Vocabulary vocabulary() {
      Vocabulary words =
          Vocabulary.of(
                  categories.stream()
                      .map(own -> new Vocabulary.Category(own.get(0), own.subList(1, own.size())))
                      .toList())
              .withBackground(background.toArray(String[]::new));
      return threshold == null ? words : words.withBackgroundThreshold(threshold);
    }
  }

  /** What an executor does with a partition. */
  private record Task(
      SharedModel<? extends Segmenter> model,
      Words words,
      int batchSize,
      SparkPictures.Reading reading)
      implements MapPartitionsFunction<Row, Row>, PictureBatches.Rows<Segmentation> {

    @Override
    public Iterator<Row> call(Iterator<Row> rows) throws Exception {
      Segmenter segmenter = model.get();
      Vocabulary vocabulary = words.vocabulary();
      return new PictureBatches<>(
          reading.sources(rows),
          batchSize,
          pictures -> segmenter.segment(pictures, vocabulary),
          this);
    }

    @Override
    public Row of(String name, Segmentation found) {
      return RowFactory.create(
          name,
          found.width(),
          found.height(),
          found.toLabelPng(),
          found.segments().stream().map(Task::row).toArray(),
          null);
    }

    private static Row row(Segment segment) {
      return RowFactory.create(
          segment.label(),
          segment.name(),
          segment.score(),
          (long) segment.mask().area(),
          SparkSegment.row(segment.box()),
          segment.mask().rle().text());
    }

    @Override
    public Row broken(String name, String reason) {
      return RowFactory.create(name, null, null, null, null, reason);
    }
  }

  static Row row(Box box) {
    return RowFactory.create(box.x(), box.y(), box.width(), box.height());
  }
}
