package org.zeroseg.examples;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.zeroseg.core.Palette;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Lettering;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/** Numbers on a grid, as pictures to look at. */
final class Maps {

  private Maps() {}

  /** The picture that the first argument names, or a scene. */
  static Picture picture(String[] arguments) throws IOException {
    return arguments.length > 0
        ? Picture.read(Path.of(arguments[0])).rgb()
        : Picture.of(new ShapeWorld(2, 96, 2, 3, Split.ALL).scene(5).image())
            .resize(192, 192, Filter.BICUBIC);
  }

  /** Dark where a value is least, bright where it is greatest. */
  static BufferedImage heat(float[] values, int width, int height) {
    float least = Float.POSITIVE_INFINITY;
    float most = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < values.length; i++) {
      double heat = most > least ? (values[i] - least) / (most - least) : 0;
      int red = (int) (255 * Math.min(1, 2 * heat));
      int green = (int) (255 * Math.max(0, 2 * heat - 1));
      int blue = (int) (110 * (1 - heat));
      image.setRGB(i % width, i / width, red << 16 | green << 8 | blue);
    }
    return image;
  }

  /** A colour a label. */
  static BufferedImage labels(int[] labels, int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < labels.length; i++) {
      image.setRGB(i % width, i / width, Palette.rgb(labels[i] + 1));
    }
    return image;
  }

  /** The greatest values as bars with their names, on a square. */
  static BufferedImage bars(List<String> names, double[] values, int count, int side) {
    BufferedImage image = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = image.createGraphics();
    pen.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    pen.setColor(Color.WHITE);
    pen.fillRect(0, 0, side, side);
    List<Integer> best =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparing(i -> -values[i]))
            .limit(count)
            .toList();
    int line = side / count;
    for (int row = 0; row < best.size(); row++) {
      double value = values[best.get(row)];
      pen.setColor(new Color(0x9db8dc));
      pen.fillRect(0, row * line, (int) (side * Math.max(0, value)), line - 3);
      if (Lettering.isAvailable()) {
        pen.setColor(Color.BLACK);
        String text = String.format(Locale.ROOT, "%s  %.2f", names.get(best.get(row)), value);
        pen.drawString(text, 4, row * line + line / 2 + 4);
      }
    }
    pen.dispose();
    return image;
  }

  /** The picture where the mask is, grey elsewhere. */
  static BufferedImage cut(Picture picture, Mask mask) {
    BufferedImage image = picture.rgb().toBufferedImage();
    BufferedImage cut =
        new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < picture.height(); y++) {
      for (int x = 0; x < picture.width(); x++) {
        cut.setRGB(x, y, mask.get(x, y) ? image.getRGB(x, y) : 0xdddddd);
      }
    }
    return cut;
  }
}
