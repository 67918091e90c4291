package org.zeroseg.core;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.TorchEngine;

/** What this machine's processor is good at. */
final class Processor {

  private static final Pattern BFLOAT16_FLAGS =
      Pattern.compile("^flags.*\\b(avx512_bf16|amx_bf16)\\b", Pattern.MULTILINE);

  /** Found out once, when first asked. */
  private static final class Bfloat16 {
    static final boolean GAINS = find();

    private static boolean find() {
      Path description = Path.of("/proc/cpuinfo");
      if (System.getProperty("os.arch").equals("amd64") && Files.isReadable(description)) {
        try {
          return BFLOAT16_FLAGS.matcher(Files.readString(description)).find();
        } catch (IOException e) {
          return false;
        }
      }
      return measure();
    }

    /** Where the processor does not tell: three times faster has to show as a third faster. */
    private static boolean measure() {
      try (NDManager manager = TorchEngine.newManager()) {
        NDArray x = manager.randomNormal(new Shape(256, 768));
        NDArray wide = manager.randomNormal(new Shape(3072, 768));
        NDArray narrow = Kernels.core().call("to_bfloat16", wide);
        time(x, wide);
        time(x, narrow);
        return time(x, narrow) < 2 * time(x, wide) / 3;
      }
    }

    private static long time(NDArray x, NDArray weight) {
      long best = Long.MAX_VALUE;
      for (int i = 0; i < 5; i++) {
        long start = System.nanoTime();
        try (NDArray product = Kernels.core().call("product", x, weight)) {
          product.getFloat(0, 0);
        }
        best = Math.min(best, System.nanoTime() - start);
      }
      return best;
    }
  }

  private Processor() {}

  static boolean gainsFromBfloat16() {
    return Bfloat16.GAINS;
  }
}
