package org.zeroseg.eval.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Vocabulary;

class DenseSetsTest {

  @TempDir Path root;

  @Test
  void listsHaveTheClassesOfTheirSets() {
    Map<String, Integer> sizes =
        Map.of(
            "voc21",
            20,
            "voc20",
            20,
            "context60",
            59,
            "context59",
            59,
            "coco-object",
            80,
            "coco-stuff",
            171,
            "cityscapes",
            19,
            "ade20k",
            150);
    sizes.forEach(
        (set, size) -> {
          for (String family : new String[] {"sclip", "clearclip", "proxyclip"}) {
            assertEquals(size, Vocabularies.dense(set, family).size(), set + " " + family);
          }
        });
    Vocabulary voc = Vocabularies.dense("voc21", "sclip");
    assertEquals(26, voc.backgroundWords().size());
    assertEquals(7, voc.categories().get(14).words().size());
    assertEquals(1, Vocabularies.dense("voc21", "clearclip").backgroundWords().size());
    // "bed" is one of COCO's things.
    assertEquals(25, Vocabularies.dense("coco-object", "sclip").backgroundWords().size());
    assertTrue(Vocabularies.dense("voc20", "proxyclip").backgroundWords().isEmpty());
  }

  private static void grey(Path file, int... values) throws IOException {
    Files.createDirectories(file.getParent());
    BufferedImage image = new BufferedImage(values.length, 1, BufferedImage.TYPE_BYTE_GRAY);
    for (int x = 0; x < values.length; x++) {
      image.getRaster().setSample(x, 0, 0, values[x]);
    }
    ImageIO.write(image, "png", file.toFile());
  }

  private static int[] truth(SemanticDataset set) throws IOException {
    return set.items().get(0).truth().labels();
  }

  @Test
  void thingsAndStuffAreReadFromTheSamePictures() throws IOException {
    // Person, the sign that was removed, the last thing, the first stuff, the last, nothing.
    grey(root.resolve("coco2017/stuffthingmaps/val2017/a.png"), 0, 11, 89, 91, 181, 255);
    grey(root.resolve("coco2017/val2017/a.png"), 0, 0, 0, 0, 0, 0);
    SemanticDataset objects = Catalog.open("coco-object-val", root);
    assertTrue(objects.hasBackground());
    assertArrayEquals(new int[] {1, 0, 80, 0, 0, 0}, truth(objects));
    SemanticDataset stuff = Catalog.open("coco-stuff-val", root);
    assertFalse(stuff.hasBackground());
    assertArrayEquals(new int[] {0, 255, 79, 80, 170, 255}, truth(stuff));
  }

  @Test
  void setsWithoutBackgroundIgnoreIt() throws IOException {
    Path ade = root.resolve("ADEChallengeData2016");
    grey(ade.resolve("annotations/validation/a.png"), 0, 1, 150, 151);
    grey(ade.resolve("images/validation/a.png"), 0, 0, 0, 0);
    assertArrayEquals(new int[] {255, 0, 149, 255}, truth(Catalog.open("ade20k-val", root)));

    Path voc = root.resolve("VOCdevkit/VOC2012");
    grey(voc.resolve("SegmentationClass/a.png"), 0, 1, 20, 255);
    grey(voc.resolve("JPEGImages/a.jpg"), 0, 0, 0, 0);
    Files.createDirectories(voc.resolve("ImageSets/Segmentation"));
    Files.writeString(voc.resolve("ImageSets/Segmentation/val.txt"), "a\n");
    assertArrayEquals(new int[] {255, 0, 19, 255}, truth(Catalog.open("voc2012-20-val", root)));
  }
}
