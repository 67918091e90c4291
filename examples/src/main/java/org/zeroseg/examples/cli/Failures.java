package org.zeroseg.examples.cli;

import java.io.EOFException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.tensor.TorchEngine;
import picocli.CommandLine;

/** What went wrong, as one line for what a user can mend. */
final class Failures {

  private static final String MEMORY =
      "the memory does not suffice; a larger heap: ZEROSEG_JAVA_OPTS=-Xmx8g";

  private Failures() {}

  /** The line; empty if this is the program's own fault. */
  static Optional<String> line(Throwable failure) {
    if (failure instanceof TorchEngine.UnavailableException) {
      return Optional.of(failure.getMessage());
    }
    return reason(failure).map(PlainText::line);
  }

  private static Optional<String> reason(Throwable failure) {
    if (failure instanceof UncheckedIOException unchecked) {
      return reason(unchecked.getCause());
    }
    if (failure instanceof FileSystemException file) {
      return Optional.of(reason(file));
    }
    if (failure instanceof EOFException) {
      return Optional.of("a file ends too early: " + failure.getMessage());
    }
    if (lacksMemory(failure)) {
      return Optional.of(MEMORY);
    }
    if (failure instanceof IOException
        || failure instanceof CheckpointException
        || failure instanceof InvalidDataException
        || failure instanceof IllegalArgumentException) {
      String message = failure.getMessage();
      return Optional.of(message == null ? failure.toString() : message);
    }
    return Optional.empty();
  }

  private static String reason(FileSystemException failure) {
    String file = failure.getFile();
    if (failure.getReason() != null) {
      return failure.getMessage();
    }
    if (failure instanceof NoSuchFileException) {
      // What is looked for in several places comes with a sentence of its own.
      return file.contains(": ") ? file : "there is no file " + file;
    }
    if (failure instanceof NotDirectoryException) {
      return Files.exists(Path.of(file)) ? file + " is no folder" : "there is no folder " + file;
    }
    if (failure instanceof FileAlreadyExistsException) {
      return file + " exists already";
    }
    if (failure instanceof AccessDeniedException) {
      return file + " may not be read or written";
    }
    return file + " cannot be read or written (" + failure.getClass().getSimpleName() + ")";
  }

  /** Of the heap, or of what the engine computes in. */
  static boolean lacksMemory(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return failure instanceof OutOfMemoryError
        || message.contains("can't allocate memory")
        || message.contains("CUDA out of memory");
  }

  /** Tells of a picture that was left out of what was made. */
  static void unread(PrintWriter report, String picture, String reason) {
    report.printf("  not read: %s: %s%n", PlainText.line(picture), PlainText.line(reason));
  }

  /** One line; the trace only for what is this program's fault. */
  static int report(Throwable failure, PrintWriter err) {
    Optional<String> line = line(failure);
    if (line.isPresent()) {
      err.println("zeroseg: " + line.get());
    } else {
      failure.printStackTrace(err);
    }
    err.flush();
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** What was typed is not understood: the reason, and where help is. */
  static int misuse(CommandLine.ParameterException misuse, String[] arguments) {
    CommandLine command = misuse.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("zeroseg: " + PlainText.line(misuse.getMessage()));
    CommandLine.UnmatchedArgumentException.printSuggestions(misuse, err);
    err.println("Usage: " + command.getCommandSpec().qualifiedName() + " --help");
    err.flush();
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }
}
