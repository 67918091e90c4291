package org.zeroseg.clip.retrieval;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.zeroseg.core.checkpoint.Halves;
import org.zeroseg.core.cluster.Vectors;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * The unit embeddings of a collection of pictures, by name, and exact search in them: the step that
 * ReCo, NamedMask and ZUTIS begin with.
 *
 * <pre>{@code
 * try (Clip clip = Clip.load("openai/clip-vit-base-patch16")) {
 *   IndexBuilder builder = IndexBuilder.of(clip.imageEncoder("openai/clip-vit-base-patch16"));
 *   ImageIndex index = builder.build(Path.of("index"), Path.of("pictures")).index();
 *   List<Match> cats = index.search(clip.encode(List.of("a photo of a cat"))[0], 20);
 * }
 * }</pre>
 *
 * <p>On disk an index is a folder with {@code embeddings.safetensors} (the matrix {@code
 * embeddings} [N, D], float32 or float16) and {@code names.txt} (one name a line). Both stay
 * memory-mapped: an open index of 1.28 million vectors of 768 halves takes 2 GB of page cache,
 * which the system may reclaim, and 5 MB of heap. {@link IndexBuilder} makes the folder.
 *
 * <p>Search is exact. Blocks of the matrix are multiplied with all queries at once in float32; what
 * rounding leaves undecided is decided by dot products in double precision, so results depend
 * neither on the block size nor on the number of threads, and equal scores come in the order of
 * their rows.
 *
 * <p>Instances are immutable and thread-safe; the mapping ends when they are garbage-collected.
 */
public final class ImageIndex {

  /** The file with the matrix. */
  static final String EMBEDDINGS = "embeddings.safetensors";

  /** The file with the names. */
  static final String NAMES = "names.txt";

  private static final Kernels KERNELS = Kernels.of(ImageIndex.class, "retrieval.torchscript");

  /** A mapping is at most 2 GiB; rows do not go over its end. */
  private static final int LARGEST_MAPPING = 1 << 30;

  /** Numbers in a block of the matrix, and in its scores: 64 MiB each. */
  private static final int BLOCK = 1 << 24;

  /**
   * How far a stored vector's length may be from 1: those of GPUs in half precision are off by
   * 1e-3.
   */
  private static final double LENGTH_TOLERANCE = 0.01;

  private final int dimension;
  private final List<Part> parts;
  private final int[] firstRows;
  private final int size;

  /** Rows of one type that lie one after the other in memory, and their names. */
  private record Part(ByteBuffer rows, DataType type, int size, IntFunction<String> names) {

    int bytesPerRow() {
      return rows.limit() / size;
    }

    /** Some rows as they are stored. */
    ByteBuffer slice(int first, int count) {
      return rows.slice(first * bytesPerRow(), count * bytesPerRow())
          .order(ByteOrder.LITTLE_ENDIAN);
    }

    float[] row(int row, int dimension) {
      float[] values = new float[dimension];
      ByteBuffer stored = slice(row, 1);
      if (type == DataType.FLOAT32) {
        stored.asFloatBuffer().get(values);
      } else {
        for (int i = 0; i < dimension; i++) {
          values[i] = Halves.float16ToFloat(stored.getShort(2 * i));
        }
      }
      return values;
    }
  }

  private ImageIndex(int dimension, List<Part> parts) {
    this.dimension = dimension;
    this.parts = parts.stream().filter(part -> part.size() > 0).toList();
    this.firstRows = new int[this.parts.size()];
    int rows = 0;
    for (int i = 0; i < firstRows.length; i++) {
      firstRows[i] = rows;
      rows = Math.addExact(rows, this.parts.get(i).size());
    }
    this.size = rows;
  }

  /**
   * Opens an index. One whose building was interrupted, or goes on, holds what is finished.
   *
   * @param folder made by {@link IndexBuilder}, or by other means in the layout above
   * @return the index
   * @throws IOException if a file is absent or damaged; the message names it
   */
  public static ImageIndex open(Path folder) throws IOException {
    Path file = folder.resolve(EMBEDDINGS);
    if (!Files.exists(file)) {
      throw new NoSuchFileException(folder + ": there is no index in this folder");
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      EmbeddingFile header = EmbeddingFile.read(channel, file);
      NameFile names = NameFile.open(folder.resolve(NAMES), header.rows());
      List<Part> parts = new ArrayList<>();
      int rowsAtOnce = LARGEST_MAPPING / header.bytesPerRow();
      for (int first = 0; first < header.rows(); first += rowsAtOnce) {
        int count = Math.min(rowsAtOnce, header.rows() - first);
        long offset = header.start() + (long) first * header.bytesPerRow();
        ByteBuffer rows =
            channel.map(MapMode.READ_ONLY, offset, (long) count * header.bytesPerRow());
        int start = first;
        parts.add(new Part(rows, header.type(), count, row -> names.name(start + row)));
      }
      return new ImageIndex(header.dimension(), parts);
    }
  }

  /**
   * An index in memory.
   *
   * @param names N names
   * @param embeddings unit vectors [N, D]
   * @return the index
   * @throws IllegalArgumentException if there is none, numbers differ, or a vector's length is not
   *     1
   */
  public static ImageIndex of(List<String> names, float[][] embeddings) {
    if (embeddings.length == 0 || names.size() != embeddings.length) {
      throw new IllegalArgumentException(
          names.size() + " names, " + embeddings.length + " vectors");
    }
    int dimension = embeddings[0].length;
    ByteBuffer rows =
        ByteBuffer.allocateDirect(Math.multiplyExact(embeddings.length, dimension * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    FloatBuffer floats = rows.asFloatBuffer();
    for (int row = 0; row < embeddings.length; row++) {
      double length = Math.sqrt(Vectors.dot(embeddings[row], embeddings[row]));
      if (embeddings[row].length != dimension || !(Math.abs(length - 1) < LENGTH_TOLERANCE)) {
        throw new IllegalArgumentException(
            "vector %d (%s) has %d numbers and length %s, expected %d and 1"
                .formatted(row, names.get(row), embeddings[row].length, length, dimension));
      }
      floats.put(embeddings[row]);
    }
    List<String> copy = List.copyOf(names);
    return new ImageIndex(
        dimension, List.of(new Part(rows, DataType.FLOAT32, copy.size(), copy::get)));
  }

  /**
   * Several indexes as one, such as ImageNet and PASS. Nothing is copied.
   *
   * @param indexes at least one, of one dimension; the rows of the first come first
   * @return the index of all
   * @throws IllegalArgumentException if dimensions differ
   */
  public static ImageIndex concatenate(ImageIndex... indexes) {
    int dimension = indexes[0].dimension;
    for (ImageIndex index : indexes) {
      if (index.dimension != dimension) {
        throw new IllegalArgumentException(
            "indexes of dimensions " + dimension + " and " + index.dimension);
      }
    }
    return new ImageIndex(
        dimension, Stream.of(indexes).flatMap(index -> index.parts.stream()).toList());
  }

  /**
   * How many pictures there are.
   *
   * @return N
   */
  public int size() {
    return size;
  }

  /**
   * The length of the vectors.
   *
   * @return D
   */
  public int dimension() {
    return dimension;
  }

  /**
   * A picture's name: its path relative to the folder that was indexed, with slashes.
   *
   * @param row from 0
   * @return the name
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public String name(int row) {
    int part = part(row);
    return parts.get(part).names().apply(row - firstRows[part]);
  }

  /**
   * A picture's vector.
   *
   * @param row from 0
   * @return a copy [D], of length 1 up to the rounding of the stored type
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public float[] embedding(int row) {
    int part = part(row);
    return parts.get(part).row(row - firstRows[part], dimension);
  }

  private int part(int row) {
    int found = Arrays.binarySearch(firstRows, Objects.checkIndex(row, size));
    return found >= 0 ? found : -found - 2;
  }

  /**
   * The pictures most like one query.
   *
   * @param query [D]
   * @param k how many
   * @return the best k, or all if there are fewer, best first; of equal ones the lower row first
   * @throws IllegalArgumentException if the query has another length or is not finite, or k is
   *     negative
   */
  public List<Match> search(float[] query, int k) {
    return search(new float[][] {query}, k).get(0);
  }

  /**
   * The pictures most like each query, found for all queries in one pass over the index.
   *
   * @param queries [Q, D]; unit vectors make scores cosines
   * @param k how many for each
   * @return for each query the best k, or all if there are fewer, best first; of equal ones the
   *     lower row first
   * @throws IllegalArgumentException if a query has another length or is not finite, or k is
   *     negative
   */
  public List<List<Match>> search(float[][] queries, int k) {
    return top(queries, k).stream().map(TopMatches::matches).toList();
  }

  /**
   * As {@link #search(float[][], int)}, with scores as they were computed, so that results of
   * several indexes can be merged.
   *
   * @param queries [Q, D]
   * @param k how many for each
   * @return one result a query
   * @throws IllegalArgumentException as for {@link #search(float[][], int)}
   */
  public List<TopMatches> top(float[][] queries, int k) {
    check(queries, k);
    if (queries.length == 0 || size == 0 || k == 0) {
      return Stream.of(queries).map(query -> new TopMatches(k, List.of())).toList();
    }
    Candidates[] candidates =
        Stream.of(queries)
            .map(query -> new Candidates(Math.min(k, size), rounding(query)))
            .toArray(Candidates[]::new);
    try (NDManager manager = TorchEngine.newManager()) {
      float[] flat = new float[queries.length * dimension];
      for (int q = 0; q < queries.length; q++) {
        System.arraycopy(queries[q], 0, flat, q * dimension, dimension);
      }
      NDArray matrix = manager.create(flat, new Shape(queries.length, dimension));
      for (int part = 0; part < firstRows.length; part++) {
        scan(matrix, parts.get(part), firstRows[part], candidates);
      }
    }
    return IntStream.range(0, queries.length)
        .parallel()
        .mapToObj(q -> best(queries[q], candidates[q].rows(), k))
        .toList();
  }

  /**
   * Retrieves the archive of every category in one pass.
   *
   * @param categories K different names, background left out
   * @param classifier their unit class vectors [K, D]
   * @param k pictures each: 50 in ReCo, 500 in NamedMask and ZUTIS
   * @return the archives; shorter ones if the index has fewer pictures
   * @throws IllegalArgumentException if numbers differ or a category occurs twice
   */
  public Archives archives(List<String> categories, float[][] classifier, int k) {
    if (categories.size() != classifier.length) {
      throw new IllegalArgumentException(
          categories.size() + " categories, " + classifier.length + " class vectors");
    }
    return archives(categories, search(classifier, k));
  }

  /**
   * Archives of what was found before.
   *
   * @param categories K different names
   * @param found K results of a search, in their order
   * @return the archives
   * @throws IllegalArgumentException if numbers differ or a category occurs twice
   */
  public static Archives archives(List<String> categories, List<List<Match>> found) {
    if (categories.size() != found.size()) {
      throw new IllegalArgumentException(
          categories.size() + " categories, " + found.size() + " results");
    }
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    for (int i = 0; i < found.size(); i++) {
      List<String> names = found.get(i).stream().map(Match::name).toList();
      if (pictures.put(categories.get(i), names) != null) {
        throw new IllegalArgumentException("category " + categories.get(i) + " occurs twice");
      }
    }
    return new Archives(pictures);
  }

  private void check(float[][] queries, int k) {
    if (k < 0) {
      throw new IllegalArgumentException("the best " + k);
    }
    for (int q = 0; q < queries.length; q++) {
      if (queries[q].length != dimension) {
        throw new IllegalArgumentException(
            "the index holds vectors of %d numbers, query %d has %d: another model made one of them"
                .formatted(dimension, q, queries[q].length));
      }
      if (!Double.isFinite(Vectors.dot(queries[q], queries[q]))) {
        throw new IllegalArgumentException("query " + q + " is not finite");
      }
    }
  }

  /** How wrong a float32 dot product of D terms with a stored vector can be (Higham 2002, 3.1). */
  private float rounding(float[] query) {
    double terms = dimension * 0x1p-24;
    return (float)
        (terms / (1 - terms) * Math.sqrt(Vectors.dot(query, query)) * (1 + LENGTH_TOLERANCE)
            + Float.MIN_NORMAL);
  }

  private void scan(NDArray queries, Part part, int firstRow, Candidates[] candidates) {
    int widest = Math.max(dimension, candidates.length);
    int rowsAtOnce = Math.max(1, Math.min(BLOCK / widest, 1 << 16));
    for (int first = 0; first < part.size(); first += rowsAtOnce) {
      int count = Math.min(rowsAtOnce, part.size() - first);
      try (NDArray rows =
              queries
                  .getManager()
                  .create(part.slice(first, count), new Shape(count, dimension), part.type());
          NDArray scores = KERNELS.call("scores", queries, rows)) {
        FloatBuffer block =
            scores.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
        int start = firstRow + first;
        IntStream.range(0, candidates.length)
            .parallel()
            .forEach(q -> candidates[q].offer(block, q * count, count, start));
      }
    }
  }

  private TopMatches best(float[] query, int[] rows, int k) {
    record Scored(int row, double score) {}
    return new TopMatches(
        k,
        IntStream.of(rows)
            .mapToObj(row -> new Scored(row, Vectors.dot(query, embedding(row))))
            .sorted(Comparator.comparingDouble(Scored::score).reversed().thenComparing(Scored::row))
            .limit(k)
            .map(found -> new TopMatches.Scored(found.row(), name(found.row()), found.score()))
            .toList());
  }

  @Override
  public String toString() {
    return "ImageIndex[" + size + " x " + dimension + "]";
  }
}
