package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.supervision.Archives;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Options of the commands that read archives: their file, and where their pictures lie. */
final class ArchivePictures {

  @Parameters(paramLabel = "ARCHIVES", description = "A file made by 'zeroseg archive'.")
  private Path file;

  @Option(
      names = {"-p", "--pictures"},
      required = true,
      paramLabel = "DIR",
      description = "The folder that was indexed, which the archives' names are relative to.")
  private Path folder;

  @Option(
      names = "--within",
      paramLabel = "FOLDER",
      description =
          "Cut the archives' names after this folder, such as 'train' of published archives, which "
              + "hold paths of the machine that they were made on.")
  private Optional<String> within;

  Path file() {
    return file;
  }

  Path folder() {
    return folder;
  }

  Archives read() throws IOException {
    try {
      Archives archives = Archives.read(file);
      return within.map(archives::within).orElse(archives);
    } catch (InvalidFileException e) {
      throw new IOException(
          file + " is no file of archives, as 'zeroseg archive' makes them: " + e.getMessage(), e);
    }
  }
}
