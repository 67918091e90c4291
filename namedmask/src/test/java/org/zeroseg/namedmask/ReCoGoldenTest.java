package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.DenseClip;
import org.zeroseg.clip.ModifiedResNet;
import org.zeroseg.clip.PositionResampling;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Progress;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.dino.DinoConfig;

class ReCoGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "reco",
        Map.of(
            "reference_embedding", ReCoGoldenTest::referenceEmbedding,
            "text_attention", ReCoGoldenTest::textAttention,
            "context_weights", ReCoGoldenTest::contextWeights,
            "cosegment", ReCoGoldenTest::coSegment,
            "image_encoder", ReCoGoldenTest::imageEncoder,
            "dense_clip", ReCoGoldenTest::denseClip,
            "preprocess", ReCoGoldenTest::preprocess,
            "reco_end_to_end", ReCoGoldenTest::endToEnd));
  }

  private static void referenceEmbedding(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      Shape shape = new Shape(golden.input("features").shape());
      int n = (int) shape.get(0);
      int channels = (int) shape.get(1);
      float[] features = cells(golden.input(manager, "features")).toFloatArray();
      float[] weights =
          golden.inputs().has("weights")
              ? golden.input("weights").floats()
              : manager.ones(new Shape(n, shape.get(2), shape.get(3))).toFloatArray();
      for (CoSegmentation.Rule rule : CoSegmentation.Rule.values()) {
        String prefix = rule.name().toLowerCase(Locale.ROOT) + ".";
        Map<CoSegmentation.Merge, String> merges =
            Map.of(
                CoSegmentation.Merge.MEAN, "avg",
                CoSegmentation.Merge.WEIGHTED, "weighted",
                CoSegmentation.Merge.WINNER, "winner");
        merges.forEach(
            (merge, name) -> {
              CoSegmentation.Found found =
                  new CoSegmentation(rule, merge).find(features, weights, n, manager);
              golden.check(prefix + name, GoldenTensor.of(found.embedding(), channels));
              check(golden, prefix, "", found, n, (int) shape.get(2), (int) shape.get(3));
              float[] seeds = new float[n * channels];
              int cells = weights.length / n;
              for (int i = 0; i < n; i++) {
                int from = (i * cells + found.seeds()[i]) * channels;
                System.arraycopy(features, from, seeds, i * channels, channels);
              }
              golden.check(prefix + "seed_features", GoldenTensor.of(seeds, n, channels));
            });
      }
    }
  }

  /** Votes and seeds, where they are recorded. */
  private static void check(
      GoldenCase golden,
      String prefix,
      String suffix,
      CoSegmentation.Found found,
      int n,
      int height,
      int width) {
    if (golden.outputs().has(prefix + "votes" + suffix)) {
      golden.check(prefix + "votes" + suffix, GoldenTensor.of(found.votes(), n, height, width));
    }
    if (golden.outputs().has(prefix + "seeds" + suffix)) {
      long[] places = new long[2 * n];
      for (int i = 0; i < n; i++) {
        places[2 * i] = found.seeds()[i] / width;
        places[2 * i + 1] = found.seeds()[i] % width;
      }
      golden.check(prefix + "seeds" + suffix, GoldenTensor.of(places, n, 2));
    }
  }

  /** {@code [n, C, h, w]} to {@code [n, h w, C]}. */
  private static NDArray cells(NDArray maps) {
    Shape shape = maps.getShape();
    return maps.reshape(shape.get(0), shape.get(1), -1).swapAxes(1, 2);
  }

  private static DenseClip.Features dense(NDArray maps) {
    Shape shape = maps.getShape();
    return new DenseClip.Features(
        cells(maps), Optional.empty(), (int) shape.get(2), (int) shape.get(3));
  }

  private static void textAttention(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray text = golden.input(manager, "text");
      NDArray words = text.getShape().dimension() == 1 ? text.expandDims(0) : text;
      double temperature = golden.config().get("temperature").getAsDouble();
      NDArray maps = dense(golden.input(manager, "dense_features")).attention(words, temperature);
      check(golden, "attention", maps);
      NDArray resized =
          Interpolation.resize(maps, size(golden, 0), size(golden, 1), Interpolation.Mode.BILINEAR);
      check(golden, "attention_resized", resized);
    }
  }

  /** Where the words are one, some records leave their axis out. */
  private static void check(GoldenCase golden, String name, NDArray whole) {
    golden.check(name, whole.reshape(new Shape(golden.output(name).shape())));
  }

  private static int size(GoldenCase golden, int axis) {
    return golden.config().getAsJsonArray("output_size").get(axis).getAsInt();
  }

  private static void contextWeights(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      NDArray features = golden.input(manager, "features");
      NDArray contexts = golden.input(manager, "context_embeddings");
      NDArray similarities = Likeness.similarities(cells(features), contexts);
      Shape shape = features.getShape();
      golden.check(
          "context_weights",
          similarities.reshape(
              shape.get(0), contexts.getShape().get(0), shape.get(2), shape.get(3)));
      golden.check(
          "keep", Likeness.keep(similarities).reshape(shape.get(0), shape.get(2), shape.get(3)));
    }
  }

  private static List<String> words(GoldenCase golden, String key) {
    return golden.config().getAsJsonArray(key).asList().stream()
        .map(JsonElement::getAsString)
        .toList();
  }

  private static void coSegment(GoldenCase golden) {
    double temperature = golden.config().get("temperature").getAsDouble();
    List<String> contexts = words(golden, "contexts_in_order");
    List<String> all = new ArrayList<>(contexts);
    all.addAll(words(golden, "categories_in_order"));
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      for (CoSegmentation.Rule rule : CoSegmentation.Rule.values()) {
        String prefix = rule.name().toLowerCase(Locale.ROOT) + ".";
        CoSegmentation coSegmentation = new CoSegmentation(rule, CoSegmentation.Merge.MEAN);
        List<float[]> before = new ArrayList<>();
        List<float[]> vectors = new ArrayList<>();
        for (String word : all) {
          NDArray maps = golden.input(manager, "features." + word);
          Shape shape = maps.getShape();
          int n = (int) shape.get(0);
          int height = (int) shape.get(2);
          int width = (int) shape.get(3);
          NDArray features = cells(maps);
          NDArray attention =
              dense(golden.input(manager, "dense." + word))
                  .attention(golden.input(manager, "text." + word).expandDims(0), temperature);
          NDArray weights =
              Likeness.weights(
                  features,
                  height,
                  width,
                  Optional.of(attention),
                  before.isEmpty()
                      ? Optional.empty()
                      : Optional.of(manager.create(before.toArray(float[][]::new))));
          CoSegmentation.Found found =
              coSegmentation.find(features.toFloatArray(), weights.toFloatArray(), n, manager);
          String suffix = "." + word;
          if (golden.outputs().has(prefix + "weights" + suffix)) {
            golden.check(prefix + "weights" + suffix, weights.reshape(n, height, width));
          }
          check(golden, prefix, suffix, found, n, height, width);
          golden.check(
              prefix + "embedding" + suffix,
              GoldenTensor.of(found.embedding(), found.embedding().length));
          NDArray vector = manager.create(found.embedding()).expandDims(0);
          if (golden.outputs().has(prefix + "similarity" + suffix)) {
            golden.check(
                prefix + "similarity" + suffix,
                DeepLab.KERNELS.call("cosines", features, vector).reshape(n, height, width));
          }
          (contexts.contains(word) ? before : vectors).add(found.embedding());
        }
        scores(golden, prefix, vectors, temperature, manager);
      }
    }
  }

  private static void scores(
      GoldenCase golden,
      String prefix,
      List<float[]> vectors,
      double temperature,
      NDManager manager) {
    NDList text = new NDList();
    for (String word : words(golden, "categories_in_order")) {
      text.add(golden.input(manager, "text." + word));
    }
    NDArray queries = golden.input(manager, "query.features");
    NDArray attention =
        dense(golden.input(manager, "query.dense")).attention(NDArrays.stack(text), temperature);
    NDArray references = manager.create(vectors.toArray(float[][]::new));
    List<Likeness> withText = new ArrayList<>();
    List<Likeness> without = new ArrayList<>();
    for (int i = 0; i < queries.getShape().get(0); i++) {
      NDArray features = cells(queries.get(i).expandDims(0));
      for (boolean attends : new boolean[] {true, false}) {
        (attends ? withText : without)
            .add(
                Likeness.of(
                    features,
                    (int) queries.getShape().get(2),
                    (int) queries.getShape().get(3),
                    references,
                    attends ? Optional.of(attention.get(i)) : Optional.empty(),
                    size(golden, 0),
                    size(golden, 1)));
      }
    }
    check(golden, prefix, "scores", withText, manager);
    if (golden.outputs().has(prefix + "scores_without_text")) {
      check(golden, prefix, "scores_without_text", without, manager);
    }
  }

  /** All scores of all pictures, and what wins. */
  private static void check(
      GoldenCase golden, String prefix, String name, List<Likeness> pictures, NDManager manager) {
    NDList all = new NDList();
    List<int[]> labels = new ArrayList<>();
    for (Likeness likeness : pictures) {
      NDList strips = new NDList();
      likeness.forEach(
          (top, bottom, some) -> {
            some.attach(manager);
            strips.add(some);
          });
      all.add(NDArrays.concat(strips, 1));
      labels.add(ReCo.Winners.of(likeness).rows());
    }
    golden.check(prefix + name, NDArrays.stack(all));
    if (name.equals("scores")) {
      DeepLabGoldenTest.mismatch(
          golden, prefix + "labels", golden.outputs().getAsJsonObject(prefix + "labels"));
      Likeness first = pictures.get(0);
      int length = first.height() * first.width();
      int[] stacked = new int[labels.size() * length];
      for (int i = 0; i < labels.size(); i++) {
        System.arraycopy(labels.get(i), 0, stacked, i * length, length);
      }
      golden.check(
          prefix + "labels",
          GoldenTensor.of(stacked, labels.size(), first.height(), first.width()));
    }
  }

  private static DeiT deit(GoldenCase golden, JsonObject json, NDManager manager) {
    DinoConfig config =
        new DinoConfig(
            json.get("patch").getAsInt(),
            json.get("dim").getAsInt(),
            json.get("depth").getAsInt(),
            json.get("heads").getAsInt(),
            json.get("img_size").getAsInt() / json.get("patch").getAsInt());
    PortableWeights portable =
        new PortableWeights(DeiT.shapes(config), golden.salt(), "", golden.weightScale());
    return DeiT.of(config, Weights.load(portable, DeiT.shapes(config), manager), manager);
  }

  private static void imageEncoder(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      JsonObject json = golden.config();
      DeiT deit = deit(golden, json, manager);
      List<Picture> pictures = NamedMaskCases.pictures(golden.input("images"));
      int patch = json.get("patch").getAsInt();
      long rows = pictures.get(0).height() / patch;
      long columns = pictures.get(0).width() / patch;
      NDArray positions = deit.positions(rows, columns, manager).squeeze(0);
      int step = step(golden, "position_embedding", positions, 1);
      golden.check("position_embedding", GoldenTensor.of(positions).slice(":, ::" + step));
      NDArray features =
          deit.patches(Normalization.IMAGENET.pixels(manager, pictures))
              .swapAxes(1, 2)
              .reshape(pictures.size(), -1, rows, columns);
      int channels = step(golden, "features", features, 1);
      golden.check("features", GoldenTensor.of(features).slice(":, ::" + channels));
    }
  }

  /** Of large results every n-th channel is stored. */
  private static int step(GoldenCase golden, String name, NDArray whole, int axis) {
    return (int) (whole.getShape().get(axis) / golden.output(name).shape()[axis]);
  }

  private static ClipModel clip(
      GoldenCase golden, JsonObject json, int vocabulary, NDManager manager) {
    Integer[] blocks =
        json.getAsJsonArray("blocks").asList().stream()
            .map(JsonElement::getAsInt)
            .toArray(Integer[]::new);
    ClipConfig config =
        new ClipConfig(
            new ClipConfig.ResNet(json.get("width").getAsInt(), List.of(blocks), 7),
            new ClipConfig.Text(64, 1, 77, vocabulary),
            json.get("out_dim").getAsInt());
    PortableWeights portable = new PortableWeights(config.shapes(), golden.salt());
    return ClipModel.of(config, Weights.load(portable, config.shapes(), manager), manager);
  }

  private static void denseClip(GoldenCase golden) {
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      ModifiedResNet tower = (ModifiedResNet) clip(golden, golden.config(), 8, manager).image();
      NDArray pixels =
          Normalization.IMAGENET.pixels(manager, NamedMaskCases.pictures(golden.input("images")));
      NDArray last = tower.features(pixels);
      golden.check(
          "stage4", GoldenTensor.of(last).slice(":, ::" + step(golden, "stage4", last, 1)));
      DenseClip.Features found =
          DenseClip.of(tower, PositionResampling.CELL_COUNT, manager).features(pixels, false);
      NDArray features =
          found
              .features()
              .swapAxes(1, 2)
              .reshape(pixels.getShape().get(0), -1, found.height(), found.width());
      golden.check(
          "features",
          GoldenTensor.of(features).slice(":, ::" + step(golden, "features", features, 1)));
    }
  }

  private static void preprocess(GoldenCase golden) {
    Picture picture = NamedMaskCases.pictures(golden.input("image")).get(0);
    Picture square = Preprocessing.archive(224).square(picture);
    golden.check("archive_crop", GoldenTensor.of(square.samples(), 224, 224, 3));
    GoldenTensor pixels = GoldenTensor.of(square.toPixels(Normalization.IMAGENET), 3, 224, 224);
    golden.check("archive_tensor", pixels.slice(":, ::4, ::4"));
    Preprocessing evaluation =
        new Preprocessing(
            320,
            Filter.NEAREST,
            true,
            Preprocessing.CropRounding.HALF_EVEN,
            Normalization.IMAGENET);
    golden.check(
        "evaluation_crop", GoldenTensor.of(evaluation.square(picture).samples(), 320, 320, 3));
  }

  private static void endToEnd(GoldenCase golden) {
    ClipTokenizer tokenizer = ClipTokenizer.learn(List.of("a cat"), 2, 77);
    NDManager models = NDManager.newBaseManager("PyTorch");
    ClipModel model =
        clip(
            golden,
            golden.config().getAsJsonObject("dense_clip"),
            tokenizer.vocabularySize(),
            models);
    NDManager own = NDManager.newBaseManager("PyTorch");
    JsonObject json = golden.config().getAsJsonObject("image_encoder");
    DeiT deit = deit(golden, json, own);
    try (Clip clip = Clip.of(model, tokenizer, models);
        DenseEncoder encoder =
            new Encoders.Of(
                json.get("patch").getAsInt(), deit::patches, new ModelMemory(own, "DeiT"))) {
      for (CoSegmentation.Rule rule : CoSegmentation.Rule.values()) {
        endToEnd(golden, encoder, clip, rule);
      }
    }
  }

  private static void endToEnd(
      GoldenCase golden, DenseEncoder encoder, Clip clip, CoSegmentation.Rule rule) {
    String prefix = rule.name().toLowerCase(Locale.ROOT) + ".";
    List<String> contexts = words(golden, "contexts_in_order");
    ReCo.Settings settings =
        new ReCo.Settings(
            new CoSegmentation(rule, CoSegmentation.Merge.MEAN),
            contexts,
            golden.config().get("temperature").getAsDouble(),
            Preprocessing.archive(224),
            PromptTemplates.BARE,
            false,
            InputSize.own(),
            3,
            TorchEngine.defaultDevice(),
            Progress.SILENT);
    List<float[]> before = new ArrayList<>();
    Map<String, float[]> vectors = new LinkedHashMap<>();
    List<float[]> text = new ArrayList<>();
    for (String word :
        Stream.concat(contexts.stream(), words(golden, "categories_in_order").stream()).toList()) {
      List<Picture> archive = NamedMaskCases.pictures(golden.input("archive." + word));
      float[] vector = golden.input("text." + word).floats();
      CoSegmentation.Found found =
          ReCo.coSegment(
              encoder, Optional.of(clip), settings, archive, new float[][] {vector}, before);
      int side = archive.get(0).width() / encoder.stride();
      check(golden, prefix, "." + word, found, archive.size(), side, side);
      golden.check(
          prefix + "embedding." + word,
          GoldenTensor.of(found.embedding(), found.embedding().length));
      if (contexts.contains(word)) {
        before.add(found.embedding());
      } else {
        vectors.put(word, found.embedding());
        text.add(vector);
      }
    }
    List<Picture> queries = NamedMaskCases.pictures(golden.input("query"));
    int width = queries.get(0).width();
    int height = queries.get(0).height();
    List<DenseEncoder.Cells> cells = encoder.encode(queries);
    List<ReCo.Attention> attention =
        ReCo.attention(
            Optional.of(clip), queries, text.toArray(float[][]::new), settings.temperature());
    try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
      List<Likeness> found = new ArrayList<>();
      for (int i = 0; i < queries.size(); i++) {
        found.add(
            ReCo.likeness(
                cells.get(i),
                Optional.of(attention.get(i)),
                vectors.values().toArray(float[][]::new),
                new Sizes(width, height, width, height),
                manager));
      }
      check(golden, prefix, "scores", found, manager);
    }
  }
}
