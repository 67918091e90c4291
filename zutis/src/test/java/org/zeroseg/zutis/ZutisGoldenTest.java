package org.zeroseg.zutis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.segment.WordRows;
import org.zeroseg.core.tensor.LinearTaps;
import org.zeroseg.core.tensor.Weights;

class ZutisGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "zutis",
        Map.of(
            "sine_position_2d", ZutisGoldenTest::sinePositions,
            "image_to_text_space", ZutisGoldenTest::imageToTextSpace,
            "zutis_decoder", ZutisGoldenTest::decoder,
            "zutis_forward", ZutisGoldenTest::forward,
            "zutis_semantic_predict", ZutisGoldenTest::semantic,
            "zutis_instance_predict", ZutisGoldenTest::instances,
            "zutis_text_embeddings", ZutisGoldenTest::texts));
  }

  private static void sinePositions(GoldenCase golden) {
    JsonObject config = golden.config();
    int dims = config.get("dims").getAsInt();
    int height = config.get("height").getAsInt();
    int width = config.get("width").getAsInt();
    float[] cells = SinePositions.of(height, width, dims);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray grid = manager.create(cells, new Shape(1, height, width, dims));
      golden.check("position", grid.transpose(0, 3, 1, 2));
    }
  }

  private static void imageToTextSpace(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray tokens = golden.input(manager, "tokens");
      Shape shape = tokens.getShape();
      NDArray flat = tokens.reshape(shape.get(0), shape.get(1) * shape.get(2), shape.get(3));
      NDArray unit = ZutisModel.KERNELS.call("to_text_space", flat, golden.input(manager, "proj"));
      golden.check("patch_tokens", unit.reshape(shape.get(0), shape.get(1), shape.get(2), -1));
    }
  }

  private static void decoder(GoldenCase golden) {
    JsonObject config = golden.config();
    int width = config.get("width").getAsInt();
    ZutisConfig sizes =
        new ZutisConfig(
            new ClipConfig.Vit(width, 1, 8, 2),
            8,
            config.get("queries").getAsInt(),
            config.get("layers").getAsInt(),
            config.get("dim_feedforward").getAsInt(),
            8);
    Map<String, Shape> shapes = sizes.shapes();
    try (NDManager manager = NDManager.newBaseManager()) {
      PortableWeights portable =
          new PortableWeights(shapes, golden.salt(), "", golden.weightScale());
      ZutisModel model = ZutisModel.of(sizes, Weights.load(portable, shapes, manager), manager);
      NDList layers =
          model.forward(
              golden.input(manager, "memory"),
              config.getAsJsonArray("grid").get(0).getAsInt(),
              config.getAsJsonArray("grid").get(1).getAsInt());
      golden.check("queries", NDArrays.stack(layers, 1));
    }
  }

  private static void forward(GoldenCase golden) throws IOException {
    String file = golden.inputs().getAsJsonObject("image").get("picture").getAsString();
    Picture picture = Picture.readAsStored(golden.file(file)).rgb();
    int width = picture.width();
    int height = picture.height();
    try (NDManager manager = NDManager.newBaseManager()) {
      ZutisModel model = ZutisCases.model(golden, manager);
      NDArray pixels =
          manager.create(picture.toPixels(Normalization.IMAGENET), new Shape(1, 3, height, width));
      NDArray patches = model.patches(pixels);
      golden.check("encoder_tokens", patches);
      ZutisModel.Features features = model.doubled(patches, pixels.getShape());
      ZutisModel.Decoded decoded = model.decode(features, true);
      golden.check("decoder_memory", decoded.memory());
      golden.check("queries", NDArrays.stack(decoded.queries(), 1));
      NDArray all = model.proposals(decoded);
      golden.check(
          "mask_proposals",
          all.reshape(
              1,
              all.getShape().get(1),
              all.getShape().get(2),
              features.height(),
              features.width()));
      NDArray patchTokens = model.patchTokens(features);
      golden.check("patch_tokens", patchTokens.reshape(1, features.height(), features.width(), -1));
      NDArray words = golden.input(manager, "text_embeddings");
      Words each = each((int) words.getShape().get(0));
      labels(golden, "semantic_", model.cosines(patchTokens, words), features, width, height);
      NDArray last = model.proposals(model.decode(features, false), 0);
      Instances rules = ZutisCases.instances(golden.config());
      Instances.Queries proposals =
          proposals(last, features.height(), patchTokens, words, rules.threshold()).get(0);
      List<Instances.Instance> found = rules.find(proposals, each, 0, width, height);
      golden.check(
          "instance_category_ids", longs(found.stream().mapToLong(Instances.Instance::label)));
      golden.check(
          "instance_scores", doubles(found.stream().mapToDouble(Instances.Instance::score)));
      golden.check("instance_mask_areas", longs(found.stream().mapToLong(i -> i.mask().area())));
    }
  }

  /** Words that are labels themselves, the first for background. */
  private static Words each(int words) {
    int[] owners = IntStream.range(0, words).map(i -> i == 0 ? words - 1 : i - 1).toArray();
    return new Words(new WordRows(List.of(), owners, words - 1), 0);
  }

  /** Checks logits and labels at a picture's size as the shipped labelling makes them. */
  private static void labels(
      GoldenCase golden,
      String prefix,
      NDArray cosines,
      ZutisModel.Features grid,
      int width,
      int height) {
    int pictures = (int) cosines.getShape().get(0);
    int count = (int) cosines.getShape().get(1);
    Labelling labelling =
        new Labelling(
            LinearTaps.of(grid.height(), height),
            LinearTaps.of(grid.width(), width),
            Output.SCORING,
            OptionalDouble.empty());
    float[] logits = new float[pictures * count * height * width];
    int[] labels = new int[pictures * height * width];
    float[] all = cosines.toFloatArray();
    int size = all.length / pictures;
    for (int picture = 0; picture < pictures; picture++) {
      float[] map = Arrays.copyOfRange(all, picture * size, (picture + 1) * size);
      float[][] row = new float[count][width];
      for (int y = 0; y < height; y++) {
        labelling.resize(map, grid.width(), y, row);
        for (int k = 0; k < count; k++) {
          int start = ((picture * count + k) * height + y) * width;
          System.arraycopy(row[k], 0, logits, start, width);
        }
      }
      // Every word has a name here, the first as well.
      int[] own = labelling.apply(map, count, count, grid.width()).labels();
      for (int i = 0; i < own.length; i++) {
        labels[picture * own.length + i] = own[i] - 1;
      }
    }
    golden.check(prefix + "logits", GoldenTensor.of(logits, pictures, count, height, width));
    GoldenTensor map =
        prefix.isEmpty()
            ? GoldenTensor.of(labels, pictures, height, width)
            : GoldenTensor.of(labels, height, width);
    golden.check(prefix + "labels", map);
  }

  private static void semantic(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray tokens = golden.input(manager, "patch_tokens");
      Shape shape = tokens.getShape();
      ZutisModel.Features grid =
          new ZutisModel.Features(
              tokens.reshape(shape.get(0), -1, shape.get(3)),
              (int) shape.get(1),
              (int) shape.get(2));
      NDArray cosines =
          ZutisModel.KERNELS.call(
              "cosines", grid.tokens(), golden.input(manager, "text_embeddings"));
      int height = golden.config().getAsJsonArray("size").get(0).getAsInt();
      int width = golden.config().getAsJsonArray("size").get(1).getAsInt();
      labels(golden, "", cosines, grid, width, height);
      golden.check(
          "labels_without_resize",
          cosines.argMax(1).reshape(shape.get(0), shape.get(1), shape.get(2)));
    }
  }

  /** Each picture's proposals {@code [B, Q, height width]} with what is inside. */
  private static List<Instances.Queries> proposals(
      NDArray proposals, int height, NDArray patchTokens, NDArray words, double threshold) {
    ZutisModel.Inside inside = ZutisModel.inside(proposals, patchTokens, words, threshold);
    int pictures = (int) proposals.getShape().get(0);
    List<Instances.Queries> all = new ArrayList<>();
    for (int i = 0; i < pictures; i++) {
      all.add(
          new Instances.Queries(
              proposals.get(i).toFloatArray(),
              height,
              (int) proposals.getShape().get(2) / height,
              inside.objectness().get(i).toFloatArray(),
              inside.cosines().get(i).toFloatArray()));
    }
    return all;
  }

  private static void instances(GoldenCase golden) {
    JsonObject config = golden.config();
    Instances rules = ZutisCases.instances(config);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray all = golden.input(manager, "mask_proposals");
      if (all.getShape().dimension() == 5) {
        all = all.get(":, -1");
      }
      Shape shape = all.getShape();
      int gridHeight = (int) shape.get(2);
      int gridWidth = (int) shape.get(3);
      JsonElement size = config.get("size");
      int height = size.isJsonNull() ? gridHeight : size.getAsJsonArray().get(0).getAsInt();
      int width = size.isJsonNull() ? gridWidth : size.getAsJsonArray().get(1).getAsInt();
      NDArray tokens = golden.input(manager, "patch_tokens");
      NDArray words = golden.input(manager, "text_embeddings");
      Words each = each((int) words.getShape().get(0));
      List<Instances.Queries> pictures =
          proposals(
              all.reshape(shape.get(0), shape.get(1), (long) gridHeight * gridWidth),
              gridHeight,
              tokens.reshape(shape.get(0), (long) gridHeight * gridWidth, -1),
              words,
              rules.threshold());
      List<Instances.Named> named =
          pictures.stream().flatMap(p -> rules.name(p, each).stream()).toList();
      // A case whose proposals are all empty records what comes out only.
      if (golden.outputs().has("objectness")) {
        scores(golden, named, shape.get(0), shape.get(1));
      }
      List<Long> ids = new ArrayList<>();
      List<Instances.Instance> found = new ArrayList<>();
      for (int i = 0; i < pictures.size(); i++) {
        List<Instances.Instance> own = rules.find(pictures.get(i), each, 0, width, height);
        long id = config.getAsJsonArray("image_ids").get(i).getAsLong();
        own.forEach(instance -> ids.add(id));
        found.addAll(own);
      }
      golden.check("image_ids", longs(ids.stream().mapToLong(Long::longValue)));
      boolean coco = !config.get("label_map").isJsonNull();
      golden.check(
          "category_ids",
          longs(found.stream().mapToLong(i -> coco ? cocoId(i.label()) : i.label())));
      golden.check("scores", doubles(found.stream().mapToDouble(Instances.Instance::score)));
      List<Mask> masks = found.stream().map(Instances.Instance::mask).toList();
      golden.check("masks", bits(masks, height, width));
      // A case without instances records no boxes and no run lengths.
      if (golden.outputs().has("boxes")) {
        golden.check("boxes", corners(masks));
      }
      if (golden.outputs().has("rle_counts")) {
        List<String> expected =
            golden
                .outputs()
                .getAsJsonObject("rle_counts")
                .getAsJsonArray("strings")
                .asList()
                .stream()
                .map(JsonElement::getAsString)
                .toList();
        assertEquals(expected, masks.stream().map(mask -> mask.rle().text()).toList());
      }
    }
  }

  private static void scores(
      GoldenCase golden, List<Instances.Named> named, long... picturesAndQueries) {
    golden.check(
        "objectness",
        GoldenTensor.of(
            named.stream().mapToDouble(n -> n.score() / n.probability()).toArray(),
            picturesAndQueries));
    golden.check(
        "query_category",
        GoldenTensor.of(
            named.stream().mapToLong(Instances.Named::label).toArray(), picturesAndQueries));
    golden.check(
        "query_class_probability",
        GoldenTensor.of(
            named.stream().mapToDouble(Instances.Named::probability).toArray(),
            picturesAndQueries));
  }

  /** COCO's number of the i-th of its 80 categories: 1 to 90 with gaps. */
  private static long cocoId(int label) {
    List<Integer> absent = List.of(12, 26, 29, 30, 45, 66, 68, 69, 71, 83);
    return IntStream.rangeClosed(1, 90)
        .filter(id -> !absent.contains(id))
        .skip(label - 1)
        .findFirst()
        .orElseThrow();
  }

  private static GoldenTensor corners(List<Mask> masks) {
    double[] corners =
        masks.stream()
            .map(Mask::box)
            .flatMapToDouble(
                box ->
                    Arrays.stream(
                        new double[] {box.x(), box.y(), box.right() - 1, box.bottom() - 1}))
            .toArray();
    return masks.isEmpty()
        ? GoldenTensor.of(corners, 0)
        : GoldenTensor.of(corners, masks.size(), 4);
  }

  private static GoldenTensor bits(List<Mask> masks, int height, int width) {
    boolean[] bits = new boolean[masks.size() * height * width];
    for (int i = 0; i < masks.size(); i++) {
      int start = i * height * width;
      masks.get(i).forEach((x, y) -> bits[start + y * width + x] = true);
    }
    return GoldenTensor.of(bits, masks.size(), height, width);
  }

  private static GoldenTensor longs(java.util.stream.LongStream values) {
    long[] all = values.toArray();
    return GoldenTensor.of(all, all.length);
  }

  private static GoldenTensor doubles(java.util.stream.DoubleStream values) {
    double[] all = values.toArray();
    return GoldenTensor.of(all, all.length);
  }

  private static void texts(GoldenCase golden) throws IOException {
    JsonObject config = golden.config();
    ClipTokenizer tokenizer = ClipTokenizer.read(Golden.data().resolve("clip"));
    JsonObject ids = golden.json().getAsJsonObject("token_ids");
    for (String word : ids.keySet()) {
      long[] expected =
          ids.getAsJsonArray(word).asList().stream().mapToLong(JsonElement::getAsLong).toArray();
      long[] own = tokenizer.tokenize(List.of(word))[0];
      assertArrayEquals(expected, Arrays.copyOf(own, expected.length), word);
      assertEquals(0, Arrays.stream(own).skip(expected.length).sum(), word);
    }
    ClipConfig sizes =
        new ClipConfig(
            new ClipConfig.Vit(64, 1, 8, 2),
            new ClipConfig.Text(
                config.get("text_width").getAsInt(),
                config.get("text_layers").getAsInt(),
                77,
                tokenizer.vocabularySize()),
            config.get("embed_dim").getAsInt());
    Map<String, Shape> shapes = sizes.shapes();
    NDManager manager = NDManager.newBaseManager();
    PortableWeights portable = new PortableWeights(shapes, golden.salt(), "", golden.weightScale());
    ClipModel model = ClipModel.of(sizes, Weights.load(portable, shapes, manager), manager);
    try (Clip clip = Clip.of(model, tokenizer, manager);
        NDManager call = NDManager.newBaseManager()) {
      List<String> words =
          config.getAsJsonArray("categories").asList().stream()
              .map(JsonElement::getAsString)
              .toList();
      PromptTemplates templates = PromptTemplates.of(config.get("template").getAsString());
      assertEquals(PromptTemplates.BARE, templates);
      golden.check(
          "text_embeddings", call.create(clip.textEmbeddings().classifier(words, templates)));
    }
  }
}
