package org.zeroseg.spark;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureReader;
import org.zeroseg.core.image.PictureSource;
import scala.Tuple2;

/**
 * Tables of pictures, which all jobs begin with. A table has a column {@code name}, and where the
 * picture is:
 *
 * <ul>
 *   <li>{@code content}: a binary column with the bytes of the picture's file, or
 *   <li>{@code path}: a string column with the file's place, in any file system that Spark reads.
 *       The file is read by the task that needs it.
 * </ul>
 *
 * <p>Without a column {@code name} the path is the name. What {@code
 * spark.read().format("binaryFile")} makes is such a table; for a folder {@link #folder} is better,
 * which moves no picture and orders them as one machine does.
 *
 * <p>Jobs take the rows as they lie, partition by partition, and move nothing between machines.
 *
 * <pre>{@code
 * Dataset<Row> pictures = SparkPictures.folder(spark, "s3a://bucket/pictures");
 * }</pre>
 */
public final class SparkPictures {

  private static final String NAME = "name";
  private static final String PATH = "path";
  private static final String CONTENT = "content";
  private static final StructType SCHEMA =
      new StructType()
          .add(NAME, DataTypes.StringType, false)
          .add(PATH, DataTypes.StringType, false);

  /** A few minutes' work of one core. */
  private static final int IN_A_PARTITION = 4096;

  private SparkPictures() {}

  /**
   * All pictures in a folder and the folders in it, in the order of their names, 4,096 in a
   * partition.
   *
   * @param spark the session
   * @param root a folder in any file system that Spark reads
   * @return the table, with {@code name} (relative to the root, with slashes) and {@code path}
   * @throws IOException if the folder cannot be listed
   */
  public static Dataset<Row> folder(SparkSession spark, String root) throws IOException {
    return folder(spark, root, IN_A_PARTITION);
  }

  /**
   * As {@link #folder(SparkSession, String)}. The folders in the root are listed by tasks, and
   * names are sorted by tasks: the driver holds none.
   *
   * @param spark the session
   * @param root a folder in any file system that Spark reads; not to change while jobs run
   * @param inAPartition pictures in a partition, at least 1: what a task does, and does again if
   *     its executor is lost
   * @return the table
   * @throws IOException if the folder cannot be listed
   */
  public static Dataset<Row> folder(SparkSession spark, String root, int inAPartition)
      throws IOException {
    if (inAPartition < 1) {
      throw new IllegalArgumentException("partitions of " + inAPartition + " pictures");
    }
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Storage storage = Storage.of(spark);
    Path given = new Path(root);
    Path folder = storage.system(given).resolvePath(given);
    List<String> folders = new ArrayList<>();
    RemoteIterator<FileStatus> children = storage.system(folder).listStatusIterator(folder);
    while (children.hasNext()) {
      FileStatus child = children.next();
      if (child.isDirectory()) {
        folders.add(child.getPath().toString());
      }
    }
    String top = folder.toString();
    int cores = context.defaultParallelism();
    JavaRDD<String> sorted =
        context
            .parallelize(List.of(top), 1)
            .flatMap(at -> new Names(storage, top, at, false))
            .union(
                context
                    .parallelize(folders, Math.max(1, Math.min(folders.size(), 4 * cores)))
                    .flatMap(at -> new Names(storage, top, at, true)))
            .sortBy(name -> name, true, cores);
    long partitions = Math.max(1, (sorted.count() + inAPartition - 1) / inAPartition);
    String start = top.endsWith("/") ? top : top + "/";
    JavaRDD<Row> rows =
        sorted
            .zipWithIndex()
            .mapToPair(name -> new Tuple2<>(name._2(), name._1()))
            .repartitionAndSortWithinPartitions(
                new InOrder(Math.toIntExact(partitions), inAPartition))
            .values()
            .map(name -> RowFactory.create(name, start + name));
    return spark.createDataFrame(rows, SCHEMA);
  }

  /** Positions to partitions of one size. */
  private static final class InOrder extends Partitioner {

    private final int partitions;
    private final int inAPartition;

    InOrder(int partitions, int inAPartition) {
      this.partitions = partitions;
      this.inAPartition = inAPartition;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object position) {
      return Math.toIntExact((Long) position / inAPartition);
    }
  }

  /** The names of the pictures in a folder, as the file system lists them. */
  private static final class Names implements Iterator<String> {

    private final RemoteIterator<LocatedFileStatus> files;
    private final Predicate<String> isPicture = IndexBuilder.pictureNames();
    private final int start;
    private String next;

    Names(Storage storage, String top, String folder, boolean isDeep) throws IOException {
      Path path = new Path(folder);
      files = storage.system(path).listFiles(path, isDeep);
      String above = new Path(top).toUri().getPath();
      start = above.endsWith("/") ? above.length() : above.length() + 1;
      advance();
    }

    private void advance() throws IOException {
      next = null;
      while (next == null && files.hasNext()) {
        LocatedFileStatus file = files.next();
        if (file.isFile() && isPicture.test(file.getPath().getName())) {
          next = file.getPath().toUri().getPath().substring(start);
        }
      }
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public String next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      String name = next;
      try {
        advance();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
      return name;
    }
  }

  /** How the rows of a table are read. */
  record Reading(Storage storage, boolean isUpright) implements Serializable {

    PictureSource source(Row row) {
      String name = String.valueOf(row.get(0));
      return new PictureSource() {
        @Override
        public String name() {
          return name;
        }

        @Override
        public Picture read() throws IOException {
          return picture(row.get(1), name);
        }
      };
    }

    Iterator<PictureSource> sources(Iterator<Row> rows) {
      return new Iterator<>() {
        @Override
        public boolean hasNext() {
          return rows.hasNext();
        }

        @Override
        public PictureSource next() {
          return source(rows.next());
        }
      };
    }

    /** The picture in a cell of either kind. */
    Picture picture(Object place, String name) throws IOException {
      PictureReader reader = isUpright ? PictureReader.upright() : PictureReader.asStored();
      if (place instanceof byte[] bytes) {
        return reader.read(bytes, name);
      } else if (place instanceof String path) {
        return storage.isLocal(path)
            ? reader.read(Storage.local(path))
            : reader.read(storage.read(path), path);
      }
      throw new IOException(name + " has neither content nor path");
    }
  }

  /** Whether pictures are in the table, not only their places. */
  static boolean hasContent(Dataset<Row> pictures) {
    return has(pictures, CONTENT);
  }

  private static boolean has(Dataset<Row> table, String column) {
    return Arrays.asList(table.columns()).contains(column);
  }

  /** Name and place of every picture, in two columns. */
  static Dataset<Row> places(Dataset<Row> pictures) {
    boolean hasPath = has(pictures, PATH);
    String place = hasContent(pictures) ? CONTENT : PATH;
    String name = has(pictures, NAME) ? NAME : PATH;
    if ((!hasPath && !hasContent(pictures)) || (!hasPath && !has(pictures, NAME))) {
      throw new IllegalArgumentException(
          "pictures need the columns name and content, or path; found "
              + Arrays.toString(pictures.columns()));
    }
    require(pictures, name, DataTypes.StringType);
    require(pictures, place, place.equals(PATH) ? DataTypes.StringType : DataTypes.BinaryType);
    return pictures.select(functions.col(name).as("name"), functions.col(place).as("place"));
  }

  static void require(Dataset<Row> table, String column, DataType... types) {
    DataType found = table.schema().apply(column).dataType();
    if (!Arrays.asList(types).contains(found)) {
      throw new IllegalArgumentException(
          "the column %s is of %s, expected %s"
              .formatted(column, found.sql(), Arrays.stream(types).map(DataType::sql).toList()));
    }
  }
}
