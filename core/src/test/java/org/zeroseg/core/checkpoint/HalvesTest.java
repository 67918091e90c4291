package org.zeroseg.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class HalvesTest {

  @Test
  void everyHalfSurvivesTheWayToFloatAndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Halves.float16ToFloat((short) bits);
      if (!Float.isNaN(value)) {
        assertEquals((short) bits, Halves.toFloat16(value));
      }
    }
    assertTrue(Float.isNaN(Halves.float16ToFloat(Halves.toFloat16(Float.NaN))));
  }

  @Test
  void roundsToTheNearestAndTiesToEven() {
    assertEquals(0x3c00, Halves.toFloat16(1 + 0x1p-11f)); // between 1 and 1 + 2^-10
    assertEquals(0x3c02, Halves.toFloat16(1 + 0x3p-11f));
    assertEquals(0x3c01, Halves.toFloat16(Math.nextUp(1 + 0x1p-11f)));
    assertEquals(0, Halves.toFloat16(0x1p-25f));
    assertEquals(1, Halves.toFloat16(Math.nextUp(0x1p-25f)));
    assertEquals(0x7bff, Halves.toFloat16(65519.996f));
    assertEquals(0x7c00, Halves.toFloat16(65520f));
    assertEquals((short) 0x8000, Halves.toFloat16(-0f));
  }

  @Test
  void noHalfIsNearerThanTheOneChosen() {
    Random random = new Random(3);
    for (int i = 0; i < 200_000; i++) {
      float value = (random.nextFloat() * 2 - 1) * (float) Math.pow(10, random.nextInt(10) - 6);
      if (Math.abs(value) < 65000) {
        short half = Halves.toFloat16(value);
        double error = Math.abs((double) Halves.float16ToFloat(half) - value);
        double up = Math.abs((double) Halves.float16ToFloat((short) (half + 1)) - value);
        double down = Math.abs((double) Halves.float16ToFloat((short) (half - 1)) - value);
        assertTrue(error <= up || Double.isNaN(up), () -> "" + value);
        assertTrue(error <= down || Double.isNaN(down), () -> "" + value);
      }
    }
  }
}
