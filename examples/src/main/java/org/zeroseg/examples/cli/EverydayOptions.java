package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Part;
import picocli.CommandLine.Option;

/** Where the pictures of everyday things are. */
final class EverydayOptions {

  @Option(
      names = "--words",
      required = true,
      paramLabel = "FILE",
      description =
          "The list: a JSON file of words with the package, path and SHA-256 of each picture.")
  private Path words;

  @Option(
      names = "--packages",
      required = true,
      paramLabel = "DIR",
      description = "The folder with a folder of each unpacked package.")
  private Path packages;

  @Option(
      names = "--every-licence",
      description =
          "Train also with pictures whose licence does not let weights be shipped under "
              + "Apache-2.0.")
  private boolean everyLicence;

  CutOuts read(Part part) throws IOException {
    return CutOuts.read(words, packages, part, everyLicence);
  }
}
