package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the recipes say to type is understood, and says which data it lacks. */
class RecipesTest {

  private static final Pattern COMMAND =
      Pattern.compile("(?m)`zeroseg (eval [^`]*)`|^    zeroseg (eval [^#\n]*)");

  /** What stands for files and sets of options in the recipes. */
  private static final Pattern OWN_FILE = Pattern.compile("--(annotations|images) (\\w+)");

  private static final Pattern ABBREVIATION = Pattern.compile("`([A-Z]+)` stands for `([^`]*)`");

  @TempDir private Path data;

  @TestFactory
  Stream<DynamicTest> commands() throws IOException {
    String recipes = Files.readString(Path.of("..", "docs", "recipes.md"));
    Matcher abbreviation = ABBREVIATION.matcher(recipes);
    assertTrue(abbreviation.find());
    String name = abbreviation.group(1);
    String meaning = abbreviation.group(2);
    List<String> commands =
        COMMAND
            .matcher(recipes)
            .results()
            .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
            .map(command -> command.replace(name, meaning).strip())
            .filter(command -> !command.startsWith("eval KIND"))
            .distinct()
            .toList();
    assertTrue(commands.size() > 30, commands.toString());
    return commands.stream().map(command -> DynamicTest.dynamicTest(command, () -> run(command)));
  }

  private void run(String command) {
    StringWriter err = new StringWriter();
    CommandLine line = ZeroSeg.commandLine();
    line.setErr(new PrintWriter(err, true));
    String[] arguments =
        Pattern.compile("\"([^\"]*)\"|(\\S+)")
            .matcher(command.replace("$DATA", data.toString()))
            .results()
            .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
            .toArray(String[]::new);
    assertEquals(1, line.execute(arguments), err.toString());
    Matcher own = OWN_FILE.matcher(command);
    String missing = own.find() ? own.group(2) : data.toString();
    assertTrue(err.toString().contains(missing), err.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
  }
}
