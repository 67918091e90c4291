package org.zeroseg.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/** What the examples' library adds to the formats that core reads. */
class WebpTest {

  /** 5 x 3 pixels, lossless; the second with the orientation 6. */
  private static final String PLAIN =
      "UklGRkAAAABXRUJQVlA4TDQAAAAvBIAAAHdAkG0zxCLcH+QMgyIQSPLHXOT570EOsHkBDAJAIlCxpJBCcCmsMGpE/8ND"
          + "jn0B";

  private static final String TURNED =
      "UklGRnQAAABXRUJQVlA4WAoAAAAIAAAABAAAAgAAVlA4TDQAAAAvBIAAAHdAkG0zxCLcH+QMgyIQSPLHXOT570EOsHkB"
          + "DAJAIlCxpJBCcCmsMGpE/8NDjn0BRVhJRhoAAABNTQAqAAAACAABARIAAwAAAAEABgAAAAAAAA==";

  @TempDir Path folder;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("picture.webp"), bytes);
  }

  @Test
  void readsWebpUprightForPeopleAndAsStoredForDataSets() throws IOException {
    byte[] samples = new byte[3 * 15];
    for (int i = 0; i < 15; i++) {
      samples[3 * i] = (byte) (40 * (i % 5));
      samples[3 * i + 1] = (byte) (80 * (i / 5));
      samples[3 * i + 2] = (byte) (255 - 30 * (i % 5));
    }
    Picture expected = Picture.of(PixelFormat.RGB, 5, 3, samples);
    assertEquals(expected, Picture.read(file(Base64.getDecoder().decode(PLAIN))).rgb());
    Path turned = file(Base64.getDecoder().decode(TURNED));
    assertEquals(expected, Picture.readAsStored(turned).rgb());
    assertEquals(expected.upright(6), Picture.read(turned).rgb());
  }

  @Test
  void refusesADamagedWebpByName() throws IOException {
    byte[] webp = Base64.getDecoder().decode(PLAIN);
    for (int length = 12; length < webp.length - 4; length += 7) {
      Path cut = file(java.util.Arrays.copyOf(webp, length));
      String message = assertThrows(IOException.class, () -> Picture.read(cut)).getMessage();
      assertTrue(message.contains("picture.webp"), message);
    }
  }

  @Test
  void refusesAWebpThatClaimsMuchAndHoldsLittle() throws IOException {
    byte[] webp = Base64.getDecoder().decode(PLAIN);
    // Width and height less one, 14 bits each, after the lossless stream's signature.
    ByteBuffer.wrap(webp).order(ByteOrder.LITTLE_ENDIAN).putInt(21, 9_998 | 9_998 << 14);
    Path large = file(webp);
    String message = assertThrows(IOException.class, () -> Picture.read(large)).getMessage();
    assertTrue(message.contains("9999 x 9999"), message);
  }
}
