package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Precision;
import org.zeroseg.dino.Dino;
import org.zeroseg.examples.demo.DemoModels;
import org.zeroseg.examples.shapeworld.Background;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.zeroguide.DiscoveredSegment;
import org.zeroseg.zeroguide.Discovery;
import org.zeroseg.zeroguide.Oversegmentation;
import org.zeroseg.zeroguide.SegmentLabel;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.caption.Namer;
import org.zeroseg.zeroguide.caption.WordList;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zeroguide.caption.ZeroCapSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Pictures in, segments and their names out, without any words given. */
@Command(
    name = "discover",
    description = "Segments pictures and names the segments, without being given words.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "For each picture NAME it writes into the output folder",
      "  NAME.discovered.png          the picture with its segments and their names",
      "  NAME.discovered.labels.png   a palette picture of the segments",
      "",
      "The demo names by the list of ShapeWorld's words, and cuts segments out to look at them,",
      "since its CLIP is a ResNet: attention can be masked in vision transformers alone."
    })
final class DiscoverCommand implements Callable<Integer> {

  /** The demo's DINO has patches of a few pixels, and scenes of 64. */
  private static final Oversegmentation DEMO_CANDIDATES =
      new Oversegmentation(96, 384, 4, 20, 10, 0.9, true);

  private static final PromptTemplates DEMO_PROMPT = PromptTemplates.of("a {}");
  private static final PromptTemplates PROMPT = PromptTemplates.of(ZeroCap.PROMPT + " {}.");

  @Mixin private PictureFiles pictures;

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description =
          "CLIP with a vision transformer: 'demo', a folder, or an id of the hub such as "
              + "openai/clip-vit-large-patch14-336. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--dino",
      defaultValue = "facebook/dino-vits8",
      paramLabel = "ID|PATH",
      description = "DINO, if the model is not the demo. Default: ${DEFAULT-VALUE}.")
  private String dinoModel;

  @Option(
      names = "--gpt2",
      paramLabel = "DIR",
      description = "GPT-2's folder: segments are named by captions.")
  private Optional<Path> gpt2;

  @Option(
      names = "--names",
      paramLabel = "FILE",
      description = "Words or phrases, one a line: segments are named by the nearest.")
  private Optional<Path> names;

  @Override
  public Integer call() throws IOException {
    boolean demo = model.equals(Models.DEMO);
    try (ConsoleProgress progress = new ConsoleProgress();
        Clip clip = Models.clip(model, progress);
        Dino dino = demo ? DemoModels.dino() : Dino.load(dinoModel);
        Namers namers = new Namers(namer(clip, demo));
        ZeroGuide guide = guide(demo, dino, clip, namers)) {
      return pictures.forEach(
          progress, (shot, report) -> describe(shot, guide.discover(shot.picture()), report));
    }
  }

  /** A namer that may be absent, to be closed with the rest. */
  private record Namers(Optional<Namer> one) implements AutoCloseable {
    @Override
    public void close() {
      one.ifPresent(Namer::close);
    }
  }

  private Optional<Namer> namer(Clip clip, boolean demo) throws IOException {
    if (gpt2.isPresent()) {
      return Optional.of(
          ZeroCap.load(gpt2.get(), clip, ZeroCapSettings.ZERO_GUIDANCE, Precision.AUTO));
    }
    PromptTemplates prompt = demo ? DEMO_PROMPT : PROMPT;
    if (names.isPresent()) {
      return Optional.of(WordList.read(names.get(), clip, prompt, 5));
    }
    if (!demo) {
      return Optional.empty();
    }
    List<String> words =
        Stream.concat(
                Category.all().stream().map(Category::words),
                Arrays.stream(Background.values()).map(Background::word))
            .toList();
    return Optional.of(WordList.of(words, clip, prompt, 5));
  }

  private static ZeroGuide guide(boolean demo, Dino dino, Clip clip, Namers namers)
      throws IOException {
    ZeroGuide.Builder builder = ZeroGuide.builder().models(dino, clip);
    namers.one().ifPresent(builder::namer);
    if (demo) {
      builder
          .candidates(DEMO_CANDIDATES)
          .prompt(DEMO_PROMPT)
          .embedding(ZeroGuide.Embedding.CROP_AND_MASK);
    }
    return builder.build();
  }

  private static void describe(PictureFiles.Shot shot, Discovery found, PrintWriter report)
      throws IOException {
    String written = shot.write(found.segmentation(), ".discovered.png", ".discovered.labels.png");
    report.println(shot.file() + ":");
    for (DiscoveredSegment segment : found.segments()) {
      report.printf(
          Locale.ROOT,
          "  %-24s %5.1f %% of the picture, confidence %.2f%n",
          segment.label().map(SegmentLabel::text).orElse("unnamed"),
          100 * segment.areaFraction(),
          segment.label().map(SegmentLabel::confidence).orElse(0.0));
    }
    report.println(written);
  }
}
