package org.zeroseg.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.zutis.SyntheticScenes;

/**
 * Pictures of ImageNet's usual size with a disc for each one's object, in a temporary folder.
 *
 * @param folder removed when this is closed
 */
record SceneFolder(Path folder) implements AutoCloseable {

  private static final int WIDTH = 500;
  private static final int HEIGHT = 375;

  static SceneFolder make() throws IOException {
    SceneFolder made = new SceneFolder(Files.createTempDirectory("zeroseg-scenes"));
    PseudoMasks masks = made.masks();
    for (int i = 0; i < 8; i++) {
      picture(WIDTH, HEIGHT, i).writePng(made.folder.resolve(i + ".png"));
      masks.write(i + ".png", Mask.of(WIDTH, HEIGHT, (x, y) -> Math.hypot(x - 250, y - 190) < 120));
    }
    return made;
  }

  /** Noise. */
  static Picture picture(int width, int height, long seed) {
    byte[] samples = new byte[3 * width * height];
    new SplittableRandom(seed).nextBytes(samples);
    return Picture.of(PixelFormat.RGB, width, height, samples);
  }

  private PseudoMasks masks() {
    return new PseudoMasks(folder.resolve("masks"));
  }

  /** Scenes of two categories. */
  SyntheticScenes scenes(PastedScenes.Options options, int batch) {
    Map<String, List<String>> archives = new LinkedHashMap<>();
    archives.put("cat", IntStream.range(0, 4).mapToObj(i -> i + ".png").toList());
    archives.put("dog", IntStream.range(4, 8).mapToObj(i -> i + ".png").toList());
    MaskedArchives data = new MaskedArchives(new Archives(archives), folder, masks());
    return new SyntheticScenes(PastedScenes.of(data, options), batch);
  }

  @Override
  public void close() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(SceneFolder::delete);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
