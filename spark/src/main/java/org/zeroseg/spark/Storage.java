package org.zeroseg.spark;

import java.io.FileNotFoundException;
import java.io.IOError;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.zeroseg.core.file.Leftovers;
import org.zeroseg.core.file.WholeFile;

/**
 * Files of every machine of a cluster: on a file system that all share, or in a store that Hadoop
 * knows ({@code s3a://}, {@code hdfs://}, ...). What lies on a file system is used in place.
 */
final class Storage implements Serializable {

  private final Broadcast<SerializableConfiguration> configuration;

  private Storage(Broadcast<SerializableConfiguration> configuration) {
    this.configuration = configuration;
  }

  static Storage of(SparkSession spark) {
    SerializableConfiguration own =
        new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
    return new Storage(JavaSparkContext.fromSparkContext(spark.sparkContext()).broadcast(own));
  }

  FileSystem system(org.apache.hadoop.fs.Path path) throws IOException {
    return path.getFileSystem(configuration.value().value());
  }

  private boolean isLocal(org.apache.hadoop.fs.Path path) throws IOException {
    return system(path).getScheme().equals("file");
  }

  private static org.apache.hadoop.fs.Path at(String path) {
    return new org.apache.hadoop.fs.Path(path);
  }

  private static Path local(org.apache.hadoop.fs.Path path) {
    return Path.of(path.toUri().getPath());
  }

  boolean isLocal(String path) throws IOException {
    return isLocal(at(path));
  }

  /** A path of the file system. */
  static Path local(String path) {
    return local(at(path));
  }

  /**
   * Reads a file that may be absent or closed to us, which is its own fault.
   *
   * @throws IOException if it is
   * @throws IOError if the store fails, so that the task is tried again
   */
  byte[] read(String path) throws IOException {
    try (InputStream stream = system(at(path)).open(at(path))) {
      return stream.readAllBytes();
    } catch (FileNotFoundException e) {
      throw (IOException) new NoSuchFileException(path, null, "there is no such file").initCause(e);
    } catch (org.apache.hadoop.security.AccessControlException | AccessDeniedException e) {
      throw e;
    } catch (IOException e) {
      throw new IOError(new IOException(path + " cannot be fetched: " + e.getMessage(), e));
    }
  }

  boolean exists(String path) throws IOException {
    return system(at(path)).exists(at(path));
  }

  String readText(String path) throws IOException {
    return new String(read(path), StandardCharsets.UTF_8);
  }

  /** Writes a file, which is there whole or not at all. */
  void writeText(String path, String text) throws IOException {
    if (isLocal(path)) {
      WholeFile.write(local(path), text);
      return;
    }
    org.apache.hadoop.fs.Path unfinished = at(path + "." + UUID.randomUUID());
    FileSystem system = system(unfinished);
    try (OutputStream out = system.create(unfinished, true)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    system.delete(at(path), false);
    if (!system.rename(unfinished, at(path))) {
      throw new IOException(unfinished + " cannot be moved to " + path);
    }
  }

  void delete(String path) throws IOException {
    system(at(path)).delete(at(path), true);
  }

  /** The names of the folders in a folder. */
  List<String> folders(String path) throws IOException {
    if (!exists(path)) {
      return List.of();
    }
    return Arrays.stream(system(at(path)).listStatus(at(path)))
        .filter(FileStatus::isDirectory)
        .map(status -> status.getPath().getName())
        .sorted()
        .toList();
  }

  /** Uses a folder of this machine. */
  @FunctionalInterface
  interface Use<T> {
    T of(Path folder) throws IOException;
  }

  /** Uses a folder: in place, or a copy on this machine that is deleted afterwards. */
  <T> T use(String path, Use<T> use) throws IOException {
    if (isLocal(path)) {
      return use.of(local(path));
    }
    return inTemporary(
        copy -> {
          system(at(path))
              .copyToLocalFile(false, at(path), at(copy.resolve("part").toUri().toString()), true);
          return use.of(copy.resolve("part"));
        });
  }

  private static <T> T inTemporary(Use<T> use) throws IOException {
    Path folder = Files.createTempDirectory("zeroseg-part");
    try {
      return use.of(folder);
    } finally {
      deleteTree(folder);
    }
  }

  /**
   * Makes a folder, which is there whole or not at all. Whoever comes second with the same content,
   * such as a speculative task, changes nothing.
   *
   * @param path of the folder; another one there is replaced
   * @param isSame whether a folder that is there has the content already
   * @param content fills an empty folder
   */
  void makeFolder(String path, Use<Boolean> isSame, Use<Void> content) throws IOException {
    if (isLocal(path)) {
      Path target = local(path).toAbsolutePath();
      Files.createDirectories(target.getParent());
      Path unfinished = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
      try {
        content.of(Files.createDirectory(unfinished));
        if (!(Files.exists(target) && isSame.of(target))) {
          deleteTree(target);
          Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
        }
      } finally {
        deleteTree(unfinished);
      }
      return;
    }
    inTemporary(
        folder -> {
          content.of(folder);
          upload(folder, path, isSame);
          return null;
        });
  }

  private void upload(Path folder, String path, Use<Boolean> isSame) throws IOException {
    org.apache.hadoop.fs.Path target = at(path);
    FileSystem system = system(target);
    org.apache.hadoop.fs.Path unfinished =
        new org.apache.hadoop.fs.Path(
            target.getParent(), "." + target.getName() + "." + UUID.randomUUID());
    try {
      List<org.apache.hadoop.fs.Path> files = new ArrayList<>();
      try (Stream<Path> all = Files.list(folder)) {
        all.sorted().forEach(file -> files.add(at(file.toUri().toString())));
      }
      system.mkdirs(unfinished);
      system.copyFromLocalFile(
          false, true, files.toArray(org.apache.hadoop.fs.Path[]::new), unfinished);
      if (!(system.exists(target) && use(path, isSame))) {
        system.delete(target, true);
        if (!system.rename(unfinished, target)) {
          throw new IOException(unfinished + " cannot be moved to " + path);
        }
      }
    } finally {
      system.delete(unfinished, true);
    }
  }

  private static void deleteTree(Path folder) throws IOException {
    if (Files.exists(folder)) {
      Leftovers.deleteTree(folder);
    }
  }
}
