package org.zeroseg.examples.everyday;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CutOutsTest {

  @TempDir Path folder;

  @Test
  void trainsOnlyWithPicturesThatLetWeightsBeShipped() throws IOException {
    Drawn drawn = Drawn.in(folder);
    CutOuts free = CutOuts.read(drawn.list(), drawn.packages(), Part.TRAIN, false);
    assertEquals(List.of("apple", "bus", "cherry"), free.words());
    assertEquals(3, free.thing(1).pictures().size());
    CutOuts all = CutOuts.read(drawn.list(), drawn.packages(), Part.TRAIN, true);
    assertEquals(4, all.thing(1).pictures().size());
  }

  @Test
  void wordsAreTheSameForAllParts() throws IOException {
    Drawn drawn = Drawn.in(folder);
    CutOuts photos = CutOuts.read(drawn.list(), drawn.packages(), Part.PHOTOS, false);
    assertEquals(List.of("apple", "bus", "cherry"), photos.words());
    assertEquals(List.of(1, 2), photos.shown());
  }

  @Test
  void picturesThatAreMissingOrAlteredAreNamedAndLeftOut() throws IOException {
    Drawn drawn = Drawn.in(folder);
    Path apples = drawn.packages().resolve("openclipart-png/apple");
    Files.delete(apples.resolve("0.png"));
    Files.copy(
        apples.resolve("2.png"), apples.resolve("1.png"), StandardCopyOption.REPLACE_EXISTING);
    CutOuts pictures = CutOuts.read(drawn.list(), drawn.packages(), Part.TRAIN, false);
    assertEquals(1, pictures.thing(1).pictures().size());
    assertEquals(2, pictures.problems().size());
    assertEquals("openclipart-png/apple/0.png: missing", pictures.problems().get(0));
    assertTrue(pictures.problems().get(1).startsWith("openclipart-png/apple/1.png: altered"));
  }

  @Test
  void listsMayNotLeadOutOfThePackages() throws IOException {
    Drawn drawn = Drawn.in(folder);
    Path outside = folder.resolve("outside.png");
    Files.copy(drawn.packages().resolve("openclipart-png/apple/0.png"), outside);
    Files.writeString(
        drawn.list(), Files.readString(drawn.list()).replace("apple/0.png", "../../outside.png"));
    CutOuts pictures = CutOuts.read(drawn.list(), drawn.packages(), Part.TRAIN, false);
    assertEquals(List.of("openclipart-png/../../outside.png: missing"), pictures.problems());
  }

  @Test
  void furtherDrawingsAreOfFreePackagesAndUnlikeThoseHeldOut() throws IOException {
    Drawn drawn = Drawn.in(folder);
    drawn.further("animals/ZebraBeetle_by_someone_01.png", 0.3);
    drawn.further("computer/icons/any_icon.png", 0.3);
    drawn.further("food/tomato.png", 1); // a disc like the apple that is held out
    drawn.further("vehicles/tram_bw_02.png", 0.4);
    drawn.emoji("1f408.png", "Animals & Nature", "lying_cat", 0.5);
    drawn.emoji("1f3c3.png", "People & Body", "runner", 0.6);
    Files.writeString(
        drawn.list(),
        Files.readString(drawn.list())
            .replace("bus/test.png", Drawn.CLIP_ART + "vehicles/tram_01.png"));
    CutOuts pictures = CutOuts.toTrain(drawn.list(), drawn.packages());
    assertEquals(List.of("apple", "bus", "cherry"), pictures.words());
    assertEquals(
        List.of("lying cat", "zebra beetle"),
        IntStream.rangeClosed(4, 3 + pictures.further())
            .mapToObj(id -> pictures.thing(id).word())
            .toList());
    Everyday world = new Everyday(1, 64, 1, 1, Everyday.Variety.STRONG, pictures);
    List<String> captions = IntStream.range(0, 60).mapToObj(i -> world.scene(i).caption()).toList();
    assertTrue(captions.stream().anyMatch(caption -> caption.contains("zebra beetle")));
    assertTrue(captions.stream().anyMatch(caption -> caption.contains("cherry")));
  }

  @Test
  void anotherKindOfFileIsNamed() throws IOException {
    Path list = folder.resolve("list.json");
    Files.writeString(list, "{\"words\": [{\"word\": 3}]}");
    IOException error =
        assertThrows(IOException.class, () -> CutOuts.read(list, folder, Part.TRAIN, false));
    assertTrue(error.getMessage().contains(list.toString()), error.getMessage());
  }
}
