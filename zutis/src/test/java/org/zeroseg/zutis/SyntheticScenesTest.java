package org.zeroseg.zutis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
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
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.PseudoMasks;

class SyntheticScenesTest {

  private static final SyntheticScenes.Options OPTIONS =
      new SyntheticScenes.Options(48, 3, 4, 0.5, 0.5, 1, true, false, 11);

  @TempDir Path folder;
  private PseudoMasks masks;

  @BeforeEach
  void picturesWithMasks() throws IOException {
    masks = new PseudoMasks(folder.resolve("masks"));
    for (int i = 0; i < 4; i++) {
      String name = "p" + i + ".png";
      TinyZutis.image(60, 50, i).writePng(folder.resolve(name));
      masks.write(name, Mask.of(60, 50, (x, y) -> x > 15 && x < 40 && y > 10 && y < 40));
    }
  }

  private static Archives archives(List<String> cats, List<String> dogs) {
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    pictures.put("cat", cats);
    pictures.put("dog", dogs);
    return new Archives(pictures);
  }

  private SyntheticScenes scenes(SyntheticScenes.Options options) {
    Archives archives = archives(List.of("p0.png", "p1.png"), List.of("p2.png", "p3.png"));
    return SyntheticScenes.of(archives, folder, masks, options, 255);
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
      SyntheticScenes.Options options =
          new SyntheticScenes.Options(48, 8, 1, 1, 1, 1, false, byArchive, 1);
      ZutisTrainer.Samples samples =
          SyntheticScenes.of(shared, folder, masks, options, 255).batch(0);
      boolean first = LongStream.of(samples.labels()).anyMatch(label -> label == 1);
      assertEquals(byArchive, first);
    }
  }

  @Test
  void picturesWithoutAMaskAreLeftOut() {
    Archives archives = archives(List.of("p0.png", "broken.png"), List.of("p2.png"));
    assertEquals(2, SyntheticScenes.of(archives, folder, masks, OPTIONS, 255).size());
  }

  @Test
  void archivesOfOnePictureFillBatchesByRepeatingIt() {
    SyntheticScenes.Options options =
        new SyntheticScenes.Options(48, 8, 10, 0.5, 0.5, 1, true, false, 5);
    SyntheticScenes scenes =
        SyntheticScenes.of(
            archives(List.of("p0.png"), List.of("p1.png")), folder, masks, options, 255);
    assertEquals(2, scenes.size());
    ZutisTrainer.Samples samples = scenes.batch(0);
    assertEquals(8, samples.counts().length);
    assertTrue(Arrays.stream(samples.counts()).anyMatch(count -> count > 2));
  }

  @Test
  void aCategoryWithoutAnyPictureIsNamed() {
    Archives archives = archives(List.of("p0.png"), List.of("gone.png"));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> SyntheticScenes.of(archives, folder, masks, OPTIONS, 255))
            .getMessage();
    assertTrue(message.contains("[dog]"), message);
  }

  @Test
  void moreCategoriesOrObjectsThanLabelsAreRefused() {
    Archives archives = archives(List.of("p0.png"), List.of("p1.png"));
    assertThrows(
        IllegalArgumentException.class,
        () -> SyntheticScenes.of(archives, folder, masks, OPTIONS, 2));
    // The fourth object would have the number of what is no object.
    assertThrows(
        IllegalArgumentException.class,
        () -> SyntheticScenes.of(archives, folder, masks, OPTIONS, 4));
    assertEquals(2, SyntheticScenes.of(archives, folder, masks, OPTIONS, 5).size());
  }

  @Test
  void aPictureThatIsDamagedLaterIsNamed() throws IOException {
    Files.writeString(folder.resolve("p0.png"), "no picture");
    SyntheticScenes scenes =
        SyntheticScenes.of(
            archives(List.of("p0.png"), List.of("p0.png")), folder, masks, OPTIONS, 255);
    UncheckedIOException failure = assertThrows(UncheckedIOException.class, () -> scenes.batch(0));
    assertTrue(failure.getMessage().contains("p0.png"), failure.getMessage());
  }
}
