package org.zeroseg.spark;

import ai.djl.Device;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * A model that every executor process loads once, when the first of its tasks needs it. All tasks
 * of the executor share it; it is closed when the process ends. What travels from the driver to the
 * executors is the loader, not the model.
 *
 * <pre>{@code
 * SharedModel<Segmenter> model =
 *     SharedModel.of(() -> MaskClip.builder().model("openai/clip-vit-base-patch16").build());
 * }</pre>
 *
 * <p>Before the first model is loaded, the engine is told to use as many threads a call as a task
 * has cores ({@code spark.task.cpus}), unless {@code ai.djl.pytorch.num_threads} or the environment
 * variable {@code OMP_NUM_THREADS} says another number, so that the tasks of an executor do not
 * compete for its cores.
 *
 * @param <T> the model; thread-safe, as all models of this project are
 */
public final class SharedModel<T extends AutoCloseable> implements Serializable {

  private static final Logger LOGGER = LoggerFactory.getLogger(SharedModel.class);
  private static final String THREADS = "ai.djl.pytorch.num_threads";
  private static final String THREADS_BETWEEN = "ai.djl.pytorch.num_interop_threads";

  /** Of this process, by the id that the driver gave. */
  private static final Map<String, AutoCloseable> LOADED = new ConcurrentHashMap<>();

  private static final Deque<AutoCloseable> LAST_FIRST = new ArrayDeque<>();

  private final String id = UUID.randomUUID().toString();
  private final Loader<? extends T> loader;

  /**
   * Loads a model on an executor.
   *
   * @param <T> the model
   */
  @FunctionalInterface
  public interface Loader<T> extends Serializable {

    /**
     * Loads the model.
     *
     * @return opened for all tasks of the process
     * @throws IOException if it cannot be read
     */
    T load() throws IOException;
  }

  private SharedModel(Loader<? extends T> loader) {
    this.loader = loader;
  }

  /**
   * A model to be loaded. Two calls make two models, whatever they load: use one for all jobs.
   *
   * @param <T> the model
   * @param loader runs on the executors; what it captures must be serializable, such as ids and
   *     paths that every machine knows
   * @return the model to be
   */
  public static <T extends AutoCloseable> SharedModel<T> of(Loader<? extends T> loader) {
    return new SharedModel<>(loader);
  }

  /**
   * The model, in a task. Not to be closed.
   *
   * @return this process's
   * @throws IOException if it cannot be loaded; the next call tries again
   */
  public T get() throws IOException {
    AutoCloseable model = LOADED.get(id);
    if (model == null) {
      synchronized (LOADED) {
        model = LOADED.get(id);
        if (model == null) {
          model = load();
        }
      }
    }
    @SuppressWarnings("unchecked") // under this id there is what this loader made
    T own = (T) model;
    return own;
  }

  private AutoCloseable load() throws IOException {
    TaskContext task = TaskContext.get();
    if (task != null && System.getenv("OMP_NUM_THREADS") == null) {
      setUnlessSet(THREADS, Integer.toString(task.cpus()));
    }
    setUnlessSet(THREADS_BETWEEN, "1");
    T model = loader.load();
    if (LAST_FIRST.isEmpty()) {
      Runtime.getRuntime().addShutdownHook(new Thread(SharedModel::closeAll, "zeroseg-models"));
    }
    LAST_FIRST.push(model);
    LOADED.put(id, model);
    return model;
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private static void closeAll() {
    synchronized (LOADED) {
      for (AutoCloseable model : LAST_FIRST) {
        try {
          model.close();
        } catch (Exception e) {
          LOGGER.warn("A model could not be closed at exit", e);
        }
      }
      LAST_FIRST.clear();
    }
  }

  /**
   * Where a loader should place its model: on the GPU that Spark gave the executor, or else where
   * models are placed without Spark.
   *
   * @return the device
   */
  public static Device device() {
    TaskContext task = TaskContext.get();
    ResourceInformation gpu = task == null ? null : task.resourcesJMap().get("gpu");
    return gpu == null || gpu.addresses().length == 0
        ? TorchEngine.defaultDevice()
        : Device.gpu(Integer.parseInt(gpu.addresses()[0].strip()));
  }
}
