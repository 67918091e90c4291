package org.zeroseg.namedmask;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.tensor.Weights;

/** What the golden tests share. */
final class NamedMaskCases {

  private NamedMaskCases() {}

  static DeepLabConfig config(JsonObject json) {
    ResNetConfig backbone =
        ResNetConfig.of(
            ResNetConfig.Block.BOTTLENECK,
            json.get("base_planes").getAsInt(),
            integers(json, "blocks").toArray(Integer[]::new));
    return new DeepLabConfig(
        DeepLabConfig.dilated(backbone),
        json.get("aspp_channels").getAsInt(),
        json.get("low_level_channels").getAsInt(),
        integers(json, "aspp_rates"),
        json.get("classes").getAsInt());
  }

  private static List<Integer> integers(JsonObject json, String key) {
    return json.getAsJsonArray(key).asList().stream().map(JsonElement::getAsInt).toList();
  }

  /** The case's weights, by way of the sizes that they tell. */
  static DeepLab network(GoldenCase golden, NDManager manager) {
    PortableWeights portable = weights(golden);
    DeepLabConfig told = DeepLabConfig.of(portable);
    return DeepLab.of(told, Weights.load(portable, told.shapes(), manager), manager);
  }

  static PortableWeights weights(GoldenCase golden) {
    return new PortableWeights(config(golden.config()).shapes(), golden.salt());
  }

  /** Bytes {@code [N, H, W, 3]}, or of one picture {@code [H, W, 3]}. */
  static List<Picture> pictures(GoldenTensor bytes) {
    return pictures(bytes.bytes(), bytes.shape());
  }

  static List<Picture> pictures(byte[] all, long[] shape) {
    int width = (int) shape[shape.length - 2];
    int height = (int) shape[shape.length - 3];
    int length = 3 * width * height;
    List<Picture> pictures = new ArrayList<>();
    for (int from = 0; from < all.length; from += length) {
      byte[] samples = Arrays.copyOfRange(all, from, from + length);
      pictures.add(Picture.of(PixelFormat.RGB, width, height, samples));
    }
    return pictures;
  }
}
