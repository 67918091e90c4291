package org.zeroseg.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;

/** The stages of mmdetection's ResNets; what follows them there is ZSI's. */
class ResNetGoldenTest {

  private static final Pattern STEPS =
      Pattern.compile("picture 0, channel step (\\d+), row and column step (\\d+)");

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("zsi", Map.of("backbone_fpn", ResNetGoldenTest::stages));
  }

  private static void stages(GoldenCase golden) throws IOException {
    ResNetConfig config =
        switch (golden.config().get("depth").getAsInt()) {
          case 18 -> ResNetConfig.RESNET_18;
          case 50 -> ResNetConfig.RESNET_50;
          case 101 -> ResNetConfig.RESNET_101;
          default -> throw new AssertionError(golden + ": depth");
        };
    Picture picture =
        Picture.read(golden.folder().resolve(golden.inputs().get("resized").getAsString())).rgb();
    try (NDManager model = NDManager.newBaseManager("PyTorch");
        NDManager call = model.newSubManager()) {
      PortableWeights weights =
          new PortableWeights(config.shapes(""), golden.salt(), "backbone.", Map.of());
      ResNet network = ResNet.load(weights, config, model);
      NDArray pixels = padded(Normalization.IMAGENET.pixels(call, List.of(picture)));
      for (ResNet view : List.of(network, network.folded(model))) {
        NDList stages = view.stages(pixels);
        for (int i = 0; i < stages.size(); i++) {
          String name = "c" + (i + 2);
          String text = golden.json().getAsJsonObject("slices").get(name).getAsString();
          Matcher steps = STEPS.matcher(text);
          if (!steps.matches()) {
            throw new AssertionError(golden + ": slice " + text);
          }
          String slice = "0, ::%s, ::%2$s, ::%2$s".formatted(steps.group(1), steps.group(2));
          golden.check(name, stages.get(i).get(slice));
        }
      }
    }
  }

  /** Zeros at the right and bottom, up to multiples of 32. */
  private static NDArray padded(NDArray pixels) {
    long height = pixels.getShape().get(2);
    long width = pixels.getShape().get(3);
    NDManager call = pixels.getManager();
    NDArray right = call.zeros(new Shape(1, 3, height, Math.floorMod(-width, 32L)));
    NDArray wide = pixels.concat(right, 3);
    NDArray below =
        call.zeros(new Shape(1, 3, Math.floorMod(-height, 32L), wide.getShape().get(3)));
    return wide.concat(below, 2);
  }
}
