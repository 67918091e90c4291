package org.zeroseg.eval;

import java.nio.file.Path;
import java.util.List;

/**
 * A file that is not what it should be; names the file, the entries and what is wrong with them.
 */
public final class InvalidDataException extends RuntimeException {

  /** One line each, without the file's name. */
  private final List<String> problems;

  /**
   * What is wrong with a file.
   *
   * @param source the file's name
   * @param problems one line each: entry, field, found, expected
   */
  public InvalidDataException(String source, List<String> problems) {
    super(source + ": " + String.join("\n" + source + ": ", problems));
    this.problems = List.copyOf(problems);
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
