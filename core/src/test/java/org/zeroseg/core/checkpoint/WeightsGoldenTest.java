package org.zeroseg.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;

class WeightsGoldenTest {

  /** Refusals take milliseconds; this only keeps a reader that hangs from stopping the build. */
  private static final Duration HANGS = Duration.ofSeconds(20);

  private static final String RECORDED = "expected.safetensors";

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("weights", Map.of("read checkpoint", this::readsEveryTensor));
  }

  private void readsEveryTensor(GoldenCase golden) throws IOException {
    String[] keyPath =
        golden.inputs().getAsJsonArray("key_path").asList().stream()
            .map(JsonElement::getAsString)
            .toArray(String[]::new);
    Map<String, GoldenTensor> recorded = golden.tensors(RECORDED);
    try (Checkpoint checkpoint = Checkpoints.open(checkpointOf(golden), keyPath)) {
      assertEquals(golden.outputs().keySet(), checkpoint.tensors().keySet());
      golden
          .outputs()
          .asMap()
          .forEach(
              (name, rule) -> {
                TensorInfo info = checkpoint.tensors().get(name);
                assertEquals(shape(rule.getAsJsonObject()), info.shape(), name);
                assertEquals(type(rule.getAsJsonObject()), info.type(), name);
                assertEquals(
                    Arrays.toString(recorded.get(name).values()),
                    Arrays.toString(Values.of(checkpoint, name).values()),
                    name);
              });
    }
  }

  private static Path checkpointOf(GoldenCase golden) throws IOException {
    String extension = "." + golden.json().get("extension").getAsString();
    try (Stream<Path> files = Files.list(golden.folder())) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(extension))
          .filter(file -> !file.getFileName().toString().equals(RECORDED))
          .findFirst()
          .orElseThrow();
    }
  }

  private static Shape shape(JsonObject rule) {
    return new Shape(
        rule.getAsJsonArray("shape").asList().stream().mapToLong(JsonElement::getAsLong).toArray());
  }

  private static DataType type(JsonObject rule) {
    String name = rule.get("dtype").getAsString();
    return name.equals("bool") ? DataType.BOOLEAN : DataType.valueOf(name.toUpperCase(Locale.ROOT));
  }

  @TestFactory
  Stream<DynamicTest> hostileFilesAreRefused() throws IOException {
    Path folder = Golden.folder().resolve("weights/bad");
    if (!Files.isDirectory(folder)) {
      return Stream.empty();
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> hostile = files.filter(file -> !file.toString().endsWith(".md")).sorted().toList();
      return hostile.stream()
          .map(file -> dynamicTest(file.getFileName().toString(), () -> refuses(file)));
    }
  }

  private static void refuses(Path file) {
    CheckpointException refusal =
        assertTimeoutPreemptively(
            HANGS,
            () -> assertThrows(CheckpointException.class, () -> Checkpoints.open(file).close()));
    String message = refusal.getMessage();
    assertAll(
        () -> assertTrue(message.contains(file.getFileName().toString()), message),
        () ->
            assertTrue(
                !file.toString().contains("lfs") || message.contains("Git LFS pointer"), message),
        () -> assertTrue(Files.notExists(Path.of("zeroseg-was-here")), message));
  }
}
