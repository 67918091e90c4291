package org.zeroseg.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.modality.cv.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** Many calls from several threads: the same bits as from one, and flat memory. */
class SoakTest {

  private static final int PICTURES = 8;
  private static final int THREADS = 4;

  @Test
  void aFewCallsFromFourThreadsEqualThoseOfOne() throws Exception {
    try (Clip clip = DemoModels.clip()) {
      run(clip, 80);
    }
  }

  @Test
  void aFewCallsInIntegersFromFourThreadsEqualThoseOfOne() throws Exception {
    try (Clip clip = integers()) {
      run(clip, 40);
    }
  }

  @Test
  @Tag("soak")
  void twentyThousandCallsFromFourThreadsKeepMemoryFlat() throws Exception {
    try (Clip clip = DemoModels.clip()) {
      keepsMemoryFlat(clip);
    }
  }

  @Test
  @Tag("soak")
  void twentyThousandCallsInIntegersFromFourThreadsKeepMemoryFlat() throws Exception {
    try (Clip clip = integers()) {
      keepsMemoryFlat(clip);
    }
  }

  /** The demo's vision transformer, since ResNets have no products in integers. */
  private static Clip integers() throws IOException {
    Path model =
        Path.of(System.getProperty("zeroseg.root"))
            .resolve("demo/src/main/resources/org/zeroseg/demo/clip-vit");
    return Clip.load(model, Precision.INT8, Device.cpu());
  }

  private static void keepsMemoryFlat(Clip clip) throws Exception {
    Soak.assumeMemoryIsTold();
    long[] resident = run(clip, 2_000, 4_000, 8_000, 12_000, 16_000, 20_000);
    System.out.println(
        "Resident kB after 2, 4, 8, 12, 16, 20 thousand calls: " + Arrays.toString(resident));
    long first = resident[0];
    long last = resident[resident.length - 1];
    assertTrue(
        Math.abs(last - first) < 0.02 * first,
        "resident memory went from " + first + " kB to " + last + " kB");
  }

  /**
   * PyTorch keeps what it has prepared for a size of input, up to a thousand parts a thread, so
   * that inputs in steps are what keeps memory flat with pictures of ever new sizes.
   */
  @Test
  @Tag("soak")
  void picturesOfManySizesKeepMemoryFlatIfInputsComeInSteps() throws Exception {
    Soak.assumeMemoryIsTold();
    long[] resident;
    try (Clip clip = DemoModels.clip();
        Segmenter segmenter =
            MaskClip.builder()
                .model(clip)
                .templates(DemoModels.TEMPLATES)
                .input(InputSize.own().inSteps(16))
                .build()) {
      Vocabulary vocabulary = Vocabulary.of("red star", "striped ring", "blue circle");
      resident =
          Soak.run(
              THREADS,
              seed -> {
                Picture picture = noise(40 + seed % 127, 40 + seed / 127 * 7 % 127, seed);
                int width = segmenter.segment(picture, vocabulary).width();
                assertEquals(picture.width(), width);
              },
              4_000,
              8_000,
              12_000,
              16_000,
              20_000);
    }
    System.out.println(
        "Resident kB after 4, 8, 12, 16, 20 thousand sizes: " + Arrays.toString(resident));
    // Until then each thread meets every input for the first time.
    long first = resident[1];
    long last = resident[resident.length - 1];
    assertTrue(last - first < 0.05 * first, "from " + first + " kB to " + last + " kB");
  }

  private static Picture noise(int width, int height, long seed) {
    byte[] samples = new byte[3 * width * height];
    new SplittableRandom(seed).nextBytes(samples);
    return Picture.of(PixelFormat.RGB, width, height, samples);
  }

  /** Resident memory in kB after each of these numbers of calls. */
  private static long[] run(Clip clip, int... until) throws Exception {
    ShapeWorld world = new ShapeWorld(7, 64, 1, 4, Split.ALL);
    Vocabulary vocabulary =
        DemoModels.withBackground(Vocabulary.of("red star", "striped ring", "blue circle"));
    List<Image> images = new ArrayList<>();
    List<int[]> expected = new ArrayList<>();
    try (Segmenter segmenter = DemoModels.maskClip(clip)) {
      for (int i = 0; i < PICTURES; i++) {
        images.add(world.scene(i).image());
        expected.add(segmenter.segment(images.get(i), vocabulary).labels());
      }
      return Soak.run(
          THREADS,
          call -> {
            int i = call % PICTURES;
            int[] labels = segmenter.segment(images.get(i), vocabulary).labels();
            assertArrayEquals(expected.get(i), labels);
          },
          until);
    }
  }
}
