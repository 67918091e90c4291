package org.zeroseg.spark;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;

/**
 * Embeds pictures into an index in parts: one folder a partition of the table, each an index as
 * {@link IndexBuilder} makes it, and {@code parts.tsv}, which lists them in order and is written
 * last. The rows are those of one machine's index of the same pictures in the same order, bit for
 * bit if the encoder's results do not depend on what else is in a batch (with batches of 1 they
 * cannot).
 *
 * <pre>{@code
 * String id = "openai/clip-vit-base-patch16";
 * SharedModel<Clip> clip = SharedModel.of(() -> Clip.load(id));
 * Dataset<Row> pictures = SparkPictures.folder(spark, "s3a://bucket/pictures");
 * SparkIndex.Outcome built =
 *     SparkIndex.of(clip, model -> model.imageEncoder(id)).build(pictures, "s3a://bucket/index");
 * SparkIndex.unreadable(spark, "s3a://bucket/index").show();
 * }</pre>
 *
 * <p>A part is written aside and moved to its place when it is whole, so that tasks that are tried
 * again, or run twice, write nothing twice. A build that was stopped is called again: parts that
 * are there, of the same pictures by the same encoder, are kept (of a table with contents, which
 * cannot be read twice, they are made again). Pictures that cannot be read stop nothing.
 *
 * @param <M> the model
 */
public final class SparkIndex<M extends AutoCloseable> {

  private static final StructType UNREADABLE =
      new StructType()
          .add("name", DataTypes.StringType, false)
          .add("reason", DataTypes.StringType, false);

  private final SharedModel<M> model;
  private final Tower<? super M> tower;
  private final int batchSize;
  private final DataType type;

  /**
   * Takes the image tower of a model.
   *
   * @param <M> the model
   */
  @FunctionalInterface
  public interface Tower<M> extends Serializable {

    /**
     * The tower.
     *
     * @param model this process's
     * @return encodes pictures
     */
    ImageEncoder of(M model);
  }

  /**
   * What a build ends with.
   *
   * @param pictures how many are in the index
   * @param unreadable how many are not; {@link SparkIndex#unreadable} lists them
   */
  public record Outcome(long pictures, long unreadable) {}

  private SparkIndex(SharedModel<M> model, Tower<? super M> tower, int batchSize, DataType type) {
    this.model = model;
    this.tower = tower;
    this.batchSize = batchSize;
    this.type = type;
  }

  /**
   * A job with batches of 32 and float16 storage.
   *
   * @param <M> the model
   * @param model such as a CLIP
   * @param tower takes its image tower, on the executors
   * @return the job
   */
  public static <M extends AutoCloseable> SparkIndex<M> of(
      SharedModel<M> model, Tower<? super M> tower) {
    return new SparkIndex<>(model, tower, 32, DataType.FLOAT16);
  }

  /**
   * How many pictures are encoded at once.
   *
   * @param pictures at least 1
   * @return a new job
   */
  public SparkIndex<M> withBatchSize(int pictures) {
    return new SparkIndex<>(model, tower, pictures, type);
  }

  /**
   * How numbers are stored.
   *
   * @param numbers {@link DataType#FLOAT16} or {@link DataType#FLOAT32}
   * @return a new job
   */
  public SparkIndex<M> storing(DataType numbers) {
    return new SparkIndex<>(model, tower, batchSize, numbers);
  }

  /**
   * Embeds the pictures of a table.
   *
   * @param pictures see {@link SparkPictures}; every name once
   * @param folder of the index, where every machine can write; an index that is there is replaced
   * @return how many there are
   * @throws IOException if the folder cannot be written
   */
  public Outcome build(Dataset<Row> pictures, String folder) throws IOException {
    Storage storage = Storage.of(pictures.sparkSession());
    Task<M> task =
        new Task<>(
            model,
            tower,
            batchSize,
            type,
            folder,
            !SparkPictures.hasContent(pictures),
            new SparkPictures.Reading(storage, false));
    IndexParts.delete(storage, folder);
    List<String> lines =
        SparkPictures.places(pictures)
            .javaRDD()
            .mapPartitionsWithIndex((partition, rows) -> task.run(partition, rows), false)
            .collect();
    IndexParts parts = IndexParts.parse(lines);
    Set<String> listed =
        parts.parts().stream().map(IndexParts.Part::folder).collect(Collectors.toSet());
    for (String found : storage.folders(folder)) {
      if (IndexParts.isPart(found) && !listed.contains(found)) {
        storage.delete(folder + "/" + found); // of an earlier index, or of a task that was killed
      }
    }
    IndexParts.write(storage, folder, lines);
    return new Outcome(parts.rows(), parts.unreadable());
  }

  /** What an executor does with a partition. */
  private record Task<M extends AutoCloseable>(
      SharedModel<M> model,
      Tower<? super M> tower,
      int batchSize,
      DataType type,
      String folder,
      boolean goesOn,
      SparkPictures.Reading reading)
      implements Serializable {

    Iterator<String> run(int partition, Iterator<Row> rows) throws IOException {
      if (!rows.hasNext()) {
        return List.<String>of().iterator();
      }
      IndexBuilder builder =
          IndexBuilder.of(tower.of(model.get()))
              .withBatchSize(batchSize)
              .withWorkers(TaskContext.get().cpus())
              .storing(type);
      String name = IndexParts.name(partition);
      String place = folder + "/" + name;
      Storage storage = reading.storage();
      Iterator<Row> left = rows;
      if (goesOn) {
        List<Row> all = new ArrayList<>();
        rows.forEachRemaining(all::add);
        left = all.iterator();
        List<String> names = all.stream().map(row -> reading.source(row).name()).toList();
        if (storage.exists(place) && storage.use(place, part -> builder.holds(part, names))) {
          String line = storage.use(place, part -> IndexParts.line(name, part));
          return List.of(line).iterator();
        }
      }
      Iterator<Row> input = left;
      List<String> line = new ArrayList<>(); // of the part that is made
      storage.makeFolder(
          place,
          present -> IndexParts.isSame(present, line.get(0)),
          part -> {
            builder.build(part, reading.sources(input));
            line.add(IndexParts.line(name, part));
            return null;
          });
      return List.of(line.get(0)).iterator();
    }
  }

  /**
   * Opens an index in parts, or one of one machine, for searching on this machine.
   *
   * @param folder on a file system
   * @return all parts as one
   * @throws IOException if it cannot be read, or its building has not ended
   */
  public static ImageIndex open(Path folder) throws IOException {
    return IndexParts.open(folder);
  }

  /**
   * The pictures that an index could not take in.
   *
   * @param spark the session
   * @param folder of the index
   * @return a table of {@code name} and {@code reason}
   * @throws IOException if the list of parts cannot be read
   */
  public static Dataset<Row> unreadable(SparkSession spark, String folder) throws IOException {
    Storage storage = Storage.of(spark);
    List<String> incomplete =
        IndexParts.read(storage, folder).parts().stream()
            .filter(part -> part.unreadable() > 0)
            .map(part -> folder + "/" + part.folder())
            .toList();
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    int tasks = Math.max(1, Math.min(incomplete.size(), 4 * context.defaultParallelism()));
    return spark.createDataFrame(
        context
            .parallelize(incomplete, tasks)
            .flatMap(
                place ->
                    storage.use(place, IndexBuilder::unreadable).stream()
                        .map(picture -> RowFactory.create(picture.name(), picture.reason()))
                        .iterator()),
        UNREADABLE);
  }
}
