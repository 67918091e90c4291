package org.zeroseg.core.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.zeroseg.core.file.Leftovers;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.file.WholeFile;

/**
 * One model's folder in the cache, in Hugging Face's layout: {@code blobs/} holds contents by hash,
 * {@code refs/} says which commit a revision is, {@code snapshots/COMMIT/} holds the files under
 * their names as links to the blobs.
 */
final class ModelCache {

  /** File locks hold between processes only, so the threads of this one need locks of their own. */
  private static final Map<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

  private static final int LONGEST_REF = 4096;

  /** What {@link WholeFile} writes to, should the process die. */
  private static final Pattern UNFINISHED = Pattern.compile("\\..+\\.part");

  private static final Duration STALE = Duration.ofDays(1);

  private final Path folder;
  private final Path locks;
  private final ModelId model;

  ModelCache(Path cache, ModelId model) {
    this.model = model;
    this.folder = cache.toAbsolutePath().resolve(model.folder());
    this.locks = cache.toAbsolutePath().resolve(".locks").resolve(model.folder());
  }

  /** A file as it was last seen in this revision. */
  Optional<Path> find(String name) throws IOException {
    return snapshot().map(files -> files.resolve(name)).filter(Files::isRegularFile);
  }

  /** A file of a commit. */
  Optional<Path> find(String name, String commit) {
    Path file = folder.resolve("snapshots").resolve(commit).resolve(name);
    return Optional.of(file).filter(Files::isRegularFile);
  }

  /** Whether any file of this revision is here. */
  boolean holdsRevision() throws IOException {
    return snapshot().filter(Files::isDirectory).isPresent();
  }

  private Optional<Path> snapshot() throws IOException {
    String commit = model.revision();
    Path ref = folder.resolve("refs").resolve(commit);
    if (!RemoteFile.isCommit(commit) && Files.isRegularFile(ref)) {
      commit = TextFile.read(ref, LONGEST_REF).strip();
    }
    return Optional.of(commit)
        .filter(RemoteFile::isCommit)
        .map(known -> folder.resolve("snapshots").resolve(known));
  }

  /** The right to write one blob; waits for other threads and processes. */
  Lock lock(String etag) throws IOException {
    try {
      return locked(etag);
    } catch (FileSystemException e) {
      throw new IOException(
          "the cache cannot be written (%s: %s); HF_HUB_CACHE names another"
              .formatted(e.getFile(), e.getReason() == null ? "no permission" : e.getReason()),
          e);
    }
  }

  private Lock locked(String etag) throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("blobs"));
    Path file = Files.createDirectories(locks).resolve(etag + ".lock");
    ReentrantLock threads = THREADS.computeIfAbsent(file, key -> new ReentrantLock());
    threads.lock();
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      return new Lock(
          blobs.resolve(etag),
          blobs.resolve(etag + ".incomplete"),
          threads,
          channel,
          channel.lock());
    } catch (IOException | RuntimeException e) {
      if (channel != null) {
        channel.close();
      }
      threads.unlock();
      throw e;
    }
  }

  /** Held while a blob is written. */
  record Lock(
      Path blob, Path incomplete, ReentrantLock threads, FileChannel channel, FileLock processes)
      implements AutoCloseable {

    @Override
    public void close() throws IOException {
      try (channel) {
        processes.release();
      } finally {
        threads.unlock();
      }
    }
  }

  /** Gives a blob its name in a commit, and notes that the revision is this commit. */
  Path link(String name, String commit, Path blob) throws IOException {
    Path file = folder.resolve("snapshots").resolve(commit).resolve(name);
    Path parent = Files.createDirectories(file.getParent());
    Leftovers.sweep(parent, UNFINISHED, STALE);
    if (!Files.isRegularFile(file)) {
      Files.deleteIfExists(file); // a link to a blob that is gone
      try {
        Files.createSymbolicLink(file, parent.relativize(blob));
      } catch (FileAlreadyExistsException e) {
        // another process was faster
      } catch (IOException | UnsupportedOperationException e) {
        copyOrLink(blob, file);
      }
    }
    note(commit);
    return file;
  }

  /** Where symbolic links need rights that users lack (Windows). */
  private static void copyOrLink(Path blob, Path file) throws IOException {
    try {
      Files.createLink(file, blob);
    } catch (FileAlreadyExistsException e) {
      // another process was faster
    } catch (IOException | UnsupportedOperationException e) {
      WholeFile.write(file, copy -> Files.copy(blob, copy));
    }
  }

  /** Notes that the revision is a commit, as far as the cache can be written. */
  void noteIfPossible(String commit) {
    try {
      note(commit);
    } catch (IOException e) {
      return; // the file is here all the same
    }
  }

  private void note(String commit) throws IOException {
    if (RemoteFile.isCommit(model.revision())) {
      return;
    }
    Path ref = folder.resolve("refs").resolve(model.revision());
    if (Files.isRegularFile(ref) && TextFile.read(ref, LONGEST_REF).equals(commit)) {
      return;
    }
    Leftovers.sweep(Files.createDirectories(ref.getParent()), UNFINISHED, STALE);
    WholeFile.write(ref, commit);
  }
}
