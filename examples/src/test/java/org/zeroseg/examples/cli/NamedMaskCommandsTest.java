package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.eval.data.Vocabularies;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.namedmask.DeepLabConfig;
import org.zeroseg.namedmask.NamedMaskTrainer;

/** Commands that ask a NamedMask network, a small one of random weights. */
class NamedMaskCommandsTest extends CommandTest {

  @TempDir Path folder;
  private Path picture;
  private Path network;

  @BeforeEach
  void pictureAndNetwork() throws IOException {
    picture = folder.resolve("scene.png");
    ShapeWorld world = new ShapeWorld(2, 64, 1, 1, Split.ALL);
    world.scene(0).image().save(Files.newOutputStream(picture), "png");
    network = folder.resolve("network.safetensors");
    network(network, List.of("star", "ring"));
  }

  private static void network(Path file, List<String> names) throws IOException {
    ResNetConfig backbone = ResNetConfig.of(ResNetConfig.Block.BOTTLENECK, 8, 1, 1, 1, 1);
    DeepLabConfig config =
        new DeepLabConfig(DeepLabConfig.dilated(backbone), 16, 6, List.of(2, 4), names.size() + 1);
    try (NDManager manager = NDManager.newBaseManager()) {
      SplittableRandom random = new SplittableRandom(3);
      Map<String, NDArray> weights =
          config.initialWeights(backbone.initialWeights(random, manager), random, manager);
      NamedMaskTrainer.of(config, weights, NamedMaskTrainer.Options.DEFAULT)
          .save(file, names, Map.of());
    }
  }

  private Object[] segment(String words, Object... options) {
    Object[] command = {
      "segment", picture, "-o", folder.resolve("out"), "--words", words, "--namedmask", network
    };
    return Stream.concat(Stream.of(command), Stream.of(options)).toArray();
  }

  @Test
  void aNetworkOfThisLibraryNeedsItsFileAlone() {
    succeed(segment("ring, star", "--longer-side", 80));
    assertTrue(Files.exists(folder.resolve("out/scene.labels.png")));
  }

  @Test
  void theDemosNetworkLooksAtLargePicturesInTilesToo() throws IOException {
    List<String> words = Category.all().stream().map(category -> category.words()).toList();
    Object[] whole = {
      "segment", picture, "-w", String.join(",", words), "--namedmask", "demo", "-o", folder
    };
    succeed(whole);
    byte[] expected = Files.readAllBytes(folder.resolve("scene.labels.png"));
    succeed(Stream.concat(Stream.of(whole), Stream.of("--tiles", "40,8")).toArray());
    byte[] found = Files.readAllBytes(folder.resolve("scene.labels.png"));
    assertFalse(Arrays.equals(expected, found));
  }

  @Test
  void theProtocolsSizesAreOptions() {
    succeed(segment("ring", "--shorter-side", 48, "--longest", 60));
    misuse("--longest", segment("ring", "--longest", 60));
    misuse("exclude each other", segment("ring", "--longer-side", 60, "--shorter-side", 48));
    misuse("--shorter-side 0", segment("ring", "--shorter-side", 0));
  }

  @Test
  void labelPicturesAreWrittenForTheServerAndReadBack() throws IOException {
    Path set = folder.resolve("ImageNet-S/ImageNetS50");
    Path image = set.resolve("test/n01443537/ILSVRC2012_val_00000001.png");
    Files.createDirectories(image.getParent());
    Files.copy(picture, image);
    Path all = folder.resolve("fifty.safetensors");
    network(all, Vocabularies.imageNetS(50).names());
    Path out = folder.resolve("submission");
    Object[] command = {
      "predict", "imagenet-s50-test", "--data", folder, "--namedmask", all, "--out", out
    };
    succeed(command);
    assertTrue(this.out.toString().contains("1 label pictures made, 0 there before"));
    Path written = out.resolve("n01443537/ILSVRC2012_val_00000001.png");
    assertEquals(64, LabelMap.readRedGreen(written).width());
    succeed(command);
    assertTrue(this.out.toString().contains("0 label pictures made, 1 there before"));
    Path truth = set.resolve("validation-segmentation/n01443537/ILSVRC2012_val_00000001.png");
    Files.createDirectories(truth.getParent());
    Files.createDirectories(set.resolve("validation/n01443537"));
    Files.copy(written, truth);
    Files.copy(image, set.resolve("validation/n01443537/ILSVRC2012_val_00000001.png"));
    succeed("eval", "imagenet-s50-validation", "--data", folder, "--predictions", out);
    assertTrue(this.out.toString().contains("pixel accuracy                   1.000"));
    succeed("eval", "imagenet-s50-validation", "--data", folder, "--namedmask", all);
  }

  @Test
  void expertsAreEvaluatedOnThePicturesOfTheirCategories() throws IOException {
    Path expert = folder.resolve("expert.safetensors");
    network(expert, List.of("object"));
    succeed("shapeworld", "-o", folder.resolve("shapeworld"), "-n", 2, "--size", 64);
    Path experts = folder.resolve("experts");
    Object[] command = {
      "eval", "masks", "shapeworld", "--data", folder, "--experts", experts, "--shorter-side", 48
    };
    fail("there is no expert of \"red circle\"", command);
    for (Category category : Category.all()) {
      Path own =
          category.id() % 2 == 0
              ? experts.resolve(category.words().replace(' ', '_') + ".pt")
              : new PseudoMasks(experts).of(category.words()).folder().resolve("model.safetensors");
      Files.createDirectories(own.getParent());
      Files.copy(expert, own);
    }
    succeed(command);
    assertTrue(out.toString().contains("IoU"), out.toString());
    misuse("--experts", "eval", "masks", "shapeworld", "--data", folder, "--shorter-side", 48);
    misuse("--groups", Stream.concat(Stream.of(command), Stream.of("--groups", 2)).toArray());
  }

  @Test
  void anObjectFoundBySelfMaskIsNamedByClip() {
    Object[] command = {
      "segment", picture, "-o", folder.resolve("out"), "--words", "cat", "--selfmask", "demo"
    };
    succeed(command);
    misuse("--selfmask", Stream.concat(Stream.of(command), Stream.of("--mask-clip")).toArray());
  }

  @Test
  void aWordThatItWasNotTrainedForIsRefusedWithTheNearest() {
    fail("\"rings\" (nearest: \"ring\"", segment("rings"));
  }

  @Test
  void otherNetworksAndUselessOptionsAreMisuse() throws IOException {
    misuse("--namedmask goes without", segment("ring", "--mask-clip"));
    Path names = Files.writeString(folder.resolve("names.txt"), "a\n\nb\n");
    misuse("--namedmask", "segment", picture, "--words", "a", "--categories", names);
    succeed(segment("a", "--categories", names));
  }
}
