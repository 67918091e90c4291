package org.zeroseg.benchmarks;

import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.zeroguide.gpt2.Gpt2Config;

/**
 * The networks of Zero-guidance segmentation in their published sizes: DINO ViT-S/8, CLIP
 * ViT-L/14@336px and GPT-2, as files in a folder. What the folder lacks is written there with
 * random weights; published checkpoints may be put there instead.
 */
record PublishedSizes(Path folder) {

  static final DinoConfig DINO = new DinoConfig(8, 384, 12, 6, 28);
  static final ClipConfig CLIP =
      new ClipConfig(
          new ClipConfig.Vit(1024, 24, 14, 24), new ClipConfig.Text(768, 12, 77, 49408), 768);
  static final Gpt2Config GPT2_SMALL = new Gpt2Config(12, 768, 12, 50257, 1024, 1e-5);
  static final Gpt2Config GPT2_MEDIUM = new Gpt2Config(24, 1024, 16, 50257, 1024, 1e-5);

  Path dino() throws IOException {
    return model("dino", DINO.shapes(), List.of());
  }

  Path clip() throws IOException {
    return model("clip", CLIP.shapes(), clipMerges());
  }

  /** GPT-2 medium, which the paper uses. */
  Path gpt2() throws IOException {
    return model("gpt2-medium", GPT2_MEDIUM.shapes(), gpt2Merges());
  }

  static List<String> clipMerges() {
    return merges(List.of("", "</w>"), "", 48894);
  }

  static List<String> gpt2Merges() {
    return merges(List.of(""), "Ġ", 50000);
  }

  private Path model(String name, Map<String, Shape> shapes, List<String> merges)
      throws IOException {
    Path own = folder.resolve(name);
    Path weights = own.resolve("model.safetensors");
    if (Files.exists(own)) {
      return own;
    }
    Files.createDirectories(own);
    if (!merges.isEmpty()) {
      writeMerges(own.resolve("merges.txt"), merges);
    }
    SafetensorsWriter.write(weights, RandomCheckpoint.of(shapes), Map.of());
    return own;
  }

  static void writeMerges(Path file, List<String> merges) throws IOException {
    Files.writeString(file, "#version: 0.2\n" + String.join("\n", merges));
  }

  /**
   * A vocabulary of the published size: all short strings of small letters, shortest first.
   *
   * @param ends what may stand after a word's last letter
   * @param start what may stand before a word's first letter
   */
  private static List<String> merges(List<String> ends, String start, int count) {
    List<String> beginnings = new ArrayList<>();
    if (!start.isEmpty()) {
      beginnings.add(start);
    }
    for (char letter = 'a'; letter <= 'z'; letter++) {
      beginnings.add(String.valueOf(letter));
    }
    List<String> merges = new ArrayList<>();
    // Grows while it is read: each merge is the beginning of longer ones.
    for (int i = 0; merges.size() < count; i++) {
      String beginning = beginnings.get(i);
      for (char letter = 'a'; letter <= 'z'; letter++) {
        for (String end : ends) {
          merges.add(beginning + " " + letter + end);
        }
        beginnings.add(beginning + letter);
      }
    }
    return merges.subList(0, count);
  }
}
