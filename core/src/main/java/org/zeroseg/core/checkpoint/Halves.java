package org.zeroseg.core.checkpoint;

/** The two floating-point types of sixteen bits, which Java 17 has no conversions for. */
public final class Halves {

  private static final int FLOAT32_QUIET = 0x7fc00000;

  private Halves() {}

  /**
   * The value of an IEEE 754 binary16 number: sign, 5 bits of exponent (bias 15), 10 of fraction.
   *
   * @param bits the number
   * @return its value, exact
   */
  public static float float16ToFloat(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | 0x7f800000 | fraction << 13);
    }
    if (exponent == 0) {
      float magnitude = fraction * 0x1p-24f;
      return sign == 0 ? magnitude : -magnitude;
    }
    return Float.intBitsToFloat(sign | (exponent + 112) << 23 | fraction << 13);
  }

  /**
   * The nearest IEEE 754 binary16 number.
   *
   * @param value any
   * @return its bits; ties go to even, values beyond the range to infinity
   */
  public static short toFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7e00);
    }
    float magnitude = Math.abs(value);
    if (magnitude >= 65520) { // halfway between the largest half and the next power of two
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x1p-14f) { // subnormal halves count in units of 2^-24
      return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
    }
    int rounded = (bits & 0x7fffffff) + 0xfff + (bits >>> 13 & 1);
    return (short) (sign | (rounded - (112 << 23)) >>> 13);
  }

  /**
   * The value of a bfloat16 number, which is the upper half of a float32.
   *
   * @param bits the number
   * @return its value, exact
   */
  public static float bfloat16ToFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /**
   * The nearest bfloat16 number.
   *
   * @param value any
   * @return its bits; ties go to even
   */
  public static short toBfloat16(float value) {
    int bits = Float.isNaN(value) ? FLOAT32_QUIET : Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
