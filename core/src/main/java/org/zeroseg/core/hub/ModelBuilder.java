package org.zeroseg.core.hub;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Options that all builders share: where models are looked up, the device they run on, and the
 * precision. Choices may be made in any order; nothing is loaded before all are known.
 *
 * @param <B> the builder itself
 */
public abstract class ModelBuilder<B extends ModelBuilder<B>> {

  private Optional<ModelHub> hub = Optional.empty();
  private Optional<Device> device = Optional.empty();
  private Precision precision = Precision.AUTO;
  private Progress progress = Progress.SILENT;

  /** The environment's hub, the engine's default device, the precision that it gains from. */
  protected ModelBuilder() {}

  /**
   * Opens a model, or hands out one that is open.
   *
   * @param <M> the model
   */
  @FunctionalInterface
  protected interface Source<M> {

    /**
     * Opens it.
     *
     * @return to be closed by whom it is for
     * @throws IOException if it cannot be fetched or read
     */
    M open() throws IOException;

    /**
     * The source of a model that must be chosen and has not been.
     *
     * @param request what to choose, and how
     * @param <M> the model
     * @return a source that fails with this request as an {@link IllegalStateException}
     */
    static <M> Source<M> missing(String request) {
      return () -> {
        throw new IllegalStateException(request);
      };
    }
  }

  /**
   * This builder.
   *
   * @return this
   */
  protected abstract B self();

  /**
   * Where models are looked up that are named by an id; such as one that tells how a download gets
   * on ({@link ModelHub#withProgress}).
   *
   * @param chosen the hub of this process's environment otherwise
   * @return this
   */
  public B hub(ModelHub chosen) {
    hub = Optional.of(chosen);
    return self();
  }

  /**
   * Where models compute that are to be loaded.
   *
   * @param chosen the engine's default device otherwise
   * @return this
   */
  public B device(Device chosen) {
    device = Optional.of(chosen);
    return self();
  }

  /**
   * The number format of transformers' products, in models that are to be loaded.
   *
   * @param chosen {@link Precision#AUTO} by default
   * @return this
   */
  public B precision(Precision chosen) {
    precision = chosen;
    return self();
  }

  /**
   * Is told how long work gets on: downloads while models are loaded, and what a method says
   * besides.
   *
   * @param watcher silent by default
   * @return this
   */
  public B progress(Progress watcher) {
    progress = watcher;
    return self();
  }

  /**
   * A path as the name of a model, never taken for an id.
   *
   * @param path a file or folder
   * @return fails if there is none
   */
  protected static Source<String> named(Path path) {
    return () -> {
      if (!Files.exists(path)) {
        throw new NoSuchFileException(path + ": there is no such file or folder");
      }
      return path.toString();
    };
  }

  /**
   * A path or an id as the name of a model.
   *
   * @param pathOrId a file, a folder or an id
   * @return gives the name
   */
  protected static Source<String> named(String pathOrId) {
    return () -> pathOrId;
  }

  /**
   * The hub in force.
   *
   * @return the chosen one, or the environment's, which tells this builder's watcher
   */
  protected ModelHub hub() {
    return hub.orElseGet(() -> ModelHub.fromEnvironment().withProgress(progress));
  }

  /**
   * The device in force.
   *
   * @return the chosen one, or the engine's default
   */
  protected Device device() {
    return device.orElseGet(() -> TorchEngine.defaultDevice());
  }

  /**
   * The precision in force.
   *
   * @return the chosen one
   */
  protected Precision precision() {
    return precision;
  }

  /**
   * The watcher in force.
   *
   * @return the chosen one, or one that tells nobody
   */
  protected Progress progress() {
    return progress;
  }
}
