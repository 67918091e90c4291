package org.zeroseg.clip.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextEmbeddingsTest {

  private final List<String> encoded = new ArrayList<>();

  /** A vector that depends on the text alone; remembers what it was asked. */
  private float[][] encode(List<String> texts) {
    encoded.addAll(texts);
    return texts.stream()
        .map(text -> new float[] {text.length(), text.hashCode() % 100, 3})
        .toArray(float[][]::new);
  }

  @Test
  void theListsAreThoseOfThePapers() {
    assertEquals(85, PromptTemplates.ENSEMBLE.templates().size());
    assertEquals(80, PromptTemplates.IMAGENET.templates().size());
    assertTrue(
        PromptTemplates.IMAGENET
            .templates()
            .containsAll(PromptTemplates.IMAGENET_SHORT.templates()));
    assertEquals("this is one cat in the scene.", PromptTemplates.ENSEMBLE.prompts("cat").get(84));
    assertEquals(List.of("tv monitor"), PromptTemplates.BARE.prompts("tv monitor"));
  }

  @Test
  void refusesTemplatesWithoutAPlace() {
    assertThrows(IllegalArgumentException.class, () -> PromptTemplates.of("a photo"));
    assertThrows(IllegalArgumentException.class, PromptTemplates::of);
  }

  @Test
  void averagesDirectionsNotVectors() {
    float[] mean = TextEmbeddings.ensemble(new float[][] {{100, 0}, {0, 1}});
    assertArrayEquals(new float[] {(float) Math.sqrt(0.5), (float) Math.sqrt(0.5)}, mean, 1e-7f);
  }

  @Test
  void refusesVectorsWithoutDirection() {
    for (float[] vector : new float[][] {{0, 0}, {Float.NaN, 1}, {Float.POSITIVE_INFINITY, 1}}) {
      assertThrows(IllegalArgumentException.class, () -> TextEmbeddings.unit(vector));
    }
    TextEmbeddings embeddings = TextEmbeddings.of(texts -> new float[texts.size()][2]);
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> embeddings.embedding("unicorn", PromptTemplates.BARE));
    assertTrue(refusal.getMessage().contains("unicorn"), refusal.getMessage());
  }

  @Test
  void encodesEachWordOnce() {
    TextEmbeddings embeddings = TextEmbeddings.of(this::encode);
    float[][] first = embeddings.classifier(List.of("cat", "dog", "cat"), PromptTemplates.PHOTO);
    assertEquals(List.of("a photo of a cat.", "a photo of a dog."), encoded);
    assertArrayEquals(first[0], first[2]);
    first[0][0] = 7; // the caller's own copy
    float[][] second = embeddings.classifier(List.of("dog", "cow", "cat"), PromptTemplates.PHOTO);
    assertEquals(3, encoded.size());
    assertArrayEquals(first[2], second[2]);
    embeddings.embedding("cat", PromptTemplates.BARE);
    assertEquals(4, encoded.size());
  }

  @Test
  void manyWordsGetTheVectorsTheyGetAlone() {
    List<String> words = Stream.iterate("a", word -> word + "a").limit(40).toList();
    float[][] together =
        TextEmbeddings.of(this::encode).classifier(words, PromptTemplates.ENSEMBLE);
    for (int i = 0; i < words.size(); i++) {
      TextEmbeddings fresh = TextEmbeddings.of(this::encode);
      assertArrayEquals(fresh.embedding(words.get(i), PromptTemplates.ENSEMBLE), together[i]);
    }
  }

  @Test
  void filesOutliveTheProcessAndTellModelsApart(@TempDir Path folder) {
    float[] vector =
        TextEmbeddings.of(this::encode, folder, "a").embedding("cat", PromptTemplates.PHOTO);
    assertArrayEquals(
        vector,
        TextEmbeddings.of(this::encode, folder, "a").embedding("cat", PromptTemplates.PHOTO));
    assertEquals(1, encoded.size());
    TextEmbeddings.of(this::encode, folder, "b").embedding("cat", PromptTemplates.PHOTO);
    assertEquals(2, encoded.size());
  }

  @Test
  void aBrokenFileIsEncodedAnew(@TempDir Path folder) throws IOException {
    TextEmbeddings.of(this::encode, folder, "a").embedding("cat", PromptTemplates.PHOTO);
    Path file;
    try (Stream<Path> files = Files.list(folder)) {
      file = files.findFirst().orElseThrow();
    }
    byte[] whole = Files.readAllBytes(file);
    byte[] flipped = whole.clone();
    flipped[whole.length - 1] ^= 1;
    int before = encoded.size();
    for (byte[] broken : List.of(new byte[0], new byte[7], new byte[20], flipped)) {
      Files.write(file, broken);
      TextEmbeddings.of(this::encode, folder, "a").embedding("cat", PromptTemplates.PHOTO);
      assertEquals(++before, encoded.size());
      assertArrayEquals(whole, Files.readAllBytes(file));
    }
  }

  @Test
  void whereNothingCanBeKeptWordsAreEncodedAnew(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no folder");
    for (int i = 1; i <= 2; i++) {
      TextEmbeddings.of(this::encode, file, "a").embedding("cat", PromptTemplates.PHOTO);
      assertEquals(i, encoded.size());
    }
  }

  @Test
  void ofTooManyFilesTheOldestGo(@TempDir Path folder) throws IOException {
    for (int i = 0; i < 5; i++) {
      Path file = Files.createFile(folder.resolve(i + ".vector"));
      Files.setLastModifiedTime(file, FileTime.fromMillis(1000L * i));
    }
    Path other = Files.createFile(folder.resolve("other"));
    TextEmbeddings.prune(folder, 3);
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of("2.vector", "3.vector", "4.vector", "other"),
          files.map(path -> path.getFileName().toString()).sorted().toList());
    }
    assertTrue(Files.exists(other));
  }
}
