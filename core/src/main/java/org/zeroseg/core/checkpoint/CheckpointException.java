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
    super(message);
  }

  /**
   * With a cause.
   *
   * @param message what is wrong, in which file and entry, and what to do
   * @param cause what was caught
   */
  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
