package org.zeroseg.core.file;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * Reads text files in UTF-8. A byte order mark at the start is no part of the text; bytes that are
 * not UTF-8 are refused and never replaced. What was packed with gzip is unpacked, whatever its
 * file is called.
 */
public final class TextFile {

  /** Bytes of the longest text that is read into memory unless another limit is given. */
  public static final int LONGEST = 1 << 26;

  /** Unpacked bytes that any gzip file may have, and how many more for each of its own bytes. */
  private static final long UNPACKED = 1L << 26;

  private static final int UNPACKED_PER_BYTE = 100; // annotations take a tenth to a thirtieth

  private static final int GZIP_MAGIC = 0x8b1f;

  private TextFile() {}

  /**
   * A whole text.
   *
   * @param file at most {@link #LONGEST} bytes of text
   * @return the text
   * @throws InvalidFileException if it is longer, not UTF-8 or damaged gzip
   * @throws IOException if it cannot be read
   */
  public static String read(Path file) throws IOException {
    return read(file, LONGEST);
  }

  /**
   * A whole text.
   *
   * @param file at most {@code longest} bytes of text
   * @param longest from where on it cannot be what is expected
   * @return the text
   * @throws InvalidFileException if it is longer, not UTF-8 or damaged gzip
   * @throws IOException if it cannot be read
   */
  public static String read(Path file, int longest) throws IOException {
    try (Reader reader = open(file, longest)) {
      StringBuilder text = new StringBuilder();
      char[] part = new char[1 << 13];
      for (int n = reader.read(part); n >= 0; n = reader.read(part)) {
        text.append(part, 0, n);
      }
      return text.toString();
    }
  }

  /**
   * The lines of a text.
   *
   * @param file at most {@link #LONGEST} bytes of text
   * @return lines without their ends, of whatever system; blank ones too
   * @throws InvalidFileException as for {@link #read(Path)}
   * @throws IOException if it cannot be read
   */
  public static List<String> lines(Path file) throws IOException {
    return read(file).lines().toList();
  }

  /**
   * A text of any length, read part by part.
   *
   * @param file the text
   * @return to be closed; it fails with an {@link InvalidFileException} at the first byte that is
   *     not UTF-8, where gzip is damaged, and where gzip unpacks to over a hundred times its size
   * @throws IOException if it cannot be read
   */
  public static Reader open(Path file) throws IOException {
    return open(file, Long.MAX_VALUE);
  }

  static Reader open(Path file, long longest) throws IOException {
    return new Utf8Reader(file.toString(), bytes(file), longest);
  }

  /** A text inside another file, from the buffer's position to its limit. */
  static Reader open(String source, ByteBuffer utf8) {
    return new Utf8Reader(source, new BufferStream(utf8.duplicate()), Long.MAX_VALUE);
  }

  /**
   * Fails unless the bytes of a file that somebody maps are text.
   *
   * @param file whose name the message begins with
   * @param text the file's beginning, from position to limit, neither of which moves
   * @throws InvalidFileException if it is not UTF-8
   * @throws IOException never otherwise
   */
  public static void requireUtf8(Path file, ByteBuffer text) throws IOException {
    try (Reader reader = open(file.toString(), text)) {
      char[] part = new char[1 << 13];
      int read = 0;
      while (read >= 0) {
        read = reader.read(part);
      }
    }
  }

  private static InputStream bytes(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new InvalidFileException(file.toString(), "is a folder where a file must be");
    }
    InputStream stored = Files.newInputStream(file);
    try {
      BufferedInputStream start = new BufferedInputStream(stored, 1 << 16);
      start.mark(2);
      int magic = start.read() | start.read() << 8;
      start.reset();
      return magic == GZIP_MAGIC ? new Unpacked(file, start) : start;
    } catch (IOException e) {
      stored.close();
      throw e;
    }
  }

  /** What gzip holds, up to a multiple of its size. */
  private static final class Unpacked extends FilterInputStream {

    private final Path file;
    private final long most;
    private long count;

    Unpacked(Path file, InputStream packed) throws IOException {
      super(unpack(file, packed));
      this.file = file;
      this.most = UNPACKED + UNPACKED_PER_BYTE * Files.size(file);
    }

    private static InputStream unpack(Path file, InputStream packed) throws IOException {
      try {
        return new GZIPInputStream(packed, 1 << 16);
      } catch (ZipException | EOFException e) {
        throw damaged(file, e);
      }
    }

    private static InvalidFileException damaged(Path file, IOException e) {
      return new InvalidFileException(file.toString(), "its gzip is damaged: " + e.getMessage(), e);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int start, int length) throws IOException {
      try {
        int n = super.read(into, start, length);
        count += Math.max(0, n);
        if (count > most) {
          throw new InvalidFileException(
              file.toString(), "its gzip unpacks to over " + most + " bytes; it may be hostile");
        }
        return n;
      } catch (ZipException | EOFException e) {
        throw damaged(file, e);
      }
    }
  }

  /** The bytes of a buffer. */
  private static final class BufferStream extends InputStream {

    private final ByteBuffer bytes;

    BufferStream(ByteBuffer bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read() {
      return bytes.hasRemaining() ? bytes.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int start, int length) {
      if (!bytes.hasRemaining()) {
        return length == 0 ? 0 : -1;
      }
      int n = Math.min(length, bytes.remaining());
      bytes.get(into, start, n);
      return n;
    }
  }
}
