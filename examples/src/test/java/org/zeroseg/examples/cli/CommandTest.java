package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Runs commands and keeps what they say. */
abstract class CommandTest {

  final StringWriter out = new StringWriter();
  final StringWriter err = new StringWriter();

  /** The exit code. */
  int run(Object... arguments) {
    CommandLine command = ZeroSeg.commandLine();
    command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return ZeroSeg.execute(
        command, Stream.of(arguments).map(Object::toString).toArray(String[]::new));
  }

  void succeed(Object... arguments) {
    assertEquals(0, run(arguments), err.toString());
  }

  /** Not understood: the option's name, and where help is. */
  void misuse(String reason, Object... arguments) {
    err.getBuffer().setLength(0);
    assertEquals(2, run(arguments), out.toString());
    assertTrue(err.toString().startsWith("zeroseg: "), err.toString());
    assertTrue(err.toString().contains(reason), err.toString());
    assertEquals(2, err.toString().lines().count(), err.toString());
  }

  /** One line each time, and no trace. */
  void fail(String reason, Object... arguments) {
    err.getBuffer().setLength(0);
    assertEquals(1, run(arguments), out.toString());
    assertTrue(err.toString().contains(reason), err.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
  }
}
