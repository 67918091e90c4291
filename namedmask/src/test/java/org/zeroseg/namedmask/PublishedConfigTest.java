package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.supervision.PastedScenes;

class PublishedConfigTest {

  private static final String TEXT =
      """
      # base directories
      category_to_p_images_fp: "/home/somebody/voc2012_category_to_p_images_n500.json"
      dir_ckpt: "/home/somebody/ckpt"

      max_n_masks: 2
      scale_range: [ 0.1, 1.0 ]

      %s: true
      category_agnostic: false  # a note

      n_categories: 4
      categories: [
          "cat", "dining table",
          "tv/monitor"
      ]
      n_images: 500
      dataset_name: "voc2012"
      split: "val"
      train_image_size: 384

      train_dataloader_kwargs:
        batch_size: 16
        num_workers: 16
      #  drop_last: true

      val_dataloader_kwargs:
        batch_size: 1

      # ["deeplabv3plus_resnet101", "deeplabv3plus_resnet50"]
      segmenter_name: "deeplabv3plus_resnet50"
      lr: 0.001
      momentum: 0.9
      weight_decay: 0.0002
      betas: [0.9, 0.99]
      n_iters: 20000
      iter_eval: 1000
      iter_log: 100
      iter_curriculum: null
      """;

  @TempDir Path folder;

  private PublishedConfig read(String text) throws IOException {
    return PublishedConfig.read(Files.writeString(folder.resolve("config.yaml"), text));
  }

  @Test
  void everyKeyCounts() throws IOException {
    PublishedConfig config = read(TEXT.formatted("use_expert_pseudo_masks"));
    assertEquals(20_000, config.steps());
    assertEquals(1_000, config.evaluateEvery());
    assertEquals(500, config.pictures());
    assertEquals(List.of("cat", "dining table", "tv/monitor"), config.categories());
    assertEquals("voc2012_category_to_p_images_n500.json", config.archives());
    assertTrue(config.expertMasks());
    NamedMaskRecipe recipe = config.recipe();
    assertEquals(16, recipe.batch());
    assertEquals(384, recipe.scenes().size());
    assertEquals(2, recipe.scenes().mostObjects());
    assertEquals(1e-3, recipe.options().learningRate());
    assertEquals(0.1, recipe.options().backboneFactor());
    assertEquals(0.99, recipe.options().beta2());
    assertEquals(DeepLabConfig.resNet50(2), recipe.network());
    assertFalse(recipe.isExpert());
  }

  @Test
  void bothNamesOfTheExpertKeyAreRead() throws IOException {
    assertTrue(read(TEXT.formatted("use_specialist_pseudo_masks")).expertMasks());
    String neither = TEXT.formatted("use_masks");
    InvalidFileException missing = assertThrows(InvalidFileException.class, () -> read(neither));
    assertTrue(missing.getMessage().contains("use_expert_pseudo_masks"), missing.getMessage());
  }

  @Test
  void twoClassesMakeAnExpert() throws IOException {
    String text =
        TEXT.formatted("use_specialist_pseudo_masks")
            .replace("n_categories: 4", "n_categories: 2")
            .replaceAll("categories: \\[[^]]*]", "categories: null")
            .replace("max_n_masks: 2", "max_n_masks: 1");
    PublishedConfig config = read(text);
    assertTrue(config.recipe().isExpert());
    assertEquals(List.of(), config.categories());
    assertEquals(PastedScenes.Labels.OBJECT, config.recipe().scenes().labels());
  }

  @Test
  void anythingElseIsRefusedByName() {
    assertThrows(InvalidFileException.class, () -> read("no keys here"));
    assertThrows(InvalidFileException.class, () -> read("max_n_masks: [1, 2"));
    String mobile =
        TEXT.formatted("use_expert_pseudo_masks")
            .replace("segmenter_name: \"deeplabv3plus_resnet50\"", "segmenter_name: mobile");
    InvalidFileException refused = assertThrows(InvalidFileException.class, () -> read(mobile));
    assertTrue(refused.getMessage().contains("segmenter_name mobile"), refused.getMessage());
  }
}
