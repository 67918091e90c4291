package org.zeroseg.zutis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.supervision.PseudoMasks;

class SyntheticScenesTest {

  private static final PastedScenes.Options OPTIONS =
      SyntheticScenes.DEFAULT.withSize(48).withMostObjects(4).withScales(0.5, 1).withSeed(11);

  @TempDir Path folder;
  private PseudoMasks masks;

  @BeforeEach
  void picturesWithMasks() throws IOException {
    masks = new PseudoMasks(folder.resolve("masks"));
    for (int i = 0; i < 4; i++) {
      String name = "p" + i + ".png";
      Noise.picture(60, 50, i).writePng(folder.resolve(name));
      masks.write(name, Mask.of(60, 50, (x, y) -> x > 15 && x < 40 && y > 10 && y < 40));
    }
  }

  private static Archives archives(List<String> cats, List<String> dogs) {
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    pictures.put("cat", cats);
    pictures.put("dog", dogs);
    return new Archives(pictures);
  }

  private SyntheticScenes scenes(Archives archives, PastedScenes.Options options, int batch) {
    MaskedArchives data = new MaskedArchives(archives, folder, masks);
    return new SyntheticScenes(PastedScenes.of(data, options), batch);
  }

  private SyntheticScenes scenes(PastedScenes.Options options) {
    return scenes(archives(List.of("p0.png", "p1.png"), List.of("p2.png", "p3.png")), options, 3);
  }

  @Test
  void aBatchIsAFunctionOfTheSeedAndTheStep() {
    ZutisTrainer.Samples once = scenes(OPTIONS).batch(7);
    ZutisTrainer.Samples again = scenes(OPTIONS).batch(7);
    assertArrayEquals(once.pixels(), again.pixels());
    assertArrayEquals(once.labels(), again.labels());
    assertArrayEquals(once.instances(), again.instances());
    assertFalse(Arrays.equals(once.pixels(), scenes(OPTIONS).batch(8).pixels()));
  }

  @Test
  void everyObjectHasTheLabelOfItsArchive() {
    Set<Long> seen = new HashSet<>();
    for (int step = 0; step < 6; step++) {
      ZutisTrainer.Samples samples = scenes(OPTIONS).batch(step);
      int area = 48 * 48;
      for (int i = 0; i < samples.labels().length; i++) {
        long label = samples.labels()[i];
        long instance = samples.instances()[i];
        seen.add(label);
        assertTrue(label <= 2 || label == 255, "label " + label);
        assertEquals(label > 0 && label < 255, instance > 0 && instance < 255);
        assertTrue(instance == 255 || instance <= samples.counts()[i / area]);
      }
      assertTrue(Arrays.stream(samples.counts()).allMatch(n -> n >= 1 && n <= 4));
    }
    assertTrue(seen.containsAll(List.of(0L, 1L, 2L)), seen.toString());
  }

  @Test
  void aPictureInTwoArchivesHasTheLastLabelUnlessAskedOtherwise() {
    Archives shared = archives(List.of("p0.png"), List.of("p0.png"));
    for (boolean byArchive : new boolean[] {false, true}) {
      PastedScenes.Options options =
          SyntheticScenes.DEFAULT.withSize(48).withMostObjects(1).withPhotometric(false);
      ZutisTrainer.Samples samples =
          scenes(
                  shared,
                  byArchive ? options.withLabels(PastedScenes.Labels.OF_ARCHIVE) : options,
                  8)
              .batch(0);
      boolean first = LongStream.of(samples.labels()).anyMatch(label -> label == 1);
      assertEquals(byArchive, first);
    }
  }

  @Test
  void archivesOfOnePictureFillBatchesByRepeatingIt() {
    Archives single = archives(List.of("p0.png", "broken.png"), List.of("p1.png"));
    SyntheticScenes scenes = scenes(single, OPTIONS.withMostObjects(10), 8);
    assertEquals(2, scenes.scenes().size(), "a picture without a mask is left out");
    ZutisTrainer.Samples samples = scenes.batch(0);
    assertEquals(8, samples.counts().length);
    assertTrue(Arrays.stream(samples.counts()).anyMatch(count -> count > 2));
  }

  @Test
  void batchesOfNoSceneAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> new SyntheticScenes(scenes(OPTIONS).scenes(), 0));
  }
}
