package org.zeroseg.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.refine.LaplacianPropagation;
import org.zeroseg.core.refine.Pamr;
import org.zeroseg.core.segment.InputSize;

class AttentionTest {

  private static final Vocabulary WORDS =
      Vocabulary.of("cat", "dog", "sofa").withBackground("wall", "floor");

  /** Means of colours: a second network as small as can be, on a grid of its own. */
  private static PatchEncoder colours(int patch) {
    return PatchEncoder.of(
        patch,
        pixels -> {
          Shape shape = pixels.getShape();
          long rows = shape.get(2) / patch;
          long columns = shape.get(3) / patch;
          NDArray cut = pixels.get(":, :, :" + rows * patch + ", :" + columns * patch);
          return cut.reshape(shape.get(0), 3, rows, patch, columns, patch)
              .transpose(0, 2, 4, 1, 3, 5)
              .reshape(shape.get(0), rows * columns, -1);
        });
  }

  private static MaskClipBuilder small(Clip clip, Attention attention) {
    Protocol usual = Protocol.of(attention);
    int padTo = usual.padTo() > 0 ? 24 : usual.padTo();
    Protocol around = usual.withInput(48, 96).withWindows(32, 16, padTo);
    return MaskClip.builder()
        .model(clip)
        .encoder(colours(4))
        .attention(attention)
        .templates(PromptTemplates.PHOTO)
        .protocol(around);
  }

  @Test
  void everyPresetLabelsPicturesOfAnySize() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      for (Attention attention : Attention.PRESETS) {
        try (MaskClip segmenter = small(clip, attention).build()) {
          // Ordinary, strips, a patch, less than a patch.
          for (int[] size : new int[][] {{64, 48}, {37, 91}, {300, 20}, {2, 200}, {8, 8}, {1, 1}}) {
            Segmentation result = segmenter.segment(Noise.picture(size[0], size[1], 11), WORDS);
            assertEquals(size[0], result.width(), attention.name());
            assertEquals(size[1], result.height(), attention.name());
            result
                .segments()
                .forEach(s -> assertTrue(s.score() > 0 && s.score() <= 1.000001, s.toString()));
          }
        }
      }
    }
  }

  @Test
  void picturesTakenAsAWholeMayBeStripsAndSinglePatches() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      for (Attention attention : Attention.PRESETS) {
        Protocol whole = Protocol.of(attention).withInput(8, 64).withWindows(0, 1, 0);
        try (MaskClip segmenter = small(clip, attention).protocol(whole).build()) {
          for (int[] size : new int[][] {{8, 8}, {64, 8}, {8, 64}, {5, 40}}) {
            Segmentation result = segmenter.segment(Noise.picture(size[0], size[1], 12), WORDS);
            assertEquals(size[0], result.width(), attention.name());
          }
        }
      }
    }
  }

  @Test
  void aSecondNetworkMayHaveAnyGrid() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      for (int patch : new int[] {3, 8, 16, 40}) {
        try (MaskClip segmenter =
            small(clip, Attention.PROXY_CLIP).encoder(colours(patch)).build()) {
          Segmentation result = segmenter.segment(Noise.picture(70, 50, 13), WORDS);
          assertEquals(50, result.height(), "patches of " + patch);
        }
      }
    }
  }

  @Test
  void aConstantPictureIsLikeItselfEverywhere() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        NDManager manager = NDManager.newBaseManager()) {
      VisionTransformer vit = clip.compute((model, call) -> (VisionTransformer) model.image());
      for (Attention preset : Attention.PRESETS) {
        DenseAttention dense =
            new DenseAttention(
                vit, preset.forLayers(vit.blocks().layers()), Optional.of(colours(8)));
        NDArray pixels = manager.ones(new Shape(1, 3, 56, 48));
        NDArray words = manager.eye(32).get(":3");
        for (float value : dense.cosines(pixels, words).cosines().toFloatArray()) {
          assertTrue(Float.isFinite(value) && Math.abs(value) < 1.5, preset.name());
        }
      }
    }
  }

  @Test
  void windowsOfABatchAreIndependent() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        NDManager manager = NDManager.newBaseManager()) {
      VisionTransformer vit = clip.compute((model, call) -> (VisionTransformer) model.image());
      NDArray words = manager.eye(32).get(":5");
      NDArray pixels = manager.randomNormal(new Shape(2, 3, 48, 64));
      for (Attention preset : Attention.PRESETS) {
        DenseAttention dense =
            new DenseAttention(
                vit, preset.forLayers(vit.blocks().layers()), Optional.of(colours(8)));
        float[] both = dense.cosines(pixels, words).cosines().get(1).toFloatArray();
        float[] alone = dense.cosines(pixels.get("1:2"), words).cosines().get(0).toFloatArray();
        assertArrayEquals(alone, both, 2e-4f, preset.name());
      }
    }
  }

  @Test
  void aPresetMovesToAnotherDepthAndAnythingElseIsRefusedThere() throws IOException {
    assertEquals(Attention.SC_CLIP, Attention.SC_CLIP.forLayers(12));
    Attention.Calibration large = Attention.SC_CLIP.forLayers(24).calibration().orElseThrow();
    assertEquals(
        List.of(16, 6, 8, 19),
        List.of(large.earlyLayer(), large.lateLayer(), large.fusedFrom(), large.fusedTo()));
    assertEquals(
        List.of(5, 6, 7, 8), Attention.RES_CLIP.forLayers(24).correlation().orElseThrow().layers());
    for (int layers = 2; layers < 40; layers++) {
      for (Attention preset : Attention.PRESETS) {
        preset.forLayers(layers).requireLayers(layers);
      }
    }
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> small(clip, Attention.RES_CLIP.named("own")).build())
              .getMessage();
      assertTrue(message.contains("'own'") && message.contains("[5, 6, 7, 8]"), message);
    }
  }

  @Test
  void whatDoesNotGoTogetherIsRefused() throws IOException {
    assertThrows(IllegalArgumentException.class, () -> Attention.PROXY_CLIP.withGlobalBias(-0.3));
    assertThrows(IllegalArgumentException.class, () -> Attention.PEARL.withNeighbourhood(5));
    assertThrows(
        IllegalArgumentException.class,
        () -> Attention.NACLIP.withFeedback(Attention.RES_CLIP.feedback().orElseThrow()));
    assertThrows(IllegalArgumentException.class, () -> Attention.of("nothing"));
    assertThrows(IllegalArgumentException.class, () -> Attention.preset("nothing"));
    assertThrows(IllegalArgumentException.class, () -> Protocol.SCLIP.withWindows(8, 9, 0));
    assertThrows(IllegalArgumentException.class, () -> new Pamr(0, List.of(1)));
    assertThrows(IllegalArgumentException.class, () -> new LaplacianPropagation(0, 1, false));
    try (Clip transformer = TinyClip.clip(TinyClip.VIT);
        Clip resNet = TinyClip.clip(TinyClip.RES_NET)) {
      refused("ResNet", small(resNet, Attention.NACLIP));
      refused(
          "PatchEncoder", MaskClip.builder().model(transformer).attention(Attention.PROXY_CLIP));
      refused("protocol", small(transformer, Attention.NACLIP).slidingWindow(32, 16));
    }
  }

  private static void refused(String why, MaskClipBuilder builder) {
    String message = assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    assertTrue(message.contains(why), message);
  }

  @Test
  void presetsAreFoundByTheNamesPeopleType() {
    assertEquals(Attention.SC_CLIP, Attention.preset("SC-CLIP"));
    assertEquals(Attention.CLEAR_CLIP, Attention.preset("clear_clip"));
    assertEquals(Attention.VALUE, Attention.preset("MaskCLIP"));
  }

  @Test
  void theWholePathConnectsNoMoreThanItsBeginning() {
    int[] labels = {0, 0, 1, 0, 0, 0};
    FeedbackRows beginning = new FeedbackRows(labels, 1, 6, 1, false);
    FeedbackRows whole = new FeedbackRows(labels, 1, 6, 1, true);
    float[] some = new float[7];
    float[] fewer = new float[7];
    beginning.row(1, some, 0);
    whole.row(1, fewer, 0);
    // The neighbour beyond the other label counts less where the whole way is looked at.
    assertTrue(fewer[6] <= some[6]);
    assertEquals(0, some[0]);
  }

  @Test
  void propagationKeepsWhatAllNeighboursAgreeOn() {
    float[] pixels = new float[3 * 20 * 30];
    float[][] words = {{1, 0}, {0, 1}};
    float[][] row = new float[2][30];
    Arrays.fill(row[0], 0.3f);
    Arrays.fill(row[1], 0.1f);
    for (boolean full : new boolean[] {false, true}) {
      LaplacianPropagation.Coarse found =
          new LaplacianPropagation(10, 25, full).solve(pixels, 20, 30, () -> y -> row, words);
      assertEquals(10, found.height());
      for (int i = 0; i < found.values().length; i++) {
        float expected = i < found.values().length / 2 ? 0.3f : 0.1f;
        assertEquals(expected, found.values()[i], 1e-4);
      }
    }
  }

  @Test
  void theFrontDoorRunsTheAttentionAndItsProtocol() throws IOException {
    Picture picture = Noise.picture(70, 50, 14);
    Set<List<Integer>> different = new HashSet<>();
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      List<String> words = new ArrayList<>(WORDS.names());
      words.addAll(WORDS.backgroundWords());
      float[][] classifier =
          clip.textEmbeddings().classifier(words, PromptTemplates.PHOTO, Progress.SILENT);
      for (Attention attention : List.of(Attention.SCLIP, Attention.NACLIP, Attention.PEARL)) {
        try (MaskClip segmenter = small(clip, attention).build()) {
          Protocol around =
              Protocol.of(attention)
                  .withInput(48, 96)
                  .withWindows(32, 16, Protocol.of(attention).padTo());
          int[] labels =
              clip.compute(
                  (model, call) -> {
                    Sizes sizes = InputSize.within(48, 96).of(70, 50);
                    NDArray pixels =
                        Normalization.CLIP.pixels(
                            call, sizes.resize(List.of(picture), Filter.OPENCV_LINEAR));
                    DenseAttention dense =
                        new DenseAttention(
                            (VisionTransformer) model.image(), attention, Optional.empty());
                    ScoreRows rows =
                        new WindowedAttention(dense, around).scores(pixels, classifier, 50, 70);
                    int[] owners = {0, 1, 2, 3, 3};
                    return new ClassScores(owners, 4, 3, 40, OptionalDouble.empty(), 0)
                        .labels(rows)
                        .labels();
                  });
          int[] found = segmenter.segment(picture, WORDS).labels();
          for (int i = 0; i < labels.length; i++) {
            assertEquals(labels[i] == 3 ? 0 : labels[i] + 1, found[i], attention.name());
          }
          different.add(Arrays.stream(found).boxed().toList());
        }
      }
    }
    assertTrue(different.size() > 1, "attentions make no difference");
  }

  @Test
  void resNetsHaveAProtocolToo() throws IOException {
    Picture picture = Noise.picture(70, 50, 21);
    Protocol whole =
        Protocol.SCLIP.withInput(48, 96).withWindows(0, 0, 0).withTwoResizes().withScale(100);
    Pamr coarse = new Pamr(10, List.of(1, 3), 30 * 20);
    try (Clip clip = TinyClip.clip(TinyClip.RES_NET);
        MaskClip plain = small(clip, Attention.VALUE).inputWithin(48, 96).build();
        MaskClip same = small(clip, Attention.VALUE).protocol(whole).build();
        MaskClip refined = small(clip, Attention.VALUE).protocol(whole.withPamr(coarse)).build()) {
      // The best of a category's words is taken in cells without a protocol, and in pixels with it.
      Vocabulary single = Vocabulary.of("cat", "dog", "sofa");
      assertArrayEquals(
          plain.segment(picture, single).labels(), same.segment(picture, single).labels());
      assertFalse(
          Arrays.equals(
              same.segment(picture, WORDS).labels(), refined.segment(picture, WORDS).labels()));
    }
  }

  @Test
  void largePicturesAreLookedAtInTiles() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      for (Attention attention : List.of(Attention.VALUE, Attention.SCLIP, Attention.PROXY_CLIP)) {
        try (MaskClip segmenter =
            small(clip, attention).tiles(60, 20).presence(MaskClip.PRESENT).build()) {
          Segmentation result = segmenter.segment(Noise.picture(150, 110, 15), WORDS);
          assertEquals(150, result.width(), attention.name());
          assertEquals(110, result.height(), attention.name());
          assertEquals(3, result.presence().size(), attention.name());
        }
      }
    }
  }

  @Test
  void whatIsNotThereWinsNoPixel() throws IOException {
    Picture picture = Noise.picture(64, 48, 16);
    Vocabulary alone = Vocabulary.of("cat", "dog", "sofa");
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      for (Attention attention : List.of(Attention.VALUE, Attention.SCLIP)) {
        try (MaskClip lenient = small(clip, attention).build();
            MaskClip strict = small(clip, attention).presence(1).build()) {
          for (Vocabulary words : List.of(WORDS, alone)) {
            List<Double> presence = lenient.presence(picture, words);
            assertEquals(3, presence.size());
            presence.forEach(p -> assertTrue(p >= 0 && p < 1, presence.toString()));
            // Nothing reaches 1, so nothing is found.
            Segmentation nothing = strict.segment(picture, words);
            assertTrue(nothing.segments().isEmpty(), attention.name());
            assertEquals(presence, nothing.presence(), attention.name());
            assertTrue(lenient.segment(picture, words).presence().isEmpty());
            double middle = presence.stream().sorted().toList().get(1);
            try (MaskClip some = small(clip, attention).presence(middle).build()) {
              some.segment(picture, words)
                  .segments()
                  .forEach(s -> assertTrue(presence.get(s.label() - 1) >= middle, s.toString()));
            }
          }
          assertEquals(List.of(1.0), lenient.presence(picture, Vocabulary.of("cat")));
        }
      }
      assertThrows(IllegalArgumentException.class, () -> MaskClip.builder().presence(1.5));
    }
  }

  @Test
  void presenceDoesNotDependOnTheScaleOfCosines() {
    float[] places = {0.3f, 0.1f, 0.2f, 0.1f, 0.2f, 0.1f};
    double[] whole = {0.2, 0.1, 0.05};
    float[] scaled = places.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = 0.1f * scaled[i] + 3;
    }
    assertArrayEquals(
        Presence.of(places, whole, 2), Presence.of(scaled, new double[] {2.2, 2.1, 2.05}, 2), 1e-4);
  }
}
