package org.zeroseg.core.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FramingTest {

  @Test
  void placesTheSquareInTheMiddle() {
    // Height 224, width 335: offset 55.5, to the even 56; the transformers library takes 55.
    assertEquals(56, Preprocessing.clip(224).framing(640, 427).window().left());
    assertEquals(55, Preprocessing.transformers(224).framing(640, 427).window().left());
    assertEquals(0, Preprocessing.clip(224).framing(640, 427).window().top());
  }

  /** The middle pixel, which is 224 pixels high in the resized picture of 4.5 million rows. */
  @ParameterizedTest
  @EnumSource
  void showsTheMiddleOfAStripAtTheCostOfItsSquare(PixelFormat mode) {
    Picture strip = PictureTest.random(mode, 1, 20_000);
    Picture part = strip.crop(new Window(0, 9_990, 1, 20));
    for (Preprocessing made : List.of(Preprocessing.clip(224), Preprocessing.transformers(224))) {
      assertEquals(made.square(part), made.square(strip));
    }
  }

  @Test
  void tellsHowLongAPictureMayBe() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> Preprocessing.clip(224).framing(1, 50_000_000))
            .getMessage();
    for (String part : List.of("1 x 50000000", "224", "11200000000", "2147483647")) {
      assertTrue(message.contains(part), message);
    }
  }

  @Test
  void leavesWhatTheCropCutOffUnlabelled() {
    Framing framing = new Framing(new Sizes(6, 2, 6, 2), new Window(2, 0, 2, 2));
    assertArrayEquals(
        new int[] {9, 9, 1, 2, 9, 9, 9, 9, 3, 4, 9, 9},
        framing.toPicture(new int[] {1, 2, 3, 4}, 9));
  }

  @Test
  void returnsLabelsFromAnEnlargedInput() {
    int[] seen = IntStream.range(0, 21 * 15).map(i -> i / 21 / 3 * 7 + i % 21 / 3).toArray();
    assertArrayEquals(
        IntStream.range(0, 7 * 5).toArray(),
        Framing.whole(new Sizes(7, 5, 21, 15)).toPicture(seen, -2));
  }

  @Test
  void showsTheModelACropOrAPaddedPicture() {
    Picture picture = PictureTest.random(PixelFormat.RGB, 6, 4);
    Framing framing = new Framing(new Sizes(6, 4, 6, 4), new Window(-1, 1, 5, 5));
    Picture seen = framing.apply(picture, Filter.BICUBIC);
    assertEquals(5, seen.width());
    assertEquals(5, seen.height());
    assertEquals(0, seen.sample(0, 0, 0));
    assertEquals(picture.sample(0, 1, 2), seen.sample(1, 0, 2));
    assertEquals(picture.sample(3, 3, 1), seen.sample(4, 2, 1));
    assertEquals(0, seen.sample(4, 3, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> framing.apply(PictureTest.random(PixelFormat.RGB, 5, 4), Filter.BICUBIC));
  }

  @Test
  void limitsTheLongerSide() {
    assertEquals(new Sizes(1000, 100, 2048, 204), Sizes.shorterSide(1000, 100, 512, 2048));
    assertEquals(new Sizes(500, 375, 683, 512), Sizes.within(500, 375, 2048, 512));
    assertThrows(IllegalArgumentException.class, () -> Sizes.shorterSide(0, 5, 10));
  }
}
