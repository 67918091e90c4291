package org.zeroseg.core;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.image.Lettering;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;

/** Draws segments over a picture, and a legend on a strip of its own below. */
final class Overlay {

  private static final int LONGEST_NAME = 40;

  private Overlay() {}

  static Picture draw(Segmentation segmentation, Picture picture) {
    int width = segmentation.width();
    int height = segmentation.height();
    if (picture.width() != width || picture.height() != height) {
      throw new IllegalArgumentException(
          "A segmentation of "
              + width
              + " x "
              + height
              + " does not fit a picture of "
              + picture.width()
              + " x "
              + picture.height());
    }
    int[] pixels = picture.rgb().toBufferedImage().getRGB(0, 0, width, height, null, 0, width);
    tint(segmentation, pixels);
    outline(segmentation, pixels);
    BufferedImage painted = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    painted.setRGB(0, 0, width, height, pixels, 0, width);
    return Picture.of(withLegend(painted, names(segmentation)));
  }

  private static void tint(Segmentation segmentation, int[] pixels) {
    int[] labels = segmentation.labels();
    for (int i = 0; i < pixels.length; i++) {
      if (labels[i] != 0) {
        int colour = Palette.rgb(labels[i]);
        // The mean of both, channel by channel.
        pixels[i] = (pixels[i] & colour) + ((pixels[i] ^ colour) >> 1 & 0x7F7F7F);
      }
    }
  }

  /** A line in full colour just inside every segment, where no surer segment lies over it. */
  private static void outline(Segmentation segmentation, int[] pixels) {
    int width = segmentation.width();
    int height = segmentation.height();
    int thickness = 1 + Math.min(width, height) / 400;
    Mask covered = Mask.empty(width, height);
    for (Segment segment : segmentation.segments()) {
      Mask inner = segment.mask();
      for (int i = 0; i < thickness; i++) {
        inner = inner.eroded();
      }
      int colour = Palette.rgb(segment.label());
      Mask line = segment.mask().andNot(inner).andNot(covered);
      line.forEach((x, y) -> pixels[y * width + x] = colour);
      covered = covered.or(segment.mask());
    }
  }

  private static Map<Integer, String> names(Segmentation segmentation) {
    Map<Integer, String> names = new LinkedHashMap<>();
    for (Segment segment : segmentation.segments()) {
      String name = segment.name();
      names.put(
          segment.label(),
          name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME - 1) + "\u2026" : name);
    }
    return names;
  }

  private static BufferedImage withLegend(BufferedImage picture, Map<Integer, String> names) {
    if (names.isEmpty() || !Lettering.isAvailable()) {
      return picture;
    }
    Font font = font(picture);
    Graphics2D measure = picture.createGraphics();
    FontMetrics metrics = measure.getFontMetrics(font);
    measure.dispose();
    int line = metrics.getHeight();
    int margin = line / 2;
    // An entry is a square as high as the letters, a gap, the name, and a margin.
    int square = metrics.getAscent();
    Map<Integer, Integer> widths = new LinkedHashMap<>();
    names.forEach(
        (label, name) ->
            widths.put(label, square + margin / 2 + metrics.stringWidth(name) + margin));
    int widest = widths.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    int width = Math.max(picture.getWidth(), margin + widest);
    List<List<Integer>> rows = rows(widths, width - margin);
    int height = picture.getHeight() + rows.size() * line + margin;

    BufferedImage canvas = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = canvas.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, width, height);
    graphics.drawImage(picture, 0, 0, null);
    graphics.setFont(font);
    int top = picture.getHeight() + margin / 2;
    for (List<Integer> row : rows) {
      int x = margin;
      for (int label : row) {
        graphics.setColor(new Color(Palette.rgb(label)));
        graphics.fillRect(x, top + (line - square) / 2, square, square);
        graphics.setColor(Color.BLACK);
        graphics.drawString(names.get(label), x + square + margin / 2, top + metrics.getAscent());
        x += widths.get(label);
      }
      top += line;
    }
    graphics.dispose();
    return canvas;
  }

  private static Font font(BufferedImage picture) {
    int size = Math.min(picture.getWidth(), picture.getHeight()) / 24;
    return new Font(Font.SANS_SERIF, Font.PLAIN, Math.max(12, Math.min(size, 40)));
  }

  private static List<List<Integer>> rows(Map<Integer, Integer> widths, int available) {
    List<List<Integer>> rows = new ArrayList<>();
    int used = available;
    for (Map.Entry<Integer, Integer> entry : widths.entrySet()) {
      if (rows.isEmpty() || used + entry.getValue() > available) {
        rows.add(new ArrayList<>());
        used = 0;
      }
      rows.get(rows.size() - 1).add(entry.getKey());
      used += entry.getValue();
    }
    return rows;
  }
}
