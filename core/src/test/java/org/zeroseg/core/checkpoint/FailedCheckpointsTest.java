package org.zeroseg.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.golden.Golden;

/** Files of the shared folder that once could not be read, or were read wrongly. */
class FailedCheckpointsTest {

  @FunctionalInterface
  private interface Check {
    void of(Path folder) throws IOException;
  }

  @TestFactory
  Stream<DynamicTest> areReadAsTheirReadmesSay() {
    Map<String, Check> checks =
        Map.of(
            "checkpoint-colon-or-dots", FailedCheckpointsTest::readsNamesWithColons,
            "checkpoint-neg-bit", FailedCheckpointsTest::turnsSigns,
            "safetensors-metadata-null", FailedCheckpointsTest::readsNullMetadata,
            "json-trailing-content", FailedCheckpointsTest::refusesWhatFollows,
            "text-encoding", FailedCheckpointsTest::readsUtf8Only);
    return checks.entrySet().stream()
        .map(check -> dynamicTest(check.getKey(), () -> run(check.getKey(), check.getValue())));
  }

  private static void run(String name, Check check) throws IOException {
    Path folder = Golden.failures().resolve("data").resolve(name);
    if (!Files.isDirectory(folder)) {
      abort(folder + " is absent");
    }
    check.of(folder);
  }

  private static void readsNamesWithColons(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder);
        Checkpoint plain = Checkpoints.open(folder.resolve("plain.pt"))) {
      for (Path file : files.filter(path -> !path.endsWith("README")).toList()) {
        try (Checkpoint checkpoint = Checkpoints.open(file)) {
          assertEquals(plain.tensors(), checkpoint.tensors());
          for (String name : plain.tensors().keySet()) {
            assertEquals(plain.read(name), checkpoint.read(name), file + " " + name);
          }
        }
      }
    }
  }

  private static void turnsSigns(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder.resolve("neg3.pt"))) {
      assertArrayEquals(new double[] {-1, -2, 3}, Values.of(checkpoint, "w").values());
    }
  }

  private static void readsNullMetadata(Path folder) {
    try (Checkpoint checkpoint = Checkpoints.open(folder.resolve("f.safetensors"))) {
      assertEquals(12, checkpoint.tensors().get("a").shape().size());
      assertEquals(Map.of(), checkpoint.metadata());
    }
  }

  private static void refusesWhatFollows(Path folder) throws IOException {
    for (String name : List.of("dt_two_workers.json", "gt_twice.json")) {
      Path file = folder.resolve(name);
      Exception e =
          assertThrows(
              InvalidFileException.class,
              () ->
                  JsonFile.read(
                      file,
                      json -> {
                        json.skipValue();
                        return json;
                      }));
      assertTrue(e.getMessage().startsWith(file + ": something follows"), e.getMessage());
      assertTrue(e.getMessage().contains(" at line "), e.getMessage());
    }
    try (Stream<Path> files = Files.walk(folder.resolve("shards"))) {
      for (Path index : files.filter(path -> path.toString().endsWith(".index.json")).toList()) {
        String message =
            assertThrows(CheckpointException.class, () -> Checkpoints.open(index)).getMessage();
        assertTrue(message.contains("something follows"), message);
      }
    }
  }

  private static void readsUtf8Only(Path folder) throws IOException {
    assertEquals(
        0, (int) TextFile.read(folder.resolve("bom.txt")).chars().filter(c -> c == 0xfeff).count());
    for (String name : List.of("latin1.txt", "gt_latin1.json")) {
      Path file = folder.resolve(name);
      byte[] bytes = Files.readAllBytes(file);
      int first =
          IntStream.range(0, bytes.length).filter(i -> bytes[i] < 0).findFirst().orElseThrow();
      Exception e = assertThrows(InvalidFileException.class, () -> TextFile.lines(file));
      assertTrue(e.getMessage().startsWith(file + ": byte " + first + " "), e.getMessage());
    }
    assertTrue(TextFile.read(folder.resolve("i.json.gz")).startsWith("{"));
  }
}
