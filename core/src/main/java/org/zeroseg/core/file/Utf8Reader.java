package org.zeroseg.core.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/** Decodes UTF-8 and says at which byte it ends being that. */
final class Utf8Reader extends Reader {

  private static final char BYTE_ORDER_MARK = '\ufeff';

  private final String source;
  private final InputStream stream;
  private final long longest;
  private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
  private final ByteBuffer bytes = ByteBuffer.allocate(1 << 16).flip();
  private final CharBuffer chars = CharBuffer.allocate(1 << 16).flip();
  private long read; // bytes that came from the stream
  private boolean started;
  private boolean ended;

  Utf8Reader(String source, InputStream stream, long longest) {
    this.source = source;
    this.stream = stream;
    this.longest = longest;
  }

  @Override
  public int read(char[] into, int start, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (!chars.hasRemaining()) {
      if (ended) {
        return -1;
      }
      decode();
    }
    int n = Math.min(length, chars.remaining());
    chars.get(into, start, n);
    return n;
  }

  /** Fills the characters with the next ones. */
  private void decode() throws IOException {
    bytes.compact();
    int n = stream.read(bytes.array(), bytes.position(), bytes.remaining());
    if (n > 0) {
      read += n;
      bytes.position(bytes.position() + n);
    }
    bytes.flip();
    if (read > longest) {
      throw new InvalidFileException(
          source, "is text of over " + longest + " bytes, which is not what is expected here");
    }
    chars.clear();
    CoderResult result = decoder.decode(bytes, chars, n < 0);
    if (result.isError()) {
      throw new InvalidFileException(
          source,
          "byte %d (0x%02x) is not UTF-8; the text must be saved in UTF-8"
              .formatted(read - bytes.remaining(), bytes.get(bytes.position())));
    }
    ended = n < 0 && result.isUnderflow();
    chars.flip();
    if (!started && chars.hasRemaining()) {
      started = true;
      if (chars.get(chars.position()) == BYTE_ORDER_MARK) {
        chars.get();
      }
    }
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
