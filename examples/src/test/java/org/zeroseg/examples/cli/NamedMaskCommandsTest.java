package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.network.ResNetConfig;
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
    ResNetConfig backbone = ResNetConfig.of(ResNetConfig.Block.BOTTLENECK, 8, 1, 1, 1, 1);
    DeepLabConfig config =
        new DeepLabConfig(DeepLabConfig.dilated(backbone), 16, 6, List.of(2, 4), 3);
    try (NDManager manager = NDManager.newBaseManager()) {
      SplittableRandom random = new SplittableRandom(3);
      Map<String, NDArray> weights =
          config.initialWeights(backbone.initialWeights(random, manager), random, manager);
      NamedMaskTrainer.of(config, weights, NamedMaskTrainer.Options.DEFAULT)
          .save(network, List.of("star", "ring"), Map.of());
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
