package org.zeroseg.clip.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class HalfTest {

  @Test
  void everyHalfSurvivesTheWayToFloatAndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float value = Half.toFloat((short) bits);
      if (!Float.isNaN(value)) {
        assertEquals((short) bits, Half.of(value));
      }
    }
    assertTrue(Float.isNaN(Half.toFloat(Half.of(Float.NaN))));
  }

  @Test
  void roundsToTheNearestAndTiesToEven() {
    assertEquals(0x3c00, Half.of(1 + 0x1p-11f)); // between 1 and 1 + 2^-10
    assertEquals(0x3c02, Half.of(1 + 0x3p-11f));
    assertEquals(0x3c01, Half.of(Math.nextUp(1 + 0x1p-11f)));
    assertEquals(0, Half.of(0x1p-25f));
    assertEquals(1, Half.of(Math.nextUp(0x1p-25f)));
    assertEquals(0x7bff, Half.of(65519.996f));
    assertEquals(0x7c00, Half.of(65520f));
    assertEquals((short) 0x8000, Half.of(-0f));
  }

  @Test
  void noHalfIsNearerThanTheOneChosen() {
    Random random = new Random(3);
    for (int i = 0; i < 200_000; i++) {
      float value = (random.nextFloat() * 2 - 1) * (float) Math.pow(10, random.nextInt(10) - 6);
      if (Math.abs(value) < 65000) {
        short half = Half.of(value);
        double error = Math.abs((double) Half.toFloat(half) - value);
        double up = Math.abs((double) Half.toFloat((short) (half + 1)) - value);
        double down = Math.abs((double) Half.toFloat((short) (half - 1)) - value);
        assertTrue(error <= up || Double.isNaN(up), () -> "" + value);
        assertTrue(error <= down || Double.isNaN(down), () -> "" + value);
      }
    }
  }
}
