package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A data set of the papers by its name. */
final class DataSet {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "DATASET",
      description = "A name out of docs/recipes.md, such as voc2012-val or shapeworld.")
  private String name;

  @Option(
      names = "--data",
      defaultValue = ".",
      paramLabel = "DIR",
      description = "The folder that holds the data sets. Default: the current one.")
  private Path folder;

  /** The name that was given. */
  String name() {
    return name;
  }

  /** Something that this call cannot do without. */
  <T> T required(T value, String what) {
    if (value == null) {
      CommandLine line = called();
      throw new CommandLine.ParameterException(
          line,
          line.getCommandSpec().qualifiedName().replaceFirst("^zeroseg ", "") + " needs " + what);
    }
    return value;
  }

  /** Looks a set up; an {@code IllegalArgumentException} says that there is none of this name. */
  interface Lookup<T> {
    T of(String name, Path folder) throws IOException;
  }

  /** The set of the given name, where nothing else was given in its place. */
  <T> T find(String what, Lookup<T> sets) throws IOException {
    required(name, what);
    try {
      return sets.of(name, folder);
    } catch (IllegalArgumentException e) {
      throw new CommandLine.ParameterException(called(), e.getMessage(), e);
    }
  }

  private CommandLine called() {
    CommandLine line = spec.root().commandLine();
    for (CommandLine.ParseResult at = line.getParseResult(); at != null; at = at.subcommand()) {
      line = at.commandSpec().commandLine();
    }
    return line;
  }
}
