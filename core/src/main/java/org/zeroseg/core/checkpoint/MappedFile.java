package org.zeroseg.core.checkpoint;

import java.io.IOException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file of any length, parts of which are copied (directories, headers) or mapped (tensors). What
 * was mapped stays valid until it is garbage-collected, whether or not this file is closed.
 */
final class MappedFile implements AutoCloseable {

  private static final int SEGMENT_BITS = 30; // a mapping is at most 2 GiB - 1

  private final Path path;
  private final FileChannel channel;
  private final long size;
  private final ByteBuffer[] segments;

  private MappedFile(Path path, FileChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
    this.size = channel.size();
    this.segments = new ByteBuffer[Math.toIntExact((size >> SEGMENT_BITS) + 1)];
  }

  static MappedFile open(Path path) {
    if (Files.isDirectory(path)) {
      throw new CheckpointException(path + ": is a folder where a file must be");
    }
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      return new MappedFile(path, channel);
    } catch (IOException e) {
      throw new CheckpointException(path + ": cannot be opened: " + e, e);
    }
  }

  Path path() {
    return path;
  }

  long size() {
    return size;
  }

  /** An exception whose message begins with the file's name. */
  CheckpointException refuse(String reason) {
    return new CheckpointException(path + ": " + reason);
  }

  /** Copies a part onto the heap; the caller has bounded its length. */
  ByteBuffer copy(long offset, int length) {
    requireInside(offset, length);
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    copy(offset, length, bytes);
    return bytes.flip();
  }

  /** Copies a part to where a buffer stands. */
  void copy(long offset, long length, ByteBuffer into) {
    requireInside(offset, length);
    if (length > into.remaining()) {
      throw new BufferOverflowException();
    }
    ByteBuffer part = into.slice(into.position(), (int) length);
    try {
      while (part.hasRemaining()) {
        if (channel.read(part, offset + part.position()) < 0) {
          throw refuse("has become shorter while it was read");
        }
      }
    } catch (IOException e) {
      throw new CheckpointException(path + ": cannot be read: " + e, e);
    }
    into.position(into.position() + (int) length);
  }

  /** Maps a part, read-only and little-endian. */
  ByteBuffer map(long offset, long length) {
    requireInside(offset, length);
    if (length > Integer.MAX_VALUE) {
      throw refuse("holds a tensor of " + length + " bytes; the most that can be read is 2 GiB");
    }
    int segment = (int) (offset >> SEGMENT_BITS);
    long start = (long) segment << SEGMENT_BITS;
    try {
      ByteBuffer part;
      if (offset - start + length <= 1L << SEGMENT_BITS) {
        part = segment(segment).slice((int) (offset - start), (int) length);
      } else {
        part = channel.map(MapMode.READ_ONLY, offset, length);
      }
      return part.order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new CheckpointException(path + ": cannot be mapped: " + e, e);
    }
  }

  private synchronized ByteBuffer segment(int index) throws IOException {
    if (segments[index] == null) {
      long start = (long) index << SEGMENT_BITS;
      long length = Math.min(size - start, 1L << SEGMENT_BITS);
      segments[index] = channel.map(MapMode.READ_ONLY, start, length);
    }
    return segments[index];
  }

  private void requireInside(long offset, long length) {
    if (offset < 0 || length < 0 || offset > size - length) {
      throw refuse(
          "is too short: needs bytes %d to %d of %d; the file is cut off or damaged"
              .formatted(offset, offset + length, size));
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new CheckpointException(path + ": cannot be closed: " + e, e);
    }
  }
}
