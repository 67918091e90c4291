package org.zeroseg.spark;

import java.nio.file.Path;
import java.util.Iterator;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.supervision.SaliencyDetector;

/**
 * Makes pseudo-masks of pictures, such as those of archives. The result is a table, to be written
 * as Parquet:
 *
 * <table>
 * <caption>Columns</caption>
 * <tr><td>{@code name}</td><td>string</td></tr>
 * <tr><td>{@code width}, {@code height}</td><td>int</td></tr>
 * <tr><td>{@code counts}</td><td>string, COCO's compressed run lengths</td></tr>
 * <tr><td>{@code objectness}</td><td>double, from 0 to 1</td></tr>
 * <tr><td>{@code error}</td><td>string: why there is no mask; null if there is one, and the other
 * columns are null if not</td></tr>
 * </table>
 *
 * <pre>{@code
 * SparkPseudoMasks.of(detector) // such as SharedModel.of(() -> SelfMask.builder()...build())
 *     .masks(pictures)
 *     .write()
 *     .parquet("s3a://bucket/masks");
 * Dataset<Row> masks = spark.read().parquet("s3a://bucket/masks");
 * SparkPseudoMasks.export(masks, "/shared/masks"); // where NamedMask and ZUTIS look for them
 * }</pre>
 *
 * <p>The masks are those of {@link PseudoMasks#make}, bit for bit if batches are of 1.
 */
public final class SparkPseudoMasks {

  private static final StructType RESULT =
      new StructType()
          .add("name", DataTypes.StringType, false)
          .add("width", DataTypes.IntegerType)
          .add("height", DataTypes.IntegerType)
          .add("counts", DataTypes.StringType)
          .add("objectness", DataTypes.DoubleType)
          .add("error", DataTypes.StringType);

  private final SharedModel<? extends SaliencyDetector> detector;
  private final int batchSize;

  private SparkPseudoMasks(SharedModel<? extends SaliencyDetector> detector, int batchSize) {
    this.detector = detector;
    this.batchSize = batchSize;
  }

  /**
   * A job with batches of 8.
   *
   * @param detector finds what stands out
   * @return the job
   */
  public static SparkPseudoMasks of(SharedModel<? extends SaliencyDetector> detector) {
    return new SparkPseudoMasks(detector, 8);
  }

  /**
   * How many pictures the detector sees at once.
   *
   * @param pictures at least 1
   * @return a new job
   */
  public SparkPseudoMasks withBatchSize(int pictures) {
    return new SparkPseudoMasks(detector, pictures);
  }

  /**
   * Makes the masks when the table is used, and every time: write it before using it twice.
   *
   * @param pictures see {@link SparkPictures}
   * @return one row a picture
   */
  public Dataset<Row> masks(Dataset<Row> pictures) {
    SparkPictures.Reading reading =
        new SparkPictures.Reading(Storage.of(pictures.sparkSession()), false);
    return SparkPictures.places(pictures)
        .mapPartitions(new Task(detector, batchSize, reading), Encoders.row(RESULT));
  }

  /**
   * Writes masks as the files that {@link PseudoMasks} reads, for training on one machine. Every
   * file is there whole or not at all; a second call writes the same again.
   *
   * @param masks a table as {@link #masks} makes it; rows without a mask are passed over
   * @param folder on a file system that all machines share
   */
  public static void export(Dataset<Row> masks, String folder) {
    masks
        .select("name", "width", "height", "counts")
        .where("counts is not null")
        .foreachPartition(
            (ForeachPartitionFunction<Row>)
                rows -> {
                  PseudoMasks files = new PseudoMasks(Path.of(folder));
                  while (rows.hasNext()) {
                    Row row = rows.next();
                    Rle runs = Rle.parse(row.getInt(1), row.getInt(2), row.getString(3));
                    files.write(row.getString(0), runs.mask());
                  }
                });
  }

  /** What an executor does with a partition. */
  private record Task(
      SharedModel<? extends SaliencyDetector> detector,
      int batchSize,
      SparkPictures.Reading reading)
      implements MapPartitionsFunction<Row, Row>, PictureBatches.Rows<SaliencyDetector.Salient> {

    @Override
    public Iterator<Row> call(Iterator<Row> rows) throws Exception {
      SaliencyDetector own = detector.get();
      return new PictureBatches<SaliencyDetector.Salient>(
          reading.sources(rows), batchSize, own::detect, this);
    }

    @Override
    public Row of(String name, SaliencyDetector.Salient found) {
      return RowFactory.create(
          name,
          found.mask().width(),
          found.mask().height(),
          found.mask().rle().text(),
          found.objectness(),
          null);
    }

    @Override
    public Row broken(String name, String reason) {
      return RowFactory.create(name, null, null, null, null, reason);
    }
  }
}
