package org.zeroseg.eval.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.train.TrainingHistory;
import org.zeroseg.core.train.Validation;

class TrainingCurvesTest {

  @TempDir Path folder;

  private static long dark(BufferedImage image) {
    int[] rgb = image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    return Arrays.stream(rgb).filter(pixel -> pixel == 0xff1b4f91).count();
  }

  @Test
  void lossesAreDrawnAndScoresWhereThereAreAny() throws IOException {
    float[] losses = {3, 2, 1.5f, 1.25f, 1};
    TrainingCurves.write(folder, new TrainingHistory(losses, 10, List.of(), "mIoU", 0.5));
    BufferedImage curve = ImageIO.read(folder.resolve("loss.png").toFile());
    assertTrue(dark(curve) > 200, dark(curve) + " pixels of the curve");
    assertTrue(Files.notExists(folder.resolve("score.png")));
    List<Validation.Score> scores =
        List.of(new Validation.Score(2, 0.25), new Validation.Score(4, 0.5));
    TrainingCurves.write(folder, new TrainingHistory(losses, 10, scores, "mIoU", 0));
    curve = ImageIO.read(folder.resolve("score.png").toFile());
    assertEquals(900, curve.getWidth());
    assertTrue(dark(curve) > 100, dark(curve) + " pixels of the curve");
  }

  @Test
  void drawsFlatNegativeAndSingleLosses() throws IOException {
    for (float[] losses : new float[][] {{1}, {0, 0, 0}, {-3, -2}, new float[10_000]}) {
      TrainingCurves.write(folder, new TrainingHistory(losses, 10_000, List.of(), "", 0));
      assertEquals(900, ImageIO.read(folder.resolve("loss.png").toFile()).getWidth());
    }
  }
}
