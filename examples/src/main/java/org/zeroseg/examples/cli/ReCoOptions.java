package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.segment.InputSize;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the commands that can ask ReCo. */
final class ReCoOptions {

  @Option(
      names = "--reco",
      paramLabel = "PATH",
      description =
          "ReCo in place of a CLIP: any words, by what pictures of them have in common. A file made"
              + " by 'zeroseg references' or as published, a file made by 'zeroseg archive', or the"
              + " folder of an index; several are looked up in this order.")
  private List<Path> paths = List.of();

  @Mixin private ReCoModels models;

  boolean isChosen() {
    return !paths.isEmpty();
  }

  /** An option that is of no use. */
  Optional<String> useless() {
    return !isChosen() && models.isGiven()
        ? Optional.of("options of ReCo are for what is given by --reco")
        : Optional.empty();
  }

  Segmenter open(String model, Optional<InputSize> input, boolean crf, Progress progress)
      throws IOException {
    ReCoModels.Sources sources = ReCoModels.Sources.of(paths);
    Optional<String> fault = models.fault(sources);
    if (fault.isPresent()) {
      throw new IllegalArgumentException(fault.get());
    }
    return models.open(
        model,
        sources,
        builder -> {
          input.ifPresent(builder::input);
          if (crf) {
            builder.withCrf();
          }
        },
        progress);
  }
}
