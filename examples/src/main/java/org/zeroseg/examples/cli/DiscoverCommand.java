package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.zeroguide.DiscoveredSegment;
import org.zeroseg.zeroguide.Discovery;
import org.zeroseg.zeroguide.SegmentLabel;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

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
      "  NAME.discovered.json         the segments with name, score, box and outline",
      "and for folders a page to look at, discovered-gallery.html.",
      "",
      "The demo is ShapeWorld's: a small GPT-2 that has read its captions names segments. Other",
      "models need one by --gpt2, or words by --names; else segments stay without names.",
      "It knows that small world only. For photographs, with names out of a list of your own:",
      "  zeroseg discover photo.jpg --model openai/clip-vit-large-patch14-336 --names words.txt"
    })
final class DiscoverCommand implements Callable<Integer> {

  private static final PictureFiles.Endings ENDINGS =
      new PictureFiles.Endings(
          ".discovered.png", ".discovered.labels.png", ".discovered.json", "discovered-");

  @Mixin private PictureFiles pictures;

  @Mixin private GuideModel guides;

  @Override
  public Integer call() throws IOException {
    guides.check();
    try (ConsoleProgress progress = new ConsoleProgress();
        Clip clip = guides.clip(progress);
        GuideModel.Guide guide = guides.guide(clip, progress)) {
      return pictures.forEach(
          progress,
          ENDINGS,
          Optional.empty(),
          (shot, report) -> describe(shot, guide.zeroGuide().discover(shot.picture()), report));
    }
  }

  private static Segmentation describe(PictureFiles.Shot shot, Discovery found, PrintWriter report)
      throws IOException {
    Segmentation result = found.segmentation();
    String written = shot.write(result);
    report.println(shot.name() + ":");
    for (DiscoveredSegment segment : found.segments()) {
      report.printf(
          Locale.ROOT,
          "  %-24s %5.1f %% of the picture, confidence %.2f%n",
          segment.label().map(label -> PlainText.line(label.text())).orElse("unnamed"),
          100 * segment.areaFraction(),
          segment.label().map(SegmentLabel::confidence).orElse(0.0));
    }
    report.println(written);
    return result;
  }
}
