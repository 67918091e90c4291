package org.zeroseg.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory that this process has in use, its weights and mapped files included; Linux alone. */
final class ResidentMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path PEAKS = Path.of("/proc/self/clear_refs");

  private ResidentMemory() {}

  /** The most bytes since {@link #forgetPeak}; 0 on other systems. */
  static long peak() {
    if (!Files.exists(STATUS)) {
      return 0;
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Lets the peak begin anew from what is in use; where that is not allowed it stays. */
  static void forgetPeak() {
    if (Files.isWritable(PEAKS)) {
      try {
        Files.writeString(PEAKS, "5");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
