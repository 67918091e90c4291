package org.zeroseg.clip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.segment.Tiles;

class MaskClipTest {

  private static final Vocabulary WORDS =
      Vocabulary.of(
          List.of(
              Vocabulary.Category.of("cat", "kitten"),
              Vocabulary.Category.of("dog"),
              Vocabulary.Category.of("sofa")));

  private static MaskClipBuilder small(Clip clip) {
    return MaskClip.builder().model(clip).inputWithin(48, 96).templates(PromptTemplates.PHOTO);
  }

  private static Picture image(int width, int height) {
    return Noise.picture(width, height, 11);
  }

  @Test
  void labelsPicturesOfAnySize() throws IOException {
    for (ClipConfig.Image tower : List.of(TinyClip.VIT, TinyClip.RES_NET)) {
      try (Clip clip = TinyClip.clip(tower);
          MaskClip segmenter = small(clip).build()) {
        for (int[] size : new int[][] {{64, 48}, {37, 91}, {300, 20}, {2, 700}, {9, 9}, {1, 1}}) {
          Segmentation result = segmenter.segment(image(size[0], size[1]), WORDS);
          assertEquals(size[0], result.width());
          assertEquals(size[1], result.height());
          // Without background every pixel has a category.
          int pixels = result.segments().stream().mapToInt(s -> s.mask().area()).sum();
          assertEquals(size[0] * size[1], pixels);
          for (Segment segment : result.segments()) {
            assertTrue(segment.score() > 0 && segment.score() <= 1.000001, segment.toString());
          }
        }
      }
    }
  }

  @Test
  void theThresholdAndBackgroundWordsMakeBackground() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        MaskClip segmenter = small(clip).build()) {
      Picture image = image(64, 48);
      Segmentation none = segmenter.segment(image, WORDS.withBackgroundThreshold(1));
      assertTrue(none.segments().isEmpty());
      Segmentation all = segmenter.segment(image, WORDS.withBackgroundThreshold(0));
      assertEquals(64 * 48, all.segments().stream().mapToInt(s -> s.mask().area()).sum());

      // The winner of all pixels, as a background word, takes its pixels away and no others.
      Vocabulary plain = Vocabulary.of("cat", "dog", "sofa");
      Segmentation before = segmenter.segment(image, plain);
      String winner = before.segments().get(0).name();
      String[] others =
          plain.names().stream().filter(name -> !name.equals(winner)).toArray(String[]::new);
      Segmentation after = segmenter.segment(image, Vocabulary.of(others).withBackground(winner));
      assertEquals(
          64 * 48 - before.segments().get(0).mask().area(),
          after.segments().stream().mapToInt(s -> s.mask().area()).sum());
    }
  }

  @Test
  void classVectorsMayComeFromFiles(@TempDir Path folder) throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        MaskClip plain = small(clip).build();
        MaskClip kept =
            small(clip).textEmbeddings(TextEmbeddings.of(clip, folder, "tiny")).build()) {
      Picture image = image(64, 48);
      assertArrayEquals(plain.segment(image, WORDS).labels(), kept.segment(image, WORDS).labels());
      try (Stream<Path> files = Files.list(folder)) {
        assertEquals(4, files.count());
      }
    }
  }

  @Test
  void classVectorsOfAnotherModelAreRefused() throws IOException {
    TextEmbeddings others =
        TextEmbeddings.of(texts -> new float[][] {{3, 4}, {4, 3}, {1, 0}, {0, 1}});
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        MaskClip segmenter = small(clip).textEmbeddings(others).build()) {
      String message =
          assertThrows(
                  IllegalArgumentException.class, () -> segmenter.segment(image(64, 48), WORDS))
              .getMessage();
      assertTrue(message.contains("2 numbers") && message.contains("32"), message);
    }
  }

  @Test
  void aWindowAsLargeAsThePictureChangesNothing() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        MaskClip whole = small(clip).refinement(Refinement.SUGGESTED).build();
        MaskClip windowed =
            small(clip).refinement(Refinement.SUGGESTED).slidingWindow(96, 96).build();
        MaskClip cut = small(clip).refinement(Refinement.SUGGESTED).slidingWindow(32, 16).build()) {
      Picture image = image(120, 70);
      assertArrayEquals(
          whole.segment(image, WORDS).labels(), windowed.segment(image, WORDS).labels());
      assertEquals(120, cut.segment(image, WORDS).width());
    }
  }

  @Test
  void tilesChangeNothingInPicturesThatFitAndCoverThoseThatDoNot() throws IOException {
    Vocabulary words = WORDS.withBackground("sky").withBackgroundThreshold(0.2);
    for (ClipConfig.Image tower : List.of(TinyClip.VIT, TinyClip.RES_NET)) {
      try (Clip clip = TinyClip.clip(tower);
          MaskClip whole = small(clip).build();
          MaskClip tiled = small(clip).tiles(64, 16).batch(2).build()) {
        List<Picture> pictures = List.of(image(64, 48), image(150, 131), image(20, 300));
        List<Segmentation> found = tiled.segment(pictures, words);
        assertArrayEquals(whole.segment(pictures.get(0), words).labels(), found.get(0).labels());
        for (int i = 0; i < pictures.size(); i++) {
          assertEquals(pictures.get(i).width(), found.get(i).width());
          assertEquals(pictures.get(i).height(), found.get(i).height());
        }
      }
    }
  }

  @Test
  void aPictureOfEqualTilesGetsEqualLabelsInEach() throws IOException {
    // Side by side without overlap, every tile shows the network the same.
    Picture part = image(32, 32);
    byte[] samples = new byte[3 * 96 * 64];
    for (int y = 0; y < 64; y++) {
      for (int x = 0; x < 96; x++) {
        for (int c = 0; c < 3; c++) {
          samples[(y * 96 + x) * 3 + c] = (byte) part.sample(x % 32, y % 32, c);
        }
      }
    }
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        MaskClip whole = small(clip).build();
        MaskClip tiled = small(clip).tiles(32, 0).build()) {
      Segmentation one = whole.segment(part, WORDS.withBackgroundThreshold(0));
      Segmentation all =
          tiled.segment(
              Picture.of(PixelFormat.RGB, 96, 64, samples), WORDS.withBackgroundThreshold(0));
      for (int y = 0; y < 64; y++) {
        for (int x = 0; x < 96; x++) {
          assertEquals(one.labelAt(x % 32, y % 32), all.labelAt(x, y), x + ", " + y);
        }
      }
    }
  }

  @Test
  void windowsCoverEveryCell() {
    for (int cells = 1; cells < 40; cells++) {
      for (int side = 1; side < 12; side++) {
        for (int step = 1; step <= side; step++) {
          boolean[] seen = new boolean[cells];
          for (int start : new Tiles(side, step).starts(cells)) {
            for (int i = start; i < Math.min(cells, start + side); i++) {
              seen[i] = true;
            }
          }
          for (boolean covered : seen) {
            assertTrue(covered, cells + " cells, side " + side + ", step " + step);
          }
        }
      }
    }
  }

  @Test
  void fourThreadsGetWhatOneGetsBitForBit() throws Exception {
    try (Clip clip = TinyClip.clip(TinyClip.RES_NET);
        MaskClip segmenter = small(clip).refinement(Refinement.SUGGESTED).build()) {
      List<Picture> images = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        images.add(image(40 + 9 * i, 64 - 5 * i));
      }
      List<Segmentation> expected = segmenter.segment(images, WORDS);
      ExecutorService threads = Executors.newFixedThreadPool(4);
      try {
        List<Callable<Integer>> calls = new ArrayList<>();
        for (int thread = 0; thread < 4; thread++) {
          calls.add(
              () -> {
                for (int i = 0; i < 30; i++) {
                  int which = i % images.size();
                  Segmentation result = segmenter.segment(images.get(which), WORDS);
                  assertArrayEquals(expected.get(which).labels(), result.labels());
                  assertEquals(
                      expected.get(which).segments().toString(), result.segments().toString());
                }
                return 0;
              });
        }
        for (Future<Integer> done : threads.invokeAll(calls)) {
          done.get();
        }
      } finally {
        threads.shutdownNow();
      }
    }
  }

  @Test
  void aSegmenterOnALentModelRefusesAfterCloseAndTheModelStaysOpen() throws IOException {
    try (Clip clip = TinyClip.clip(TinyClip.VIT)) {
      MaskClip segmenter = small(clip).build();
      segmenter.segment(image(32, 32), WORDS);
      segmenter.close();
      IllegalStateException error =
          assertThrows(IllegalStateException.class, () -> segmenter.segment(image(32, 32), WORDS));
      assertTrue(error.getMessage().contains("closed"), error.getMessage());
      assertEquals(1, clip.encode(List.of("cat")).length);
    }
  }

  @Test
  void picturesOfEveryKindGiveOneResult(@TempDir Path folder) throws IOException {
    Picture picture = image(64, 48);
    Path file = folder.resolve("picture.png");
    picture.writePng(file);
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        MaskClip segmenter = small(clip).build()) {
      int[] labels = segmenter.segment(picture, WORDS).labels();
      assertArrayEquals(labels, segmenter.segment(file, WORDS).labels());
      assertArrayEquals(labels, segmenter.segment(picture.toImage(), WORDS).labels());
      assertArrayEquals(labels, segmenter.segment(picture.toBufferedImage(), WORDS).labels());
      float[] vector = clip.encodeImage(picture);
      assertArrayEquals(vector, clip.encodeImage(file));
      assertArrayEquals(vector, clip.encodeImage(picture.toImage()));
      assertArrayEquals(vector, clip.encodeImage(picture.toBufferedImage()));
    }
  }

  @Test
  void aPathThatIsNotThereIsNotTakenForAnId() {
    MaskClipBuilder builder = MaskClip.builder().model(Path.of("openai", "absent"));
    String message = assertThrows(NoSuchFileException.class, builder::build).getMessage();
    assertTrue(message.contains("there is no such file"), message);
  }

  @Test
  void picturesTogetherGiveWhatTheyGiveAlone() throws IOException {
    List<Picture> pictures = List.of(image(64, 48), image(37, 91), image(64, 48));
    try (Clip clip = TinyClip.clip(TinyClip.VIT);
        MaskClip single = small(clip).refinement(Refinement.SUGGESTED).build();
        MaskClip together = small(clip).refinement(Refinement.SUGGESTED).batch(3).build()) {
      List<Segmentation> found = together.segment(pictures, WORDS);
      for (int i = 0; i < pictures.size(); i++) {
        assertArrayEquals(single.segment(pictures.get(i), WORDS).labels(), found.get(i).labels());
      }
    }
  }

  @Test
  void aClosedSegmenterSaysSo() throws IOException {
    Clip clip = TinyClip.clip(TinyClip.VIT);
    try (MaskClip segmenter = small(clip).build()) {
      clip.close();
      IllegalStateException error =
          assertThrows(IllegalStateException.class, () -> segmenter.segment(image(32, 32), WORDS));
      assertTrue(error.getMessage().contains("closed"), error.getMessage());
    }
    assertThrows(IllegalStateException.class, () -> MaskClip.builder().build());
  }
}
