package org.zeroseg.namedmask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.train.TrainingPlan;

class CategoryExpertsTest {

  @TempDir Path folder;
  private PseudoMasks masks;
  private MaskedArchives data;

  @BeforeEach
  void picturesWithMasks() throws IOException {
    masks = new PseudoMasks(folder.resolve("masks"));
    for (int i = 0; i < 4; i++) {
      int number = i;
      TinyNamedMask.square(64, i).writePng(folder.resolve("p" + i + ".png"));
      masks.write(
          "p" + i + ".png",
          // The first category's masks are full, the other's empty: their experts disagree.
          Mask.of(64, 64, (x, y) -> number < 2));
    }
    Map<String, List<String>> pictures = new LinkedHashMap<>();
    pictures.put("tv/monitor", List.of("p0.png", "p1.png"));
    pictures.put("cat", List.of("p2.png", "p3.png", "p1.png", "lost.png"));
    data = new MaskedArchives(new Archives(pictures), folder, masks);
  }

  private static NamedMaskRecipe recipe() {
    return NamedMaskTrainingTest.recipe();
  }

  private CategoryExperts trained(CategoryExperts experts) throws IOException {
    experts.train(Optional.empty(), recipe(), TrainingPlan.of(folder, 12), Progress.SILENT);
    return experts;
  }

  private PseudoMasks.Outcome refine(CategoryExperts experts, String into, Duplicates duplicates)
      throws IOException {
    return experts.refine(
        new PseudoMasks(folder.resolve(into)), duplicates, InputSize.own(), Progress.SILENT);
  }

  @Test
  void masksAreKeptByCategoryAndPicture() throws IOException {
    CategoryExperts experts = trained(CategoryExperts.each(data, folder.resolve("experts")));
    PseudoMasks.Outcome outcome = refine(experts, "refined", Duplicates.APART);
    assertEquals(5, outcome.made());
    assertEquals(List.of("lost.png"), outcome.failures().stream().map(f -> f.name()).toList());
    PseudoMasks refined = new PseudoMasks(folder.resolve("refined"));
    assertNotEquals(refined.of("tv/monitor").read("p1.png"), refined.of("cat").read("p1.png"));
    MaskedArchives own = new MaskedArchives(data.archives(), folder, refined, true);
    assertEquals(List.of("p0.png", "p1.png"), own.usable("tv/monitor"));
    assertEquals(List.of("p2.png", "p3.png", "p1.png"), own.usable("cat"));
    PseudoMasks.Outcome again = refine(experts, "refined", Duplicates.APART);
    assertEquals(0, again.made());
    assertEquals(5, again.present());
  }

  @Test
  void theReferenceKeepsTheLastCategorysMask() throws IOException {
    CategoryExperts experts = trained(CategoryExperts.each(data, folder.resolve("experts")));
    refine(experts, "apart", Duplicates.APART);
    PseudoMasks.Outcome outcome = refine(experts, "reference", Duplicates.REFERENCE);
    assertEquals(4, outcome.made());
    assertEquals(
        new PseudoMasks(folder.resolve("apart")).of("cat").read("p1.png"),
        new PseudoMasks(folder.resolve("reference")).read("p1.png"));
  }

  @Test
  void aGroupSharesAnExpert() throws IOException {
    CategoryExperts experts =
        trained(new CategoryExperts(data, List.of(data.archives()), folder.resolve("experts")));
    assertTrue(Files.exists(folder.resolve("experts/tv%2Fmonitor and 1 more/model.safetensors")));
    assertEquals(5, refine(experts, "refined", Duplicates.APART).made());
    PseudoMasks refined = new PseudoMasks(folder.resolve("refined"));
    assertEquals(refined.of("tv/monitor").read("p1.png"), refined.of("cat").read("p1.png"));
  }

  @Test
  void aTrainedExpertStaysUnlessItsDataChanged() throws IOException {
    CategoryExperts experts = trained(CategoryExperts.each(data, folder.resolve("experts")));
    Path model = experts.model(experts.groups().get(1));
    assertFalse(Files.exists(model.resolveSibling("training.safetensors")));
    var written = Files.getLastModifiedTime(model);
    trained(experts);
    assertEquals(written, Files.getLastModifiedTime(model));
    masks.write("p2.png", Mask.of(64, 64, (x, y) -> x < 9));
    CheckpointException refused = assertThrows(CheckpointException.class, () -> trained(experts));
    assertTrue(refused.getMessage().contains("another training run"), refused.getMessage());
  }

  @Test
  void refiningWithoutAnExpertNamesItsFile() {
    CategoryExperts experts = CategoryExperts.each(data, folder.resolve("experts"));
    IOException refused =
        assertThrows(IOException.class, () -> refine(experts, "refined", Duplicates.APART));
    assertTrue(refused.getMessage().contains("tv%2Fmonitor"), refused.getMessage());
  }
}
