package org.zeroseg.examples.cli;

import java.util.List;
import java.util.Optional;
import org.zeroseg.core.tensor.TorchEngine;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** Segments pictures by words, and makes what that needs. */
@Command(
    name = "zeroseg",
    description = "Segments pictures by words, and makes what that needs.",
    mixinStandardHelpOptions = true,
    versionProvider = MachineReport.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "To begin with:",
      "  zeroseg segment photo.png --words \"cat, sofa, plant\" --model"
          + " openai/clip-vit-base-patch16",
      "",
      "Exit codes: 0 done, 1 it failed (the message says why), 2 the command was not understood."
    })
public final class ZeroSeg implements Runnable {

  private static final List<Class<?>> COMMANDS =
      List.of(
          SegmentCommand.class,
          DistilCommand.class,
          SaliencyCommand.class,
          DiscoverCommand.class,
          ServeCommand.class,
          ConvertCommand.class,
          ModelsCommand.class,
          DoctorCommand.class,
          IndexCommand.class,
          ArchiveCommand.class,
          ReferencesCommand.class,
          PseudoMasksCommand.class,
          ExpertsCommand.class,
          TrainCommand.class,
          EvalCommand.class,
          PredictCommand.class,
          Coco20kCommand.class,
          ZsiCommand.class,
          ShapeWorldCommand.class,
          EverydayCommand.class,
          CommandLine.HelpCommand.class);

  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      scope = ScopeType.INHERIT,
      paramLabel = "cpu|gpu|gpu:N",
      description =
          "Where models compute: the processor, the first GPU, or another, counted from 0. Default:"
              + " the first GPU if there is one. The demo's CLIP always takes the processor.")
  private Optional<String> device;

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
    Thread headStart = HeadStart.of(arguments);
    int code = execute(commandLine(arguments), arguments);
    try {
      headStart.join(); // a process must not end while libraries are being loaded
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.exit(code);
  }

  /** All commands, or the one that the arguments begin with: to describe the others takes time. */
  static CommandLine commandLine(String... arguments) {
    ZeroSeg root = new ZeroSeg();
    CommandLine line = new CommandLine(root);
    asked(COMMANDS, arguments, 0).forEach(line::addSubcommand);
    CommandLine eval = line.getSubcommands().get("eval");
    if (eval != null) {
      asked(EvalCommand.KINDS, arguments, 1).forEach(eval::addSubcommand);
    }
    return line.setExecutionStrategy(root::execute)
        .setCaseInsensitiveEnumValuesAllowed(true)
        // A name with @ in front is a list of pictures, where pictures are asked for.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(Failures::misuse)
        .setExecutionExceptionHandler(
            (failure, command, parsed) -> Failures.report(failure, command.getErr()));
  }

  /** The command that an argument names; all if it names none. */
  private static List<Class<?>> asked(List<Class<?>> commands, String[] arguments, int position) {
    List<Class<?>> named =
        commands.stream()
            .filter(command -> command != CommandLine.HelpCommand.class)
            .filter(command -> arguments.length > position)
            .filter(
                command -> command.getAnnotation(Command.class).name().equals(arguments[position]))
            .toList();
    return named.isEmpty() ? commands : named;
  }

  /** The exit code; names of files and words that are not plain text do not reach the terminal. */
  static int execute(CommandLine command, String... arguments) {
    command.setOut(Plain.writer(command.getOut())).setErr(Plain.writer(command.getErr()));
    try {
      return command.execute(arguments);
    } catch (OutOfMemoryError e) {
      return Failures.report(e, command.getErr());
    }
  }

  /** Runs what was parsed, with the chosen device for all models that are not told otherwise. */
  private int execute(ParseResult parsed) {
    if (device.isEmpty()) {
      return new RunLast().execute(parsed);
    }
    String before = System.setProperty(TorchEngine.DEVICE, device.get());
    try {
      TorchEngine.defaultDevice(); // one that is not there is told before any work
      return new RunLast().execute(parsed);
    } catch (IllegalArgumentException | TorchEngine.UnavailableException e) {
      throw new ExecutionException(spec.commandLine(), "--device", e);
    } finally {
      if (before == null) {
        System.clearProperty(TorchEngine.DEVICE);
      } else {
        System.setProperty(TorchEngine.DEVICE, before);
      }
    }
  }

  /** Without a command: the help, and a sign that nothing was done. */
  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "Name a command.");
  }
}
