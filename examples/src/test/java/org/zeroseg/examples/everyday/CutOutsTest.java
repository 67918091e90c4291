package org.zeroseg.examples.everyday;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
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
  void anotherKindOfFileIsNamed() throws IOException {
    Path list = folder.resolve("list.json");
    Files.writeString(list, "{\"words\": [{\"word\": 3}]}");
    IOException error =
        assertThrows(IOException.class, () -> CutOuts.read(list, folder, Part.TRAIN, false));
    assertTrue(error.getMessage().contains(list.toString()), error.getMessage());
  }
}
