package org.zeroseg.dino;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.golden.PortableWeights;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.tensor.Weights;

class DinoTest {

  private static final Picture PICTURE = TinyModels.noise(32, 24, 1);

  @TempDir Path folder;

  @Test
  void aBatchGivesWhatItsPicturesGiveAlone() {
    try (Dino dino = TinyModels.dino()) {
      List<Picture> pictures =
          List.of(PICTURE, TinyModels.noise(32, 24, 2), TinyModels.noise(17, 40, 3));
      List<float[]> together = dino.embed(pictures);
      for (int i = 0; i < pictures.size(); i++) {
        float[] alone = dino.embed(List.of(pictures.get(i))).get(0);
        assertArrayEquals(alone, together.get(i), 1e-5f);
      }
      assertEquals(new Grid(5, 2), dino.patches(pictures).get(2).grid());
    }
  }

  @Test
  void aBatchIsTheSmallerTheFinerTheGrid() {
    try (Dino dino = TinyModels.dino()) {
      Sizes small = new Sizes(240, 240, 240, 240);
      assertEquals(32, dino.together(small, 8));
      assertEquals(2, dino.together(small, 2));
      assertEquals(1, dino.together(new Sizes(4000, 4000, 4000, 4000), 1));
    }
  }

  @Test
  void attentionOfAHeadSumsToLessThanOneWithoutTheClassToken() {
    try (Dino dino = TinyModels.dino()) {
      Dino.Features attention = dino.attention(List.of(PICTURE), 0, 4).get(0);
      assertEquals(new Grid(5, 7), attention.grid());
      assertEquals(1, attention.dimension());
      double sum = 0;
      for (float value : attention.values()) {
        assertTrue(value >= 0);
        sum += value;
      }
      assertTrue(sum > 0.5 && sum < 1, "sum " + sum);
    }
  }

  @Test
  void everyPublishedLayoutIsTheSameModel() {
    try (NDManager manager = TinyModels.manager();
        Checkpoint original = TinyModels.backbone();
        Dino expected = TinyModels.dino()) {
      Weights weights = Weights.load(original, TinyModels.CONFIG.shapes(), manager);
      float[] embedding = expected.embed(List.of(PICTURE)).get(0);
      Map<String, NDArray> full = new LinkedHashMap<>();
      Map<String, NDArray> wrapped = new LinkedHashMap<>();
      for (String name : weights.names()) {
        full.put("student.module.backbone." + name, weights.get(name).mul(3));
        full.put("teacher.backbone." + name, weights.get(name));
        wrapped.put("module.backbone." + name, weights.get(name));
      }
      full.put("teacher.head.mlp.0.weight", manager.zeros(new Shape(2, 2)));
      for (Map<String, NDArray> layout : List.of(full, wrapped, transformers(weights))) {
        try (Dino dino = Dino.of(TinyModels.checkpoint(layout), Device.cpu())) {
          assertArrayEquals(embedding, dino.embed(List.of(PICTURE)).get(0));
        }
      }
    }
  }

  /** Under the transformers library's names. */
  private static Map<String, NDArray> transformers(Weights weights) {
    Map<String, NDArray> renamed = new LinkedHashMap<>();
    for (String name : weights.names()) {
      NDArray array = weights.get(name);
      if (name.contains("attn.qkv.")) {
        NDList thirds = array.split(3);
        String block = name.split("\\.", -1)[1];
        String kind = name.substring(name.lastIndexOf('.'));
        List<String> parts = List.of("query", "key", "value");
        for (int i = 0; i < 3; i++) {
          renamed.put(
              "vit.encoder.layer." + block + ".attention.attention." + parts.get(i) + kind,
              thirds.get(i).duplicate());
        }
      } else {
        renamed.put(
            "vit."
                + name.replace("blocks.", "encoder.layer.")
                    .replace("norm1", "layernorm_before")
                    .replace("norm2", "layernorm_after")
                    .replace("attn.proj", "attention.output.dense")
                    .replace("mlp.fc1", "intermediate.dense")
                    .replace("mlp.fc2", "output.dense")
                    .replace("cls_token", "embeddings.cls_token")
                    .replace("pos_embed", "embeddings.position_embeddings")
                    .replace("patch_embed.proj", "embeddings.patch_embeddings.projection")
                    .replaceAll("^norm\\.", "layernorm."),
            array);
      }
    }
    return renamed;
  }

  @Test
  void momentumContrastAndSwavNameTheSameResNet() {
    try (NDManager manager = TinyModels.manager()) {
      NDArray stem = manager.ones(new Shape(64, 3, 7, 7));
      Map<String, NDArray> moco =
          Map.of(
              "state_dict.module.encoder_q.conv1.weight", stem,
              "state_dict.module.encoder_q.fc.0.weight", stem,
              "state_dict.module.encoder_k.conv1.weight", stem,
              "state_dict.module.queue", stem);
      Map<String, NDArray> swav =
          Map.of(
              "module.conv1.weight", stem,
              "module.projection_head.0.weight", stem,
              "module.prototypes.weight", stem);
      for (Map<String, NDArray> layout : List.of(moco, swav)) {
        assertEquals(
            java.util.Set.of("conv1.weight"),
            DinoLayout.backbone(TinyModels.checkpoint(layout)).tensors().keySet());
      }
    }
  }

  @Test
  void whatIsWrittenIsReadWithItsHeads() throws IOException {
    DinoConfig config = new DinoConfig(8, 64, 2, 4, 3);
    Path file = folder.resolve("model.safetensors");
    try (Checkpoint original = TinyModels.backbone()) {
      SafetensorsWriter.write(file, original, Map.of("heads", "4"));
    }
    try (Dino dino = Dino.load(file.toString())) {
      assertEquals(config, dino.config());
    }
  }

  @Test
  void sizesThatCannotBeAreRefused() {
    for (long width : new long[] {32, 96, 1L << 40}) {
      Map<String, Shape> shapes =
          Map.of(
              "patch_embed.proj.weight", new Shape(width, 3, 8, 8),
              "pos_embed", new Shape(1, 10, width),
              "blocks.0.norm1.weight", new Shape(width));
      String message =
          assertThrows(
                  CheckpointException.class,
                  () -> DinoConfig.of(new PortableWeights(shapes, "odd")),
                  "width " + width)
              .getMessage();
      assertTrue(message.contains("'odd'"), message);
    }
  }

  @Test
  void aPictureSmallerThanAPatchIsRefused() {
    try (Dino dino = TinyModels.dino()) {
      List<Picture> pixel = List.of(TinyModels.plain(1, 1));
      String message =
          assertThrows(IllegalArgumentException.class, () -> dino.embed(pixel)).getMessage();
      assertTrue(message.contains("1 x 1") && message.contains("8 x 8"), message);
    }
  }

  @Test
  void strideThatDoesNotDivideThePatchIsRefused() {
    try (Dino dino = TinyModels.dino()) {
      assertThrows(IllegalArgumentException.class, () -> dino.attention(List.of(PICTURE), 1, 3));
      assertThrows(IllegalArgumentException.class, () -> dino.attention(List.of(PICTURE), 2, 8));
      assertThrows(
          IllegalArgumentException.class, () -> dino.facets(List.of(PICTURE), Facet.KEY, 2, 8));
    }
  }

  @Test
  void aCheckpointOfSomethingElseIsNamed() {
    try (NDManager manager = TinyModels.manager()) {
      Checkpoint other = TinyModels.checkpoint(Map.of("weight", manager.ones(new Shape(2))));
      String message =
          assertThrows(CheckpointException.class, () -> Dino.of(other, Device.cpu())).getMessage();
      assertTrue(message.contains("patch_embed.proj.weight"), message);
    }
  }

  @Test
  void aClosedModelSaysSo() {
    Dino dino = TinyModels.dino();
    dino.close();
    assertThrows(IllegalStateException.class, () -> dino.embed(List.of(PICTURE)));
  }
}
