package org.zeroseg.core.image;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Whether letters can be drawn: servers often have no fonts, and Java then fails in many ways. */
public final class Lettering {

  private static final Logger LOG = LoggerFactory.getLogger(Lettering.class);

  /** Found out once, when first asked. */
  private static final class Found {
    static final boolean AVAILABLE = find();

    private static boolean find() {
      try {
        Graphics2D pen = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        pen.getFontMetrics(new Font(Font.SANS_SERIF, Font.PLAIN, 12)).stringWidth("a");
        pen.dispose();
        return true;
      } catch (InternalError | LinkageError | RuntimeException e) {
        LOG.warn(
            "Pictures are drawn without text: Java finds no fonts on this machine"
                + " (install fontconfig and a font)",
            e);
        return false;
      }
    }
  }

  private Lettering() {}

  /**
   * Whether this machine has a font that Java can draw with. Says so in the log, once, where it has
   * none.
   *
   * @return true where drawing text works
   */
  public static boolean isAvailable() {
    return Found.AVAILABLE;
  }
}
