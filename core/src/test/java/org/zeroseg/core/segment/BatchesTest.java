package org.zeroseg.core.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Sizes;

class BatchesTest {

  private static Picture picture(int width, int level) {
    byte[] samples = new byte[width];
    samples[0] = (byte) level;
    return Picture.of(PixelFormat.GREY, width, 1, samples);
  }

  @Test
  void picturesOfOneSizeGoTogetherAndResultsKeepTheirOrder() {
    List<Picture> pictures = List.of(picture(2, 0), picture(3, 1), picture(2, 2), picture(2, 3));
    List<Integer> batches = new ArrayList<>();
    List<String> results =
        Batches.map(
            pictures,
            picture -> new Sizes(picture.width(), picture.height(), 8, 8),
            sizes -> 2,
            (some, sizes) -> {
              batches.add(some.size());
              return some.stream().map(p -> sizes.width() + "@" + pictures.indexOf(p)).toList();
            });
    assertEquals(List.of("2@0", "3@1", "2@2", "2@3"), results);
    assertEquals(List.of(2, 1, 1), batches);
    assertEquals(List.of(), Batches.map(List.of(), p -> null, sizes -> 1, (some, sizes) -> some));
  }
}
