package org.zeroseg.eval.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.golden.Noise;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.supervision.LabelMap;

/** The pictures and labels that ReCo is measured on. */
class ReCoSetsTest {

  @TempDir Path root;

  private void picture(String file, Picture picture) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    picture.writePng(path);
  }

  /** Left half of one value, right half of another. */
  private static Picture halves(int width, int height, int left, int right) {
    byte[] samples = new byte[width * height];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (byte) (i % width < width / 2 ? left : right);
    }
    return Picture.of(PixelFormat.GREY, width, height, samples);
  }

  @Test
  void cityscapesAreSquaresOfTheMiddle() throws IOException {
    picture("cityscapes/leftImg8bit/val/ulm/ulm_0_leftImg8bit.png", Noise.picture(90, 40, 1));
    picture("cityscapes/gtFine/val/ulm/ulm_0_gtFine_labelIds.png", halves(90, 40, 26, 3));
    SemanticDataset set = Catalog.open("reco-cityscapes-val", root);
    SemanticDataset.Item item = set.items().get(0);
    assertEquals(320, item.picture().width());
    assertEquals(320, item.picture().height());
    LabelMap truth = item.truth();
    assertEquals(320, truth.width());
    assertEquals(19, truth.at(159, 5)); // car, 26 - 7
    assertEquals(255, truth.at(160, 5));
    // Each pixel of the square is one of the picture's, eight times enlarged.
    assertEquals(
        Noise.picture(90, 40, 1).sample((200 + 8) / 8, 12, 1), item.picture().sample(8, 100, 1), 0);
  }

  @Test
  void cocoStuffIsAskedForByFineWordsAndScoredByCoarseOnes() throws IOException {
    picture("cocostuff/images/val2017/1.jpg", Noise.picture(64, 64, 1));
    picture("cocostuff/annotations/val2017/1.png", halves(64, 64, 16, 255));
    Path list = root.resolve("cocostuff/curated/val2017/Coco164kFull_Stuff_Coarse.txt");
    Files.createDirectories(list.getParent());
    Files.writeString(list, "1\r\n");
    SemanticDataset set = Catalog.open("reco-coco-stuff-val", root);
    SemanticDataset.Item item = set.items().get(0);
    assertEquals(7, item.truth().at(0, 0)); // animal
    assertEquals(255, item.truth().at(319, 0));
    assertEquals(27, item.words().orElseThrow().size());
    Set<String> animals =
        item.words().orElseThrow().categories().get(7).words().stream().collect(Collectors.toSet());
    assertTrue(animals.containsAll(Set.of("bird", "cat", "giraffe")), animals.toString());
    long words =
        item.words().orElseThrow().categories().stream().mapToInt(c -> c.words().size()).sum();
    assertEquals(171, words);
  }

  @Test
  void kittiStepHasItsClassInTheFirstChannel() throws IOException {
    picture("kitti_step/val/0002/000000.png", Noise.picture(30, 20, 1));
    byte[] samples = new byte[3 * 30 * 20];
    for (int i = 0; i < samples.length; i += 3) {
      samples[i] = (byte) (i == 0 ? 255 : 13);
      samples[i + 1] = 99;
    }
    picture(
        "kitti_step/panoptic_maps/val/0002/000000.png",
        Picture.of(PixelFormat.RGB, 30, 20, samples));
    SemanticDataset set = Catalog.open("kitti-step-val", root);
    assertEquals("0002/000000", set.items().get(0).name());
    assertEquals(255, set.items().get(0).truth().at(0, 0));
    assertEquals("car", set.labels().get(set.items().get(0).truth().at(1, 0)));
    assertTrue(set.check().isEmpty());
  }
}
