package org.zeroseg.examples.cli;

import java.util.Optional;
import org.zeroseg.core.segment.InputSize;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Options of how large a network sees pictures, if not as large as they are. */
final class NetworkSize {

  @Option(
      names = "--longer-side",
      paramLabel = "PIXELS",
      description =
          "ZUTIS: shrinks larger pictures for the network, 1024 on ImageNet-S. NamedMask and "
              + "ReCo: takes all to this size.")
  private Optional<Integer> longerSide;

  @Option(
      names = "--shorter-side",
      paramLabel = "PIXELS",
      description = "NamedMask and ReCo: takes all pictures to this size.")
  private Optional<Integer> shorterSide;

  @Option(
      names = "--longest",
      paramLabel = "PIXELS",
      description =
          "With --shorter-side: limit of the longer side; 384 and 512 in NamedMask's ablations.")
  private Optional<Integer> longest;

  Optional<Integer> longerSide() {
    return longerSide;
  }

  Optional<Integer> shorterSide() {
    return shorterSide;
  }

  /** Refuses sizes that contradict each other, or that cannot be. */
  void check(CommandLine command) {
    requirePositive(command, "--longer-side", longerSide);
    requirePositive(command, "--shorter-side", shorterSide);
    requirePositive(command, "--longest", longest);
    if (longest.isPresent() && shorterSide.isEmpty()) {
      throw new CommandLine.ParameterException(command, "--longest goes with --shorter-side");
    }
    if (shorterSide.isPresent() && longerSide.isPresent()) {
      throw new CommandLine.ParameterException(
          command, "--shorter-side and --longer-side exclude each other");
    }
  }

  private static void requirePositive(
      CommandLine command, String option, Optional<Integer> pixels) {
    if (pixels.isPresent() && pixels.get() < 1) {
      throw new CommandLine.ParameterException(
          command, option + " " + pixels.get() + ": at least 1 pixel");
    }
  }

  /** The rule, if one was chosen. */
  Optional<InputSize> rule() {
    Optional<InputSize> shorter =
        shorterSide.map(
            pixels -> {
              InputSize rule = InputSize.shorterSide(pixels);
              return longest.map(rule::longerWithin).orElse(rule);
            });
    return shorter.or(() -> longerSide.map(InputSize::longerSide));
  }
}
