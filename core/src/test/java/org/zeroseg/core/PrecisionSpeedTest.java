package org.zeroseg.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrecisionSpeedTest {

  @TempDir private Path folder;

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("cache"))) {
      return files.toList();
    }
  }

  @Test
  void isMeasuredOnceAndRemembered() throws IOException {
    Path cache = folder.resolve("cache");
    PrecisionSpeed measured = PrecisionSpeed.remembered(cache);
    assertTrue(measured.float32Millis() > 0 && measured.bfloat16Millis() > 0, measured.toString());
    Path file = files().get(0);
    Files.writeString(file, "3.5 1.25");
    assertEquals(new PrecisionSpeed(3.5, 1.25), PrecisionSpeed.remembered(cache));
    assertEquals(1, files().size());
  }

  @Test
  void isMeasuredAgainWhereWhatIsRememberedIsDamaged() throws IOException {
    Path cache = folder.resolve("cache");
    PrecisionSpeed.remembered(cache);
    for (String damaged : List.of("", "fast", "1..2 3", "1 2 3", "1 2".repeat(100))) {
      Files.writeString(files().get(0), damaged);
      assertTrue(PrecisionSpeed.remembered(cache).float32Millis() > 0, damaged);
    }
  }

  @Test
  void isNotRememberedWhereNothingCanBeWritten() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertTrue(PrecisionSpeed.remembered(file.resolve("cache")).float32Millis() > 0);
  }

  @Test
  void theFasterFormatIsTaken() {
    assertEquals(Precision.FLOAT32, new PrecisionSpeed(1, 2).faster());
    assertEquals(Precision.BFLOAT16, new PrecisionSpeed(2, 1).faster());
  }
}
