package org.zeroseg.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import org.zeroseg.core.Progress;
import org.zeroseg.core.train.TrainingPlan;

/**
 * Steps of a training run, one at a time: it runs in a thread of its own, which waits after each
 * step for the next to be asked for. It ends without a checkpoint, which would take longer than the
 * steps.
 */
final class Stepper implements AutoCloseable {

  private static final int MORE_THAN_ANY = 100_000;

  /** A training run. */
  @FunctionalInterface
  interface Run {
    void train(TrainingPlan plan, Progress progress) throws IOException;
  }

  /** Ends the run. */
  private static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private final Semaphore asked = new Semaphore(0);
  private final Semaphore made = new Semaphore(0);
  private final Path folder;
  private final Thread thread;
  private final FutureTask<Void> training;
  private volatile boolean closed;
  private volatile String told = "";

  /**
   * A run that waits for its first step.
   *
   * @param dataThreads threads that make batches ahead
   * @param run trains by a plan
   */
  Stepper(int dataThreads, Run run) throws IOException {
    folder = Files.createTempDirectory("zeroseg-steps");
    TrainingPlan plan =
        TrainingPlan.of(folder, MORE_THAN_ANY)
            .withSaveEvery(MORE_THAN_ANY)
            .withDataThreads(dataThreads);
    training =
        new FutureTask<>(
            () -> {
              run.train(plan, (task, done, total) -> pause(task));
              return null;
            }) {
          @Override
          protected void done() {
            made.release();
          }
        };
    thread = new Thread(training, "training");
  }

  private void pause(String task) {
    told = task;
    made.release();
    asked.acquireUninterruptibly();
    if (closed) {
      throw new Enough();
    }
  }

  /**
   * Makes a step; the first includes what the run begins with.
   *
   * @return what the run says of it
   */
  String step() {
    if (thread.getState() == Thread.State.NEW) {
      thread.start();
    } else {
      asked.release();
    }
    made.acquireUninterruptibly();
    if (training.isDone()) {
      try {
        training.get();
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException("the training run failed", e);
      }
      throw new IllegalStateException("the training run ended too early");
    }
    return told;
  }

  @Override
  public void close() throws IOException {
    closed = true;
    asked.release();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.delete(folder);
  }
}
