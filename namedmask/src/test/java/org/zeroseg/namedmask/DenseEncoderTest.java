package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.dino.ResNetEncoder;

/** Every kind of encoder, small and of random weights, from its file to labels. */
class DenseEncoderTest {

  private static final DinoConfig SMALL = new DinoConfig(8, 64, 2, 1, 4);

  @TempDir Path folder;
  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  @AfterEach
  void free() {
    manager.close();
  }

  private enum Kind {
    DEIT(64),
    DINO(64),
    CLIP_RESNET(32),
    CLIP_VIT(32);

    private final int channels;

    Kind(int channels) {
      this.channels = channels;
    }
  }

  private Path file(Kind kind) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    Path file = folder.resolve("model.safetensors");
    Map<String, NDArray> weights =
        switch (kind) {
          case DINO -> SMALL.initialWeights(random, manager);
          case DEIT -> deit(random);
          case CLIP_RESNET -> clip(new ClipConfig.ResNet(16, List.of(1, 1), 4), random);
          case CLIP_VIT -> clip(new ClipConfig.Vit(64, 2, 8, 4), random);
        };
    SafetensorsWriter.write(file, Checkpoints.of(weights, "random"), Map.of());
    return file;
  }

  private Map<String, NDArray> deit(SplittableRandom random) {
    Map<String, NDArray> weights = new LinkedHashMap<>(SMALL.initialWeights(random, manager));
    weights.put("dist_token", manager.zeros(new Shape(1, 1, 64)));
    weights.put("pos_embed", manager.randomNormal(new Shape(1, 18, 64)));
    return weights;
  }

  private Map<String, NDArray> clip(ClipConfig.Image image, SplittableRandom random)
      throws IOException {
    ClipTokenizer tokenizer = ClipTokenizer.learn(List.of("a cat", "a dog"), 4, 77);
    tokenizer.write(folder);
    ClipConfig.Text text = new ClipConfig.Text(64, 1, 77, tokenizer.vocabularySize());
    return new ClipConfig(image, text, 32).initialWeights(random, manager);
  }

  private static DenseEncoder open(Path file) throws IOException {
    return DenseEncoder.open(file.toString(), ModelHub.fromEnvironment(), Device.cpu());
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void theFileTellsTheKindAndPicturesAreSegmentedByIt(Kind kind) throws IOException {
    Path file = file(kind);
    Picture picture = Noise.picture(64, 48, 2);
    try (DenseEncoder encoder = open(file)) {
      DenseEncoder.Cells cells = encoder.encode(List.of(picture, picture)).get(1);
      assertEquals(48 / encoder.stride(), cells.height());
      assertEquals(64 / encoder.stride(), cells.width());
      assertEquals(cells.height() * cells.width() * kind.channels, cells.values().length);
    }
    List<ReferenceEmbeddings> found = new ArrayList<>();
    for (CoSegmentation.Rule rule : CoSegmentation.Rule.values()) {
      ReCoBuilder builder =
          ReCo.builder()
              .encoder(file)
              .withoutTextAttention()
              .contexts()
              .archiveSide(64)
              .coSegmentation(new CoSegmentation(rule, CoSegmentation.Merge.MEAN))
              .archives(archives(), folder);
      try (ReCo reco = builder.build()) {
        found.add(reco.references(List.of("one", "other")));
        Segmentation labels = reco.segment(picture, Vocabulary.of("one", "other"));
        assertEquals(64 * 48, labels.labels().length);
      }
    }
    // Two pictures are the same to both rules.
    assertArrayEquals(
        found.get(0).vectors().get("other"), found.get(1).vectors().get("other"), 1e-5f);
  }

  private Archives archives() throws IOException {
    for (int i = 0; i < 5; i++) {
      Noise.picture(70, 64, 10 + i).writePng(folder.resolve(i + ".png"));
    }
    return new Archives(
        Map.of("one", List.of("0.png", "1.png", "2.png"), "other", List.of("3.png", "4.png")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "module.encoder_q.", "module."})
  void resNetsOfDinoMocoAndSwavAreTheSameNetwork(String prefix) {
    Map<String, NDArray> weights =
        ResNetConfig.RESNET_50.initialWeights(new SplittableRandom(1), manager);
    UnaryOperator<String> published = name -> prefix + name;
    try (DenseEncoder encoder =
        DenseEncoder.of(
            ResNetEncoder.of(Checkpoints.of(weights, "random").renamed(published), Device.cpu()))) {
      DenseEncoder.Cells cells = encoder.encode(List.of(Noise.picture(32, 24, 1))).get(0);
      assertEquals(3 * 4 * 2048, cells.values().length);
      assertEquals(4, cells.width());
    }
  }

  @Test
  void aResNetIsKnownByItsFile() throws IOException {
    Path file = folder.resolve("moco.safetensors");
    Map<String, NDArray> weights =
        ResNetConfig.RESNET_50.initialWeights(new SplittableRandom(1), manager);
    SafetensorsWriter.write(file, Checkpoints.of(weights, "random").as(DataType.FLOAT16), Map.of());
    try (DenseEncoder encoder = open(file)) {
      assertEquals(8, encoder.stride());
    }
  }

  @Test
  void somethingElseIsNamed() throws IOException {
    Path file = folder.resolve("other.safetensors");
    Map<String, NDArray> weights = Map.of("x", manager.ones(new Shape(1)));
    SafetensorsWriter.write(file, Checkpoints.of(weights, "random"), Map.of());
    Exception refused = assertThrows(CheckpointException.class, () -> open(file));
    assertTrue(refused.getMessage().contains("other.safetensors"), refused::getMessage);
    Path text = Files.writeString(folder.resolve("text"), "no model");
    assertThrows(CheckpointException.class, () -> open(text));
  }
}
