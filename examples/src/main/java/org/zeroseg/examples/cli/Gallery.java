package org.zeroseg.examples.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.zeroseg.core.Palette;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;

/**
 * All pictures with their segments on one page that needs no other file, to be filtered by word.
 * Pictures are kept outside the memory until the page is put together.
 */
final class Gallery implements Closeable {

  private static final int MOST_BUTTONS = 200;
  private static final int MOST_FAILURES = 200;

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --line: #8886; --back: #fff; --chosen: #1a5fb4; }
      @media (prefers-color-scheme: dark) { :root { --back: #1c1c1e; } }
      body { font: 15px/1.4 system-ui, sans-serif; margin: 0; }
      header { position: sticky; top: 0; background: var(--back); padding: .8rem 1rem; border-bottom: 1px solid var(--line); z-index: 1; max-height: 45vh; overflow: auto; }
      h1 { font-size: 1.15rem; margin: 0 0 .5rem; }
      .words { display: flex; flex-wrap: wrap; gap: .35rem; align-items: center; }
      button { font: inherit; padding: .15rem .6rem; border: 1px solid var(--line); border-radius: 1rem; background: none; color: inherit; cursor: pointer; max-width: 24rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      button[aria-pressed=true] { background: var(--chosen); border-color: var(--chosen); color: #fff; }
      button:focus-visible, a:focus-visible { outline: 3px solid var(--chosen); outline-offset: 2px; }
      i { display: inline-block; width: .7rem; height: .7rem; border-radius: 2px; margin-right: .3rem; }
      b { font-weight: normal; opacity: .65; margin-left: .2rem; }
      main { display: flex; flex-wrap: wrap; gap: .8rem; padding: 1rem; align-items: flex-start; }
      figure { margin: 0; overflow-wrap: anywhere; }
      figure[hidden] { display: none; }
      img { display: block; border-radius: 4px; max-width: 100%; height: auto; }
      figcaption { font-size: .8rem; padding-top: .25rem; }
      figcaption span { display: block; }
      section { padding: 0 1rem 1rem; font-size: .85rem; }
      """;

  private static final String SCRIPT =
      """
      const buttons = [...document.querySelectorAll('button')];
      const figures = [...document.querySelectorAll('figure')];
      function show() {
        const chosen = buttons.filter(b => b.getAttribute('aria-pressed') === 'true').map(b => b.dataset.word);
        let shown = 0;
        for (const figure of figures) {
          const words = figure.dataset.words.split(' ');
          figure.hidden = !(chosen.length === 0 || chosen.some(word => words.includes(word)));
          shown += figure.hidden ? 0 : 1;
        }
        document.getElementById('shown').textContent = shown + ' of ' + figures.length + ' shown';
      }
      for (const button of buttons) {
        button.addEventListener('click', () => {
          button.setAttribute('aria-pressed', button.getAttribute('aria-pressed') !== 'true');
          show();
        });
      }
      show();
      """;

  private final Path file;
  private final int side;
  private final FileChannel figures;
  private final List<String> failures = new ArrayList<>();
  private long failed;
  private long pictures;
  private long empty;

  /**
   * Begins a page.
   *
   * @param file the page
   * @param expected how many pictures there will be, so that a page of many stays small
   */
  Gallery(Path file, int expected) throws IOException {
    this.file = file;
    side = expected <= 500 ? 240 : expected <= 3000 ? 160 : 96;
    figures =
        FileChannel.open(
            file.resolveSibling("." + UUID.randomUUID() + ".part"),
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE);
  }

  /**
   * Adds a picture.
   *
   * @param name what it is called
   * @param large the file that it leads to, from the page on; empty if there is none
   * @param shares of each word in it
   * @param words all words so far
   */
  void add(
      String name,
      String large,
      Picture picture,
      Segmentation result,
      Map<String, Double> shares,
      Map<String, WordCounts.Count> words)
      throws IOException {
    int[] colours = new int[result.names().size() + 1];
    for (int label = 1; label < colours.length; label++) {
      colours[label] = Palette.rgb(words.get(result.names().get(label - 1)).number());
    }
    BufferedImage small = small(picture, result, colours);
    ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
    ImageIO.write(small, "jpg", jpeg);
    String numbers =
        shares.isEmpty()
            ? "0"
            : shares.keySet().stream()
                .map(word -> Integer.toString(words.get(word).number()))
                .collect(Collectors.joining(" "));
    StringBuilder html = new StringBuilder();
    html.append("<figure data-words=\"").append(numbers);
    html.append("\" style=\"width:").append(Math.max(side / 2, small.getWidth())).append("px\">");
    html.append(large.isEmpty() ? "" : "<a href=\"" + link(large) + "\">");
    html.append("<img loading=\"lazy\" width=\"").append(small.getWidth());
    html.append("\" height=\"").append(small.getHeight());
    html.append("\" alt=\"").append(escaped(name));
    html.append("\" src=\"data:image/jpeg;base64,");
    html.append(Base64.getEncoder().encodeToString(jpeg.toByteArray())).append("\">");
    html.append(large.isEmpty() ? "" : "</a>");
    html.append("<figcaption>").append(escaped(name));
    shares.forEach(
        (word, share) ->
            html.append("<span>")
                .append(square(words.get(word).number()))
                .append(escaped(word))
                .append(String.format(Locale.ROOT, "&nbsp;%.1f&nbsp;%%</span>", 100 * share)));
    html.append("</figcaption></figure>\n");
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(html.toString());
    while (bytes.hasRemaining()) {
      figures.write(bytes);
    }
    pictures++;
    empty += shares.isEmpty() ? 1 : 0;
  }

  /** Adds a picture that could not be done. */
  void fail(String reason) {
    failed++;
    if (failures.size() < MOST_FAILURES) {
      failures.add(reason);
    }
  }

  private BufferedImage small(Picture picture, Segmentation result, int[] colours) {
    double scale = Math.min(1, (double) side / Math.max(picture.width(), picture.height()));
    int width = (int) Math.max(1, Math.round(picture.width() * scale));
    int height = (int) Math.max(1, Math.round(picture.height() * scale));
    BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    byte[] rgb = picture.rgb().resize(width, height, Filter.BILINEAR).samples();
    int[] labels = new int[width * height];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        labels[y * width + x] =
            result.labelAt(
                (int) ((x + .5) * picture.width() / width),
                (int) ((y + .5) * picture.height() / height));
      }
    }
    for (int i = 0; i < labels.length; i++) {
      int pixel =
          (rgb[3 * i] & 0xFF) << 16 | (rgb[3 * i + 1] & 0xFF) << 8 | (rgb[3 * i + 2] & 0xFF);
      if (labels[i] != 0) {
        int colour = colours[labels[i]];
        boolean border =
            (i % width > 0 && labels[i - 1] != labels[i])
                || (i >= width && labels[i - width] != labels[i]);
        pixel = border ? colour : ((pixel ^ colour) & 0xFEFEFE) / 2 + (pixel & colour);
      }
      small.setRGB(i % width, i / width, pixel);
    }
    return small;
  }

  /** Puts the page together. */
  void write(Map<String, WordCounts.Count> words) throws IOException {
    WholeFile.write(
        file,
        unfinished -> {
          try (OutputStream out = Files.newOutputStream(unfinished)) {
            out.write(head(words).getBytes(StandardCharsets.UTF_8));
            for (long at = 0; at < figures.size(); ) {
              at += figures.transferTo(at, figures.size() - at, Channels.newChannel(out));
            }
            out.write(tail().getBytes(StandardCharsets.UTF_8));
          }
        });
  }

  private String head(Map<String, WordCounts.Count> words) {
    StringBuilder html = new StringBuilder();
    html.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    html.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ");
    html.append("img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n");
    html.append("<title>Segments</title>\n<style>\n").append(STYLE);
    html.append("</style></head><body>\n<header><h1>").append(pictures);
    html.append(pictures == 1 ? " picture" : " pictures").append("</h1>\n");
    html.append("<div class=\"words\" role=\"group\" aria-label=\"Only pictures with\">\n");
    List<Map.Entry<String, WordCounts.Count>> found =
        new ArrayList<>(
            words.entrySet().stream().filter(word -> word.getValue().pictures() > 0).toList());
    if (found.size() > MOST_BUTTONS) {
      found.sort(
          (one, other) -> Long.compare(other.getValue().pictures(), one.getValue().pictures()));
    }
    for (Map.Entry<String, WordCounts.Count> word :
        found.subList(0, Math.min(MOST_BUTTONS, found.size()))) {
      button(html, word.getValue().number(), escaped(word.getKey()), word.getValue().pictures());
    }
    if (empty > 0) {
      button(html, 0, "nothing found", empty);
    }
    html.append("<span id=\"shown\" aria-live=\"polite\"></span></div></header>\n<main>\n");
    return html.toString();
  }

  private static void button(StringBuilder html, int number, String text, long count) {
    html.append("<button type=\"button\" aria-pressed=\"false\" data-word=\"").append(number);
    html.append("\">").append(number == 0 ? "" : square(number)).append(text);
    html.append("<b>").append(count).append("</b></button>\n");
  }

  private String tail() {
    StringBuilder html = new StringBuilder("</main>\n");
    if (failed > 0) {
      html.append("<section><h2>Could not be done: ").append(failed).append("</h2><ul>\n");
      failures.forEach(reason -> html.append("<li>").append(escaped(reason)).append("</li>\n"));
      html.append("</ul></section>\n");
    }
    return html.append("<script>\n").append(SCRIPT).append("</script></body></html>\n").toString();
  }

  private static String square(int number) {
    return "<i style=\"background:#%06x\"></i>".formatted(Palette.rgb(number));
  }

  private static String link(String path) {
    return Arrays.stream(path.split("/", -1))
        .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
        .collect(Collectors.joining("/"));
  }

  private static String escaped(String text) {
    return PlainText.markup(PlainText.line(text));
  }

  @Override
  public void close() throws IOException {
    figures.close();
  }
}
