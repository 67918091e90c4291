package org.zeroseg.examples.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option of the commands that tell seen classes from unseen ones. */
final class ClassSplit {

  @Option(
      names = "--split",
      required = true,
      paramLabel = "FILE",
      description = "JSON with the lists 'seen' and 'unseen' of class names.")
  private Path file;

  Path file() {
    return file;
  }
}
