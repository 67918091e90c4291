package org.zeroseg.examples;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Lettering;

/** A contact sheet: tiles of one size side by side, each with a line of text below. */
final class Sheet {

  private static final int LINE = 18;
  private static final int GAP = 6;

  /**
   * A tile.
   *
   * @param picture drawn to fill the tile's square
   * @param text below it
   */
  record Tile(BufferedImage picture, String text) {}

  private Sheet() {}

  /** Writes light on dark, so that it can be read on any picture. */
  static void label(Graphics2D pen, String text, int x, int y) {
    if (!Lettering.isAvailable()) {
      return;
    }
    int width = pen.getFontMetrics().stringWidth(text) + 4;
    pen.setColor(Color.BLACK);
    pen.fillRect(x, y, width, LINE - 3);
    pen.setColor(Color.WHITE);
    pen.drawString(text, x + 2, y + LINE - 6);
  }

  /** Draws the tiles row by row and says where the sheet is. */
  static void write(Path file, List<Tile> tiles, int columns, int side) throws IOException {
    int rows = (tiles.size() + columns - 1) / columns;
    BufferedImage sheet =
        new BufferedImage(
            columns * (side + GAP) + GAP,
            rows * (side + LINE + GAP) + GAP,
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setFont(graphics.getFont().deriveFont(12f));
    graphics.setColor(Color.BLACK);
    for (int i = 0; i < tiles.size(); i++) {
      int x = GAP + i % columns * (side + GAP);
      int y = GAP + i / columns * (side + LINE + GAP);
      graphics.drawImage(tiles.get(i).picture(), x, y, side, side, null);
      if (Lettering.isAvailable()) {
        graphics.drawString(tiles.get(i).text(), x, y + side + LINE - 5);
      }
    }
    graphics.dispose();
    WholeFile.write(file, unfinished -> ImageIO.write(sheet, "png", unfinished.toFile()));
    System.out.println("Picture: " + file);
  }
}
