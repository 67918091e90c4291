package org.zeroseg.core.tensor;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtEngineProvider;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.training.GradientCollector;
import ai.djl.util.Utils;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.zeroseg.core.file.Leftovers;

/**
 * The PyTorch engine, started once per process: it sends no usage reports, loads native libraries
 * only from folders that no other user can write to, and explains what is missing if it cannot
 * start.
 *
 * <p>All models start it when they need it. An application that uses DJL by itself beforehand calls
 * {@link #get()} first, so that it is started like this.
 */
public final class TorchEngine {

  /** The system property that names the {@link #defaultDevice()}, such as {@code gpu:1}. */
  public static final String DEVICE = "zeroseg.device";

  private static final String NAME = "PyTorch";

  private static final Pattern GPU = Pattern.compile("gpu(?::(\\d{1,4}))?");

  private static Engine engine;

  /** That the engine cannot be started on this machine as things are; the message says why. */
  public static final class UnavailableException extends EngineException {

    private static final long serialVersionUID = 1L;

    UnavailableException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private TorchEngine() {}

  /**
   * The engine.
   *
   * @return started if it was not
   * @throws UnavailableException if a part of it is missing or cannot be loaded
   */
  public static synchronized Engine get() {
    if (engine == null) {
      Thread thread = Thread.currentThread();
      ClassLoader before = thread.getContextClassLoader();
      ClassLoader own = TorchEngine.class.getClassLoader();
      String natives = "native/lib/pytorch.properties";
      // DJL looks by the thread's loader, which in a pool may know nothing of the application.
      boolean lost = before == null || before.getResource(natives) == null;
      thread.setContextClassLoader(lost ? own : before);
      try {
        engine = start(lost ? own : before);
      } finally {
        thread.setContextClassLoader(before);
      }
    }
    return engine;
  }

  /**
   * Where models compute unless they are told.
   *
   * @return what the system property {@value #DEVICE} names ({@code cpu}, {@code gpu}, {@code
   *     gpu:1}, ...), else the first GPU if the engine has one, else the processor
   * @throws IllegalArgumentException if the property names no device, or one that the engine does
   *     not have
   * @throws UnavailableException as for {@link #get()}
   */
  public static Device defaultDevice() {
    Engine started = get();
    String name = System.getProperty(DEVICE);
    return name == null ? started.defaultDevice() : device(name, started.getGpuCount());
  }

  static Device device(String name, int gpus) {
    if (name.equals("cpu")) {
      return Device.cpu();
    }
    Matcher gpu = GPU.matcher(name);
    if (!gpu.matches()) {
      throw new IllegalArgumentException(
          "the device '" + name + "' is none of cpu, gpu, gpu:1, ...");
    }
    int index = gpu.group(1) == null ? 0 : Integer.parseInt(gpu.group(1));
    if (index < gpus) {
      return Device.gpu(index);
    }
    throw new IllegalArgumentException(
        "the engine has no device '"
            + name
            + "', it has: cpu"
            + IntStream.range(0, gpus).mapToObj(i -> ", gpu:" + i).collect(Collectors.joining())
            + (gpus > 0
                ? ""
                : " (a GPU needs its driver, and pytorch-native-cu128 in place of -cpu)"));
  }

  /**
   * How many threads a product may take.
   *
   * @return at least 1
   * @throws UnavailableException as for {@link #get()}
   */
  public static int threads() {
    get();
    return JniUtils.getNumThreads();
  }

  /**
   * A manager of arrays on the default device.
   *
   * @return to be closed
   * @throws UnavailableException as for {@link #get()}
   */
  public static NDManager newManager() {
    return get().newBaseManager(defaultDevice());
  }

  /**
   * Computes while the engine records what gradients need.
   *
   * @param <T> what is computed, a loss say
   * @param computation calls differentiable kernels and operations
   * @return its result
   */
  @SuppressWarnings("try")
  public static <T> T recorded(Supplier<T> computation) {
    try (GradientCollector recording = get().newGradientCollector()) {
      return computation.get();
    }
  }

  /**
   * A manager of arrays.
   *
   * @param device where they lie
   * @return to be closed
   * @throws UnavailableException as for {@link #get()}
   */
  public static NDManager newManager(Device device) {
    return get().newBaseManager(device);
  }

  private static Engine start(ClassLoader loader) {
    setUnlessSet("OPT_OUT_TRACKING", "true");
    // Specialising on shapes stalls whenever they change and gains nothing for our kernels.
    setUnlessSet("ai.djl.pytorch.graph_optimizer", "false");
    Path cache = cache();
    EngineParts.missing(loader, cache)
        .ifPresent(
            message -> {
              throw new UnavailableException(message, null);
            });
    sweep(cache.resolve("pytorch"));
    // Jars made one keep a single list of providers, and that of another library may have won.
    if (!Engine.hasEngine(NAME)) {
      Engine.registerEngine(new PtEngineProvider());
    }
    try {
      return Engine.getEngine(NAME);
    } catch (EngineException e) {
      throw new UnavailableException(
          "The PyTorch engine cannot be started from "
              + cache
              + ": "
              + reason(e)
              + ". Its natives need that folder (another: ENGINE_CACHE_DIR) with 450 MB free and "
              + "without 'noexec', and on Linux glibc 2.28 or newer (not musl, as in Alpine).",
          e);
    }
  }

  private static Path cache() {
    return NativesFolder.named(Utils::getEnvOrSystemProperty)
        .orElseGet(
            () -> {
              try {
                Path folder = NativesFolder.ofProcess().choose();
                System.setProperty("ENGINE_CACHE_DIR", folder.toString());
                return folder;
              } catch (IOException e) {
                throw new UnavailableException(
                    "There is no folder for the PyTorch engine's natives that only this user can "
                        + "write to: "
                        + e.getMessage()
                        + ". Name one by the environment variable ENGINE_CACHE_DIR.",
                    e);
              }
            });
  }

  /** First starts that were interrupted leave what they had unpacked; every module a folder. */
  private static void sweep(Path natives) {
    Leftovers.sweep(natives, Pattern.compile("tmp\\d+"), Duration.ofMinutes(2));
    Leftovers.sweep(
        Path.of(System.getProperty("java.io.tmpdir")),
        Pattern.compile("pt-model\\d+"),
        Duration.ofDays(1));
  }

  private static String reason(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }
}
