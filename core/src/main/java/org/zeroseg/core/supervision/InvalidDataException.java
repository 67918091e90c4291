package org.zeroseg.core.supervision;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A file has invalid content; the message names the file, the entries and what is wrong with them.
 */
public final class InvalidDataException extends RuntimeException {

  /** How many problems are told; that there are more is said then. */
  public static final int MOST_TOLD = 20;

  /** One line each, without the file's name. */
  private final List<String> problems;

  /**
   * What is wrong with a file.
   *
   * @param source the file's name
   * @param problems one line each: entry, field, found, expected; the first twenty are told
   */
  public InvalidDataException(String source, List<String> problems) {
    super(source + ": " + String.join("\n" + source + ": ", told(problems)));
    this.problems = told(problems);
  }

  private static List<String> told(List<String> problems) {
    if (problems.size() <= MOST_TOLD) {
      return List.copyOf(problems);
    }
    List<String> told = new ArrayList<>(problems.subList(0, MOST_TOLD));
    told.add("and more");
    return List.copyOf(told);
  }

  /**
   * What is wrong with a file.
   *
   * @param file the file
   * @param problem entry, field, found, expected
   */
  public InvalidDataException(Path file, String problem) {
    this(file.toString(), List.of(problem));
  }

  /**
   * The single problems.
   *
   * @return one line each, without the file's name
   */
  public List<String> problems() {
    return problems;
  }
}
