package org.zeroseg.core.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.ResNetConfig.Block;
import org.zeroseg.core.tensor.Weights;

class ResNetTest {

  private static final ResNetConfig BASIC = ResNetConfig.of(Block.BASIC, 4, 1, 2, 1, 1);
  private static final ResNetConfig BOTTLENECK = ResNetConfig.of(Block.BOTTLENECK, 4, 1, 2, 1, 2);

  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  @AfterEach
  void free() {
    manager.close();
  }

  private static Checkpoint checkpoint(ResNetConfig config) {
    return new PortableWeights(config.shapes(""), "resnet");
  }

  private NDArray pixels(long batch, long height, long width) {
    Shape shape = new Shape(batch, 3, height, width);
    float[] values = new float[Math.toIntExact(shape.size())];
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-2, 2);
    }
    return manager.create(values, shape);
  }

  private static void assertClose(NDArray expected, NDArray actual, double tolerance) {
    assertEquals(expected.getShape(), actual.getShape());
    double scale = expected.abs().max().getFloat();
    assertEquals(0, expected.sub(actual).abs().max().getFloat() / scale, tolerance);
  }

  @ParameterizedTest
  @EnumSource
  void foldedNormsChangeNothingButTheRounding(Block block) {
    ResNetConfig config = ResNetConfig.of(block, 8, 2, 1, 2, 1).withOutputStride(16);
    ResNet network = ResNet.load(checkpoint(config), config, manager);
    NDArray pixels = pixels(2, 61, 38);
    NDList expected = network.stages(pixels);
    NDList folded = network.folded(manager).stages(pixels);
    for (int i = 0; i < 4; i++) {
      assertClose(expected.get(i), folded.get(i), 1e-5);
    }
    assertClose(network.stem(pixels), network.folded(manager).stem(pixels), 1e-5);
  }

  @ParameterizedTest
  @EnumSource
  void stripsChangeNothingButTheRounding(Block block) {
    ResNetConfig config = ResNetConfig.of(block, 8, 2, 3, 2, 2).withOutputStride(8);
    ResNet network = ResNet.load(checkpoint(config), config, manager);
    NDArray pixels = pixels(2, 125, 70);
    NDList expected = network.stages(pixels);
    for (ResNet view : List.of(network, network.folded(manager))) {
      for (long wide : new long[] {1, 3000, 20_000}) {
        NDList strips = view.inStrips(wide).stages(pixels);
        for (int i = 0; i < 4; i++) {
          assertClose(expected.get(i), strips.get(i), 1e-5);
        }
        List<Shape> seen = new ArrayList<>();
        NDArray last =
            view.inStrips(wide).last(pixels, (stage, output) -> seen.add(output.getShape()));
        assertClose(expected.get(3), last, 1e-5);
        assertEquals(expected.stream().map(NDArray::getShape).toList(), seen);
      }
    }
  }

  @Test
  void sidesAreHalvedRoundingUpAndChannelsDoubled() {
    NDList stages =
        ResNet.load(checkpoint(BOTTLENECK), BOTTLENECK, manager).stages(pixels(1, 65, 33));
    assertEquals(
        List.of(
            new Shape(1, 16, 17, 9),
            new Shape(1, 32, 9, 5),
            new Shape(1, 64, 5, 3),
            new Shape(1, 128, 3, 2)),
        stages.stream().map(NDArray::getShape).toList());
    assertEquals(128, BOTTLENECK.channels(3));
    NDArray last = ResNet.load(checkpoint(BASIC), BASIC, manager).last(pixels(1, 65, 33));
    assertEquals(new Shape(1, 32, 3, 2), last.getShape());
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8, 16})
  void aDilatedNetworkSeesWhatAStridingOneSeesAndWhatIsBetween(int stride) {
    // With one bottleneck a stage every filter meets the same cells, so the coarse map is every so
    // manyth cell of the fine one.
    ResNetConfig config = ResNetConfig.of(Block.BOTTLENECK, 4, 1, 1, 1, 1);
    Checkpoint stored = checkpoint(config);
    NDArray pixels = pixels(1, 64, 96);
    NDArray coarse = ResNet.load(stored, config, manager).last(pixels);
    NDArray fine = ResNet.load(stored, config.withOutputStride(stride), manager).last(pixels);
    assertEquals(new Shape(1, 128, 64 / stride, 96 / stride), fine.getShape());
    assertClose(coarse, fine.get(":, :, ::%1$d, ::%1$d".formatted(32 / stride)), 1e-5);
  }

  @Test
  void theFirstBlockOfADilatedStageKeepsTheDilationBefore() {
    // A one in the middle of nothing spreads by the dilation of each 3 x 3 convolution in turn.
    ResNetConfig config = ResNetConfig.of(Block.BOTTLENECK, 1, 1, 1, 2, 2).withOutputStride(8);
    Map<String, NDArray> arrays = new TreeMap<>();
    config
        .shapes("")
        .forEach(
            (name, shape) ->
                arrays.put(
                    name,
                    name.endsWith("running_mean") || name.endsWith("bias")
                        ? manager.zeros(shape)
                        : manager.ones(shape)));
    NDArray pixels = manager.zeros(new Shape(1, 3, 512, 512));
    pixels.set(new ai.djl.ndarray.index.NDIndex("0, :, 256, 256"), 1f);
    NDList stages = ResNet.of(config, Weights.of(arrays, "ones"), manager).stages(pixels);
    int[] reach = new int[4];
    for (int i = 0; i < 4; i++) {
      float[] row = stages.get(i).sum(new int[] {1}).sum(new int[] {1}).toFloatArray();
      int first = IntStream.range(0, row.length).filter(x -> row[x] != 0).findFirst().orElseThrow();
      int last = row.length - 1;
      while (row[last] == 0) {
        last--;
      }
      reach[i] = last - first + 1;
    }
    // Stages 3 and 4: blocks of dilation 1, 2 and 2, 4 widen by twice that on the same grid.
    assertEquals(2 * (1 + 2), reach[2] - reach[1]);
    assertEquals(2 * (2 + 4), reach[3] - reach[2]);
  }

  @Test
  void caffesBottlenecksStrideOnTheFirstConvolution() {
    ResNetConfig caffe = ResNetConfig.of(Block.CAFFE_BOTTLENECK, 4, 1, 2, 1, 2);
    assertEquals(BOTTLENECK.shapes(""), caffe.shapes(""));
    NDArray pixels = pixels(1, 64, 64);
    NDList one = ResNet.load(checkpoint(BOTTLENECK), BOTTLENECK, manager).stages(pixels);
    NDList other = ResNet.load(checkpoint(caffe), caffe, manager).stages(pixels);
    assertArrayEquals(one.get(0).toFloatArray(), other.get(0).toFloatArray());
    assertEquals(one.get(1).getShape(), other.get(1).getShape());
    assertFalse(one.get(1).contentEquals(other.get(1)));
  }

  /** Gradients of the sum of all stages, by name. */
  private static Map<String, float[]> step(
      ResNet network, Map<String, NDArray> arrays, NDArray pixels) {
    arrays.forEach((name, array) -> array.setRequiresGradient(network.config().trains(name)));
    try (GradientCollector collector = pixels.getManager().getEngine().newGradientCollector();
        NDManager call = pixels.getManager().newSubManager()) {
      NDArray copy = pixels.duplicate();
      copy.attach(call);
      NDArray loss = null;
      for (NDArray stage : network.stages(copy)) {
        loss = loss == null ? stage.sum() : loss.add(stage.sum());
      }
      collector.backward(loss);
    }
    Map<String, float[]> gradients = new TreeMap<>();
    arrays.forEach(
        (name, array) -> {
          if (array.hasGradient()) {
            try (NDArray gradient = array.getGradient()) {
              gradients.put(name, gradient.toFloatArray());
            }
          }
          array.setRequiresGradient(false);
        });
    return gradients;
  }

  private Map<String, NDArray> arrays(ResNetConfig config) {
    Map<String, NDArray> arrays = new TreeMap<>();
    Weights weights = Weights.load(checkpoint(config), config.shapes(""), manager);
    config.shapes("").keySet().forEach(name -> arrays.put(name, weights.get(name)));
    return arrays;
  }

  @Test
  void trainingMovesTheStatisticsOfTheStemAsPyTorchDoes() {
    ResNetConfig config = BASIC.withMomentum(0.01);
    Map<String, NDArray> arrays = arrays(config);
    NDArray pixels = pixels(2, 32, 32);
    NDArray maps =
        Convolution.of(
                Weights.of(arrays, "case").at("conv1"), Convolution.Sampling.same(7, 2, 1), manager)
            .forward(pixels, Mode.INFERENCE);
    float[] meanBefore = arrays.get("bn1.running_mean").toFloatArray();
    float[] varianceBefore = arrays.get("bn1.running_var").toFloatArray();
    ResNet network = ResNet.of(config, Weights.of(arrays, "case"), manager).in(Mode.TRAINING);
    step(network, arrays, pixels);
    float[] mean = arrays.get("bn1.running_mean").toFloatArray();
    float[] variance = arrays.get("bn1.running_var").toFloatArray();
    for (int c = 0; c < 4; c++) {
      float[] values = maps.get(":, " + c).toFloatArray();
      double average =
          IntStream.range(0, values.length).mapToDouble(i -> values[i]).average().orElseThrow();
      double squares =
          IntStream.range(0, values.length)
              .mapToDouble(i -> (values[i] - average) * (values[i] - average))
              .sum();
      assertEquals(0.99 * meanBefore[c] + 0.01 * average, mean[c], 1e-6);
      // Unbiased: divided by one less than the count.
      assertEquals(
          0.99 * varianceBefore[c] + 0.01 * squares / (values.length - 1), variance[c], 1e-6);
    }
    arrays.forEach(
        (name, array) -> {
          if (name.endsWith("num_batches_tracked")) {
            assertEquals(1, array.getLong(), name);
          }
        });
  }

  @Test
  void everyParameterOfATrainedNetworkHasAGradient() {
    for (ResNetConfig config : List.of(BASIC, BOTTLENECK)) {
      Map<String, NDArray> arrays = arrays(config);
      ResNet network = ResNet.of(config, Weights.of(arrays, "case"), manager);
      Map<String, float[]> gradients = step(network.in(Mode.TRAINING), arrays, pixels(2, 32, 32));
      assertEquals(
          arrays.keySet().stream().filter(config::trains).toList(),
          List.copyOf(gradients.keySet()));
      assertTrue(gradients.keySet().stream().noneMatch(name -> name.contains("running")));
      float[] filters = gradients.get("conv1.weight");
      assertTrue(IntStream.range(0, filters.length).anyMatch(i -> filters[i] != 0));
    }
  }

  @Test
  void recordingChangesNoResult() {
    ResNet network = ResNet.load(checkpoint(BOTTLENECK), BOTTLENECK, manager);
    NDArray pixels = pixels(2, 32, 48);
    NDList plain = network.stages(pixels);
    NDList recorded = network.in(Mode.DIFFERENTIABLE).stages(pixels);
    for (int i = 0; i < 4; i++) {
      assertArrayEquals(plain.get(i).toFloatArray(), recorded.get(i).toFloatArray());
    }
  }

  @Test
  void frozenPartsHaveNoGradientsAndKeepTheirStatistics() {
    ResNetConfig config = BOTTLENECK.withFrozen(2, false);
    Map<String, NDArray> arrays = arrays(config);
    Map<String, float[]> before = new TreeMap<>();
    arrays.forEach(
        (name, array) -> {
          if (!name.endsWith("tracked")) {
            before.put(name, array.toFloatArray());
          }
        });
    ResNet network = ResNet.of(config, Weights.of(arrays, "case"), manager).in(Mode.TRAINING);
    Map<String, float[]> gradients = step(network, arrays, pixels(2, 32, 32));
    assertTrue(gradients.keySet().stream().allMatch(name -> name.matches("layer[234].*")));
    assertTrue(gradients.containsKey("layer2.0.conv1.weight"));
    for (String name : List.of("bn1.", "layer1.0.bn2.", "layer1.0.downsample.1.")) {
      assertArrayEquals(
          before.get(name + "running_mean"), arrays.get(name + "running_mean").toFloatArray());
      assertEquals(0, arrays.get(name + "num_batches_tracked").getLong());
    }
    String moved = "layer2.0.bn1.running_mean";
    assertFalse(Arrays.equals(before.get(moved), arrays.get(moved).toFloatArray()));
  }

  @Test
  void frozenNormsKeepAllStatisticsWhileTheirWeightsTrain() {
    ResNetConfig config = BASIC.withFrozen(0, true);
    Map<String, NDArray> arrays = arrays(config);
    NDArray pixels = pixels(2, 32, 32);
    ResNet network = ResNet.of(config, Weights.of(arrays, "case"), manager);
    float[] before = arrays.get("layer3.0.bn1.running_var").toFloatArray();
    float[] plain = network.last(pixels).toFloatArray();
    assertArrayEquals(plain, network.in(Mode.TRAINING).last(pixels).toFloatArray());
    Map<String, float[]> gradients = step(network.in(Mode.TRAINING), arrays, pixels);
    assertTrue(gradients.containsKey("layer3.0.bn1.weight"));
    assertArrayEquals(before, arrays.get("layer3.0.bn1.running_var").toFloatArray());
    assertEquals(0, arrays.get("bn1.num_batches_tracked").getLong());
  }

  @Test
  void publishedFilesOfAllTrainingsAreRead() {
    float[] expected =
        ResNet.load(checkpoint(BOTTLENECK), BOTTLENECK, manager)
            .last(pixels(1, 32, 32))
            .toFloatArray();
    Map<String, UnaryOperator<String>> layouts =
        Map.of(
            "torchvision", name -> name,
            "DINO", name -> "teacher.module.backbone." + name,
            "MoCo", name -> "state_dict.module.encoder_q." + name,
            "SwAV", name -> "module." + name,
            "mmdetection", name -> "state_dict.backbone." + name);
    Map<String, String> besides =
        Map.of(
            "torchvision", "fc.weight",
            "DINO", "student.module.backbone.conv1.weight",
            "MoCo", "state_dict.module.encoder_q.fc.0.weight",
            "SwAV", "module.prototypes.weight",
            "mmdetection", "state_dict.rpn_head.rpn_conv.weight");
    layouts.forEach(
        (name, layout) -> {
          Map<String, Shape> shapes = new TreeMap<>(BOTTLENECK.shapes(""));
          shapes.put("besides", new Shape(2, 2));
          Checkpoint stored =
              new PortableWeights(shapes, "resnet")
                  .renamed(own -> own.equals("besides") ? besides.get(name) : layout.apply(own));
          float[] last =
              ResNet.load(stored, BOTTLENECK, manager).last(pixels(1, 32, 32)).toFloatArray();
          assertArrayEquals(expected, last, name);
        });
  }

  @Test
  void oldFilesWithoutCountsOfBatchesAreRead() {
    Checkpoint old = checkpoint(BASIC).without(name -> name.endsWith("num_batches_tracked"));
    assertEquals(
        new Shape(1, 32, 1, 1),
        ResNet.load(old, BASIC, manager).in(Mode.TRAINING).last(pixels(1, 32, 32)).getShape());
  }

  @Test
  void aCheckpointThatDoesNotFitIsRefusedByNames() {
    Checkpoint other =
        checkpoint(BASIC)
            .without(name -> name.equals("layer2.1.conv2.weight"))
            .renamed(name -> name.equals("bn1.bias") ? "bn1.shift" : name);
    CheckpointException misfit =
        assertThrows(CheckpointException.class, () -> ResNet.load(other, BASIC, manager));
    for (String name : List.of("layer2.1.conv2.weight", "bn1.bias", "bn1.shift")) {
      assertTrue(misfit.getMessage().contains(name), misfit.getMessage());
    }
    CheckpointException none =
        assertThrows(
            CheckpointException.class,
            () -> ResNetConfig.of(new PortableWeights(Map.of("a", new Shape(1)), "x")));
    assertTrue(none.getMessage().contains("conv1.weight"), none.getMessage());
  }

  @Test
  void sizesAreReadOffACheckpoint() {
    for (ResNetConfig config :
        List.of(BASIC, BOTTLENECK, ResNetConfig.RESNET_34, ResNetConfig.RESNET_101)) {
      assertEquals(config, ResNetConfig.of(checkpoint(config)));
    }
  }

  @Test
  void impossibleSizesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> BASIC.withOutputStride(12));
    assertThrows(IllegalArgumentException.class, () -> BASIC.withOutputStride(64));
    assertThrows(IllegalArgumentException.class, () -> BASIC.withFrozen(6, true));
    assertThrows(IllegalArgumentException.class, () -> BASIC.withMomentum(2));
    assertThrows(IllegalArgumentException.class, () -> ResNetConfig.of(Block.BASIC, 4));
  }

  @Test
  void aNetworkStartsWithHesDistributionAndPlainNorms() {
    ResNetConfig config = ResNetConfig.of(Block.BASIC, 32, 1, 1);
    Map<String, NDArray> arrays = config.initialWeights(new Random(1), manager);
    assertEquals(config.shapes("").keySet(), arrays.keySet());
    float[] filters = arrays.get("layer2.0.conv2.weight").toFloatArray();
    double squares =
        IntStream.range(0, filters.length).mapToDouble(i -> filters[i] * filters[i]).sum();
    assertEquals(Math.sqrt(2.0 / (64 * 9)), Math.sqrt(squares / filters.length), 1e-3);
    assertEquals(1, arrays.get("layer1.0.bn1.weight").getFloat(0));
    assertEquals(0, arrays.get("bn1.running_mean").getFloat(0));
    assertEquals(0, arrays.get("bn1.num_batches_tracked").getLong());
    ResNet network = ResNet.of(config, Weights.of(arrays, "start"), manager);
    assertTrue(Float.isFinite(network.last(pixels(1, 16, 16)).sum().getFloat()));
  }
}
