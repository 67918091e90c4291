package org.zeroseg.core;

/**
 * Is told how a long piece of work gets on, a download or an index for example. Calls may come from
 * any thread, one at a time.
 */
@FunctionalInterface
public interface Progress {

  /** Tells nobody. */
  Progress SILENT = (task, done, total) -> {};

  /**
   * Some more is done.
   *
   * @param task what is being done, as a person would say it
   * @param done units done so far
   * @param total units in all; negative if not known
   */
  void update(String task, long done, long total);

  /**
   * Some more is done, and there is something to say about it.
   *
   * @param task what is being done, as a person would say it
   * @param detail what changes on the way, such as a loss
   * @param done units done so far
   * @param total units in all; negative if not known
   */
  default void update(String task, String detail, long done, long total) {
    update(task + ", " + detail, done, total);
  }
}
