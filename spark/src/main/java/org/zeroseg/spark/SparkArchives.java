package org.zeroseg.spark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.Match;
import org.zeroseg.clip.retrieval.TopMatches;
import org.zeroseg.core.supervision.Archives;
import scala.Tuple2;

/**
 * Searches an index in parts for many queries at once. Every task searches some parts, exactly, and
 * keeps the best k a query; these are merged, query by query, by tasks again. The result is that of
 * {@link ImageIndex#search(float[][], int)} on the whole index, equal scores included.
 *
 * <pre>{@code
 * try (Clip clip = Clip.load("openai/clip-vit-base-patch16")) {
 *   float[][] words = clip.encode(List.of("a photo of a cat", "a photo of a sofa"));
 *   SparkArchives.archives(spark, "s3a://bucket/index", List.of("cat", "sofa"), words, 500)
 *       .write(Path.of("archives.json"));
 * }
 * }</pre>
 *
 * <p>The driver holds the queries and, but for {@link #matches}, the result.
 */
public final class SparkArchives {

  private static final StructType MATCHES =
      new StructType()
          .add("query", DataTypes.IntegerType, false)
          .add("rank", DataTypes.IntegerType, false)
          .add("row", DataTypes.IntegerType, false)
          .add("name", DataTypes.StringType, false)
          .add("score", DataTypes.FloatType, false);

  private SparkArchives() {}

  /**
   * The pictures most like each query.
   *
   * @param spark the session
   * @param index the folder of an index, in parts or not
   * @param queries [Q, D]; unit vectors make scores cosines
   * @param k how many for each
   * @return as {@link ImageIndex#search(float[][], int)}
   * @throws IOException if the index cannot be read
   */
  public static List<List<Match>> search(SparkSession spark, String index, float[][] queries, int k)
      throws IOException {
    List<List<Match>> found = new ArrayList<>();
    IntStream.range(0, queries.length).forEach(q -> found.add(List.of()));
    top(spark, index, queries, k)
        .collect()
        .forEach(top -> found.set(top._1(), Transport.value(top._2(), TopMatches.class).matches()));
    return found;
  }

  /**
   * The archive of every category.
   *
   * @param spark the session
   * @param index the folder of an index, in parts or not
   * @param categories K different names, background left out
   * @param classifier their unit class vectors [K, D]
   * @param k pictures each: 50 in ReCo, 500 in NamedMask and ZUTIS
   * @return as {@link ImageIndex#archives(List, float[][], int)}
   * @throws IOException if the index cannot be read
   * @throws IllegalArgumentException if numbers differ or a category occurs twice
   */
  public static Archives archives(
      SparkSession spark, String index, List<String> categories, float[][] classifier, int k)
      throws IOException {
    if (categories.size() != classifier.length) {
      throw new IllegalArgumentException(
          categories.size() + " categories, " + classifier.length + " class vectors");
    }
    return ImageIndex.archives(categories, search(spark, index, classifier, k));
  }

  /**
   * The pictures most like each query, as a table: for results too many for the driver.
   *
   * @param spark the session
   * @param index the folder of an index, in parts or not
   * @param queries [Q, D]
   * @param k how many for each
   * @return {@code query} and {@code rank} from 0, {@code row}, {@code name}, {@code score}; in no
   *     order
   * @throws IOException if the index cannot be read
   */
  public static Dataset<Row> matches(SparkSession spark, String index, float[][] queries, int k)
      throws IOException {
    JavaRDD<Row> rows =
        top(spark, index, queries, k)
            .flatMap(
                top -> {
                  List<Match> best = Transport.value(top._2(), TopMatches.class).matches();
                  return IntStream.range(0, best.size())
                      .mapToObj(rank -> row(top._1(), rank, best.get(rank)))
                      .iterator();
                });
    return spark.createDataFrame(rows, MATCHES);
  }

  private static Row row(int query, int rank, Match match) {
    return RowFactory.create(query, rank, match.row(), match.name(), match.score());
  }

  /** The best of every query, as bytes. */
  private static JavaPairRDD<Integer, byte[]> top(
      SparkSession spark, String index, float[][] queries, int k) throws IOException {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    Storage storage = Storage.of(spark);
    List<Tuple2<String, Integer>> parts = new ArrayList<>();
    int first = 0;
    for (IndexParts.Part part : IndexParts.read(storage, index).parts()) {
      String folder = part.folder().isEmpty() ? index : index + "/" + part.folder();
      parts.add(new Tuple2<>(folder, first));
      first = Math.addExact(first, part.rows());
    }
    Broadcast<float[][]> words = context.broadcast(queries);
    // What a task sends on is Q x k pictures, however many parts it has searched.
    int tasks = Math.max(1, Math.min(parts.size(), 2 * context.defaultParallelism()));
    return context
        .parallelize(parts, tasks)
        .mapPartitionsToPair(own -> search(storage, own, words.value(), k))
        .reduceByKey(SparkArchives::merge, Math.max(1, Math.min(tasks, queries.length)));
  }

  private static byte[] merge(byte[] one, byte[] other) {
    return Transport.bytes(
        Transport.value(one, TopMatches.class).merge(Transport.value(other, TopMatches.class)));
  }

  private static Iterator<Tuple2<Integer, byte[]>> search(
      Storage storage, Iterator<Tuple2<String, Integer>> parts, float[][] queries, int k)
      throws IOException {
    List<TopMatches> best = new ArrayList<>();
    IntStream.range(0, queries.length).forEach(q -> best.add(new TopMatches(k, List.of())));
    while (parts.hasNext()) {
      Tuple2<String, Integer> part = parts.next();
      List<TopMatches> found =
          storage.use(part._1(), folder -> ImageIndex.open(folder).top(queries, k));
      for (int q = 0; q < queries.length; q++) {
        best.set(q, best.get(q).merge(found.get(q).shifted(part._2())));
      }
    }
    return IntStream.range(0, queries.length)
        .mapToObj(q -> new Tuple2<>(q, Transport.bytes(best.get(q))))
        .iterator();
  }
}
