package org.zeroseg.core;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.file.UserCache;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * How fast this machine's processor computes a transformer block of ViT-B/16 (197 tokens, 768
 * channels) in two formats. Measured once for a processor, an engine and a number of threads, in
 * about a quarter of a second, and remembered in the user's cache: what processors claim to support
 * does not tell which is faster.
 *
 * @param float32Millis milliseconds in float32
 * @param bfloat16Millis milliseconds with weights and products in bfloat16
 */
public record PrecisionSpeed(double float32Millis, double bfloat16Millis) {

  private static final int TOKENS = 197;
  private static final int WIDTH = 768;
  private static final long ENOUGH_NANOS = 200_000_000;
  private static final int FEWEST = 2;
  private static final int MOST = 8;
  private static final Pattern PROCESSOR =
      Pattern.compile("^(?:model name|CPU part)\\s*:\\s*(.*)$", Pattern.MULTILINE);
  private static final Path DESCRIPTION = Path.of("/proc/cpuinfo");
  private static final Pattern REMEMBERED = Pattern.compile("([0-9.]{1,20}) ([0-9.]{1,20})\\s*");

  /** Found out once in a process, when first asked. */
  private static final class ThisMachine {
    static final PrecisionSpeed SPEED = remembered(UserCache.folder().resolve("precision"));
  }

  /**
   * The speed of this machine with the threads that the engine has.
   *
   * @return as measured now or remembered
   */
  public static PrecisionSpeed ofThisMachine() {
    return ThisMachine.SPEED;
  }

  /** The format in which the block took less time. */
  Precision faster() {
    return bfloat16Millis < float32Millis ? Precision.BFLOAT16 : Precision.FLOAT32;
  }

  static PrecisionSpeed remembered(Path folder) {
    Path file = folder.resolve(machine() + ".txt");
    return read(file)
        .orElseGet(
            () -> {
              PrecisionSpeed speed = measure();
              try {
                WholeFile.makeFolder(folder);
                WholeFile.write(
                    file,
                    String.format(
                        Locale.ROOT, "%.3f %.3f%n", speed.float32Millis, speed.bfloat16Millis));
              } catch (IOException e) {
                return speed; // measured again in every process, then
              }
              return speed;
            });
  }

  private static Optional<PrecisionSpeed> read(Path file) {
    try {
      if (Files.isRegularFile(file) && Files.size(file) < 64) {
        Matcher numbers = REMEMBERED.matcher(TextFile.read(file));
        if (numbers.matches()) {
          return Optional.of(
              new PrecisionSpeed(
                  Double.parseDouble(numbers.group(1)), Double.parseDouble(numbers.group(2))));
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty(); // what cannot be read is measured
    }
    return Optional.empty();
  }

  /**
   * The processor by its maker's name.
   *
   * @return such as {@code "AMD EPYC 9354"}; empty where the system does not tell
   */
  public static Optional<String> processor() {
    if (Files.isReadable(DESCRIPTION)) {
      try {
        Matcher processor = PROCESSOR.matcher(Files.readString(DESCRIPTION));
        return processor.find() ? Optional.of(processor.group(1)) : Optional.empty();
      } catch (IOException e) {
        return Optional.empty();
      }
    }
    return Optional.ofNullable(System.getenv("PROCESSOR_IDENTIFIER"));
  }

  /** What the speed depends on, as a file name. */
  private static String machine() {
    Fingerprint machine = new Fingerprint().add(System.getProperty("os.arch"));
    if (Files.isReadable(DESCRIPTION)) {
      machine.add(processor().orElse(""));
    }
    machine.add(TorchEngine.get().getVersion()).add(Integer.toString(TorchEngine.threads()));
    // What keeps the engine from using all that the processor has.
    for (String limit : List.of("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")) {
      machine.add(String.valueOf(System.getenv(limit)));
    }
    return machine.hex();
  }

  private static PrecisionSpeed measure() {
    try (NDManager manager = TorchEngine.newManager(Device.cpu())) {
      NDArray x = manager.randomNormal(new Shape(1, TOKENS, WIDTH));
      NDArray[] wide = block(manager, array -> array);
      NDArray[] narrow = block(manager, array -> Kernels.core().call("to_bfloat16", array));
      // The formats take turns, so that whatever else runs slows both.
      double[] best = {time(x, wide), time(x, narrow)};
      long start = System.nanoTime();
      for (int i = 0; i < MOST; i++) {
        if (i >= FEWEST && System.nanoTime() - start > ENOUGH_NANOS) {
          break;
        }
        best[0] = Math.min(best[0], time(x, wide));
        best[1] = Math.min(best[1], time(x, narrow));
      }
      return new PrecisionSpeed(best[0], best[1]);
    }
  }

  /** A block's arguments behind the tokens. */
  private static NDArray[] block(NDManager manager, UnaryOperator<NDArray> format) {
    NDArray options = Kernels.numbers(manager, WIDTH / 64, 1e-5, 0, 0);
    NDArray noMask = manager.zeros(new Shape(0));
    NDArray norm = manager.ones(new Shape(WIDTH));
    NDArray matrix = manager.randomNormal(new Shape(4 * WIDTH, WIDTH));
    NDArray bias = manager.zeros(new Shape(4 * WIDTH));
    List<NDArray> layers = new ArrayList<>();
    for (NDArray array :
        List.of(
            matrix.get(":{}", 3 * WIDTH),
            bias.get(":{}", 3 * WIDTH),
            matrix.get(":{}", WIDTH),
            norm,
            matrix,
            bias,
            matrix.reshape(WIDTH, 4 * WIDTH),
            norm)) {
      layers.add(format.apply(array));
    }
    List<NDArray> arguments = new ArrayList<>(List.of(options, noMask, norm, norm));
    arguments.addAll(layers.subList(0, 4));
    arguments.addAll(List.of(norm, norm));
    arguments.addAll(layers.subList(4, 8));
    return arguments.toArray(NDArray[]::new);
  }

  private static double time(NDArray x, NDArray[] block) {
    NDArray[] arguments = Stream.concat(Stream.of(x), Arrays.stream(block)).toArray(NDArray[]::new);
    long start = System.nanoTime();
    try (NDArray y = Kernels.core().call("block", arguments)) {
      y.getFloat(0, 0, 0);
    }
    return (System.nanoTime() - start) / 1e6;
  }
}
