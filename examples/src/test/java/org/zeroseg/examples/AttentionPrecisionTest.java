package org.zeroseg.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.PatchEncoder;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.dino.Dino;

/** Attentions on photographs, in float32 and reduced precisions, with the demo's transformer. */
class AttentionPrecisionTest {

  private static final Path MODEL =
      Path.of(System.getProperty("zeroseg.root"))
          .resolve("demo/src/main/resources/org/zeroseg/demo/clip-vit");

  private static MaskClip segmenter(Clip clip, Attention attention, Dino dino) throws IOException {
    MaskClipBuilder builder = DemoModels.maskClipBuilder(clip, attention);
    return builder
        .encoder(PatchEncoder.of(dino.config().patch(), dino::patches))
        .inputWithin(96, 256)
        .build();
  }

  @Test
  void labelsAgreeInBfloat16() throws IOException {
    labelsAgree(Precision.BFLOAT16, 0.99);
  }

  /** The value path, which averages nothing, stays below 99 %. */
  @Test
  void labelsAgreeInIntegers() throws IOException {
    labelsAgree(Precision.INT8, 0.985);
  }

  private static void labelsAgree(Precision precision, double least) throws IOException {
    Path folder = Golden.data().resolve("photos");
    assumeTrue(Files.isDirectory(folder), "there are no photographs in " + folder);
    List<Path> photos;
    try (Stream<Path> files = Files.list(folder)) {
      photos = files.filter(file -> file.toString().endsWith(".png")).sorted().toList();
    }
    Vocabulary words =
        DemoModels.vocabulary(List.of("red star", "blue ring", "green square", "dotted circle"));
    try (Clip full = Clip.load(MODEL, Precision.FLOAT32, Device.cpu());
        Clip reduced = Clip.load(MODEL, precision, Device.cpu());
        Dino dino = DemoModels.dino()) {
      for (Attention attention : Attention.PRESETS) {
        long same = 0;
        long all = 0;
        try (MaskClip reference = segmenter(full, attention, dino);
            MaskClip faster = segmenter(reduced, attention, dino)) {
          for (Path photo : photos) {
            Picture picture = Picture.read(photo);
            int[] expected = reference.segment(picture, words).labels();
            int[] found = faster.segment(picture, words).labels();
            for (int i = 0; i < found.length; i++) {
              same += found[i] == expected[i] ? 1 : 0;
            }
            all += found.length;
          }
        }
        double share = (double) same / all;
        assertTrue(share >= least, attention.name() + ": " + share + " of the labels agree");
      }
    }
  }
}
