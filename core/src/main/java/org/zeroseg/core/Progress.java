package org.zeroseg.core;

/**
 * Receives the progress of long-running work, such as a download or the building of an index. Calls
 * may come from any thread, one at a time.
 */
@FunctionalInterface
public interface Progress {

  /** Ignores all updates. */
  Progress SILENT = (task, done, total) -> {};

  /**
   * Reports progress.
   *
   * @param task what is being done, as a person would say it
   * @param done units done so far
   * @param total units in all; negative if not known
   */
  void update(String task, long done, long total);

  /**
   * Reports progress, with a detail.
   *
   * @param task what is being done, as a person would say it
   * @param detail a value that changes during the work, such as a loss
   * @param done units done so far
   * @param total units in all; negative if not known
   */
  default void update(String task, String detail, long done, long total) {
    update(task + ", " + detail, done, total);
  }
}
