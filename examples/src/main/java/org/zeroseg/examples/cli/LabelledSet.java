package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.eval.data.Catalog;
import org.zeroseg.eval.data.SemanticDataset;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of the evaluations on label pictures: which, and how many. */
final class LabelledSet {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Mixin private DataSet named;

  @Option(names = "--limit", paramLabel = "N", description = "Only the first pictures.")
  private Optional<Integer> limit;

  SemanticDataset open() throws IOException {
    check();
    return limited(named.find("DATASET", Catalog::open));
  }

  /** What the opened set is called in the catalogue. */
  String name() {
    return named.name();
  }

  /** Another set in the same folder. */
  SemanticDataset sibling(String name) throws IOException {
    return named.find("DATASET", (own, folder) -> Catalog.open(name, folder));
  }

  /** A set of one's own: masks of salient objects. */
  SemanticDataset open(Path images, Path truth) throws IOException {
    check();
    return limited(SemanticDataset.ofMasks(named.required(images, "--images"), truth));
  }

  private void check() {
    if (limit.isPresent() && limit.get() < 1) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--limit " + limit.get() + ": at least 1 picture");
    }
  }

  private SemanticDataset limited(SemanticDataset set) {
    if (set.size() == 0) {
      throw new IllegalArgumentException(set + ": there is nothing to evaluate");
    }
    return limit.map(set::first).orElse(set);
  }
}
