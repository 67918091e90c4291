package org.zeroseg.core.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * What the hub says of a file before it is fetched.
 *
 * @param address where the hub was asked; it may send on to where the bytes are
 * @param commit the revision that it belongs to
 * @param etag its content's name: the SHA-256 of large files, the Git hash of small ones
 * @param size its length in bytes; negative if not said
 */
record RemoteFile(URI address, String commit, String etag, long size) {

  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern GIT_SHA1 = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern ETAG = Pattern.compile("[A-Za-z0-9._-]{1,200}");

  /** Bytes; no file on a hub has half of it. */
  private static final long LARGEST = 1L << 40;

  static boolean isCommit(String revision) {
    return COMMIT.matcher(revision).matches();
  }

  /**
   * From the answer to a HEAD request, the one of the hub itself and not of where it sends us; the
   * length of an answer that sends us on is not the file's.
   */
  static RemoteFile of(URI address, HttpHeaders headers, boolean sentOn) throws IOException {
    String commit = headers.firstValue("X-Repo-Commit").orElse("");
    String etag =
        headers
            .firstValue("X-Linked-Etag")
            .or(() -> headers.firstValue("ETag"))
            .orElse("")
            .replaceFirst("^W/", "")
            .replace("\"", "");
    // Both become names of files.
    if (!isCommit(commit) || !ETAG.matcher(etag).matches() || etag.startsWith(".")) {
      throw new Refusal(
          address
              + ": the answer lacks a valid X-Repo-Commit or ETag; is this a Hugging Face hub?");
    }
    OptionalLong size = size(address, headers, "X-Linked-Size");
    if (size.isEmpty() && !sentOn) {
      size = size(address, headers, "Content-Length");
    }
    return new RemoteFile(address, commit, etag, size.orElse(-1));
  }

  /** A size that a header announces. */
  static OptionalLong size(URI address, HttpHeaders headers, String name) throws Refusal {
    Optional<String> announced = headers.firstValue(name);
    if (announced.isEmpty()) {
      return OptionalLong.empty();
    }
    // Of eighteen digits at most, so that no sum of two overflows.
    if (!announced.get().matches("[0-9]{1,18}") || Long.parseLong(announced.get()) > LARGEST) {
      throw new Refusal(
          "%s: the answer announces a %s that cannot be: '%s'"
              .formatted(address, name, Download.printable(announced.get())));
    }
    return OptionalLong.of(Long.parseLong(announced.get()));
  }

  /** Whether a file has the size and hash that were announced; says what is wrong otherwise. */
  void verify(Path file) throws IOException {
    long found = Files.size(file);
    if (size >= 0 && found != size) {
      throw new IOException("has " + found + " bytes, announced were " + size);
    }
    String hash = etag;
    if (SHA256.matcher(etag).matches()) {
      hash = hash(file, "SHA-256", new byte[0]);
    } else if (GIT_SHA1.matcher(etag).matches()) {
      hash = hash(file, "SHA-1", ("blob " + found + "\0").getBytes(StandardCharsets.US_ASCII));
    }
    if (!hash.equals(etag)) {
      throw new IOException("has the hash " + hash + ", announced was " + etag);
    }
  }

  private static String hash(Path file, String algorithm, byte[] prefix) throws IOException {
    try (InputStream bytes = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      digest.update(prefix);
      byte[] chunk = new byte[1 << 16];
      for (int n = bytes.read(chunk); n >= 0; n = bytes.read(chunk)) {
        digest.update(chunk, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has both
    }
  }
}
