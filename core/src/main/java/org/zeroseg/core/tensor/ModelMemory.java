package org.zeroseg.core.tensor;

import ai.djl.ndarray.NDManager;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * The native memory of a loaded model: shared by calls from any number of threads, and freed when
 * the last of those that run has ended.
 */
public final class ModelMemory implements AutoCloseable {

  private final NDManager manager;
  private final String model;
  private final ReentrantReadWriteLock lock;
  private final boolean lent;
  private volatile boolean returned;

  /**
   * The memory of a model.
   *
   * @param manager owns the model's arrays; closed with this
   * @param model what messages call the model
   */
  public ModelMemory(NDManager manager, String model) {
    this(manager, model, new ReentrantReadWriteLock(), false);
  }

  private ModelMemory(NDManager manager, String model, ReentrantReadWriteLock lock, boolean lent) {
    this.manager = manager;
    this.model = model;
    this.lock = lock;
    this.lent = lent;
  }

  /**
   * The same memory for one who does not own it.
   *
   * @return frees nothing when it is closed, but refuses calls from then on, like the owner's
   */
  public ModelMemory lent() {
    return new ModelMemory(manager, model, lock, true);
  }

  /**
   * The manager that lives as long as the model. What a single call makes does not belong here.
   *
   * @return the model's manager
   */
  public NDManager manager() {
    return manager;
  }

  /**
   * Runs a call on the model, which stays open until the call ends.
   *
   * @param call takes a manager that is closed afterwards
   * @param <T> a type without arrays
   * @return what the call returns
   * @throws IllegalStateException if the model is closed
   */
  public <T> T during(Function<NDManager, T> call) {
    lock.readLock().lock();
    try {
      if (returned || !manager.isOpen()) {
        throw new IllegalStateException(model + " is closed");
      }
      try (NDManager arrays = manager.newSubManager()) {
        return call.apply(arrays);
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Waits for the calls that run, and frees the model; a lent one is given back at once and stays
   * open for its owner. Later calls fail.
   *
   * @throws IllegalStateException if a call closes the model that it runs on, whose end it would
   *     wait for forever
   */
  @Override
  public void close() {
    if (lent) {
      returned = true;
      return;
    }
    if (lock.getReadHoldCount() > 0) {
      throw new IllegalStateException(model + " is closed by a call that runs on it");
    }
    lock.writeLock().lock();
    try {
      manager.close();
    } finally {
      lock.writeLock().unlock();
    }
  }
}
