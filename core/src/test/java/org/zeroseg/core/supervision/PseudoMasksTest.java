package org.zeroseg.core.supervision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;

class PseudoMasksTest {

  @TempDir Path folder;

  /** Takes bright pixels for the object and remembers how many pictures it saw at once. */
  private static final class Bright implements SaliencyDetector {

    private final List<Integer> batches = new ArrayList<>();

    @Override
    public List<Salient> detect(List<Picture> pictures) {
      batches.add(pictures.size());
      return pictures.stream().map(Bright::mask).map(mask -> new Salient(mask, 1)).toList();
    }

    private static Mask mask(Picture picture) {
      return Mask.of(picture.width(), picture.height(), (x, y) -> picture.sample(x, y, 0) > 100);
    }

    @Override
    public void close() {}
  }

  private void picture(String name, int width) throws IOException {
    byte[] samples = new byte[width * 4];
    samples[width + 1] = 120;
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Picture.of(PixelFormat.GREY, width, 4, samples).writePng(file);
  }

  @Test
  void publishedMasksLackThePicturesExtension() throws IOException {
    PseudoMasks masks = new PseudoMasks(folder.resolve("train_pseudo_masks_selfmask"));
    Mask mask = Mask.of(5, 4, (x, y) -> x > 2);
    masks.write("n1/n1_7", mask);
    assertTrue(masks.contains("n1/n1_7.JPEG"));
    assertEquals(mask, masks.read("n1/n1_7.JPEG"));
    assertFalse(masks.contains("n1/n1_8.JPEG"));
    Mask own = Mask.of(5, 4, (x, y) -> y > 2);
    masks.write("n1/n1_7.JPEG", own);
    assertEquals(own, masks.read("n1/n1_7.JPEG"));
  }

  @Test
  void masksAreMadeOnceAndOnlyWhatIsMissingLater() throws IOException {
    picture("a.png", 5);
    picture("sub/b.png", 7);
    picture("c.png", 6);
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    Bright detector = new Bright();
    PseudoMasks.Outcome first =
        masks.make(detector, folder, List.of("a.png", "sub/b.png", "a.png"), 8, Progress.SILENT);
    assertEquals(new PseudoMasks.Outcome(2, 0, List.of()), first);
    List<String> all = List.of("a.png", "sub/b.png", "c.png");
    assertEquals(
        new PseudoMasks.Outcome(1, 2, List.of()),
        masks.make(detector, folder, all, 8, Progress.SILENT));
    assertEquals(List.of(2, 1), detector.batches);
    Mask mask = masks.read("sub/b.png");
    assertEquals(7, mask.width());
    assertEquals(1, mask.area());
    assertTrue(mask.get(1, 1));
  }

  @Test
  void aStoppedRunGoesOnWhereItWas() throws IOException {
    for (int i = 0; i < 4; i++) {
      picture(i + ".png", 5);
    }
    List<String> names = List.of("0.png", "1.png", "2.png", "3.png");
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    assertThrows(
        UnsupportedOperationException.class,
        () ->
            masks.make(
                new Bright(),
                folder,
                names,
                1,
                (task, done, total) -> {
                  if (done == 3) {
                    throw new UnsupportedOperationException("stopped");
                  }
                }));
    assertEquals(
        new PseudoMasks.Outcome(1, 3, List.of()),
        masks.make(new Bright(), folder, names, 1, Progress.SILENT));
  }

  @Test
  void picturesThatCannotBeReadAreReportedAndTriedAgain() throws IOException {
    picture("good.png", 5);
    Files.writeString(folder.resolve("bad.png"), "no picture");
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    List<String> names = List.of("bad.png", "good.png", "absent.png");
    PseudoMasks.Outcome outcome = masks.make(new Bright(), folder, names, 2, Progress.SILENT);
    assertEquals(1, outcome.made());
    assertEquals(
        List.of("bad.png", "absent.png"),
        outcome.failures().stream().map(PseudoMasks.Failure::name).toList());
    String reason = outcome.failures().get(1).reason();
    assertTrue(reason.endsWith("absent.png: there is no such file"), reason);
    assertFalse(masks.contains("bad.png"));
    picture("bad.png", 5);
    assertEquals(1, masks.make(new Bright(), folder, names, 2, Progress.SILENT).made());
  }

  @Test
  void theFileIsWhatTheReleasedCodeReads() throws IOException {
    PseudoMasks masks = new PseudoMasks(folder);
    masks.write("x", Mask.of(3, 2, (x, y) -> x == 1));
    assertEquals("{\"size\":[2,3],\"counts\":\"222\"}", Files.readString(folder.resolve("x.json")));
  }

  @Test
  void damagedAndAbsentMasksAreNamed() throws IOException {
    PseudoMasks masks = new PseudoMasks(folder);
    assertThrows(NoSuchFileException.class, () -> masks.read("none"));
    for (String text :
        List.of(
            "",
            "[]",
            "{}",
            "{\"size\":[2]}",
            "{\"size\":[2,3],\"counts\":\"9\"}",
            "{\"size\":[null,3],\"counts\":\"222\"}",
            "{\"size\":[2,3],\"counts\":{}}")) {
      Files.writeString(folder.resolve("x.json"), text);
      String message = assertThrows(IOException.class, () -> masks.read("x"), text).getMessage();
      assertTrue(message.contains("x.json"), message);
    }
    Files.write(folder.resolve("x.json"), new byte[] {(byte) 0xff});
    String message = assertThrows(IOException.class, () -> masks.read("x")).getMessage();
    assertTrue(message.contains("x.json"), message);
  }

  @Test
  void batchesOfNoPicturesAreRefused() throws IOException {
    picture("a.png", 5);
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    assertThrows(
        IllegalArgumentException.class,
        () -> masks.make(new Bright(), folder, List.of("a.png"), 0, Progress.SILENT));
  }

  @Test
  void namesDoNotLeadOutOfTheFolder() {
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    assertThrows(IllegalArgumentException.class, () -> masks.contains("../outside"));
    assertThrows(IllegalArgumentException.class, () -> masks.contains(" "));
    assertFalse(masks.contains("/data/train/a.png"));
    for (String relative : List.of("", ".", "..", "masks/..")) {
      PseudoMasks here = new PseudoMasks(Path.of(relative));
      assertFalse(here.contains("no such picture"), relative);
      assertThrows(IllegalArgumentException.class, () -> here.contains("../outside"), relative);
    }
  }

  @Test
  void aMaskLargerThanAPictureMayBeIsRefused() throws IOException {
    Files.writeString(folder.resolve("a.png.json"), "{\"size\":[30000,33333],\"counts\":\"0\"}");
    PseudoMasks masks = new PseudoMasks(folder);
    String message =
        assertThrows(InvalidFileException.class, () -> masks.read("a.png")).getMessage();
    assertTrue(message.contains("a.png.json"), message);
    assertTrue(message.contains("33333 x 30000 pixels"), message);
  }

  @Test
  void anInterruptedRunStopsBetweenPicturesAndARemovedMaskIsMadeAgain() throws IOException {
    PseudoMasks masks = new PseudoMasks(folder.resolve("masks"));
    picture("a.png", 5);
    picture("b.png", 6);
    List<String> names = List.of("a.png", "b.png");
    assertThrows(
        InterruptedIOException.class,
        () ->
            masks.make(
                new Bright(),
                folder,
                names,
                1,
                (task, done, total) -> Thread.currentThread().interrupt()));
    assertTrue(masks.contains("a.png"));
    assertFalse(masks.contains("b.png"));
    masks.make(new Bright(), folder, names, 1, Progress.SILENT);
    masks.remove("a.png");
    masks.remove("absent.png");
    assertFalse(masks.contains("a.png"));
    assertEquals(1, masks.make(new Bright(), folder, names, 1, Progress.SILENT).made());
  }
}
