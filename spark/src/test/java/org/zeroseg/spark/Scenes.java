package org.zeroseg.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;

/** Folders of small pictures: coloured discs on noise. */
final class Scenes {

  static final int SIDE = 64;

  private Scenes() {}

  /** Writes pictures, every seventh the same as the one before, so that scores tie. */
  static List<String> write(Path root, int count) throws IOException {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = "n%02d/scene %d.png".formatted(i % 3, i);
      Files.createDirectories(root.resolve(name).getParent());
      draw(i % 7 == 6 ? i - 1 : i).writePng(root.resolve(name));
      names.add(name);
    }
    Files.writeString(root.resolve("readme.txt"), "no picture");
    return names.stream().sorted().toList();
  }

  static Picture draw(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] samples = new byte[SIDE * SIDE * 3];
    random.nextBytes(samples);
    for (int disc = 0; disc < 3; disc++) {
      int x = random.nextInt(SIDE);
      int y = random.nextInt(SIDE);
      int r = random.nextInt(6, 20);
      int colour = disc == 0 ? 0x2020f0 : random.nextInt(1 << 24);
      for (int v = Math.max(0, y - r); v < Math.min(SIDE, y + r); v++) {
        for (int u = Math.max(0, x - r); u < Math.min(SIDE, x + r); u++) {
          if ((u - x) * (u - x) + (v - y) * (v - y) < r * r) {
            for (int channel = 0; channel < 3; channel++) {
              samples[(v * SIDE + u) * 3 + channel] = (byte) (colour >> (16 - 8 * channel));
            }
          }
        }
      }
    }
    return Picture.of(PixelFormat.RGB, SIDE, SIDE, samples);
  }
}
