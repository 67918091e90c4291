package org.zeroseg.core.supervision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;

class PastedScenesTest {

  private static final PastedScenes.Options OPTIONS =
      PastedScenes.Options.DEFAULT.withSize(48).withMostObjects(3).withScales(0.5, 1).withSeed(11);

  @TempDir Path folder;
  private PseudoMasks masks;

  @BeforeEach
  void picturesWithMasks() throws IOException {
    masks = new PseudoMasks(folder.resolve("masks"));
    for (int i = 0; i < 4; i++) {
      String name = "p" + i + ".png";
      byte[] samples = new byte[3 * 60 * 50];
      new SplittableRandom(i).nextBytes(samples);
      Picture.of(PixelFormat.RGB, 60, 50, samples).writePng(folder.resolve(name));
      masks.write(name, Mask.of(60, 50, (x, y) -> x > 15 && x < 40 && y > 10 && y < 40));
    }
  }

  private MaskedArchives data(List<String> cats, List<String> dogs) {
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    pictures.put("cat", cats);
    pictures.put("dog", dogs);
    return new MaskedArchives(new Archives(pictures), folder, masks);
  }

  private MaskedArchives data() {
    return data(List.of("p0.png", "p1.png"), List.of("p2.png", "p3.png"));
  }

  private static Set<Integer> labels(MaskedArchives data, PastedScenes.Options options) {
    PastedScenes scenes = PastedScenes.of(data, options);
    return IntStream.range(0, 12)
        .flatMap(number -> Arrays.stream(scenes.scene(number).pixels().semantic()))
        .boxed()
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void aSceneIsAFunctionOfTheSeedAndItsNumber() {
    PastedScenes.Scene once = PastedScenes.of(data(), OPTIONS).scene(7);
    PastedScenes.Scene again = PastedScenes.of(data(), OPTIONS).scene(7);
    assertArrayEquals(once.pixels().pixels(), again.pixels().pixels());
    assertArrayEquals(once.pixels().semantic(), again.pixels().semantic());
    PastedScenes.Scene other = PastedScenes.of(data(), OPTIONS.withSeed(12)).scene(7);
    assertFalse(Arrays.equals(once.pixels().pixels(), other.pixels().pixels()));
  }

  @Test
  void labelsAreThoseAskedFor() {
    MaskedArchives shared = data(List.of("p0.png"), List.of("p0.png"));
    for (PastedScenes.Labels labels : PastedScenes.Labels.values()) {
      TreeSet<Integer> expected =
          new TreeSet<>(
              switch (labels) {
                case OF_ARCHIVE -> List.of(0, 1, 2, 1000);
                case OF_LAST_ARCHIVE -> List.of(0, 2, 1000);
                case OBJECT -> List.of(0, 1, 1000);
              });
      assertEquals(
          expected, labels(shared, OPTIONS.withLabels(labels).withIgnore(1000)), labels.toString());
    }
  }

  @Test
  void masksByCategoryAreThoseOfTheArchiveAPictureIsDrawnFrom() throws IOException {
    PseudoMasks experts = new PseudoMasks(folder.resolve("experts"));
    experts.of("cat").write("p0.png", Mask.of(60, 50, (x, y) -> false));
    experts.of("dog").write("p0.png", Mask.of(60, 50, (x, y) -> true));
    MaskedArchives shared =
        new MaskedArchives(
            data(List.of("p0.png", "p1.png"), List.of("p0.png")).archives(), folder, experts, true);
    assertEquals(2, PastedScenes.of(shared, OPTIONS).size(), "p1.png has no mask as a cat");
    assertEquals(new TreeSet<>(List.of(0, 2, 255)), labels(shared, OPTIONS));
  }

  @Test
  void categoriesThatDifferHaveFoldersThatDiffer() throws IOException {
    List<String> names =
        List.of("tv/monitor", "tv_monitor", "tv%2Fmonitor", "..", "gr\u00fcn", "a b");
    assertEquals(names.size(), names.stream().map(masks::of).distinct().count());
    for (String name : names) {
      masks.of(name).write("x.png", Mask.of(2, 2, (x, y) -> true));
      assertTrue(masks.of(name).folder().normalize().startsWith(masks.folder()), name);
      assertEquals(1, masks.of(name).folder().getNameCount() - masks.folder().getNameCount());
      assertTrue(masks.of(name).contains("x.png"));
    }
  }

  @Test
  void fingerprintsFollowContentAndNotNames() throws IOException {
    Map<String, String> before = data().fingerprints();
    Path moved = folder.resolve("moved");
    Files.move(masks.folder(), moved);
    MaskedArchives same = new MaskedArchives(data().archives(), folder, new PseudoMasks(moved));
    assertEquals(before, same.fingerprints());
    same.masks().write("p3.png", Mask.of(60, 50, (x, y) -> x > 15));
    assertNotEquals(before.get("masks-sha256"), same.fingerprints().get("masks-sha256"));
    assertEquals(before.get("archives-sha256"), same.fingerprints().get("archives-sha256"));
    MaskedArchives exchanged = data(List.of("p2.png", "p3.png"), List.of("p0.png", "p1.png"));
    assertNotEquals(before.get("archives-sha256"), exchanged.fingerprints().get("archives-sha256"));
  }

  @Test
  void releasedMasksOfImageNetAreFound() throws IOException {
    masks.write("n01/1", Mask.of(3, 2, (x, y) -> x == 1));
    assertTrue(Files.exists(masks.folder().resolve("n01/1.json")));
    assertTrue(masks.contains("n01/1.JPEG"));
    assertEquals(2, masks.read("n01/1.JPEG").area());
    assertFalse(masks.contains("n01/1.png"));
    masks.write("n01/1.JPEG", Mask.of(3, 2, (x, y) -> true));
    assertEquals(6, masks.read("n01/1.JPEG").area());
  }

  @Test
  void aCategoryWithoutAnyPictureIsNamed() {
    MaskedArchives data = data(List.of("p0.png"), List.of("gone.png"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> PastedScenes.of(data, OPTIONS))
            .getMessage();
    assertTrue(message.contains("[dog]"), message);
  }

  @Test
  void moreCategoriesOrObjectsThanLabelsAreRefused() {
    PastedScenes.Options two = OPTIONS.withMostObjects(1).withIgnore(2);
    assertThrows(IllegalArgumentException.class, () -> PastedScenes.of(data(), two));
    // The fourth object would have the number of what is no object.
    assertThrows(IllegalArgumentException.class, () -> OPTIONS.withIgnore(5).withMostObjects(5));
    assertEquals(4, PastedScenes.of(data(), two.withIgnore(3)).size());
  }

  @Test
  void aPictureThatIsDamagedLaterIsNamed() throws IOException {
    PastedScenes scenes = PastedScenes.of(data(List.of("p0.png"), List.of("p0.png")), OPTIONS);
    Files.writeString(folder.resolve("p0.png"), "no picture");
    UncheckedIOException failure = assertThrows(UncheckedIOException.class, () -> scenes.scene(0));
    assertTrue(failure.getMessage().contains("p0.png"), failure.getMessage());
  }
}
