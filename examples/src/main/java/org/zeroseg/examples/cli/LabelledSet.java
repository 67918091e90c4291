package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.eval.data.Catalog;
import org.zeroseg.eval.data.SemanticDataset;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of the evaluations on label pictures: which, and how many. */
final class LabelledSet {

  @Mixin private DataSet named;

  @Option(names = "--limit", paramLabel = "N", description = "Only the first pictures.")
  private Optional<Integer> limit;

  SemanticDataset open() throws IOException {
    return limited(Catalog.open(named.required("DATASET"), named.folder()));
  }

  /** A set of one's own: masks of what stands out. */
  SemanticDataset open(Path images, Path truth) throws IOException {
    return limited(SemanticDataset.ofMasks(named.required(images, "--images"), truth));
  }

  private SemanticDataset limited(SemanticDataset set) {
    if (set.size() == 0) {
      throw new IllegalArgumentException(set + ": there is nothing to evaluate");
    }
    return limit.map(set::first).orElse(set);
  }
}
