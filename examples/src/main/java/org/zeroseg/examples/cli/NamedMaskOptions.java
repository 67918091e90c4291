package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Progress;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.NamedMaskBuilder;
import picocli.CommandLine.Option;

/** Options of the commands that can ask a NamedMask network. */
final class NamedMaskOptions {

  @Option(
      names = "--namedmask",
      paramLabel = "ID|PATH",
      description =
          "A NamedMask network in place of a CLIP: the categories it was trained for. 'demo' knows "
              + "the 64 of ShapeWorld.")
  private Optional<String> model;

  @Option(
      names = "--categories",
      paramLabel = "FILE",
      description =
          "NamedMask: the network's categories, one a line, for a published network, which does "
              + "not name them.")
  private Optional<Path> categories;

  boolean isChosen() {
    return model.isPresent();
  }

  /** An option that is of no use without a network. */
  Optional<String> useless() {
    return categories.isPresent() && !isChosen()
        ? Optional.of("--categories is for a network given by --namedmask")
        : Optional.empty();
  }

  NamedMask open(Optional<InputSize> input, TileOption tiles, boolean crf, Progress progress)
      throws IOException {
    NamedMaskBuilder builder = tiles.on(NamedMask.builder().progress(progress));
    if (crf) {
      builder.withCrf();
    }
    if (model.orElseThrow().equals(Models.DEMO) && input.isEmpty() && categories.isEmpty()) {
      return DemoModels.namedMask(builder);
    }
    builder.model(model.orElseThrow());
    input.ifPresent(builder::input);
    if (categories.isPresent()) {
      List<String> names =
          Files.readAllLines(categories.get()).stream()
              .map(String::strip)
              .filter(line -> !line.isEmpty())
              .toList();
      builder.categories(names);
    }
    return builder.build();
  }
}
