package org.zeroseg.core.golden;

import java.util.SplittableRandom;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/** Pictures of nothing. */
public final class Noise {

  private Noise() {}

  /** Noise in blocks of eight pixels. */
  public static Picture picture(int width, int height, long seed) {
    byte[] samples = new byte[3 * width * height];
    int columns = width / 8 + 1;
    byte[] noise = new byte[3 * columns * (height / 8 + 1)];
    new SplittableRandom(seed).nextBytes(noise);
    for (int i = 0; i < samples.length; i++) {
      int x = i / 3 % width;
      int y = i / 3 / width;
      samples[i] = noise[3 * (y / 8 * columns + x / 8) + i % 3];
    }
    return Picture.of(PixelFormat.RGB, width, height, samples);
  }
}
