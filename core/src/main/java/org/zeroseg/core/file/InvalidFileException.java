package org.zeroseg.core.file;

import java.io.IOException;

/** A file can be read but has invalid content; the message begins with the file's name. */
public final class InvalidFileException extends IOException {

  private static final long serialVersionUID = 1L;

  private final String problem;

  /**
   * With what is wrong.
   *
   * @param source the file's name
   * @param problem where in it, found, expected; without the file's name
   */
  public InvalidFileException(String source, String problem) {
    super(source + ": " + problem);
    this.problem = problem;
  }

  /**
   * With a cause.
   *
   * @param source the file's name
   * @param problem where in it, found, expected; without the file's name
   * @param cause what was caught
   */
  public InvalidFileException(String source, String problem, Throwable cause) {
    super(source + ": " + problem, cause);
    this.problem = problem;
  }

  /**
   * What is wrong.
   *
   * @return one line without the file's name
   */
  public String problem() {
    return problem;
  }
}
