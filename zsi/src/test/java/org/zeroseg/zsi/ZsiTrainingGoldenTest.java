package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Optimiser;
import org.zeroseg.core.train.Schedule;

class ZsiTrainingGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("zsi", Map.of("train_step", ZsiTrainingGoldenTest::trainStep));
  }

  private static void trainStep(GoldenCase golden) throws IOException {
    JsonObject json = golden.config();
    ZsiTrainer.Options options =
        ZsiTrainer.Options.published(
                Schedule.constant(json.get("lr").getAsDouble()),
                json.get("mask_sync_bg").getAsBoolean())
            .withSamples(
                Integer.MAX_VALUE,
                json.getAsJsonObject("rpn_proposal").get("max_num").getAsInt(),
                512,
                Integer.MAX_VALUE);
    ZsiConfig config = ZsiDetectorGoldenTest.config(golden);
    try (NDManager manager = NDManager.newBaseManager()) {
      Map<String, Shape> shapes = config.shapes();
      Weights loaded = ZsiDetectorGoldenTest.weights(golden, shapes, manager);
      Map<String, NDArray> weights = new LinkedHashMap<>();
      shapes.keySet().forEach(name -> weights.put(name, loaded.get(name)));
      Map<String, float[]> start = new LinkedHashMap<>();
      weights.forEach(
          (name, array) -> {
            if (!name.endsWith("num_batches_tracked")) {
              start.put(name, array.toFloatArray());
            }
          });
      ZsiTrainer trainer =
          ZsiTrainer.of(
              config,
              weights,
              ZsiHeadsGoldenTest.vocabulary(golden, manager),
              ZsiHeadsGoldenTest.classes(golden),
              options);
      ZsiTrainer.Loss loss =
          trainer.new Loss(manager, new AnchorTargets.Rules(Matching.PROPOSALS, Sampling.ALL, 0));
      ZsiTrainer.Samples batch = batch(golden);
      try (Optimiser optimiser = trainer.optimiser()) {
        for (int step = 0; golden.outputs().has("step" + step + ":loss"); step++) {
          String prefix = "step" + step + ":";
          try (NDManager call = manager.newSubManager()) {
            ZsiTrainer.Losses losses = TorchEngine.recorded(() -> loss.losses(batch, call));
            check(golden, prefix, losses);
            Map<String, NDArray> gradients = optimiser.gradients(losses.total());
            checkGradients(golden, prefix, gradients, json.get("grad_clip").getAsDouble());
            optimiser.step(gradients);
          }
          for (String output : golden.outputs().keySet()) {
            if (output.startsWith(prefix + "delta:")) {
              String name = output.substring((prefix + "delta:").length());
              checkCorner(golden, output, difference(weights.get(name), start.get(name)));
            }
          }
        }
      }
    }
  }

  private static void check(GoldenCase golden, String prefix, ZsiTrainer.Losses losses) {
    golden.check(prefix + "loss_rpn_cls", losses.proposalClasses());
    golden.check(prefix + "loss_rpn_bbox", losses.proposalBoxes());
    golden.check(prefix + "loss_semantic", losses.classes());
    golden.check(prefix + "acc", losses.accuracy());
    golden.check(prefix + "loss_bbox", losses.boxes());
    golden.check(prefix + "bbox_loss_ed", losses.boxReconstruction().mul(0.5f));
    golden.check(prefix + "loss_mask", losses.masks());
    golden.check(prefix + "loss_ed", losses.maskReconstruction().mul(0.5f));
    golden.check(prefix + "loss", losses.total());
  }

  /** The recorded gradients were shortened together; the optimiser does that in its step. */
  private static void checkGradients(
      GoldenCase golden, String prefix, Map<String, NDArray> found, double longest) {
    double squares = 0;
    Map<String, float[]> gradients = new LinkedHashMap<>();
    for (Map.Entry<String, NDArray> gradient : found.entrySet()) {
      float[] values = gradient.getValue().toFloatArray();
      gradients.put(gradient.getKey(), values);
      for (float value : values) {
        squares += (double) value * value;
      }
    }
    double norm = Math.sqrt(squares);
    golden.check(prefix + "grad_norm", GoldenTensor.of(new double[] {norm}, 1));
    float factor = (float) Math.min(1, longest / (norm + 1e-6));
    for (String output : golden.outputs().keySet()) {
      if (output.startsWith(prefix + "grad:")) {
        String name = output.substring((prefix + "grad:").length());
        float[] values = gradients.get(name).clone();
        for (int i = 0; i < values.length; i++) {
          values[i] *= factor;
        }
        checkCorner(golden, output, GoldenTensor.of(values, found.get(name).getShape().getShape()));
      }
    }
  }

  private static GoldenTensor difference(NDArray array, float[] start) {
    float[] values = array.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] -= start[i];
    }
    return GoldenTensor.of(values, array.getShape().getShape());
  }

  /** Of large tensors the first rows and columns are stored. */
  private static void checkCorner(GoldenCase golden, String output, GoldenTensor whole) {
    golden.check(output, whole.slice(ZsiCases.corner(golden.output(output).shape())));
  }

  private static ZsiTrainer.Samples batch(GoldenCase golden) {
    List<Picture> pictures = new ArrayList<>();
    List<ZsiTrainer.Objects> objects = new ArrayList<>();
    for (int i = 0; golden.inputs().has("gt_boxes_" + i); i++) {
      long[] sizes = ZsiCases.input(golden, "pictures").shape();
      byte[] all = ZsiCases.input(golden, "pictures").bytes();
      int length = all.length / (int) sizes[0];
      Picture picture =
          Picture.of(
              PixelFormat.RGB,
              (int) sizes[2],
              (int) sizes[1],
              Arrays.copyOfRange(all, i * length, (i + 1) * length));
      GoldenTensor stored = ZsiCases.input(golden, "gt_masks_" + i);
      List<Mask> masks = new ArrayList<>();
      int height = (int) stored.shape()[1];
      int width = (int) stored.shape()[2];
      for (int mask = 0; mask < stored.shape()[0]; mask++) {
        int from = mask * height * width;
        masks.add(Mask.of(width, height, (x, y) -> stored.values()[from + y * width + x] != 0));
      }
      pictures.add(picture);
      objects.add(
          new ZsiTrainer.Objects(
              picture.width(),
              picture.height(),
              ZsiCases.input(golden, "gt_boxes_" + i).floats(),
              ZsiCases.input(golden, "gt_labels_" + i).ints(),
              masks));
    }
    int rows = pictures.get(0).height();
    int columns = pictures.get(0).width();
    float[] pixels = new float[pictures.size() * 3 * rows * columns];
    for (int i = 0; i < pictures.size(); i++) {
      Frame.write(pictures.get(i), false, pixels, i, rows, columns);
    }
    return new ZsiTrainer.Samples(pixels, rows, columns, objects, 1);
  }
}
