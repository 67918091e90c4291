package org.zeroseg.examples.serve;

import java.time.Duration;

/**
 * What a server takes on.
 *
 * @param concurrency pictures looked at at once, at least 1
 * @param queue requests that wait besides; further ones are refused
 * @param bytes of a picture's file
 * @param pixels of a picture
 * @param words of a request: categories, synonyms, background
 * @param patience how long a request may take, waiting included
 */
public record Limits(
    int concurrency, int queue, long bytes, long pixels, int words, Duration patience) {

  /** Two at once, 16 waiting, 20 MiB, 50 million pixels, 256 words, two minutes. */
  public static final Limits DEFAULT =
      new Limits(2, 16, 20 << 20, 50_000_000, 256, Duration.ofMinutes(2));

  /** Bytes beside the picture: names of fields, words, base64's line breaks. */
  private static final long AROUND = 1 << 20;

  /** The longest file whose base64 an array holds. */
  private static final long MOST_BYTES = 1L << 30;

  /**
   * Checks them.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public Limits {
    require("concurrency", concurrency, 1, 1024);
    require("queue", queue, 0, 100_000);
    require("bytes", bytes, 1, MOST_BYTES);
    require("pixels", pixels, 1, Integer.MAX_VALUE / 4);
    require("words", words, 1, 100_000);
    require("patience in milliseconds", patience.toMillis(), 1, Integer.MAX_VALUE);
  }

  private static void require(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + ": from " + least + " to " + most + ", not " + value);
    }
  }

  /** Requests that are let in at once. */
  int places() {
    return concurrency + queue;
  }

  /** Bytes of a request's body, the picture in base64. */
  long body() {
    return bytes / 3 * 4 + AROUND;
  }
}
