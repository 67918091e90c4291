package org.zeroseg.clip.retrieval;

/** IEEE 754 half precision, which Java 17 lacks. */
final class Half {

  /** Every half's value, since a look-up is quicker than taking bits apart. */
  private static final float[] VALUES = new float[1 << 16];

  static {
    for (int bits = 0; bits < VALUES.length; bits++) {
      VALUES[bits] = decode((short) bits);
    }
  }

  private Half() {}

  /** The nearest half, ties to even. */
  static short of(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = (bits >>> 16) & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      return (short) (sign | 0x7e00); // not a number
    }
    if (magnitude >= 0x47800000 - (1 << 12)) {
      return (short) (sign | 0x7c00); // rounds to infinity
    }
    if (magnitude < 0x38800000) {
      // Subnormal: the float adder rounds at the right place when the exponent is forced up.
      float scaled = Float.intBitsToFloat(magnitude) + 0.5f;
      return (short) (sign | (Float.floatToRawIntBits(scaled) - 0x3f000000));
    }
    int rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
    return (short) (sign | (rounded >>> 13));
  }

  static float toFloat(short half) {
    return VALUES[half & 0xffff];
  }

  private static float decode(short half) {
    int exponent = (half >> 10) & 0x1f;
    int fraction = half & 0x3ff;
    int sign = (half & 0x8000) << 16;
    if (exponent == 0) {
      return Float.intBitsToFloat(sign | Float.floatToRawIntBits(fraction * 0x1p-24f));
    }
    int wide = exponent == 0x1f ? 0xff : exponent + 112;
    return Float.intBitsToFloat(sign | (wide << 23) | (fraction << 13));
  }
}
