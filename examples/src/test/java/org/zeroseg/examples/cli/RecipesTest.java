package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the recipes say to type is understood, and says which data it lacks. */
class RecipesTest {

  private static final Pattern COMMAND =
      Pattern.compile(
          "(?m)`zeroseg ((?:eval|predict) [^`]*)`|^    zeroseg ((?:eval|predict) [^#\n]*)");

  /** What stands for files and sets of options in the recipes. */
  private static final Pattern OWN_FILE = Pattern.compile("--(annotations|images) (\\w+)");

  private static final Pattern ABBREVIATION =
      Pattern.compile("`([A-Z0-9]+)` stands for `(--[^`]*)`");

  @TempDir private Path data;

  @TestFactory
  Stream<DynamicTest> commands() throws IOException {
    String recipes = Files.readString(Path.of("..", "docs", "recipes.md"));
    Map<String, String> abbreviations =
        ABBREVIATION
            .matcher(recipes)
            .results()
            .collect(Collectors.toMap(found -> found.group(1), found -> found.group(2)));
    assertTrue(abbreviations.size() > 1, abbreviations.toString());
    List<String> commands =
        COMMAND
            .matcher(recipes)
            .results()
            .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
            .map(command -> spelt(command, abbreviations).strip())
            .filter(command -> !command.startsWith("eval KIND"))
            .distinct()
            .toList();
    assertTrue(commands.size() > 30, commands.toString());
    return commands.stream().map(command -> DynamicTest.dynamicTest(command, () -> run(command)));
  }

  private static String spelt(String command, Map<String, String> abbreviations) {
    return Stream.of(command.split(" ", -1))
        .map(word -> abbreviations.getOrDefault(word, word))
        .collect(Collectors.joining(" "));
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
