package org.zeroseg.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.network.Transformer.Activation;

class ClipTest {

  @Test
  void theConfigurationIsReadOffTheShapes() {
    for (ClipConfig.Image image : List.of(TinyClip.VIT, TinyClip.RES_NET)) {
      ClipConfig config = TinyClip.config(image);
      assertEquals(config, ClipConfig.of(new PortableWeights(config.shapes(), "any")));
    }
    assertEquals(8, TinyClip.RES_NET.stride());
    assertEquals(32, TinyClip.RES_NET.inputSize());
    assertEquals(128, TinyClip.RES_NET.channels());
  }

  @Test
  void checkpointsThatAreNoClipAreRefusedByName() {
    Map<String, Shape> shapes = new LinkedHashMap<>(TinyClip.config(TinyClip.VIT).shapes());
    shapes.remove("visual.ln_post.bias");
    shapes.put("visual.surplus", new Shape(3));
    shapes.put("ln_final.weight", new Shape(65));
    try (NDManager manager = NDManager.newBaseManager()) {
      CheckpointException error =
          assertThrows(CheckpointException.class, () -> load(shapes, manager));
      for (String fault : List.of("visual.ln_post.bias", "visual.surplus", "ln_final.weight")) {
        assertTrue(error.getMessage().contains(fault), error.getMessage());
      }
      shapes.put("visual.positional_embedding", new Shape(16, 64));
      error = assertThrows(CheckpointException.class, () -> load(shapes, manager));
      assertTrue(error.getMessage().contains("one more than a square"), error.getMessage());
      Map<String, Shape> other = Map.of("fc.weight", new Shape(3, 3));
      error = assertThrows(CheckpointException.class, () -> load(other, manager));
      assertTrue(error.getMessage().contains("holds no CLIP"), error.getMessage());
    }
  }

  @Test
  void anImageTowerWhoseWidthHasNoWholeHeadsIsRefusedWhereverItIs() {
    Map<String, Shape> shapes =
        Map.of(
            "encoder.conv1.weight", new Shape(96, 3, 8, 8),
            "encoder.positional_embedding", new Shape(17, 96),
            "encoder.transformer.resblocks.0.attn.in_proj_weight", new Shape(288, 96));
    String message =
        assertThrows(
                CheckpointException.class,
                () -> ClipConfig.Vit.of(new PortableWeights(shapes, "any"), "encoder."))
            .getMessage();
    assertTrue(message.contains("multiple of 64") && message.contains("96"), message);
    assertThrows(IllegalArgumentException.class, () -> new ClipConfig.Vit(64, 0, 8, 4));
  }

  @Test
  void theTextTowerMayHaveAPrefix() {
    Map<String, Shape> shapes = TinyClip.config(TinyClip.VIT).shapes();
    PortableWeights plain = new PortableWeights(shapes, "any");
    Checkpoint prefixed =
        plain.renamed(
            name ->
                name.startsWith("visual.") || name.equals("logit_scale") ? name : "text." + name);
    assertEquals(plain.tensors().keySet(), ClipModel.openAiNames(prefixed).tensors().keySet());
  }

  @Test
  void aLayerOfTheTransformersLibraryWithoutPartsIsReported() {
    Map<String, Shape> shapes =
        Map.of(
            "vision_model.embeddings.class_embedding", new Shape(64),
            "text_model.encoder.layers.0.odd", new Shape(3));
    try (NDManager manager = NDManager.newBaseManager()) {
      assertThrows(CheckpointException.class, () -> load(shapes, manager));
    }
  }

  @Test
  void denseFeaturesOfAModelAreMadeOnce() {
    Clip clip = TinyClip.clip(TinyClip.RES_NET);
    assertSame(clip.dense(false), clip.dense(false));
    clip.close();
    assertThrows(IllegalStateException.class, () -> clip.dense(true));
  }

  private static ClipModel load(Map<String, Shape> shapes, NDManager manager) {
    return ClipModel.load(
        new PortableWeights(shapes, "any"), Activation.QUICK_GELU, Precision.FLOAT32, manager);
  }

  @Test
  void textsDoNotDependOnTheirBatchNorOnPadding() {
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      List<String> texts = List.of("a cat", "", "a photo of a dog on a sofa", "dog");
      float[][] together = clip.encode(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(clip.encode(List.of(texts.get(i)))[0], together[i], 1e-5f);
      }
      long[][] padded = clip.tokenizer().tokenize(texts);
      float[][] whole =
          clip.compute(
              (model, call) -> {
                NDArray ids = call.create(padded[2]).reshape(1, 77);
                NDArray hidden = model.text().hidden(ids);
                return new float[][] {
                  hidden.get("0, 3").toFloatArray(),
                  model.text().hidden(ids.get(":, :9")).get("0, 3").toFloatArray()
                };
              });
      assertArrayEquals(whole[0], whole[1], 1e-5f);
    }
  }

  @Test
  void idsOutsideTheVocabularyAreRefused() {
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      int size = clip.config().text().vocabulary();
      for (long id : new long[] {-1, size}) {
        IllegalArgumentException error =
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    clip.compute(
                        (model, call) ->
                            model.text().encode(call.create(new long[][] {{1, id}})).getShape()));
        assertTrue(error.getMessage().contains(Long.toString(id)), error.getMessage());
      }
    }
  }

  @Test
  void picturesDoNotDependOnTheirBatch() {
    for (ClipConfig.Image tower : List.of(TinyClip.VIT, TinyClip.RES_NET)) {
      try (Clip clip = TinyClip.clip(tower)) {
        List<Picture> pictures = List.of(Noise.picture(40, 50, 1), Noise.picture(90, 32, 2));
        float[][] together = clip.encodeImages(pictures);
        assertEquals(32, together[0].length);
        assertArrayEquals(clip.encodeImages(pictures.subList(1, 2))[0], together[1], 1e-4f);
      }
    }
  }

  @Test
  void aTowerWithItsNormsWorkedInIsEqualLighterAndForInferenceAlone() {
    Map<String, Shape> shapes = TinyClip.config(TinyClip.RES_NET).shapes();
    try (NDManager manager = NDManager.newBaseManager()) {
      ClipModel plain = load(shapes, manager);
      NDArray pixels = manager.randomNormal(new Shape(2, 3, 32, 32));
      NDArray expected = plain.image().encode(pixels);
      ClipModel folded = plain.folded(manager);
      assertArrayEquals(
          expected.toFloatArray(), folded.image().encode(pixels).toFloatArray(), 1e-4f);
      NDArray freed = plain.weights().get("visual.layer1.0.conv1.weight");
      assertThrows(IllegalStateException.class, freed::toFloatArray);
      assertFalse(folded.weights().names().contains("visual.layer1.0.conv1.weight"));
      assertTrue(folded.weights().names().contains("visual.attnpool.q_proj.weight"));
      assertThrows(IllegalStateException.class, () -> folded.in(Mode.TRAINING));
    }
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      clip.compute(
          (model, call) -> {
            assertSame(model, model.folded(call));
            return 0;
          });
    }
  }

  @Test
  void textsThatBeginAlikeAreEncodedAsEachAlone() {
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      List<String> texts =
          List.of("a cat", "a cat", "a dog on a cat", "", "a", "a dog", "a dog on a cat and a dog");
      float[][] together = clip.encode(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(clip.encode(List.of(texts.get(i)))[0], together[i], 1e-4f);
      }
      try (NDManager manager = NDManager.newBaseManager()) {
        long[][] ids = clip.tokenizer().tokenize(texts);
        float[] padded =
            TinyClip.model(TinyClip.VIT, manager).text().encode(manager.create(ids)).toFloatArray();
        for (int i = 0; i < texts.size(); i++) {
          int width = together[i].length;
          assertArrayEquals(
              Arrays.copyOfRange(padded, i * width, (i + 1) * width), together[i], 1e-4f);
        }
      }
    }
  }

  @Test
  void reducedPrecisionsStayClose() {
    Map<String, Shape> shapes = TinyClip.config(TinyClip.VIT).shapes();
    PortableWeights weights = new PortableWeights(shapes, "any");
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray pixels = manager.randomNormal(new Shape(2, 3, 32, 32));
      NDArray ids = manager.create(new long[][] {{3, 1, 4, 500}});
      NDArray[] results = new NDArray[6];
      int i = 0;
      for (Precision precision : List.of(Precision.FLOAT32, Precision.BFLOAT16, Precision.INT8)) {
        ClipModel model = ClipModel.load(weights, Activation.QUICK_GELU, precision, manager);
        results[i++] = model.image().encode(pixels);
        results[i++] = model.text().encode(ids);
      }
      assertTrue(cosine(results[0], results[2]) > 0.999);
      assertTrue(cosine(results[1], results[3]) > 0.999);
      assertTrue(cosine(results[0], results[4]) > 0.999);
      assertTrue(cosine(results[1], results[5]) > 0.999);
    }
  }

  private static double cosine(NDArray a, NDArray b) {
    double dot = a.mul(b).sum().getFloat();
    return dot / Math.sqrt(a.square().sum().getFloat() * (double) b.square().sum().getFloat());
  }

  @Test
  void everyParameterOfATrainingStepGetsAGradient() {
    for (ClipConfig.Image tower : List.of(TinyClip.VIT, TinyClip.RES_NET)) {
      try (NDManager manager = NDManager.newBaseManager()) {
        ClipModel model = TinyClip.model(tower, manager);
        List<String> parameters =
            model.weights().names().stream()
                .filter(name -> !name.contains("running_") && !name.contains("num_batches"))
                .toList();
        parameters.forEach(name -> model.weights().get(name).setRequiresGradient(true));
        NDArray pixels = manager.randomNormal(new Shape(3, 3, 32, 32));
        NDArray ids = manager.create(new long[][] {{1, 2, 9}, {1, 9, 0}, {3, 4, 9}});
        try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
          ClipModel training = model.in(Mode.TRAINING);
          NDArray logits =
              training.logits(training.image().encode(pixels), training.text().encode(ids));
          collector.backward(logits.logSoftmax(1).mul(manager.eye(3)).sum().neg());
        }
        for (String name : parameters) {
          try (NDArray gradient = model.weights().get(name).getGradient()) {
            assertTrue(Double.isFinite(gradient.sum().getFloat()), name);
            // The last norms of the bottlenecks start at zero and hold back what is before them.
            if (tower instanceof ClipConfig.Vit) {
              assertTrue(gradient.abs().max().getFloat() > 0, name);
            }
          }
        }
        if (tower instanceof ClipConfig.ResNet) {
          float mean = model.weights().get("visual.bn1.running_mean").abs().max().getFloat();
          assertTrue(mean > 0, "running statistics were not updated");
        }
      }
    }
  }

  @Test
  void aFolderWithAPlainConfigurationAndVocabularyIsAModel(@TempDir Path folder)
      throws IOException {
    ClipConfig config = TinyClip.config(TinyClip.VIT);
    TinyClip.tokenizer().write(folder);
    Files.writeString(folder.resolve("config.json"), "{\"hidden_act\": \"gelu\"}");
    SafetensorsWriter.write(
        folder.resolve("model.safetensors"), new PortableWeights(config.shapes(), "any"), Map.of());
    try (Clip clip = Clip.load(folder.toString(), Precision.FLOAT32, Device.cpu())) {
      assertEquals(config.with(Activation.GELU, 1e-5), clip.config());
    }
    Files.writeString(folder.resolve("config.json"), "{\"hidden_act\": \"relu\"}");
    IOException error = assertThrows(IOException.class, () -> Clip.load(folder));
    assertTrue(error.getMessage().contains("relu"), error.getMessage());
    for (String text : List.of("[]", "{\"hidden_act\": null}", "{\"hidden_act\": {}}")) {
      Files.writeString(folder.resolve("config.json"), text);
      error = assertThrows(IOException.class, () -> Clip.load(folder), text);
      assertTrue(error.getMessage().contains("config.json"), error.getMessage());
    }
    Files.delete(folder.resolve("config.json"));
    ClipTokenizer.of(List.of("a b"), 77).write(folder);
    CheckpointException misfit = assertThrows(CheckpointException.class, () -> Clip.load(folder));
    assertTrue(misfit.getMessage().contains(folder.toString()), misfit.getMessage());
    assertTrue(misfit.getMessage().contains("515"), misfit.getMessage());
  }
}
