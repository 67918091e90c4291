package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.TorchFiles;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.namedmask.DenseEncoder.Cells;

class ReCoTest {

  private static final int CELL = 16;

  @TempDir Path folder;
  private final List<Integer> looks = new ArrayList<>();
  private Archives archives;

  /** Red squares, and squares whose red and blue are exchanged. */
  @BeforeEach
  void pictures() throws IOException {
    for (int i = 0; i < 4; i++) {
      TinyNamedMask.square(96, i).writePng(folder.resolve("red" + i + ".png"));
      blue(i).writePng(folder.resolve("blue" + i + ".png"));
    }
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    pictures.put("red", List.of("red0.png", "red1.png", "missing.png", "red3.png"));
    pictures.put("blue", List.of("blue0.png", "blue1.png", "blue2.png"));
    pictures.put("nothing", List.of());
    pictures.put("unreadable", List.of("broken.png"));
    Files.writeString(folder.resolve("broken.png"), "no picture");
    archives = new Archives(pictures);
  }

  private static Picture blue(int number) {
    Picture red = TinyNamedMask.square(96, number);
    byte[] samples = red.samples();
    for (int i = 0; i < samples.length; i += 3) {
      byte first = samples[i];
      samples[i] = samples[i + 2];
      samples[i + 2] = first;
    }
    return Picture.of(PixelFormat.RGB, 96, 96, samples);
  }

  /** The mean colour of a cell against grey. */
  private DenseEncoder colours() {
    return new Encoders.Wrapped(
        CELL,
        pictures -> {
          looks.add(pictures.size());
          return pictures.stream().map(ReCoTest::colours).toList();
        },
        () -> {});
  }

  private static Cells colours(Picture picture) {
    int height = picture.height() / CELL;
    int width = picture.width() / CELL;
    float[] values = new float[3 * height * width];
    for (int y = 0; y < height * CELL; y++) {
      for (int x = 0; x < width * CELL; x++) {
        for (int c = 0; c < 3; c++) {
          values[3 * (y / CELL * width + x / CELL) + c] += picture.sample(x, y, c) - 110.5f;
        }
      }
    }
    return new Cells(height, width, values);
  }

  private ReCoBuilder builder() {
    return ReCo.builder()
        .encoder(colours())
        .withoutTextAttention()
        .contexts()
        .archives(archives, folder);
  }

  @Test
  void whatArchivesHaveInCommonIsFoundInOtherPictures() throws IOException {
    try (ReCo segmenter = builder().build()) {
      // Grey is background: what is not like either word at all, next to what is.
      Vocabulary words = Vocabulary.of("blue", "red").withBackgroundThreshold(0.9);
      Segmentation found = segmenter.segment(TinyNamedMask.square(96, 8), words);
      Mask truth = Mask.of(96, 96, (x, y) -> TinyNamedMask.inSquare(96, 8, x, y));
      assertTrue(truth.iou(Mask.ofLabel(96, 96, found.labels(), 2)) > 0.6);
      Segmentation other = segmenter.segment(blue(0), words);
      assertTrue(Arrays.stream(other.labels()).noneMatch(label -> label == 2));
      assertTrue(other.segments().get(0).score() > 0.6);
    }
  }

  @Test
  void aWordCostsItsArchiveOnce() throws IOException {
    try (ReCo segmenter = builder().batch(2).build()) {
      Picture picture = TinyNamedMask.square(64, 0);
      segmenter.segment(picture, Vocabulary.of("red"));
      int first = looks.size();
      segmenter.segment(picture, Vocabulary.of("red"));
      assertEquals(first + 1, looks.size());
      segmenter.segment(picture, Vocabulary.of("red", "blue"));
      assertEquals(first + 1 + 2 + 1, looks.size());
    }
  }

  @Test
  void seedsLieOnWhatThePicturesHaveInCommon() throws IOException {
    try (ReCo segmenter = builder().archiveSide(96).build()) {
      List<ReCo.Seed> seeds = segmenter.seeds("red");
      assertEquals(3, seeds.size()); // one file is missing
      int[] numbers = {0, 1, 3};
      for (int i = 0; i < 3; i++) {
        Window cell = seeds.get(i).cell();
        int x = cell.left() + cell.width() / 2;
        int y = cell.top() + cell.height() / 2;
        assertTrue(TinyNamedMask.inSquare(96, numbers[i], x, y), cell::toString);
        assertEquals(1, seeds.get(i).vote(), 1e-4);
      }
    }
  }

  @Test
  void backgroundWordsArePixelsOfTheBackground() throws IOException {
    try (ReCo segmenter = builder().build()) {
      Vocabulary words = Vocabulary.of("red").withBackground("blue");
      Segmentation found = segmenter.segment(blue(0), words);
      assertEquals(0, found.labelAt(10, 10));
      assertEquals(1, segmenter.segment(TinyNamedMask.square(96, 0), words).labelAt(10, 10));
    }
  }

  @Test
  void aWordWithoutPicturesIsNamed() throws IOException {
    try (ReCo segmenter = builder().build()) {
      Picture picture = TinyNamedMask.square(64, 0);
      for (String word : List.of("nothing", "unknown", "unreadable")) {
        Exception refused =
            assertThrows(
                IllegalArgumentException.class,
                () -> segmenter.segment(picture, Vocabulary.of(word)));
        assertTrue(refused.getMessage().contains("\"" + word + "\""), refused::getMessage);
      }
    }
    try (ReCo segmenter = builder().contexts("tree").build()) {
      Picture picture = TinyNamedMask.square(64, 0);
      Exception refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> segmenter.segment(picture, Vocabulary.of("red")));
      assertTrue(refused.getMessage().contains("\"tree\", a context"), refused::getMessage);
    }
  }

  @Test
  void contextsAreTakenOutAndSharedByTheirOwnWords() throws IOException {
    try (ReCo segmenter = builder().contexts("blue").build();
        ReCo plain = builder().build()) {
      ReferenceEmbeddings with = segmenter.references(List.of("red", "blue"));
      ReferenceEmbeddings without = plain.references(List.of("red", "blue"));
      assertArrayEquals(without.vectors().get("blue"), with.vectors().get("blue"));
    }
  }

  @Test
  void embeddingsAreKeptForAnotherProcess() throws IOException {
    Path file = folder.resolve("references.safetensors");
    Picture picture = TinyNamedMask.square(96, 5);
    Vocabulary words = Vocabulary.of("blue", "red");
    int[] expected;
    try (ReCo segmenter = builder().build()) {
      segmenter.references(words.names()).write(file);
      expected = segmenter.segment(picture, words).labels();
    }
    ReCoBuilder again =
        ReCo.builder()
            .encoder(colours())
            .withoutTextAttention()
            .contexts()
            .references(ReferenceEmbeddings.read(file));
    try (ReCo segmenter = again.build()) {
      assertArrayEquals(expected, segmenter.segment(picture, words).labels());
      assertThrows(
          IllegalArgumentException.class, () -> segmenter.segment(picture, Vocabulary.of("green")));
    }
    Path other = folder.resolve("other.safetensors");
    Files.copy(folder.resolve("red0.png"), other);
    assertThrows(CheckpointException.class, () -> ReferenceEmbeddings.read(other));
  }

  @Test
  void picturesOfAnySizeAreSegmentedWithOrWithoutTheField() throws IOException {
    for (boolean crf : new boolean[] {false, true}) {
      ReCoBuilder chosen = crf ? builder().withCrf() : builder();
      try (ReCo segmenter = chosen.build()) {
        for (int[] size : new int[][] {{1, 1}, {5, 40}, {33, 70}}) {
          Picture picture = Noise.picture(size[0], size[1], 3);
          Segmentation found = segmenter.segment(picture, Vocabulary.of("blue", "red"));
          assertEquals(size[0] * size[1], found.labels().length);
        }
      }
    }
  }

  @Test
  void theFieldSmoothsLabels() throws IOException {
    Vocabulary words = Vocabulary.of("blue", "red");
    try (ReCo plain = builder().build();
        ReCo refined = builder().withCrf().build()) {
      Picture picture = Noise.picture(64, 48, 7);
      assertTrue(edges(refined.segment(picture, words)) <= edges(plain.segment(picture, words)));
    }
  }

  private static int edges(Segmentation found) {
    int edges = 0;
    for (int y = 0; y < found.height(); y++) {
      for (int x = 1; x < found.width(); x++) {
        edges += found.labelAt(x, y) == found.labelAt(x - 1, y) ? 0 : 1;
      }
    }
    return edges;
  }

  @Test
  void publishedEmbeddingsAreReadInTheirOrder() throws IOException {
    Path file = folder.resolve("deit_s_16_sin_in_train_ce_ta_cat_to_img_feature_k50.pkl");
    TorchFiles pickled = TorchFiles.legacy().ascii("}(");
    pickled.text("red").pickledTensor(1, 0, 0).text("blue sq.").pickledTensor(0, 0, 1).ascii("u");
    Files.write(file, pickled.pickle());
    ReferenceEmbeddings found = ReferenceEmbeddings.read(file);
    assertEquals(List.of("red", "blue sq."), List.copyOf(found.vectors().keySet()));
    ReCoBuilder builder =
        ReCo.builder().encoder(colours()).withoutTextAttention().contexts().references(found);
    try (ReCo segmenter = builder.build()) {
      Segmentation labels = segmenter.segment(blue(0), Vocabulary.of("red", "blue sq."));
      assertEquals(2, labels.labelAt(10, 10));
    }
    TorchFiles uneven = TorchFiles.legacy().ascii("}(");
    uneven.text("red").pickledTensor(1, 0).text("blue").pickledTensor(1).ascii("u");
    Files.write(file, uneven.pickle());
    assertThrows(CheckpointException.class, () -> ReferenceEmbeddings.read(file));
  }

  @Test
  void embeddingsOfAnotherEncoderAreRefused() throws IOException {
    ReferenceEmbeddings other = new ReferenceEmbeddings(Map.of("red", new float[] {1, 0}));
    ReCoBuilder builder =
        ReCo.builder().encoder(colours()).withoutTextAttention().contexts().references(other);
    try (ReCo segmenter = builder.build()) {
      Exception refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> segmenter.segment(blue(0), Vocabulary.of("red")));
      assertTrue(refused.getMessage().contains("2 numbers"), refused::getMessage);
    }
  }

  @Test
  void missingChoicesAreNamed() {
    assertThrows(IllegalStateException.class, () -> ReCo.builder().build());
    assertThrows(
        IllegalStateException.class,
        () -> ReCo.builder().encoder(colours()).archives(archives, folder).build());
  }
}
