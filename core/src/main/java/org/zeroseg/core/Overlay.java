package org.zeroseg.core;

import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.image.Lettering;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Mask;

/** Draws segments over a picture, and a legend on a strip of its own below. */
final class Overlay {

  private static final int LONGEST_NAME = 40;

  /** Rows of the picture that are copied at once. */
  private static final int STRIP = 256;

  private Overlay() {}

  static BufferedImage draw(Segmentation segmentation, Picture picture) {
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
    Legend legend = Legend.of(width, height, names(segmentation));
    BufferedImage canvas =
        new BufferedImage(legend.width(), height + legend.height(), BufferedImage.TYPE_3BYTE_BGR);
    byte[] pixels = ((DataBufferByte) canvas.getRaster().getDataBuffer()).getData();
    Arrays.fill(pixels, (byte) 0xFF);
    copy(picture, pixels, legend.width());
    tint(segmentation, pixels, legend.width());
    outline(segmentation, pixels, legend.width());
    legend.draw(canvas, height);
    return canvas;
  }

  /** In strips: of a large picture there is room for one copy. */
  private static void copy(Picture picture, byte[] pixels, int stride) {
    int width = picture.width();
    for (int top = 0; top < picture.height(); top += STRIP) {
      int rows = Math.min(STRIP, picture.height() - top);
      byte[] rgb = picture.crop(new Window(0, top, width, rows)).rgb().samples();
      for (int y = 0; y < rows; y++) {
        int to = 3 * (top + y) * stride;
        for (int i = 3 * y * width; i < 3 * (y + 1) * width; i += 3, to += 3) {
          pixels[to] = rgb[i + 2];
          pixels[to + 1] = rgb[i + 1];
          pixels[to + 2] = rgb[i];
        }
      }
    }
  }

  private static void tint(Segmentation segmentation, byte[] pixels, int stride) {
    for (int y = 0; y < segmentation.height(); y++) {
      for (int x = 0; x < segmentation.width(); x++) {
        int label = segmentation.labelAt(x, y);
        if (label != 0) {
          int at = 3 * (y * stride + x);
          int colour = Palette.rgb(label);
          for (int channel = 0; channel < 3; channel++) {
            // The mean of both, rounded down.
            int other = (colour >> (8 * channel)) & 0xFF;
            pixels[at + channel] = (byte) (((pixels[at + channel] & 0xFF) + other) >> 1);
          }
        }
      }
    }
  }

  /** A line in full colour just inside every segment, where no surer segment lies over it. */
  private static void outline(Segmentation segmentation, byte[] pixels, int stride) {
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
      line.forEach(
          (x, y) -> {
            int at = 3 * (y * stride + x);
            pixels[at] = (byte) colour;
            pixels[at + 1] = (byte) (colour >> 8);
            pixels[at + 2] = (byte) (colour >> 16);
          });
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

  /**
   * The strip below the picture.
   *
   * @param names of the labels in it
   * @param rows labels that stand side by side
   * @param widths of the labels' entries
   * @param width of the strip and of the picture above
   * @param height of the strip; 0 if there is none
   */
  private record Legend(
      Map<Integer, String> names,
      List<List<Integer>> rows,
      Map<Integer, Integer> widths,
      Font font,
      FontMetrics metrics,
      int width,
      int height) {

    static Legend of(int pictureWidth, int pictureHeight, Map<Integer, String> names) {
      if (names.isEmpty() || !Lettering.isAvailable()) {
        return new Legend(Map.of(), List.of(), Map.of(), null, null, pictureWidth, 0);
      }
      Font font = font(pictureWidth, pictureHeight);
      Graphics2D measure = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
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
      int width = Math.max(pictureWidth, margin + widest);
      List<List<Integer>> rows = rows(widths, width - margin);
      return new Legend(names, rows, widths, font, metrics, width, rows.size() * line + margin);
    }

    /** Draws the strip from a row of the canvas on. */
    void draw(BufferedImage canvas, int from) {
      if (height == 0) {
        return;
      }
      BufferedImage strip = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      Graphics2D graphics = strip.createGraphics();
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, width, height);
      graphics.setFont(font);
      int line = metrics.getHeight();
      int margin = line / 2;
      int square = metrics.getAscent();
      int top = margin / 2;
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
      canvas.setRGB(
          0, from, width, height, strip.getRGB(0, 0, width, height, null, 0, width), 0, width);
    }

    private static Font font(int width, int height) {
      int size = Math.min(width, height) / 24;
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
}
