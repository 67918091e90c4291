package org.zeroseg.core;

import ai.djl.Device;
import java.util.Locale;

/** The number format in which a model computes. */
public enum Precision {
  /** 32 bits: the reference. */
  FLOAT32,
  /** 16 bits with float32's range, for CUDA and for processors that gain from it. */
  BFLOAT16,
  /** 16 bits, for CUDA. */
  FLOAT16,
  /**
   * Products of transformer blocks in 8-bit integers, for processors: the weights rounded by output
   * channel, the inputs by token, everything else in float32. Takes a quarter of the memory for
   * those weights. Models, or parts of them, that have no such blocks compute in float32.
   */
  INT8,
  /** The faster of float32 and bfloat16, as measured on this machine. */
  AUTO;

  /** The system property that decides for {@link #AUTO}, such as {@code float32}. */
  public static final String PROPERTY = "zeroseg.precision";

  /**
   * The format to use on a device. {@link #AUTO} becomes what the system property {@value
   * #PROPERTY} says, else bfloat16 on a GPU, else what {@link PrecisionSpeed#ofThisMachine()} found
   * faster; the others stay what they are.
   *
   * @param device where the model computes
   * @return not {@link #AUTO}
   * @throws IllegalArgumentException if the property names no precision, or for {@link #INT8} on a
   *     GPU
   */
  public Precision on(Device device) {
    if (this != AUTO) {
      return offered(device);
    }
    String property = System.getProperty(PROPERTY, "auto").toUpperCase(Locale.ROOT);
    Precision wanted;
    try {
      wanted = valueOf(property);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "-D" + PROPERTY + "=" + property + ": not one of float32, bfloat16, float16, int8, auto",
          e);
    }
    if (wanted != AUTO) {
      return wanted.offered(device);
    }
    return device.isGpu() ? BFLOAT16 : PrecisionSpeed.ofThisMachine().faster();
  }

  private Precision offered(Device device) {
    if (this == INT8 && device.isGpu()) {
      throw new IllegalArgumentException("INT8 is for processors; on " + device + " take BFLOAT16");
    }
    return this;
  }
}
