package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.eval.coco.ZeroShotScores;
import org.zeroseg.eval.data.Vocabularies;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Objects of categories that a model never saw. */
@Command(
    name = "zero-shot",
    description = "Evaluates objects of unseen categories as ZSI does: Recall@100 and mAP.",
    mixinStandardHelpOptions = true)
final class EvalZeroShot implements Callable<Integer> {

  @Mixin private ObjectSet objects;

  @Option(
      names = "--seen",
      paramLabel = "SPLIT|FILE",
      description =
          "The categories that are seen, told apart from the others: COCO's split 48/17 or 65/15, "
              + "or a file of names, one a line.")
  private Optional<String> seen;

  @Mixin private ReportFiles files;

  @Override
  public Integer call() throws IOException {
    return objects.evaluate(
        files,
        (evaluation, found) ->
            evaluation.zeroShot(
                found.detections(),
                ZeroShotScores.protocol(objects.overlap()),
                seen(found.detections().truth().categories()),
                found.images()));
  }

  private List<Long> seen(List<Category> categories) throws IOException {
    if (seen.isEmpty()) {
      return List.of();
    }
    Path file = Path.of(seen.get());
    if (!Files.exists(file)) {
      try {
        return Vocabularies.cocoSeen(seen.get());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "--seen: there is no file " + file + ", and " + e.getMessage(), e);
      }
    }
    List<Long> ids = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (String line : TextFile.lines(file)) {
      String name = line.strip();
      List<Long> named =
          categories.stream()
              .filter(category -> category.name().equals(name))
              .map(Category::id)
              .toList();
      if (named.isEmpty() && !name.isEmpty()) {
        problems.add("there is no category '" + name + "' in the set");
      }
      ids.addAll(named);
    }
    if (!problems.isEmpty()) {
      throw new InvalidDataException(file.toString(), problems);
    }
    return ids;
  }
}
