package org.zeroseg.core.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Sizes;

class InputSizeTest {

  private static final int[][] STRIPS = {
    {1, 400}, {1, 800}, {1, 20_000}, {3000, 3}, {1, 100_000_000}, {65_000, 1}, {20, 161}
  };

  @Test
  void ordinaryPicturesAreResizedAsTheReferencesDo() {
    int[][] sizes = {
      {640, 480}, {480, 640}, {500, 375}, {4032, 3024}, {1600, 200}, {33, 47}, {1, 1}
    };
    for (int[] size : sizes) {
      int width = size[0];
      int height = size[1];
      assertEquals(new Sizes(width, height, width, height), InputSize.own().of(width, height));
      assertEquals(
          Sizes.shorterSide(width, height, 384), InputSize.shorterSide(384).of(width, height));
      assertEquals(
          Sizes.within(width, height, 2048, 512), InputSize.within(512, 2048).of(width, height));
    }
  }

  @Test
  void noRuleMakesMoreThanALimitOfAnyStrip() {
    for (int[] strip : STRIPS) {
      for (int side : new int[] {64, 384, 512}) {
        Sizes sizes = InputSize.shorterSide(side).of(strip[0], strip[1]);
        long area = (long) sizes.newWidth() * sizes.newHeight();
        assertTrue(area <= (long) InputSize.MOST_SIDES * side * side, sizes.toString());
        assertEquals(
            InputSize.MOST_SIDES * side, Math.max(sizes.newWidth(), sizes.newHeight()), "" + sizes);
      }
      Sizes own = InputSize.own().of(strip[0], strip[1]);
      assertTrue(Math.max(own.newWidth(), own.newHeight()) <= InputSize.LONGEST, own.toString());
      Sizes within = InputSize.within(512, 2048).of(strip[0], strip[1]);
      assertTrue(Math.max(within.newWidth(), within.newHeight()) <= 2048, within.toString());
    }
  }

  @Test
  void anInputHasWholeCells() {
    Picture strip = Picture.of(PixelFormat.GREY, 1, 300, new byte[300]);
    assertEquals(new Sizes(1, 300, 16, 300), InputSize.own().of(strip, 16));
    assertEquals(new Sizes(1, 300, 16, 512), InputSize.shorterSide(64).of(strip, 16));
  }

  @Test
  void aFurtherLimitShrinksAndNeverEnlarges() {
    InputSize rule = InputSize.shorterSide(64).longerWithin(100);
    assertEquals(new Sizes(40, 30, 85, 64), rule.of(40, 30));
    assertEquals(new Sizes(40, 20, 100, 50), rule.of(40, 20));
  }

  @Test
  void stepsLeaveFewDifferentInputs() {
    InputSize rule = InputSize.shorterSide(64).inSteps(32);
    assertEquals(new Sizes(100, 77, 96, 64), rule.of(100, 77));
    assertEquals(new Sizes(1, 1, 32, 32), InputSize.own().inSteps(32).of(1, 1));
    Set<Integer> sides = new HashSet<>();
    for (int width = 1; width < 1000; width++) {
      sides.add(rule.of(width, 50).newWidth());
    }
    assertTrue(sides.size() <= InputSize.MOST_SIDES * 64 / 32, sides.toString());
  }

  @Test
  void sizesThatMeanNothingAreRefused() {
    List<Runnable> calls =
        List.of(
            () -> InputSize.shorterSide(0),
            () -> InputSize.within(0, 5),
            () -> InputSize.within(6, 5),
            () -> InputSize.own().longerWithin(-5));
    calls.forEach(call -> assertThrows(IllegalArgumentException.class, call::run));
  }
}
