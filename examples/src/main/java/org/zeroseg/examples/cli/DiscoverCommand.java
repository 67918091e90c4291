package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
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
      "",
      "The demo names segments by a small GPT-2 that has read the captions of ShapeWorld. Other",
      "models need one by --gpt2, or words by --names; else segments stay without names.",
      "It knows that small world only. For photographs, with names out of a list of your own:",
      "  zeroseg discover photo.jpg --model openai/clip-vit-large-patch14-336 --names words.txt"
    })
final class DiscoverCommand implements Callable<Integer> {

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
          (shot, report) -> describe(shot, guide.zeroGuide().discover(shot.picture()), report));
    }
  }

  private static void describe(PictureFiles.Shot shot, Discovery found, PrintWriter report)
      throws IOException {
    String written = shot.write(found.segmentation(), ".discovered.png", ".discovered.labels.png");
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
  }
}
