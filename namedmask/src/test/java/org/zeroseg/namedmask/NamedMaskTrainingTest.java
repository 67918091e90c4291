package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.core.train.Validation;

class NamedMaskTrainingTest {

  @TempDir Path folder;
  private PseudoMasks masks;

  @BeforeEach
  void picturesWithMasks() throws IOException {
    masks = new PseudoMasks(folder.resolve("masks"));
    for (int i = 0; i < 4; i++) {
      int number = i;
      TinyNamedMask.square(64, i).writePng(folder.resolve("p" + i + ".png"));
      masks.write(
          "p" + i + ".png", Mask.of(64, 64, (x, y) -> TinyNamedMask.inSquare(64, number, x, y)));
    }
  }

  static NamedMaskRecipe recipe() {
    return NamedMaskRecipe.DEFAULT
        .withNetwork(TinyNamedMask.config(2))
        .withBatch(2)
        .withScenes(ArchiveSamples.NAMED_MASK.withSize(32).withScales(0.5, 1))
        .withOptions(NamedMaskTrainer.Options.DEFAULT.withLearningRate(5e-3, 0.5));
  }

  private MaskedArchives data(String... names) {
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    pictures.put("square", List.of("p0.png", "p1.png"));
    pictures.put("other", List.of(names));
    return new MaskedArchives(new Archives(pictures), folder, masks);
  }

  private static TrainingPlan plan(Path folder, long steps) {
    return TrainingPlan.of(folder, steps);
  }

  @Test
  void archivesBecomeAModelFileThatNamesItsCategoriesAndOrigin() throws IOException {
    Path model = folder.resolve("run/model.safetensors");
    MaskedArchives data = data("p2.png", "p3.png");
    List<Integer> measured = new ArrayList<>();
    try (NamedMaskTraining training = NamedMaskTraining.of(data, Optional.empty(), recipe())) {
      Validation validation =
          new Validation(
              "segments",
              2,
              () -> {
                try (NamedMask now = training.network(InputSize.own())) {
                  int found =
                      now.segment(TinyNamedMask.square(64, 0), now.vocabulary()).segments().size();
                  measured.add(found);
                  return found;
                }
              });
      training.run(
          plan(folder.resolve("run"), 3)
              .withProvenance(Map.of("pictures", "squares"))
              .withValidation(validation),
          Progress.SILENT);
      training.write(model, DataType.FLOAT16);
    }
    assertEquals(2, measured.size());
    try (Checkpoint written = Checkpoints.open(model)) {
      assertEquals("squares", written.metadata().get("pictures"));
      assertEquals("random weights", written.metadata().get("backbone-sha256"));
      assertEquals(data.fingerprints().get("masks-sha256"), written.metadata().get("masks-sha256"));
      assertEquals(
          DataType.FLOAT16, written.tensors().get("classifier.classifier.3.weight").type());
    }
    for (Path file : List.of(model, folder.resolve("run/training.safetensors"))) {
      try (NamedMask segmenter = NamedMask.builder().model(file).build()) {
        assertEquals(List.of("square", "other"), segmenter.vocabulary().names(), file::toString);
      }
    }
  }

  @Test
  void itStartsFromAPretrainedBackbone() throws IOException {
    Path backbone = folder.resolve("backbone.safetensors");
    DeepLabConfig config = TinyNamedMask.config(3);
    float[] expected;
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Map<String, NDArray> arrays =
          config.backbone().initialWeights(new SplittableRandom(9), manager);
      expected = arrays.get("conv1.weight").toFloatArray();
      SafetensorsWriter.write(backbone, Weights.of(arrays, "x").checkpoint(), Map.of());
    }
    Path model = folder.resolve("run/model.safetensors");
    // Nothing is learnt at these rates beyond what the floor of the schedule lets through.
    NamedMaskRecipe still =
        recipe().withOptions(NamedMaskTrainer.Options.DEFAULT.withLearningRate(1e-6, 1));
    try (NamedMaskTraining training =
        NamedMaskTraining.of(data("p2.png"), Optional.of(backbone), still)) {
      training.run(plan(folder.resolve("run"), 1), Progress.SILENT);
      training.write(model, DataType.FLOAT32);
    }
    try (Checkpoint written = Checkpoints.open(model);
        NDManager manager = NDManager.newBaseManager("PyTorch")) {
      assertEquals(64, written.metadata().get("backbone-sha256").length());
      Weights weights = Weights.load(written, config.shapes(), manager);
      assertArrayEquals(expected, weights.get("backbone.conv1.weight").toFloatArray(), 2e-6f);
    }
    NamedMaskRecipe wider = recipe().withNetwork(DeepLabConfig.resNet50(2));
    assertThrows(
        CheckpointException.class,
        () -> NamedMaskTraining.of(data("p2.png"), Optional.of(backbone), wider));
  }

  @Test
  void aRunResumesOnlyOnWhatItWasBegunWith() throws IOException {
    Path run = folder.resolve("run");
    try (NamedMaskTraining training =
        NamedMaskTraining.of(data("p2.png"), Optional.empty(), recipe())) {
      training.run(plan(run, 1), Progress.SILENT);
    }
    try (NamedMaskTraining training =
        NamedMaskTraining.of(data("p3.png"), Optional.empty(), recipe())) {
      CheckpointException refused =
          assertThrows(
              CheckpointException.class, () -> training.run(plan(run, 1), Progress.SILENT));
      assertTrue(refused.getMessage().contains("archives-sha256"), refused.getMessage());
    }
  }

  @Test
  void anArchiveWithoutAPictureIsRefusedByName() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> NamedMaskTraining.of(data(), Optional.empty(), recipe()));
    assertTrue(refused.getMessage().contains("[other]"), refused.getMessage());
    MaskedArchives nothing = new MaskedArchives(new Archives(Map.of()), folder, masks);
    assertThrows(
        IllegalArgumentException.class,
        () -> NamedMaskTraining.of(nothing, Optional.empty(), recipe()));
  }

  @Test
  void onePictureForAThousandCategoriesRaisesTheIgnoredLabel() throws IOException {
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    for (int i = 0; i < 1000; i++) {
      pictures.put("category " + i, List.of("p0.png"));
    }
    MaskedArchives data = new MaskedArchives(new Archives(pictures), folder, masks);
    try (NamedMaskTraining training = NamedMaskTraining.of(data, Optional.empty(), recipe())) {
      float[] losses = training.run(plan(folder.resolve("run"), 2), Progress.SILENT);
      assertTrue(losses[1] > 0, "loss " + losses[1]);
      try (NamedMask now = training.network(InputSize.own())) {
        assertEquals(1000, now.vocabulary().size());
        assertEquals(64, now.segment(TinyNamedMask.square(64, 0), now.vocabulary()).width());
      }
    }
  }

  @Test
  void publishedLayoutsAreReadAsTheyAre() throws IOException {
    Path train = Files.createDirectories(folder.resolve("imagenet/train/n01"));
    TinyNamedMask.square(64, 1).writePng(train.resolve("n01_7.JPEG"));
    Path file = folder.resolve("voc2012_category_to_p_images_n500.json");
    Files.writeString(
        file, "{\"tv/monitor\": [\"/home/somebody/ImageNet2012/train/n01/n01_7.JPEG\"]}");
    Path root = folder.resolve("train_pseudo_masks_selfmask");
    Files.createDirectories(root.resolve("n01"));
    Mask mask = Mask.of(64, 64, (x, y) -> TinyNamedMask.inSquare(64, 1, x, y));
    Files.writeString(
        root.resolve("n01/n01_7.json"),
        "{\"size\": [64, 64], \"counts\": \"" + mask.rle().text().replace("\\", "\\\\") + "\"}");
    Archives archives = Archives.read(file).within("train").first(500);
    MaskedArchives data =
        new MaskedArchives(archives, folder.resolve("imagenet/train"), new PseudoMasks(root));
    assertEquals(List.of("n01/n01_7.JPEG"), data.usable("tv/monitor"));
    try (NamedMaskTraining training = NamedMaskTraining.of(data, Optional.empty(), recipe())) {
      training.run(plan(folder.resolve("run"), 1), Progress.SILENT);
      assertEquals(List.of("tv/monitor"), training.categories());
    }
  }
}
