package org.zeroseg.core.supervision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchivesTest {

  @TempDir Path folder;

  @Test
  void archivesSurviveTheirFile() throws IOException {
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    pictures.put("red & \"hot\"", List.of("a.png", "b/c.png", "d.png"));
    pictures.put("gr\u00fcn", List.of("d.png", "a.png"));
    Archives archives = new Archives(pictures);
    Path file = folder.resolve("archives.json");
    archives.write(file);
    assertEquals(archives, Archives.read(file));
    assertEquals(List.copyOf(pictures.keySet()), Archives.read(file).categories());
    assertEquals(List.of("d.png"), archives.first(1).pictures().get("gr\u00fcn"));
    assertEquals(5, archives.entries().size());
    assertFalse(Files.readString(file).contains("\\u0026"));
  }

  @Test
  void publishedPathsAreCutToTheNamesInTheirDataSet() {
    Archives published =
        new Archives(
            Map.of(
                "dog", List.of("/home/me/train/set/train/n1/a.JPEG", "train/n1/b.JPEG", "c.png")));
    assertEquals(
        List.of("n1/a.JPEG", "n1/b.JPEG", "c.png"),
        published.within("train").pictures().get("dog"));
  }

  @Test
  void whatHoldsNoArchivesIsNamed() throws IOException {
    Path file = folder.resolve("archives.json");
    for (String bad : new String[] {"", "[]", "{\"a\":1}", "{\"a\":[[]]}", "{\"a\":[],\"a\":[]}"}) {
      Files.writeString(file, bad);
      IOException refusal = assertThrows(IOException.class, () -> Archives.read(file));
      assertTrue(refusal.getMessage().contains("archives.json"), refusal.getMessage());
    }
  }
}
