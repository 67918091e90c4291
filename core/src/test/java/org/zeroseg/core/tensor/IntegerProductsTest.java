package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Products in integers where all of them are the largest and none makes up for another. */
class IntegerProductsTest {

  private static final int IN = 256;

  /** Says how wrong they are. */
  public static void main(String[] arguments) {
    System.out.println("error " + worst());
  }

  /** The largest error as a share of the right product, for several numbers of rows. */
  private static float worst() {
    float worst = 0;
    try (NDManager manager = TorchEngine.newManager(Device.cpu())) {
      NDArray weight = Kernels.core().call("to_int8", manager.ones(new Shape(96, IN)).mul(0.5f));
      NDArray bias = manager.zeros(new Shape(96));
      for (long rows : new long[] {1, 5, 300}) {
        for (float value : new float[] {-3, 3}) {
          NDArray x = manager.ones(new Shape(rows, IN)).mul(value);
          NDArray y = Kernels.core().call("linear", x, weight, bias);
          NDArray share = y.div(value * 0.5f * IN).sub(1).abs();
          worst = Math.max(worst, share.max().getFloat());
        }
      }
    }
    return worst;
  }

  @Test
  void areRightAtTheirLimits() {
    assertTrue(worst() < 1e-4);
  }

  /** There the engine adds pairs of products in 16 bits. */
  @Test
  void areRightAtTheirLimitsOnProcessorsWithoutVnni() throws IOException, InterruptedException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = TorchEngineTest.classPath().collect(Collectors.joining(File.pathSeparator));
    ProcessBuilder builder =
        new ProcessBuilder(java, "-Xmx200m", "-cp", classPath, IntegerProductsTest.class.getName())
            .redirectErrorStream(true);
    builder.environment().put("ATEN_CPU_CAPABILITY", "avx2");
    builder.environment().put("ONEDNN_MAX_CPU_ISA", "AVX2");
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    Matcher error = Pattern.compile("error (\\S+)").matcher(said);
    assertTrue(error.find() && Float.parseFloat(error.group(1)) < 1e-4, said);
  }
}
