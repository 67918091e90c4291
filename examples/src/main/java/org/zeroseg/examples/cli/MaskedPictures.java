package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the commands that learn from archives and a mask of each picture. */
final class MaskedPictures {

  @Mixin private ArchivePictures archives;

  @Option(
      names = "--masks",
      defaultValue = "pseudo-masks",
      paramLabel = "DIR",
      description = "What 'zeroseg pseudo-masks' made. Default: ${DEFAULT-VALUE}.")
  private Path masks;

  ArchivePictures archives() {
    return archives;
  }

  MaskedArchives read() throws IOException {
    return new MaskedArchives(archives.read(), archives.folder(), new PseudoMasks(masks));
  }
}
