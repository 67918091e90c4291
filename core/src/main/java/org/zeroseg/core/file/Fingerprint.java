package org.zeroseg.core.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The SHA-256 of a sequence of parts: identifies data by content, independent of file names. Where
 * a part ends counts: other parts of the same whole have another fingerprint. Not thread-safe.
 */
public final class Fingerprint {

  private final MessageDigest digest = sha256();

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Adds a part.
   *
   * @param part some bytes
   * @return this
   */
  public Fingerprint add(byte[] part) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, part.length));
    digest.update(part);
    return this;
  }

  /**
   * Adds a text.
   *
   * @param part counts in UTF-8
   * @return this
   */
  public Fingerprint add(String part) {
    return add(part.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Adds what a file holds, whatever its name.
   *
   * @param file of any size
   * @return this
   * @throws IOException if it cannot be read
   */
  public Fingerprint add(Path file) throws IOException {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, Files.size(file)));
    try (InputStream bytes = new DigestInputStream(Files.newInputStream(file), digest)) {
      bytes.transferTo(OutputStream.nullOutputStream());
    }
    return this;
  }

  /**
   * Ends the sequence.
   *
   * @return 64 hexadecimal digits
   */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
