package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What the pages say to type is understood, and evaluations say which data they lack. */
class RecipesTest {

  private static final Path DOCS = Path.of("..", "docs");

  private static final String NAME = "zeroseg ";

  private static final Pattern LINE = Pattern.compile("(?m)^    (?:\\./)?zeroseg ([^#\n]*)");
  private static final Pattern OPTIONS_LINE = Pattern.compile("(?m)^    (--[^#\n]*)");
  private static final Pattern SPAN = Pattern.compile("`([^`\n]*)`");

  /** What stands for files and sets of options in the recipes. */
  private static final Pattern OWN_FILE = Pattern.compile("--(annotations|images) (\\w+)");

  private static final Pattern ABBREVIATION =
      Pattern.compile("`(\\$?[A-Z0-9]+)` stands for `(--[^`]*)`");

  @TempDir private Path data;

  /**
   * What a section of a page says to type.
   *
   * @param lines of commands by themselves
   * @param commands those lines, and commands within the text
   * @param parts options without a whole command
   */
  private record Section(
      String title, List<String> lines, List<String> commands, List<String> parts) {}

  private static String page(String name) throws IOException {
    return Files.readString(DOCS.resolve(name)).replaceAll("\\\\\n\\s+", "");
  }

  private static List<Section> sections(String name) throws IOException {
    String page = page(name);
    Map<String, String> abbreviations =
        ABBREVIATION
            .matcher(page)
            .results()
            .collect(Collectors.toMap(found -> found.group(1), found -> found.group(2)));
    List<Section> sections = new ArrayList<>();
    for (String text : page.split("(?m)^## ", -1)) {
      Set<String> lines = new LinkedHashSet<>();
      Set<String> parts = new LinkedHashSet<>();
      LINE.matcher(text).results().forEach(found -> lines.add(found.group(1)));
      Set<String> commands = new LinkedHashSet<>(lines);
      OPTIONS_LINE.matcher(text).results().forEach(found -> parts.add(found.group(1)));
      for (String span : SPAN.matcher(text).results().map(found -> found.group(1)).toList()) {
        if (span.startsWith(NAME)) {
          commands.add(span.substring(NAME.length()));
        } else if (isPart(span)) {
          parts.add(span);
        }
      }
      sections.add(
          new Section(
              text.lines().findFirst().orElse(""),
              spelt(lines, abbreviations),
              spelt(commands, abbreviations),
              spelt(parts, abbreviations)));
    }
    return sections;
  }

  /** Options, with a command in front or without. */
  private static boolean isPart(String span) {
    String[] words = words(span);
    int count = path(words).size();
    // Data sets are abbreviated to their ends: "-val".
    return span.matches("--.*|-\\w( .*)?")
        || (count > 0 && count < words.length && words[count].startsWith("-"));
  }

  /** Without what is said of all kinds at once. */
  private static List<String> spelt(Set<String> texts, Map<String, String> abbreviations) {
    return texts.stream()
        .map(
            text ->
                Stream.of(text.strip().split("\\s+", -1))
                    .map(word -> abbreviations.getOrDefault(word, word))
                    .collect(Collectors.joining(" ")))
        .filter(text -> !Pattern.compile("\\bKIND\\b").matcher(text).find())
        .distinct()
        .toList();
  }

  private static String[] words(String command) {
    return Pattern.compile("\"([^\"]*)\"|(\\S+)")
        .matcher(command)
        .results()
        .map(match -> match.group(1) == null ? match.group(2) : match.group(1))
        .toArray(String[]::new);
  }

  /** The commands that words begin with, from the outermost on. */
  private static List<CommandLine> path(String... words) {
    List<CommandLine> path = new ArrayList<>();
    CommandLine command = ZeroSeg.commandLine();
    for (String word : words) {
      command = command.getSubcommands().get(word);
      if (command == null) {
        return path;
      }
      path.add(command);
    }
    return path;
  }

  @TestFactory
  Stream<DynamicTest> everyCommandOfTheRecipesIsUnderstood() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Section section : sections("recipes.md")) {
      for (String command : section.commands()) {
        tests.add(dynamicTest(command, () -> understood(command)));
      }
      for (String part : section.parts()) {
        String name = section.title() + ": " + part;
        tests.add(dynamicTest(name, () -> fits(part, section.commands())));
      }
    }
    assertTrue(tests.size() > 100, tests.toString());
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> everyCommandLineOfTheResultsIsUnderstood() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (String page : List.of("results.md", "distil.md")) {
      for (Section section : sections(page)) {
        for (String command : section.lines()) {
          tests.add(dynamicTest(command, () -> understood(command)));
        }
      }
    }
    assertTrue(tests.size() > 10, tests.toString());
    return tests.stream();
  }

  /** All options are known, and all that are needed given; or the command is only named. */
  private static void understood(String command) {
    String[] words = words(command);
    if (path(words).size() < words.length) {
      parse(words);
    }
  }

  private static void parse(String... words) {
    ZeroSeg.commandLine().parseArgs(words);
  }

  /** A single option is of some command; several, or one with a value, go with one of these. */
  private static void fits(String part, List<String> commands) {
    String[] words = words(part);
    List<CommandLine> path = path(words);
    String[] options = Arrays.copyOfRange(words, path.size(), words.length);
    if (options.length == 1) {
      CommandLine from = path.isEmpty() ? ZeroSeg.commandLine() : path.get(path.size() - 1);
      assertTrue(knows(from, options[0]), () -> "no command has " + options[0]);
      return;
    }
    List<String> reasons = new ArrayList<>();
    String start = String.join(" ", Arrays.copyOf(words, path.size()));
    for (String command : commands) {
      if (command.startsWith(start)) {
        try {
          parse(with(words(command), options));
          return;
        } catch (CommandLine.ParameterException e) {
          reasons.add(command + ": " + e.getMessage());
        }
      }
    }
    fail(part + " goes with none of these:\n" + String.join("\n", reasons));
  }

  /** Options given anew replace those that were there. */
  private static String[] with(String[] command, String... options) {
    Set<String> given = new HashSet<>(List.of(options));
    List<String> all = new ArrayList<>();
    boolean isReplaced = false;
    for (String word : command) {
      isReplaced = word.startsWith("-") ? given.contains(word) : isReplaced;
      if (!isReplaced) {
        all.add(word);
      }
    }
    all.addAll(List.of(options));
    return all.toArray(String[]::new);
  }

  private static boolean knows(CommandLine command, String option) {
    return command.getCommandSpec().findOption(option) != null
        || command.getSubcommands().values().stream().anyMatch(inner -> knows(inner, option));
  }

  @TestFactory
  Stream<DynamicTest> evaluationsSayWhichDataTheyLack() throws IOException {
    List<String> commands =
        sections("recipes.md").stream()
            .flatMap(section -> section.commands().stream())
            .filter(command -> command.matches("(eval|predict) .*"))
            .distinct()
            .toList();
    assertTrue(commands.size() > 30, commands.toString());
    return commands.stream().map(command -> dynamicTest(command, () -> run(command)));
  }

  private void run(String command) {
    StringWriter err = new StringWriter();
    CommandLine line = ZeroSeg.commandLine();
    line.setErr(new PrintWriter(err, true));
    assertEquals(1, line.execute(words(command.replace("$DATA", data.toString()))), err.toString());
    Matcher own = OWN_FILE.matcher(command);
    String missing = own.find() ? own.group(2) : data.toString();
    assertTrue(err.toString().contains(missing), err.toString());
    assertEquals(1, err.toString().lines().count(), err.toString());
  }

  @Test
  void rowsHaveAsManyCellsAsTheirHead() throws IOException {
    int cells = 0;
    int number = 0;
    for (String line : Files.readAllLines(DOCS.resolve("recipes.md"))) {
      number++;
      if (!line.startsWith("|")) {
        cells = 0;
        continue;
      }
      int own = SPAN.matcher(line).replaceAll("").split("\\|", -1).length;
      cells = cells == 0 ? own : cells;
      assertEquals(cells, own, "line " + number + ": " + line);
    }
  }
}
