package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Every kind of evaluation on a few scenes of ShapeWorld. */
class EvalCommandTest {

  @TempDir private static Path data;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(Object... arguments) {
    CommandLine command = ZeroSeg.commandLine();
    command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return command.execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new));
  }

  @BeforeAll
  static void scenes() {
    ZeroSeg.commandLine()
        .setOut(new PrintWriter(new StringWriter()))
        .execute("shapeworld", "-o", data.resolve("shapeworld").toString(), "-n", "4");
  }

  @Test
  void segmentsThatNameThemselvesAreReassigned() throws IOException {
    Path html = data.resolve("naming.html");
    assertEquals(
        0,
        run("eval", "shapeworld", "--data", data, "--kind", "naming", "--limit", 2, "--html", html),
        err.toString());
    String report = out.toString();
    for (String part :
        new String[] {
          "2 pictures",
          "segment to text at 0.10",
          "text to text at 0.50",
          "Text generation quality",
          "Thresholds",
          "recall"
        }) {
      assertTrue(report.contains(part), part + " in " + report);
    }
    String page = Files.readString(html);
    for (String part : new String[] {"Curves", "Confusion", "Worst and best pictures"}) {
      assertTrue(page.contains(part), part);
    }
  }
}
