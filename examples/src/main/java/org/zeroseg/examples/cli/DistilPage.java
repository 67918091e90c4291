package org.zeroseg.examples.cli;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.zeroseg.core.Palette;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.namedmask.CategoryExperts;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.NamedMaskPipeline;

/**
 * What a distillation has made, on one page that holds all its pictures: archives, masks before and
 * after the experts, curves, samples of what the segmenter says.
 */
final class DistilPage {

  private static final int SIDE = 128; // of a picture on the page, at most
  private static final int IN_ARCHIVE = 10;
  private static final int MASKS = 4;
  private static final int SAMPLES = 24;
  private static final int CATEGORIES = 100; // shown in full; a page of 919 would be of 100 MB
  private static final int CURVES = 8; // of experts

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --line: #8886; }
      body { font: 15px/1.45 system-ui, sans-serif; max-width: 84rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
      h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
      .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: flex-start; }
      .wide img { max-width: 28rem; }
      figure { margin: 0; max-width: 8rem; } .wide figure { max-width: 28rem; }
      figcaption { font-size: .8rem; overflow-wrap: anywhere; }
      i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin: 0 .25rem 0 .1rem; }
      .pair { border: 1px solid var(--line); border-radius: 6px; padding: .4rem; }
      .note { color: #888; }
      """;

  private final NamedMaskPipeline.Outcome outcome;
  private final Path out;
  private final Progress progress;
  private final StringBuilder page = new StringBuilder();

  private DistilPage(NamedMaskPipeline.Outcome outcome, Path out, Progress progress) {
    this.outcome = outcome;
    this.out = out;
    this.progress = progress;
  }

  /** Writes the page, and says where. */
  static Path write(NamedMaskPipeline.Outcome outcome, Path out, Progress progress)
      throws IOException {
    Path file = out.resolve("report.html");
    WholeFile.write(file, new DistilPage(outcome, out, progress).text());
    return file;
  }

  private String text() throws IOException {
    List<String> words = outcome.refined().archives().categories();
    page.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .append("<title>Distilled segmenter</title><style>\n")
        .append(STYLE)
        .append("</style></head><body>\n<h1>A segmenter of ")
        .append(words.size())
        .append(words.size() == 1 ? " word" : " words")
        .append("</h1>\n");
    note(
        "From the pictures in %s, of which %d are in archives. The model: %s."
            .formatted(outcome.refined().pictures(), distinct(), outcome.model()));
    if (!outcome.unreadable().isEmpty()) {
      page.append("<h2>Pictures that could not be read</h2><ul>\n");
      for (PseudoMasks.Failure failure : outcome.unreadable()) {
        page.append("<li>")
            .append(escaped(failure.name()))
            .append(": ")
            .append(escaped(failure.reason()))
            .append("</li>\n");
      }
      page.append("</ul>\n");
    }
    samples();
    curves();
    archives(words);
    return page.append("</body></html>\n").toString();
  }

  private boolean hasExperts() {
    return !outcome.experts().groups().isEmpty();
  }

  private long distinct() {
    return outcome.refined().archives().entries().stream()
        .map(Archives.Entry::picture)
        .distinct()
        .count();
  }

  /** What the segmenter says of pictures that it has learnt from: of each category in turn. */
  private void samples() throws IOException {
    page.append("<h2>What it says</h2>\n");
    note("Pictures of the archives, by all words at once.");
    page.append("<div class=\"row\">\n");
    List<String> names = new ArrayList<>();
    List<List<String>> lists = List.copyOf(outcome.refined().archives().pictures().values());
    int longest = lists.stream().mapToInt(List::size).max().orElse(0);
    for (int rank = 0; rank < longest && names.size() < SAMPLES; rank++) {
      for (List<String> list : lists) {
        if (rank < list.size() && names.size() < SAMPLES && !names.contains(list.get(rank))) {
          names.add(list.get(rank));
        }
      }
    }
    try (NamedMask segmenter = NamedMask.builder().model(outcome.model()).build()) {
      Vocabulary all = segmenter.vocabulary();
      for (int i = 0; i < names.size(); i++) {
        Optional<Picture> picture = read(names.get(i));
        if (picture.isPresent()) {
          Segmentation found = segmenter.segment(picture.get(), all);
          figure(small(coloured(picture.get(), found)), legend(found));
        }
        progress.update("drawing samples", i + 1, names.size());
      }
    }
    page.append("</div>\n");
  }

  /** The words that were found, each with its colour. */
  private static String legend(Segmentation found) {
    StringBuilder html = new StringBuilder();
    for (Segment segment : found.segments()) {
      html.append("<i style=\"background:#%06x\"></i>".formatted(Palette.rgb(segment.label())))
          .append(escaped(segment.name()))
          .append("<br>");
    }
    return found.segments().isEmpty() ? "nothing" : html.toString();
  }

  private static BufferedImage coloured(Picture picture, Segmentation found) {
    BufferedImage image = picture.toBufferedImage();
    found.segments().forEach(segment -> tint(image, segment.mask(), Palette.rgb(segment.label())));
    return image;
  }

  private static void tint(BufferedImage image, Mask mask, int rgb) {
    Color colour = new Color(rgb);
    mask.forEach(
        (x, y) -> {
          Color old = new Color(image.getRGB(x, y));
          image.setRGB(
              x,
              y,
              new Color(
                      (old.getRed() + colour.getRed()) / 2,
                      (old.getGreen() + colour.getGreen()) / 2,
                      (old.getBlue() + colour.getBlue()) / 2)
                  .getRGB());
        });
  }

  private void curves() throws IOException {
    page.append("<h2>Training</h2><div class=\"row wide\">\n");
    curve(out.resolve("loss.png"), "the segmenter");
    curve(out.resolve("score.png"), "the segmenter");
    CategoryExperts experts = outcome.experts();
    for (Archives group : experts.groups().subList(0, Math.min(CURVES, experts.groups().size()))) {
      Path folder = experts.model(group).resolveSibling("loss.png");
      curve(folder, "the expert for " + CategoryExperts.name(group));
    }
    page.append("</div>\n");
    if (experts.groups().size() > CURVES) {
      note("The other experts' curves are beside their models in " + experts.folder() + ".");
    }
    note("Time of the stages: " + StageLines.inALine(outcome.times()) + ".");
  }

  private void curve(Path png, String what) throws IOException {
    if (Files.exists(png)) {
      figure(Files.readAllBytes(png), escaped(what));
    }
  }

  private void archives(List<String> words) throws IOException {
    page.append("<h2>Archives, and their masks")
        .append(hasExperts() ? " before and after the experts" : "")
        .append("</h2>\n");
    List<String> shown = words.subList(0, Math.min(CATEGORIES, words.size()));
    for (int i = 0; i < shown.size(); i++) {
      String word = shown.get(i);
      List<String> pictures = outcome.refined().archives().pictures().get(word);
      page.append("<h3>")
          .append(escaped(word))
          .append("</h3><p class=\"note\">")
          .append(pictures.size())
          .append(" pictures")
          .append(hasExperts() ? agreement(word, pictures) : "")
          .append("</p><div class=\"row\">\n");
      for (String name : pictures.subList(0, Math.min(IN_ARCHIVE, pictures.size()))) {
        Optional<Picture> picture = read(name);
        if (picture.isPresent()) {
          figure(picture.get().toBufferedImage(), name);
        }
      }
      page.append("</div><div class=\"row\">\n");
      for (String name : pictures.subList(0, Math.min(MASKS, pictures.size()))) {
        pair(word, name);
      }
      page.append("</div>\n");
      progress.update("drawing archives", i + 1, shown.size());
    }
    if (shown.size() < words.size()) {
      note("The other %d categories are not shown.".formatted(words.size() - shown.size()));
    }
  }

  private static PseudoMasks masks(MaskedArchives data, String word) {
    return data.byCategory() ? data.masks().of(word) : data.masks();
  }

  private String agreement(String word, List<String> pictures) throws IOException {
    double sum = 0;
    int count = 0;
    for (String name : pictures) {
      PseudoMasks after = masks(outcome.refined(), word);
      if (outcome.saliency().masks().contains(name) && after.contains(name)) {
        Mask before = outcome.saliency().masks().read(name);
        Mask refined = after.read(name);
        // Two empty masks agree.
        sum += before.area() + refined.area() == 0 ? 1 : before.iou(refined);
        count++;
      }
    }
    return count == 0
        ? ""
        : String.format(
            Locale.ROOT, "; masks of SelfMask and of the expert agree to %.2f IoU", sum / count);
  }

  private void pair(String word, String name) throws IOException {
    PseudoMasks after = masks(outcome.refined(), word);
    Optional<Picture> picture = read(name);
    if (picture.isEmpty() || !outcome.saliency().masks().contains(name) || !after.contains(name)) {
      return;
    }
    page.append("<div class=\"pair row\">");
    cut(picture.get(), outcome.saliency().masks().read(name), "SelfMask");
    if (hasExperts()) {
      cut(picture.get(), after.read(name), "expert");
    }
    page.append("</div>\n");
  }

  private void cut(Picture picture, Mask mask, String what) throws IOException {
    BufferedImage image = picture.toBufferedImage();
    if (mask.width() == image.getWidth() && mask.height() == image.getHeight()) {
      tint(image, mask.not(), 0xffffff);
      tint(image, mask.not(), 0xffffff);
      figure(image, what);
    }
  }

  private Optional<Picture> read(String name) {
    try {
      Path file = outcome.refined().pictures().resolve(name);
      return Optional.of(Picture.readAsStored(file).rgb());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void note(String words) {
    page.append("<p class=\"note\">").append(escaped(words)).append("</p>\n");
  }

  private void figure(BufferedImage image, String caption) throws IOException {
    figure(small(image), escaped(caption));
  }

  private static byte[] small(BufferedImage image) throws IOException {
    double scale = Math.min(1, (double) SIDE / Math.max(image.getWidth(), image.getHeight()));
    int width = (int) Math.max(1, Math.round(image.getWidth() * scale));
    int height = (int) Math.max(1, Math.round(image.getHeight() * scale));
    BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = small.createGraphics();
    pen.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    pen.drawImage(image, 0, 0, width, height, null);
    pen.dispose();
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(small, "png", png);
    return png.toByteArray();
  }

  /** The caption is HTML. */
  private void figure(byte[] png, String caption) {
    page.append("<figure><img alt=\"\" src=\"data:image/png;base64,")
        .append(Base64.getEncoder().encodeToString(png))
        .append("\"><figcaption>")
        .append(caption)
        .append("</figcaption></figure>\n");
  }

  private static String escaped(String words) {
    return PlainText.markup(PlainText.line(words));
  }
}
