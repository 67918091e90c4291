package org.zeroseg.core.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
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
    if (!RemoteFile.isCommit(model.revision())) {
      note(commit);
    }
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

  private void note(String commit) throws IOException {
    Path ref = folder.resolve("refs").resolve(model.revision());
    if (Files.isRegularFile(ref) && TextFile.read(ref, LONGEST_REF).equals(commit)) {
      return;
    }
    Files.createDirectories(ref.getParent());
    WholeFile.write(ref, commit);
  }
}
