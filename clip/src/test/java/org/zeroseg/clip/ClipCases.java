package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.zeroseg.core.Precision;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.network.Transformer.Activation;
import org.zeroseg.core.tensor.Weights;

/** What golden cases of CLIP have in common. */
final class ClipCases {

  static final float[][] CLIP = {
    {0.48145467f, 0.4578275f, 0.40821072f}, {0.26862955f, 0.2613026f, 0.2757771f}
  };
  static final float[][] IMAGENET = {{0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}};

  private ClipCases() {}

  /** The configuration that a case gives in the words of OpenAI's constructor. */
  static ClipConfig config(JsonObject json) {
    int width = json.get("vision_width").getAsInt();
    int size = json.get("image_resolution").getAsInt();
    ClipConfig.Image image;
    if (json.get("vision_layers").isJsonArray()) {
      List<Integer> blocks =
          json.getAsJsonArray("vision_layers").asList().stream()
              .map(JsonElement::getAsInt)
              .collect(Collectors.toList());
      image = new ClipConfig.ResNet(width, blocks, size / 32);
    } else {
      int patch = json.get("vision_patch_size").getAsInt();
      image = new ClipConfig.Vit(width, json.get("vision_layers").getAsInt(), patch, size / patch);
    }
    ClipConfig.Text text =
        new ClipConfig.Text(
            json.get("transformer_width").getAsInt(),
            json.get("transformer_layers").getAsInt(),
            json.get("context_length").getAsInt(),
            json.get("vocab_size").getAsInt());
    ClipConfig config = new ClipConfig(image, text, json.get("embed_dim").getAsInt());
    boolean erf =
        json.has("activation") && json.get("activation").getAsString().startsWith("exact gelu");
    double epsilon =
        json.has("layer_norm_eps") ? json.get("layer_norm_eps").getAsDouble() : config.epsilon();
    return config.with(erf ? Activation.GELU : Activation.QUICK_GELU, epsilon);
  }

  /** The case's model in portable weights. */
  static ClipModel model(GoldenCase golden, NDManager manager) {
    return model(golden, Precision.FLOAT32, manager);
  }

  static ClipModel model(GoldenCase golden, Precision precision, NDManager manager) {
    ClipConfig config = config(golden.config());
    Map<String, Shape> shapes = config.shapes();
    PortableWeights portable = new PortableWeights(shapes, golden.salt(), "", golden.weightScale());
    Weights weights =
        Weights.load(
            portable,
            shapes,
            precision,
            ClipModel::inTransformer,
            Transformer.Names.CLIP::isMatrix,
            manager);
    return ClipModel.of(config, weights, manager);
  }

  /** The case's model without its text tower, for cases that look at pictures only. */
  static ImageTower imageTower(GoldenCase golden, NDManager manager) {
    ClipConfig config = config(golden.config());
    Map<String, Shape> shapes = new LinkedHashMap<>(config.shapes());
    shapes.keySet().removeIf(name -> !name.startsWith("visual."));
    PortableWeights portable = new PortableWeights(shapes, golden.salt(), "", golden.weightScale());
    Weights visual = Weights.load(portable, shapes, manager).at("visual");
    return ClipModel.imageTower(config, visual, manager);
  }

  /** {@code [1, 3, H, W]}: value / 255, minus mean, divided by deviation; as large as it is. */
  static NDArray pixels(GoldenCase golden, float[][] normalisation, NDManager manager)
      throws IOException {
    String file = golden.inputs().get("image").getAsString();
    BufferedImage picture = ImageIO.read(golden.file(file).toFile());
    int height = picture.getHeight();
    int width = picture.getWidth();
    float[] values = new float[3 * height * width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int rgb = picture.getRGB(x, y);
        for (int c = 0; c < 3; c++) {
          float value = (rgb >> (16 - 8 * c) & 0xff) / 255f;
          values[(c * height + y) * width + x] =
              (value - normalisation[0][c]) / normalisation[1][c];
        }
      }
    }
    return manager.create(values, new Shape(1, 3, height, width));
  }

  /** The portable text embeddings of a case, each of unit length: {@code [K, D]}. */
  static NDArray textEmbeddings(GoldenCase golden, NDManager manager) {
    JsonObject entry = golden.inputs().getAsJsonObject("text_embeddings");
    long[] sides =
        entry.getAsJsonArray("shape").asList().stream().mapToLong(JsonElement::getAsLong).toArray();
    Shape shape = new Shape(sides);
    String name = entry.get("portable").getAsString();
    NDArray rows = manager.create(PortableWeights.values(golden.salt(), name, shape), shape);
    return rows.div(rows.norm(new int[] {1}, true));
  }
}
