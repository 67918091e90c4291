package org.zeroseg.eval.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;

class DatasetGoldenTest {

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests(
        "eval",
        Map.of(
            "reader_voc2012", this::readsVoc,
            "reader_coca", golden -> checkAll(golden, Coca.openUnrounded(root(golden, "coca"))),
            "reader_cityscapes_object",
                golden -> checkAll(golden, Cityscapes.objects(root(golden, "cityscapes"), "val")),
            "reader_coco2017_semantic",
                golden -> checkAll(golden, Coco.semantic2017(root(golden, "coco2017"), "val")),
            "reader_imagenet_s", this::readsImageNetS,
            "reader_pascal_context", this::readsPascalContext,
            "reader_cub", this::readsCub,
            "reader_coco20k", this::selects));
  }

  @TestFactory
  Stream<DynamicTest> lists() {
    return Stream.concat(
        Golden.tests(
            "namedmask",
            Map.of("category_lists", this::lists, "label_mapping", this::mapsCityscapes)),
        Golden.tests("reco", Map.of("category_lists", this::recoLists)));
  }

  private static Path root(GoldenCase golden, String name) {
    return golden.folder().resolve("root").resolve(name);
  }

  private static List<JsonObject> items(GoldenCase golden) {
    return golden.json().getAsJsonArray("items").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .toList();
  }

  private static void checkAll(GoldenCase golden, SemanticDataset dataset) throws IOException {
    assertEquals(golden.config().get("classes").getAsInt(), dataset.classes());
    List<JsonObject> expected = items(golden);
    assertEquals(expected.size(), dataset.size());
    for (JsonObject item : expected) {
      check(golden, item, dataset.items().get(item.get("index").getAsInt()));
    }
  }

  private static void check(GoldenCase golden, JsonObject expected, Item item) throws IOException {
    Path root = golden.folder().resolve("root");
    assertEquals(root.resolve(expected.get("image").getAsString()), item.image());
    assertEquals(root.resolve(expected.get("mask").getAsString()), item.source());
    assertEquals(truth(golden, expected.get("tensor").getAsString()), item.truth());
    Picture picture = item.picture();
    assertEquals(integers(expected, "size"), List.of(picture.height(), picture.width()));
  }

  private static List<Integer> integers(JsonObject object, String name) {
    return object.getAsJsonArray(name).asList().stream().map(JsonElement::getAsInt).toList();
  }

  private static LabelMap truth(GoldenCase golden, String tensor) {
    return labels(golden.tensors("expected.safetensors").get(tensor));
  }

  private static LabelMap labels(GoldenTensor tensor) {
    int[] values = Arrays.stream(tensor.values()).mapToInt(value -> (int) value).toArray();
    return LabelMap.of((int) tensor.shape()[1], (int) tensor.shape()[0], values);
  }

  private void readsVoc(GoldenCase golden) throws IOException {
    Map<String, Integer> sizes = new HashMap<>();
    for (JsonObject item : items(golden)) {
      String split = item.get("split").getAsString();
      SemanticDataset dataset = Voc2012.open(root(golden, "VOCdevkit/VOC2012"), split);
      assertEquals(golden.config().get("classes").getAsInt(), dataset.classes());
      assertEquals(Optional.of(golden.config().get("ignore").getAsInt()), dataset.ignore());
      if (item.has("category")) {
        dataset = dataset.only(item.get("category").getAsString());
      }
      sizes.merge(dataset.name(), 1, Integer::sum);
      check(golden, item, dataset.items().get(item.get("index").getAsInt()));
      if (item.get("index").getAsInt() == dataset.size() - 1) {
        assertEquals(dataset.size(), sizes.get(dataset.name()));
      }
    }
  }

  private void readsImageNetS(GoldenCase golden) throws IOException {
    int classes = golden.config().get("classes").getAsInt() - 1;
    for (JsonObject item : items(golden)) {
      boolean test = item.get("split").getAsString().equals("test");
      SemanticDataset dataset =
          ImageNetS.open(
              root(golden, "ImageNet-S/ImageNetS" + classes),
              classes,
              test ? "test" : "validation");
      Item actual = dataset.items().get(item.get("index").getAsInt());
      Picture picture = actual.picture();
      assertEquals(integers(item, "original_size"), List.of(picture.height(), picture.width()));
      Sizes size = ImageNetS.networkSize(picture.width(), picture.height());
      assertEquals(
          integers(item, "network_input_size"), List.of(size.newHeight(), size.newWidth()));
      if (test) {
        assertThrows(InvalidDataException.class, actual::truth);
      } else {
        check(golden, item, actual);
      }
    }
  }

  private void readsPascalContext(GoldenCase golden) throws IOException {
    for (JsonObject item : items(golden)) {
      LabelMap full = PascalContext.read(root(golden, item.get("file").getAsString()));
      assertEquals(truth(golden, item.get("tensor459").getAsString()), full);
      assertEquals(truth(golden, item.get("tensor59").getAsString()), PascalContext.to59(full));
    }
  }

  private void readsCub(GoldenCase golden) throws IOException {
    Path set = root(golden, "CUB_200_2011");
    Path masks = root(golden, "segmentations");
    List<Cub.Bird> birds = Cub.open(set, masks, Cub.Agreement.MOST);
    List<Cub.Bird> any = Cub.open(set, masks, Cub.Agreement.ANY);
    for (JsonObject item : items(golden)) {
      Cub.Bird bird = birds.get(item.get("index").getAsInt());
      assertEquals(item.get("id").getAsInt(), bird.id());
      assertEquals(item.get("class_id").getAsInt(), bird.breed());
      assertEquals(item.get("train").getAsBoolean(), bird.training());
      check(golden, item, bird.item());
      assertEquals(
          truth(golden, item.get("tensor_any").getAsString()),
          any.get(item.get("index").getAsInt()).item().truth());
    }
  }

  private void selects(GoldenCase golden) throws IOException {
    Path target = folder.resolve("selected.json");
    List<Long> ids = Coco.imageIds(golden.file(golden.inputs().get("list").getAsString()));
    Coco.select(golden.file(golden.inputs().get("annotations").getAsString()), ids, target);
    CocoGroundTruth truth = CocoGroundTruth.read(target);
    assertEquals(
        longs(golden, "images"), truth.images().stream().map(CocoGroundTruth.Image::id).toList());
    assertEquals(
        longs(golden, "categories"),
        truth.categories().stream().map(CocoGroundTruth.Category::id).toList());
    assertEquals(
        longs(golden, "annotations"),
        truth.images().stream()
            .flatMap(image -> truth.annotations(image.id()).stream())
            .map(Instance::id)
            .toList());
    Path bare = folder.resolve("ids.txt");
    Files.write(bare, ids.stream().map(String::valueOf).toList());
    assertEquals(ids, Coco.imageIds(bare));
  }

  private static List<Long> longs(GoldenCase golden, String name) {
    return golden.outputs().getAsJsonArray(name).asList().stream()
        .map(JsonElement::getAsLong)
        .toList();
  }

  private static List<String> names(GoldenCase golden, String name) {
    return golden.json().getAsJsonObject("expected").getAsJsonArray(name).asList().stream()
        .map(JsonElement::getAsString)
        .toList();
  }

  private void lists(GoldenCase golden) {
    assertEquals(names(golden, "voc2012"), Vocabularies.voc2012().names());
    assertEquals(names(golden, "coco2017"), Vocabularies.coco().names());
    assertEquals(names(golden, "coca"), Vocabularies.coca().names());
    assertEquals(names(golden, "cityscapes_object"), Vocabularies.cityscapesObjects().names());
  }

  private void recoLists(GoldenCase golden) {
    assertEquals(names(golden, "cityscapes"), Vocabularies.cityscapes27().names());
    assertEquals(names(golden, "kitti_step"), Vocabularies.cityscapes19().names());
    assertEquals(names(golden, "coco_stuff_fine"), Vocabularies.cocoStuff().names());
    assertEquals(names(golden, "coco_stuff_coarse"), Vocabularies.cocoStuffCoarse());
    assertArrayEquals(table(golden, "coco_stuff_171_to_27"), Vocabularies.cocoStuffFineToCoarse());
    assertArrayEquals(
        table(golden, "coco_stuff_target_182_to_27"), Vocabularies.cocoStuffTargetToCoarse());
  }

  private static int[] table(GoldenCase golden, String name) {
    return golden.json().getAsJsonObject("expected").getAsJsonArray(name).asList().stream()
        .mapToInt(JsonElement::getAsInt)
        .toArray();
  }

  private void mapsCityscapes(GoldenCase golden) {
    LabelMap ids = labels(golden.input("labelIds"));
    LabelMap mapped = Cityscapes.label(ids, Cityscapes.objectLabels(), -1, golden.folder());
    golden.check("mapped", GoldenTensor.of(mapped.labels(), mapped.height(), mapped.width()));
  }
}
