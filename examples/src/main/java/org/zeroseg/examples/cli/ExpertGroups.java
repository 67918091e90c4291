package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.namedmask.CategoryGroups;
import picocli.CommandLine.Option;

/** Options of which categories share an expert. */
final class ExpertGroups {

  @Option(
      names = "--groups",
      paramLabel = "K",
      description =
          "Experts for K groups of categories whose words are alike, in place of one each; a tenth "
              + "of the categories for ImageNet-S.")
  private Optional<Integer> count;

  @Option(
      names = "--clip",
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description = "The CLIP that likens the words of groups. Default: ${DEFAULT-VALUE}.")
  private String clip;

  boolean isChosen() {
    return count.isPresent();
  }

  List<Archives> of(Archives archives, Progress progress) throws IOException {
    if (count.isEmpty()) {
      List<Archives> each = new ArrayList<>();
      archives.pictures().forEach((name, list) -> each.add(new Archives(Map.of(name, list))));
      return each;
    }
    try (Clip words = Models.clip(clip, progress)) {
      float[][] vectors =
          Models.texts(clip, words)
              .classifier(archives.categories(), Models.templates(clip), progress);
      return CategoryGroups.of(archives, vectors, count.get(), 0);
    }
  }
}
