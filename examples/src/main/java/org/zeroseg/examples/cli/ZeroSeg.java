package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.supervision.InvalidDataException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Segments pictures by words, and makes what that needs. */
@Command(
    name = "zeroseg",
    description = "Segments pictures by words, and makes what that needs.",
    mixinStandardHelpOptions = true,
    version = "zeroseg 0.1.0-SNAPSHOT",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      SegmentCommand.class,
      SaliencyCommand.class,
      DiscoverCommand.class,
      ModelsCommand.class,
      IndexCommand.class,
      ArchiveCommand.class,
      PseudoMasksCommand.class,
      TrainCommand.class,
      EvalCommand.class,
      Coco20kCommand.class,
      ShapeWorldCommand.class,
      CommandLine.HelpCommand.class
    },
    footer = {
      "",
      "To begin with:",
      "  zeroseg segment photo.png --words \"cat, sofa, plant\" --model"
          + " openai/clip-vit-base-patch16",
      "",
      "Exit codes: 0 done, 1 it failed (the message says why), 2 the command was not understood."
    })
public final class ZeroSeg implements Runnable {

  @Spec private CommandSpec spec;

  private ZeroSeg() {}

  /**
   * Runs a command and ends the process.
   *
   * @param arguments a command with its options
   */
  public static void main(String[] arguments) {
    // The engine's natives come from the class path; a library's debug chatter is nobody's
    // business.
    // By the less known of its two names: users who set the other one mean models, too.
    System.setProperty("offline", System.getProperty("offline", "true"));
    String level = "org.slf4j.simpleLogger.defaultLogLevel";
    System.setProperty(level, System.getProperty(level, "warn"));
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    return new CommandLine(new ZeroSeg())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(ZeroSeg::report);
  }

  /** Without a command: the help, and a sign that nothing was done. */
  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Name a command.");
  }

  /** One line for what a user can mend; the trace only for what is this program's fault. */
  private static int report(
      Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (failure instanceof UncheckedIOException unchecked) {
      return report(unchecked.getCause(), command, parsed);
    }
    if (failure instanceof NoSuchFileException missing) {
      err.println("zeroseg: there is no file " + missing.getFile());
    } else if (failure instanceof FileAlreadyExistsException present) {
      err.println("zeroseg: " + present.getFile() + " exists already");
    } else if (failure instanceof AccessDeniedException refused) {
      err.println("zeroseg: " + refused.getFile() + " may not be read or written");
    } else if (failure instanceof IOException
        || failure instanceof CheckpointException
        || failure instanceof InvalidDataException
        || failure instanceof IllegalArgumentException) {
      err.println("zeroseg: " + failure.getMessage());
    } else {
      failure.printStackTrace(err);
    }
    return CommandLine.ExitCode.SOFTWARE;
  }
}
