package org.zeroseg.core.checkpoint;

/** A checkpoint cannot be read, or does not hold what a model needs. */
public class CheckpointException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * With a message alone.
   *
   * @param message what is wrong, in which file and entry, and what to do
   */
  public CheckpointException(String message) {
    super(printable(message));
  }

  /**
   * With a cause.
   *
   * @param message what is wrong, in which file and entry, and what to do
   * @param cause what was caught
   */
  public CheckpointException(String message, Throwable cause) {
    super(printable(message), cause);
  }

  /** Names out of a hostile file may hold what steers a terminal. */
  private static String printable(String message) {
    if (message.chars().noneMatch(CheckpointException::steers)) {
      return message;
    }
    StringBuilder printable = new StringBuilder();
    message
        .chars()
        .forEach(c -> printable.append(steers(c) ? "\\u%04x".formatted(c) : Character.toString(c)));
    return printable.toString();
  }

  private static boolean steers(int c) {
    return Character.isISOControl(c) && c != '\n';
  }
}
