package org.zeroseg.clip.retrieval;

import ai.djl.ndarray.types.DataType;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.ReadAhead;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureSource;

/**
 * Embeds collections of pictures into indexes. Pictures are decoded and prepared by several threads
 * while the encoder works on the batch before.
 *
 * <p>Every batch is committed when it is done. A build that was stopped, in whatever way, goes on
 * where it was when it is called again, and ends with the same bytes; a finished one only looks for
 * new pictures. A picture that cannot be read is listed in {@code unreadable.tsv} of the index
 * (name and reason) and tried again by the next call; it stops nothing.
 *
 * <p>Builders are immutable; builds of different indexes may run at the same time if the encoder
 * allows it.
 */
public final class IndexBuilder {

  private static final String UNREADABLE = "unreadable.tsv";
  private static final String TASK = "Indexing pictures";

  /** Rows that are copied at once. */
  private static final int ROWS = 4096;

  private final ImageEncoder encoder;
  private final int batchSize;
  private final int workers;
  private final DataType type;
  private final Progress progress;

  /**
   * What a build ends with.
   *
   * @param index everything that could be read
   * @param unreadable everything that could not, as it was met
   */
  public record Outcome(ImageIndex index, List<Unreadable> unreadable) {}

  private IndexBuilder(
      ImageEncoder encoder, int batchSize, int workers, DataType type, Progress progress) {
    if (batchSize < 1 || workers < 1) {
      throw new IllegalArgumentException(
          "a batch size of " + batchSize + " and " + workers + " workers");
    }
    if (type != DataType.FLOAT16 && type != DataType.FLOAT32) {
      throw new IllegalArgumentException("an index of " + type + "; FLOAT16 or FLOAT32");
    }
    this.encoder = encoder;
    this.batchSize = batchSize;
    this.workers = workers;
    this.type = type;
    this.progress = progress;
  }

  /**
   * A builder with batches of 32, one worker a processor, and float16 storage, which changes scores
   * by less than 1e-3.
   *
   * @param encoder the image tower
   * @return the builder
   */
  public static IndexBuilder of(ImageEncoder encoder) {
    int processors = Runtime.getRuntime().availableProcessors();
    return new IndexBuilder(encoder, 32, processors, DataType.FLOAT16, Progress.SILENT);
  }

  /**
   * How many pictures are encoded at once.
   *
   * @param pictures at least 1
   * @return a new builder
   */
  public IndexBuilder withBatchSize(int pictures) {
    return new IndexBuilder(encoder, pictures, workers, type, progress);
  }

  /**
   * How many threads read and prepare pictures.
   *
   * @param threads at least 1
   * @return a new builder
   */
  public IndexBuilder withWorkers(int threads) {
    return new IndexBuilder(encoder, batchSize, threads, type, progress);
  }

  /**
   * How numbers are stored.
   *
   * @param numbers {@link DataType#FLOAT16} or {@link DataType#FLOAT32}
   * @return a new builder
   */
  public IndexBuilder storing(DataType numbers) {
    return new IndexBuilder(encoder, batchSize, workers, numbers, progress);
  }

  /**
   * Who is told how the work gets on.
   *
   * @param listener is told the pictures done after each batch
   * @return a new builder
   */
  public IndexBuilder withProgress(Progress listener) {
    return new IndexBuilder(encoder, batchSize, workers, type, listener);
  }

  /**
   * Indexes all pictures in a folder and the folders in it, in the order of their names.
   *
   * @param index the folder of the index; made or gone on with
   * @param root where the pictures are; files count whose names end as pictures' names do
   * @return the index and what could not be read
   * @throws IOException if the root cannot be listed or the index cannot be read or written, or
   *     belongs to another encoder, or the thread is interrupted
   */
  public Outcome build(Path index, Path root) throws IOException {
    return build(index, root, pictures(root));
  }

  /**
   * The pictures in a folder and the folders in it.
   *
   * @param root where the pictures are; files count whose names end as pictures' names do
   * @return their names: paths relative to the folder, with slashes, sorted
   * @throws IOException if the folder cannot be listed
   */
  public static List<String> pictures(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new NotDirectoryException(root.toString());
    }
    Predicate<String> isPicture = pictureNames();
    try (Stream<Path> files = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
      return files
          .filter(file -> isPicture.test(String.valueOf(file.getFileName())))
          .filter(Files::isRegularFile)
          .map(file -> root.relativize(file).toString().replace(File.separatorChar, '/'))
          .sorted()
          .toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /**
   * Which files of a folder are taken for pictures.
   *
   * @return true of a file's name that ends as those of pictures do that can be read here
   */
  public static Predicate<String> pictureNames() {
    Set<String> endings =
        Stream.of(ImageIO.getReaderFileSuffixes())
            .map(suffix -> suffix.toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    return name ->
        endings.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
  }

  /**
   * Takes pictures out of an index, such as those that have changed since; the next build embeds
   * them again.
   *
   * @param index the folder of an index of this encoder
   * @param names of the pictures; those that it does not hold are passed over
   * @throws IOException if it cannot be read or written
   */
  public void remove(Path index, Set<String> names) throws IOException {
    ImageIndex old = ImageIndex.open(index);
    Path fresh = index.resolveSibling(index.getFileName() + ".part");
    delete(fresh);
    try (IndexWriter writer = IndexWriter.open(fresh, encoder.dimension(), type, encoder.model())) {
      List<String> kept = new ArrayList<>();
      List<float[]> rows = new ArrayList<>();
      for (int row = 0; row < old.size(); row++) {
        if (!names.contains(old.name(row))) {
          kept.add(old.name(row));
          rows.add(old.embedding(row));
        }
        if (kept.size() == ROWS || row == old.size() - 1) {
          writer.append(kept, rows);
          kept.clear();
          rows.clear();
        }
      }
    }
    // Stopped in between, there is no index, and the next build begins one.
    delete(index);
    Files.move(fresh, index);
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  /**
   * Indexes the pictures of a list.
   *
   * @param index the folder of the index; made or gone on with
   * @param root what the names are relative to
   * @param names paths with slashes, each once; those that the index holds are skipped
   * @return the index and what could not be read
   * @throws IOException if the index cannot be read or written, or belongs to another encoder, or
   *     the thread is interrupted
   * @throws IllegalArgumentException if a name occurs twice
   */
  public Outcome build(Path index, Path root, List<String> names) throws IOException {
    Set<String> distinct = new HashSet<>();
    for (String name : names) {
      if (!distinct.add(name)) {
        throw new IllegalArgumentException("the picture " + name + " is listed twice");
      }
    }
    List<Unreadable> unreadable;
    try (IndexWriter writer = IndexWriter.open(index, encoder.dimension(), type, encoder.model())) {
      distinct.removeAll(writer.names());
      List<PictureSource> missing =
          names.stream()
              .filter(distinct::contains)
              .map(name -> PictureSource.of(root, name))
              .toList();
      long present = (long) names.size() - missing.size();
      unreadable = new Run(writer, index, missing.iterator(), present, names.size()).embed();
    }
    return new Outcome(ImageIndex.open(index), unreadable);
  }

  /**
   * Indexes pictures wherever they are kept. Only few of them are in memory at a time.
   *
   * @param index the folder of the index; made or gone on with
   * @param pictures each once; those that the index holds are skipped, and not read
   * @return the index and what could not be read
   * @throws IOException as for {@link #build(Path, Path, List)}
   * @throws IllegalArgumentException if a name occurs twice
   */
  public Outcome build(Path index, Iterator<PictureSource> pictures) throws IOException {
    List<Unreadable> unreadable;
    try (IndexWriter writer = IndexWriter.open(index, encoder.dimension(), type, encoder.model())) {
      Set<String> seen = new HashSet<>();
      Iterator<PictureSource> missing =
          Stream.generate(() -> pictures.hasNext() ? pictures.next() : null)
              .takeWhile(Objects::nonNull)
              .filter(
                  picture -> {
                    if (!seen.add(picture.name())) {
                      throw new IllegalArgumentException(
                          "the picture " + picture.name() + " is listed twice");
                    }
                    return !writer.names().contains(picture.name());
                  })
              .iterator();
      unreadable = new Run(writer, index, missing, 0, -1).embed();
    }
    return new Outcome(ImageIndex.open(index), unreadable);
  }

  /** One build. */
  private final class Run {

    private final IndexWriter writer;
    private final Path list;
    private final Iterator<PictureSource> pictures;
    private final long total;
    private final List<Unreadable> unreadable = new ArrayList<>();
    private final List<String> batchNames = new ArrayList<>();
    private final List<Picture> batch = new ArrayList<>();
    private long done;

    Run(IndexWriter writer, Path index, Iterator<PictureSource> pictures, long done, long total) {
      this.writer = writer;
      this.list = index.resolve(UNREADABLE);
      this.pictures = pictures;
      this.done = done;
      this.total = total;
    }

    /** Embeds all and returns what could not be. */
    List<Unreadable> embed() throws IOException {
      Files.deleteIfExists(list);
      try (ReadAhead<PictureSource, Picture> ahead =
          ReadAhead.of(
              pictures,
              workers,
              2 * batchSize + workers,
              picture -> encoder.prepare(picture.read()))) {
        while (ahead.hasNext()) {
          ReadAhead.Item<PictureSource, Picture> next = ahead.next();
          String name = next.thing().name();
          try {
            batch.add(next.get());
            batchNames.add(name);
          } catch (IOException | RuntimeException | OutOfMemoryError e) {
            if (e instanceof InterruptedIOException && Thread.currentThread().isInterrupted()) {
              throw stopped(e);
            }
            refuse(name, e);
          }
          if (batch.size() == batchSize) {
            commit();
          }
        }
        commit();
        return List.copyOf(unreadable);
      }
    }

    private InterruptedIOException stopped(Throwable cause) {
      String all = total < 0 ? "" : " of " + total;
      return (InterruptedIOException)
          new InterruptedIOException("interrupted after " + done + " pictures" + all)
              .initCause(cause);
    }

    private void refuse(String name, Throwable cause) throws IOException {
      String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      if (cause instanceof OutOfMemoryError) {
        reason = "it does not fit the memory (" + reason + ")";
      }
      unreadable.add(new Unreadable(name, reason));
      IndexWriter.append(
          list, NameFile.escape(name) + "\t" + NameFile.escape(reason).replace('\t', ' '));
      done++;
    }

    private void commit() throws IOException {
      if (!batch.isEmpty()) {
        float[][] embeddings = encoder.embed(List.copyOf(batch));
        if (embeddings.length != batch.size()) {
          throw new IllegalStateException(
              encoder.model() + " made " + embeddings.length + " vectors of " + batch.size());
        }
        List<String> good = new ArrayList<>();
        List<float[]> rows = new ArrayList<>();
        for (int i = 0; i < embeddings.length; i++) {
          try {
            rows.add(TextEmbeddings.unit(embeddings[i]));
            good.add(batchNames.get(i));
          } catch (IllegalArgumentException e) {
            refuse(batchNames.get(i), e);
          }
        }
        writer.append(good, rows);
        done += good.size();
        batch.clear();
        batchNames.clear();
      }
      progress.update(TASK, done, total);
    }
  }

  /**
   * Whether an index is what a build of these pictures ends with, so that they need not be embedded
   * again. Pictures that could not be read then are not tried again for it.
   *
   * @param index its folder
   * @param names the pictures, in order
   * @return true if this encoder made the index, in this type, and every picture is in it or listed
   *     as unreadable; false also if there is no index
   * @throws IOException if it cannot be read
   */
  public boolean holds(Path index, List<String> names) throws IOException {
    Path file = index.resolve(ImageIndex.EMBEDDINGS);
    if (!Files.exists(file)) {
      return false;
    }
    EmbeddingFile found;
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      found = EmbeddingFile.read(channel, file);
    }
    EmbeddingFile expected = EmbeddingFile.empty(encoder.dimension(), type, encoder.model());
    if (!found.equals(expected.withRows(found.rows()))) {
      return false;
    }
    Set<String> unreadable =
        unreadable(index).stream().map(Unreadable::name).collect(Collectors.toSet());
    NameFile held = NameFile.open(index.resolve(ImageIndex.NAMES), found.rows());
    List<String> readable = names.stream().filter(name -> !unreadable.contains(name)).toList();
    return names.size() - readable.size() == unreadable.size()
        && readable.size() == found.rows()
        && IntStream.range(0, found.rows())
            .allMatch(row -> held.name(row).equals(readable.get(row)));
  }

  /**
   * What the last build of an index could not read.
   *
   * @param index its folder
   * @return as it was met; empty if everything could be read
   * @throws IOException if the list cannot be read
   */
  public static List<Unreadable> unreadable(Path index) throws IOException {
    Path list = index.resolve(UNREADABLE);
    if (!Files.exists(list)) {
      return List.of();
    }
    List<Unreadable> unreadable = new ArrayList<>();
    for (String line : TextFile.lines(list)) {
      int tab = line.lastIndexOf('\t'); // names may have tabs, reasons have none
      if (tab < 0) {
        throw new InvalidFileException(list.toString(), "no tab in the line \"" + line + "\"");
      }
      unreadable.add(
          new Unreadable(
              NameFile.unescape(line.substring(0, tab)),
              NameFile.unescape(line.substring(tab + 1))));
    }
    return List.copyOf(unreadable);
  }
}
