package org.zeroseg.examples;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Box;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zsi.Zsi;

/** What ZSI's background-aware proposal network takes for background, and what for a thing. */
public final class BackgroundAware {

  private static final int SHOWN = 4;
  private static final int SIDE = 256;

  private BackgroundAware() {}

  /**
   * Shows the boxes of a scene that are surely something, unclear, and surely background. Half of
   * the things are of classes that training never showed.
   *
   * @param arguments none, or a picture
   * @throws IOException if a file cannot be read or the picture cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    Picture picture =
        arguments.length > 0
            ? Picture.read(Path.of(arguments[0])).rgb()
            : Picture.of(new ShapeWorld(27, 128, 4, 4, Split.ALL).scene(0).image());
    List<Sheet.Tile> tiles = new ArrayList<>();
    try (Zsi zsi = DemoModels.zsi(Zsi.builder().distinct(true))) {
      List<Zsi.Proposal> all = zsi.proposals(picture);
      System.out.println(all.size() + " proposals");
      tiles.add(tile(picture, apart(all), "surely something (background scores)"));
      List<Zsi.Proposal> unclear =
          all.stream()
              .sorted(Comparator.comparing(one -> Math.abs(one.objectness() - 0.5)))
              .toList();
      tiles.add(tile(picture, apart(unclear), "unclear"));
      List<Zsi.Proposal> rising = new ArrayList<>(all);
      rising.sort(Comparator.comparing(Zsi.Proposal::objectness));
      tiles.add(tile(picture, apart(rising), "surely background"));
    }
    Sheet.write(Path.of("zeroseg-out", "background-aware.png"), tiles, tiles.size(), SIDE);
  }

  /** The first ones that do not lie over each other. */
  private static List<Zsi.Proposal> apart(List<Zsi.Proposal> proposals) {
    List<Zsi.Proposal> some = new ArrayList<>();
    for (Zsi.Proposal one : proposals) {
      if (some.size() < SHOWN
          && some.stream().allMatch(other -> other.box().iou(one.box()) < 0.3)) {
        some.add(one);
      }
    }
    return some;
  }

  private static Sheet.Tile tile(Picture picture, List<Zsi.Proposal> proposals, String text) {
    double scale = (double) SIDE / Math.max(picture.width(), picture.height());
    BufferedImage image =
        picture
            .resize(
                (int) Math.round(picture.width() * scale),
                (int) Math.round(picture.height() * scale),
                Filter.BICUBIC)
            .toBufferedImage();
    Graphics2D pen = image.createGraphics();
    pen.setStroke(new BasicStroke(2));
    for (Zsi.Proposal one : proposals) {
      Box box = one.box();
      int x = (int) (box.x() * scale);
      int y = (int) (box.y() * scale);
      pen.setColor(Color.getHSBColor((float) one.objectness() / 3, 1, 0.9f));
      pen.drawRect(x, y, (int) (box.width() * scale) - 1, (int) (box.height() * scale) - 1);
      Sheet.label(pen, String.format(Locale.ROOT, "%.2f", 1 - one.objectness()), x, y);
      System.out.printf(
          Locale.ROOT, "%s: background score %.4f, %s%n", text, 1 - one.objectness(), box);
    }
    pen.dispose();
    return new Sheet.Tile(image, text);
  }
}
