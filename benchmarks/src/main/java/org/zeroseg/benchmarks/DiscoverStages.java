package org.zeroseg.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Precision;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.dino.Dino;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zeroguide.Discovery;
import org.zeroseg.zeroguide.Oversegmentation;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zeroguide.caption.ZeroCapSettings;

/**
 * Zero-guidance segmentation of one picture with networks of the published sizes: the time of each
 * stage, and the peak of its memory, as a table and a picture of bars.
 */
public final class DiscoverStages {

  private static final Path TABLE = Path.of("discover-stages.md");
  private static final Path BARS = Path.of("discover-stages.png");

  /**
   * All eleven segments that the published settings allow, since random weights tell none apart.
   */
  private static final Oversegmentation ELEVEN_SEGMENTS =
      new Oversegmentation(224, 896, 2, 20, 10, 1.1, true);

  private DiscoverStages() {}

  /**
   * Runs it.
   *
   * @param arguments a folder of the networks, which are written there with random weights if it
   *     lacks them; the longest caption in tokens, 2 unless said, 15 in the paper; iterations and
   *     candidates of a token, 5 and 512 unless said; a picture, a scene of 1000 x 750 unless given
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    PublishedSizes files = new PublishedSizes(Path.of(arguments[0]));
    int tokens = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2;
    int iterations = arguments.length > 3 ? Integer.parseInt(arguments[2]) : 5;
    int candidates = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 512;
    Picture picture =
        arguments.length > 4
            ? Picture.read(Path.of(arguments[4]))
            : Picture.of(new ShapeWorld(1, 128, 3, 4, Split.ALL).scene(0).image())
                .resize(1000, 750, Filter.BICUBIC);
    Path clipFiles = files.clip();
    Path dinoFiles = files.dino();
    Path gpt2Files = files.gpt2();
    StageTimes times = new StageTimes();
    times.update("loading", 0, -1);
    ZeroCapSettings settings =
        ZeroCapSettings.ZERO_GUIDANCE.withSearch(5, tokens).withEffort(iterations, candidates);
    try (Dino dino = Dino.load(dinoFiles.toString());
        Clip clip = Clip.load(clipFiles);
        ZeroCap namer = ZeroCap.load(gpt2Files, clip, settings, Precision.AUTO);
        ZeroGuide guide =
            ZeroGuide.builder()
                .dino(dino)
                .clip(clip)
                .candidates(ELEVEN_SEGMENTS)
                .namer(namer)
                .progress(times)
                .build()) {
      Discovery found = guide.discover(picture);
      times.finish();
      String about =
          String.format(
              Locale.ROOT,
              "%d x %d pixels, %d segments described, %d left, captions of %d tokens at most, "
                  + "%d iterations, %d candidates",
              picture.width(),
              picture.height(),
              found.tree().size(),
              found.segments().size(),
              tokens,
              iterations,
              candidates);
      String report = "%s%n%n%s%n%s%n".formatted(about, times.table(), namer.work());
      System.out.println(report);
      Files.writeString(TABLE, report);
      times.draw(BARS, "Zero-guidance segmentation: " + about);
      System.out.println("Table: " + TABLE.toAbsolutePath());
      System.out.println("Picture: " + BARS.toAbsolutePath());
    }
  }
}
