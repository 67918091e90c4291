package org.zeroseg.core.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoints;

/**
 * Finds the files of a model, which is given as a local path or an id on the Hugging Face hub,
 * {@code owner/name} or {@code owner/name@revision}. Fetched files are kept where Hugging Face's
 * own tools keep them and find them.
 *
 * <pre>{@code
 * Path weights = ModelHub.fromEnvironment().weights("openai/clip-vit-base-patch16");
 * }</pre>
 *
 * <p>Environment: {@code HF_HOME}, {@code HF_HUB_CACHE}, {@code HF_ENDPOINT}, {@code HF_TOKEN},
 * {@code HF_TOKEN_PATH}, {@code HF_HUB_OFFLINE}, {@code HF_HUB_DOWNLOAD_TIMEOUT} (seconds, 60 by
 * default), with the meanings that they have for {@code huggingface_hub}. Without {@code HF_TOKEN}
 * the token that its login has stored is used. {@code HTTPS_PROXY}, {@code HTTP_PROXY} and {@code
 * NO_PROXY} are honoured. DJL's {@code ai.djl.offline} (a system property) and {@code DJL_OFFLINE}
 * mean the same as {@code HF_HUB_OFFLINE}.
 *
 * <p>Downloads go on where they were broken off, are checked by size and hash before they become
 * visible, and happen once when several threads or processes ask at the same time. A server that is
 * busy is asked again. Where the hub cannot or will not answer, what is in the cache serves; a
 * cache that cannot be written serves as well. Nothing is connected to for local paths.
 * Thread-safe.
 */
public final class ModelHub {

  private final Settings settings;
  private final Download download;

  private ModelHub(Settings settings, Progress progress) {
    this.settings = settings;
    this.download = new Download(settings, progress);
  }

  /**
   * With the settings of this process's environment.
   *
   * @return the hub
   */
  public static ModelHub fromEnvironment() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    String offline = "ai.djl.offline";
    environment.put(offline, System.getProperty(offline, ""));
    return of(environment);
  }

  /**
   * With given settings.
   *
   * @param environment values of the environment variables above; absent ones have their defaults
   * @return the hub
   * @throws IllegalArgumentException if the endpoint is not an http or https address, or the
   *     timeout no number of seconds
   */
  public static ModelHub of(Map<String, String> environment) {
    return new ModelHub(Settings.of(environment), Progress.SILENT);
  }

  /**
   * Where downloaded models are kept.
   *
   * @return the folder, which need not exist
   */
  public Path cache() {
    return settings.cache();
  }

  /**
   * Whether downloads are forbidden.
   *
   * @return the setting that forbids them, if one does
   */
  public Optional<String> offline() {
    return settings.offline();
  }

  /**
   * Tells how downloads get on.
   *
   * @param watcher is told the file's name, its bytes so far and in all
   * @return a hub that tells
   */
  public ModelHub withProgress(Progress watcher) {
    return new ModelHub(settings, watcher);
  }

  /**
   * One file of a model.
   *
   * @param model a folder, a single file (which is then given whatever the name) or an id
   * @param name the file's name in the model, such as {@code config.json}
   * @return the local file
   * @throws NoSuchFileException if the model has no such file
   * @throws IOException if it cannot be fetched: no such model, no permission, no connection, not
   *     in the cache while offline, or damaged on the way
   * @throws IllegalArgumentException if the model or the file cannot be named so
   */
  public Path file(String model, String name) throws IOException {
    return find(model, name)
        .orElseThrow(() -> new NoSuchFileException(model + ": has no file " + name + hint()));
  }

  /**
   * One file of a model that may do without.
   *
   * @param model a folder, a single file (which is then given whatever the name) or an id
   * @param name the file's name in the model
   * @return the local file, or nothing if the model has no such file
   * @throws IOException if it cannot be fetched, as for {@link #file}
   * @throws IllegalArgumentException if the model or the file cannot be named so
   */
  public Optional<Path> find(String model, String name) throws IOException {
    requireFileName(name);
    Optional<Path> local = local(model);
    if (local.isEmpty()) {
      return download.find(ModelId.parse(model), name);
    }
    Path path = local.get();
    Path file = Files.isDirectory(path) ? path.resolve(name) : path;
    return Optional.of(file).filter(Files::isRegularFile);
  }

  /**
   * A model's weights, to be opened with {@link Checkpoints#open}. Of weights in several files all
   * are fetched.
   *
   * @param model a folder, a file or an id
   * @return the local file; for several files their index
   * @throws IOException if there are none, or they cannot be fetched
   * @throws IllegalArgumentException if the model cannot be named so
   */
  public Path weights(String model) throws IOException {
    for (String name : Checkpoints.USUAL_NAMES) {
      Optional<Path> found = find(model, name);
      if (found.isPresent() && name.endsWith(".index.json") && local(model).isEmpty()) {
        for (String shard : Checkpoints.shards(found.get())) {
          file(model, shard);
        }
      }
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw new NoSuchFileException(
        model + ": has none of " + String.join(", ", Checkpoints.USUAL_NAMES) + hint());
  }

  private String hint() {
    return settings
        .offline()
        .map(setting -> " in the cache, and " + setting + " forbids to fetch it")
        .orElse("");
  }

  /** The path that a model is named by, if it is not an id. */
  private static Optional<Path> local(String model) throws IOException {
    Path path;
    try {
      path = Path.of(model);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("neither a path nor a model id: " + model, e);
    }
    if (!model.isBlank() && Files.exists(path)) { // a blank one would be the working folder
      return Optional.of(path);
    }
    if (!ModelId.isId(model)) {
      throw new NoSuchFileException(
          model + ": there is no such file or folder, and it is no model id (owner/name)");
    }
    return Optional.empty();
  }

  private static String requireFileName(String name) {
    if (!ModelId.isRelative(name)) {
      throw new IllegalArgumentException("not the name of a file in a model: '" + name + "'");
    }
    return name;
  }
}
