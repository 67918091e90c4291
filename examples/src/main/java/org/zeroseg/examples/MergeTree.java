package org.zeroseg.examples;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Lettering;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoZeroGuide;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.Discovery;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.caption.Namer;

/**
 * How segments came to be: the tree of candidates, each with its name, and which of them were alike
 * enough to become one. Framed nodes are the result; dots are places of the tree whose parts were
 * not joined.
 */
public final class MergeTree {

  private static final int SIDE = 96;
  private static final int WIDTH = 150;
  private static final int HEIGHT = 150;

  private final Picture picture;
  private final Map<Long, Discovery.TreeNode> nodes;
  private final Map<Long, Integer> x = new HashMap<>();
  private int leaves;

  private MergeTree(Picture picture, Discovery found) {
    this.picture = picture;
    this.nodes =
        found.tree().stream().collect(Collectors.toMap(Discovery.TreeNode::id, node -> node));
    place(0);
  }

  /**
   * Draws the tree of a picture.
   *
   * @param arguments a picture; without it a scene
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    Picture picture =
        arguments.length > 0 ? Picture.read(Path.of(arguments[0])).rgb() : DiscoverPicture.scene();
    try (Dino dino = DemoModels.dino();
        Clip clip = DemoModels.vitClip();
        Namer namer = DemoModels.zeroCap(clip);
        ZeroGuide guide =
            DemoZeroGuide.builder(dino, clip, DemoZeroGuide.Variant.FULL).namer(namer).build()) {
      Path file = Path.of("zeroseg-out", "merge-tree.png");
      BufferedImage tree = new MergeTree(picture, guide.discover(picture)).draw();
      WholeFile.write(file, unfinished -> ImageIO.write(tree, "png", unfinished.toFile()));
      System.out.println("Picture: " + file);
    }
  }

  /** Candidates stand side by side, a parent in the middle above its children. */
  private boolean place(long id) {
    boolean known = nodes.containsKey(id);
    if (known && nodes.get(id).leaves().size() == 1) {
      x.put(id, leaves++ * WIDTH + WIDTH / 2);
      return true;
    }
    // Candidates are the tree's deepest nodes, so that below them there is nothing.
    if (id > deepest()) {
      return false;
    }
    boolean left = place(2 * id + 1);
    boolean right = place(2 * id + 2);
    if (!left || !right) {
      return false;
    }
    x.put(id, (x.get(2 * id + 1) + x.get(2 * id + 2)) / 2);
    return true;
  }

  private long deepest() {
    return nodes.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
  }

  /** Levels below the root. */
  private static int level(long id) {
    return 63 - Long.numberOfLeadingZeros(id + 1);
  }

  private BufferedImage draw() {
    int levels = 1 + level(deepest());
    BufferedImage image =
        new BufferedImage(leaves * WIDTH, levels * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = image.createGraphics();
    pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    pen.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    pen.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    pen.setColor(Color.WHITE);
    pen.fillRect(0, 0, image.getWidth(), image.getHeight());
    pen.setFont(pen.getFont().deriveFont(12f));
    pen.setColor(Color.GRAY);
    for (long id : x.keySet()) {
      if (id > 0) {
        long parent = (id - 1) / 2;
        pen.drawLine(x.get(id), y(id), x.get(parent), y(parent));
      }
    }
    new TreeMap<>(x).forEach((id, centre) -> drawNode(pen, id, centre));
    pen.dispose();
    return image;
  }

  /** The middle of a node's picture. */
  private static int y(long id) {
    return level(id) * HEIGHT + 8 + SIDE / 2;
  }

  private void drawNode(Graphics2D pen, long id, int centre) {
    Discovery.TreeNode node = nodes.get(id);
    if (node == null) {
      pen.setColor(Color.GRAY);
      pen.fillOval(centre - 5, y(id) - 5, 10, 10);
      return;
    }
    int left = centre - SIDE / 2;
    int top = y(id) - SIDE / 2;
    pen.drawImage(Maps.cut(picture, node.mask()), left, top, SIDE, SIDE, null);
    if (node.remains()) {
      pen.setColor(new Color(0x1b7f3b));
      pen.setStroke(new BasicStroke(4));
      pen.drawRect(left - 2, top - 2, SIDE + 4, SIDE + 4);
      pen.setStroke(new BasicStroke(1));
    }
    if (Lettering.isAvailable()) {
      pen.setColor(Color.BLACK);
      write(pen, node.label(), centre, top + SIDE + 18);
      if (node.leaves().size() > 1) {
        String alike = String.format(Locale.ROOT, "joined at %.2f", node.similarity());
        write(pen, alike, centre, top + SIDE + 33);
      }
    }
  }

  private static void write(Graphics2D pen, String text, int centre, int y) {
    pen.drawString(text, centre - pen.getFontMetrics().stringWidth(text) / 2, y);
  }
}
