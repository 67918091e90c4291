package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.demo.DemoModels;

class WordVectorsTest {

  @TempDir private Path folder;

  private Path model() throws IOException {
    Path model = Files.createDirectories(folder.resolve("model"));
    for (String name : List.of("model.safetensors", "merges.txt", "vocab.json")) {
      try (InputStream file = DemoModels.class.getResourceAsStream("clip-vit/" + name)) {
        Files.copy(file, model.resolve(name));
      }
    }
    return model;
  }

  private long kept() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("cache").resolve("words"))) {
      return files.count();
    }
  }

  private TextEmbeddings vectors(Path model, Clip clip) {
    return WordVectors.of(model.toString(), clip, Precision.FLOAT32, folder.resolve("cache"));
  }

  @Test
  void areKeptByWhatAModelHolds() throws IOException {
    Path model = model();
    List<String> words = List.of("red star", "ring");
    try (Clip clip = Clip.load(model, Precision.FLOAT32, Device.cpu())) {
      float[][] vectors = vectors(model, clip).classifier(words, PromptTemplates.PHOTO);
      assertArrayEquals(clip.textEmbeddings().classifier(words, PromptTemplates.PHOTO), vectors);
      assertEquals(2, kept());
      assertArrayEquals(vectors, vectors(model, clip).classifier(words, PromptTemplates.PHOTO));
      assertEquals(2, kept());
      vectors(model, clip).classifier(words, PromptTemplates.BARE);
      assertEquals(4, kept());
      Files.writeString(model.resolve("config.json"), "{}");
      vectors(model, clip).classifier(words, PromptTemplates.BARE);
      assertEquals(6, kept());
      WordVectors.of(model.toString(), clip, Precision.BFLOAT16, folder.resolve("cache"))
          .classifier(words, PromptTemplates.BARE);
      assertEquals(8, kept());
    }
  }
}
