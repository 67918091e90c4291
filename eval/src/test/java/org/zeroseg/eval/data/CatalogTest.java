package org.zeroseg.eval.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;

class CatalogTest {

  @TempDir Path root;

  @Test
  void saysWhereAMissingSetBelongs() {
    for (String name : Catalog.semantic()) {
      InvalidDataException error =
          assertThrows(InvalidDataException.class, () -> Catalog.open(name, root));
      assertTrue(error.getMessage().contains(name), error.getMessage());
      assertTrue(error.getMessage().contains(root.toString()), error.getMessage());
    }
    for (String name : Catalog.instances()) {
      assertThrows(InvalidDataException.class, () -> Catalog.find(name, root));
    }
    assertThrows(IllegalArgumentException.class, () -> Catalog.open("imagenet-s51", root));
  }

  @Test
  void vocabulariesHaveTheSizesOfTheirSets() {
    assertEquals(20, Vocabularies.voc2012().size());
    assertEquals(80, Vocabularies.coco().size());
    assertEquals(90L, Vocabularies.cocoIds().get(79));
    assertEquals(80, Vocabularies.coca().size());
    assertEquals(14, Vocabularies.cityscapesObjects().size());
    assertEquals(27, Vocabularies.cityscapes27().size());
    assertEquals(19, Vocabularies.cityscapes19().size());
    assertEquals(59, Vocabularies.pascalContext59().size());
    assertEquals(459, Vocabularies.pascalContext459().size());
    assertEquals(200, Vocabularies.cub200().size());
    for (int classes : new int[] {50, 300, 919}) {
      assertEquals(classes, Vocabularies.imageNetS(classes).size());
    }
    assertEquals(48, Vocabularies.cocoSeen("48/17").size());
    assertEquals(17, Vocabularies.cocoUnseen("48/17").size());
    assertEquals(65, Vocabularies.cocoSeen("65/15").size());
    assertEquals(15, Vocabularies.cocoUnseen("65/15").size());
  }

  private void picture(String file) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Picture.of(PixelFormat.RGB, 4, 3, new byte[36]).writePng(path);
  }

  private void labels(String file, int label) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    LabelMap.of(4, 3, new int[12]).map(zero -> label).write(path, false);
  }

  @Test
  void listsMayHaveWindowsLineEndsAndBlankLines() throws IOException {
    picture("VOCdevkit/VOC2012/JPEGImages/a.jpg");
    labels("VOCdevkit/VOC2012/SegmentationClass/a.png", 7);
    Path list = root.resolve("VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt");
    Files.createDirectories(list.getParent());
    Files.writeString(list, "a\r\n\r\n");
    SemanticDataset set = Catalog.open("voc2012-val", root);
    assertEquals(1, set.size());
    assertEquals(7, set.items().get(0).truth().at(0, 0));
    assertEquals(Optional.of(255), set.ignore());
    assertEquals(List.of(), set.check());
    Files.writeString(list, "a\nb\n");
    InvalidDataException error =
        assertThrows(InvalidDataException.class, () -> Catalog.open("voc2012-val", root));
    assertTrue(error.getMessage().contains("b.jpg"), error.getMessage());
  }

  @Test
  void maskOfAnyBrightnessIsACategoryFromHalfOfWhiteOn() throws IOException {
    picture("coca/image/avocado/a.png");
    labels("coca/binary/avocado/a.png", 128);
    SemanticDataset set = Catalog.open("coca", root);
    int label = Vocabularies.coca().names().indexOf("avocado") + 1;
    assertEquals(label, set.items().get(0).truth().at(0, 0));
    assertEquals(128, Coca.openUnrounded(root.resolve("coca")).items().get(0).truth().at(0, 0));
  }

  @Test
  void paintsSmallObjectsOverLargeOnesAndCrowdsBelow() throws IOException {
    picture("images/a.png");
    Path file = root.resolve("instances.json");
    Files.writeString(
        file,
        """
        {"images": [{"id": 1, "file_name": "a.png", "width": 4, "height": 3}],
         "categories": [{"id": 9, "name": "dog"}, {"id": 4, "name": "cat"}],
         "annotations": [
          {"id": 1, "image_id": 1, "category_id": 9, "iscrowd": 0, "area": 1,
           "segmentation": {"size": [3, 4], "counts": [0, 1, 11]}},
          {"id": 2, "image_id": 1, "category_id": 4, "iscrowd": 0, "area": 6,
           "segmentation": {"size": [3, 4], "counts": [0, 6, 6]}},
          {"id": 3, "image_id": 1, "category_id": 9, "iscrowd": 1, "area": 12,
           "segmentation": {"size": [3, 4], "counts": [3, 6, 3]}}]}
        """,
        StandardCharsets.UTF_8);
    SemanticDataset set = Coco.painted(file, root.resolve("images"));
    LabelMap truth = set.items().get(0).truth();
    assertEquals(List.of("cat", "dog"), set.vocabulary().names());
    assertEquals(LabelMap.of(4, 3, new int[] {2, 1, 2, 0, 1, 1, 2, 0, 1, 1, 2, 0}), truth);
  }

  @Test
  void refusesMatricesThatAreNone() throws IOException {
    Path file = root.resolve("a.mat");
    Files.write(file, new byte[50]);
    assertThrows(InvalidDataException.class, () -> PascalContext.read(file));
    Files.write(file, new byte[500]);
    assertThrows(InvalidDataException.class, () -> PascalContext.read(file));
    byte[] damaged = new byte[300];
    damaged[126] = 'I';
    damaged[127] = 'M';
    damaged[128] = 14;
    damaged[132] = (byte) 0xff;
    damaged[133] = (byte) 0xff;
    Files.write(file, damaged);
    InvalidDataException error =
        assertThrows(InvalidDataException.class, () -> PascalContext.read(file));
    assertTrue(error.getMessage().contains("a.mat"), error.getMessage());
  }

  private void bird(String breed) throws IOException {
    picture("CUB_200_2011/images/001.Black/a.jpg");
    labels("segmentations/001.Black/a.png", 200);
    for (String line :
        new String[] {
          "images.txt 1 001.Black/a.jpg",
          "image_class_labels.txt 1 " + breed,
          "train_test_split.txt 1 0"
        }) {
      String[] parts = line.split(" ", 2);
      Files.writeString(root.resolve("CUB_200_2011").resolve(parts[0]), parts[1] + "\n");
    }
  }

  @Test
  void birdsAreAskedForByOneWordOrByTheirBreeds() throws IOException {
    bird("2");
    SemanticDataset.Item plain = Catalog.open("cub-200-2011", root).items().get(0);
    SemanticDataset.Item breed = Catalog.open("cub-200-2011-breeds", root).items().get(0);
    assertTrue(plain.words().isEmpty());
    assertEquals(List.of("Laysan Albatross"), breed.words().orElseThrow().names());
    assertEquals(plain.truth(), breed.truth());
  }

  @Test
  void aBirdOfNoBreedIsNamed() throws IOException {
    bird("201");
    InvalidDataException error =
        assertThrows(InvalidDataException.class, () -> Catalog.open("cub-200-2011", root));
    assertTrue(error.getMessage().contains("picture 1:"), error.getMessage());
  }

  @Test
  void pascalContextIsReadFromLabelPicturesWhereTheyAre() throws IOException {
    picture("VOCdevkit/VOC2010/JPEGImages/a.jpg");
    labels("VOCdevkit/VOC2010/SegmentationClassContext/a.png", 59);
    labels("VOCdevkit/VOC2010/SegmentationClassContext/training.png", 1);
    InvalidDataException error =
        assertThrows(InvalidDataException.class, () -> Catalog.open("pascal-context-59", root));
    assertTrue(error.getMessage().contains("val.txt"), error.getMessage());
    Path list = root.resolve("VOCdevkit/VOC2010/ImageSets/Main/val.txt");
    Files.createDirectories(list.getParent());
    Files.writeString(list, "a\n");
    SemanticDataset set = Catalog.open("pascal-context-59", root);
    assertEquals(1, set.size());
    assertEquals(59, set.items().get(0).truth().at(0, 0));
    assertTrue(set.labelsEverything());
    assertEquals("wood", set.labels().get(59));
  }

  @Test
  void otherMatricesOfAFileAreNotInflated() throws IOException {
    Deflater deflater = new Deflater();
    deflater.setInput(new byte[1 << 28]);
    deflater.finish();
    byte[] deflated = new byte[1 << 20];
    int size = deflater.deflate(deflated);
    deflater.end();
    int each = 8 + size;
    ByteBuffer file = ByteBuffer.allocate(128 + 40 * each).order(ByteOrder.LITTLE_ENDIAN);
    file.position(126).put((byte) 'I').put((byte) 'M');
    for (int i = 0; i < 40; i++) {
      file.putInt(15).putInt(size).put(deflated, 0, size);
    }
    Path many = Files.write(root.resolve("many.mat"), file.array()); // 10 GB inflated
    InvalidDataException error =
        assertThrows(InvalidDataException.class, () -> PascalContext.read(many));
    assertTrue(error.getMessage().contains("there is no variable LabelMap"), error.getMessage());
  }

  @Test
  void namesAMatrixWhoseCompressedPartEndsEarly() throws IOException {
    byte[] deflated = new byte[64];
    Deflater deflater = new Deflater();
    deflater.setInput(new byte[4096]);
    int size = deflater.deflate(deflated, 0, 8);
    deflater.end();
    byte[] bytes = new byte[136 + size];
    bytes[126] = 'I';
    bytes[127] = 'M';
    bytes[128] = 15;
    bytes[132] = (byte) size;
    System.arraycopy(deflated, 0, bytes, 136, size);
    Path file = root.resolve("short.mat");
    Files.write(file, bytes);
    InvalidDataException error =
        assertThrows(InvalidDataException.class, () -> PascalContext.read(file));
    assertTrue(error.getMessage().contains("short.mat"), error.getMessage());
  }

  @Test
  void namesTwoImagesOfOneFileAndOneTooLarge() throws IOException {
    picture("images/a.png");
    picture("images/d.png");
    Path file = root.resolve("instances.json");
    String images =
        "{'images': [{'id': 1, 'file_name': 'a.png', 'width': 4, 'height': 3}, %s],"
            + "'categories': [{'id': 4, 'name': 'cat'}], 'annotations': []}";
    for (String other :
        List.of(
            "{'id': 2, 'file_name': 'a.png', 'width': 4, 'height': 3}",
            "{'id': 2, 'file_name': 'b.png', 'width': 99999, 'height': 99999}",
            "{'id': 2, 'file_name': 'd.png', 'width': 20000, 'height': 20000}",
            "{'id': 2, 'file_name': 'c.png'}], 'categories': [{'id': 9, 'name': ''}")) {
      Files.writeString(file, images.formatted(other).replace('\'', '"'));
      InvalidDataException error =
          assertThrows(
              InvalidDataException.class, () -> Coco.painted(file, root.resolve("images")));
      assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
      assertEquals(1, error.problems().size(), error.getMessage());
    }
  }

  @Test
  void choosingImagesNamesAFileThatIsBroken() throws IOException {
    Path file = root.resolve("instances.json");
    for (String text :
        List.of(
            "",
            "[]",
            "{\"images\": [{\"id\": 1}",
            "{\"images\": [{\"id\": {}}], \"annotations\": []}",
            "{\"images\": [{\"id\": null}], \"annotations\": []}",
            "{\"images\": [7], \"annotations\": []}")) {
      Files.writeString(file, text);
      InvalidDataException error =
          assertThrows(
              InvalidDataException.class,
              () -> Coco.select(file, List.of(1L), root.resolve("chosen.json")),
              text);
      assertTrue(error.getMessage().startsWith(file.toString()), error.getMessage());
    }
    assertFalse(Files.exists(root.resolve("chosen.json")));
  }

  @Test
  void anImageThatIsListedTwiceIsChosenOnce() throws IOException {
    Path list = root.resolve("list.txt");
    Files.writeString(list, "train2014/COCO_train2014_000000000009.jpg\n7\n9\n");
    assertEquals(List.of(9L, 7L), Coco.imageIds(list));
  }
}
