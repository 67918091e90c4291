package org.zeroseg.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.image.Picture;

class StageTimesTest {

  @TempDir Path folder;

  @Test
  void aStageLastsUntilAnotherIsTold() throws Exception {
    StageTimes times = new StageTimes();
    times.update("looking", 0, 2);
    Thread.sleep(30);
    times.update("looking", 1, 2);
    times.update("naming", 0, 1);
    times.update("looking", 2, 2);
    times.finish();
    List<String> rows = times.table().lines().toList();
    // A head, the line below it, a stage each however often it came, and all together.
    assertEquals(5, rows.size());
    assertTrue(rows.get(2).startsWith("| looking |"), rows.get(2));
    assertTrue(rows.get(3).startsWith("| naming |"), rows.get(3));
    assertTrue(rows.get(4).startsWith("| all |") && rows.get(4).contains("100.0 %"), rows.get(4));
    assertTrue(times.total() >= 0.03);
    Path file = folder.resolve("bars.png");
    times.draw(file, "Two stages");
    assertTrue(Picture.read(file).height() > 2 * 30);
  }
}
