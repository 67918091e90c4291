package org.zeroseg.eval.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Lettering;
import org.zeroseg.core.train.TrainingHistory;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.core.train.Validation;

/**
 * Draws the curves of a training run: {@code loss.png}, the loss of every step and its running
 * mean, and {@code score.png} if the model was measured on the way. {@link #write} is a {@link
 * TrainingPlan.Report}.
 */
public final class TrainingCurves {

  private static final int WIDTH = 900;
  private static final int HEIGHT = 500;
  private static final int LEFT = 70;
  private static final int RIGHT = 20;
  private static final int TOP = 40;
  private static final int BOTTOM = 55;
  private static final Color DARK = new Color(0x1b4f91);
  private static final Color PALE = new Color(0xb5cbe6);

  private final long steps;
  private final double lowest;
  private final double highest;

  /** Axes for some values, with zero among them. */
  private TrainingCurves(long steps, double[] values) {
    this.steps = steps;
    double low = Double.MAX_VALUE;
    double high = -Double.MAX_VALUE;
    for (double value : values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    this.lowest = Math.min(0, low);
    this.highest = high > lowest ? high : lowest + 1;
  }

  /**
   * Writes the curves as they are now.
   *
   * @param folder where they go
   * @param history what to draw
   * @throws IOException if a file cannot be written
   */
  public static void write(Path folder, TrainingHistory history) throws IOException {
    int done = history.losses().length;
    String steps = done + " of " + history.steps() + " steps";
    String waiting =
        String.format(Locale.ROOT, "%.1f %% of the time waiting for data", 100 * history.waiting());
    write(
        folder.resolve("loss.png"),
        draw(history.losses(), "Training loss, " + steps + ", " + waiting));
    if (!history.scores().isEmpty()) {
      String name = history.scoreName();
      write(folder.resolve("score.png"), draw(history.scores(), done, name, name + ", " + steps));
    }
  }

  private static void write(Path file, BufferedImage curve) throws IOException {
    WholeFile.write(file, unfinished -> ImageIO.write(curve, "png", unfinished.toFile()));
  }

  /** The loss of every step, at least one, and its running mean. */
  static BufferedImage draw(float[] losses, String title) {
    double[] values = IntStream.range(0, losses.length).mapToDouble(i -> losses[i]).toArray();
    TrainingCurves curve = new TrainingCurves(losses.length, values);
    return curve.draw(
        title,
        "loss",
        pen -> {
          pen.setColor(PALE);
          pen.draw(curve.means(losses, 0));
          pen.setColor(DARK);
          pen.setStroke(new BasicStroke(2.5f));
          pen.draw(curve.means(losses, Math.max(1, losses.length / 50)));
        });
  }

  /** Scores at some of the steps, at least one. */
  static BufferedImage draw(List<Validation.Score> scores, long steps, String name, String title) {
    double[] values = scores.stream().mapToDouble(Validation.Score::value).toArray();
    TrainingCurves curve = new TrainingCurves(steps, values);
    return curve.draw(
        title,
        name,
        pen -> {
          pen.setColor(DARK);
          pen.setStroke(new BasicStroke(2.5f));
          Path2D path = new Path2D.Double();
          for (Validation.Score score : scores) {
            double x = curve.x((double) score.step());
            double y = curve.y(score.value());
            if (path.getCurrentPoint() == null) {
              path.moveTo(x, y);
            }
            path.lineTo(x, y);
            pen.fill(new Ellipse2D.Double(x - 4, y - 4, 8, 8));
          }
          pen.draw(path);
        });
  }

  private BufferedImage draw(String title, String unit, Consumer<Graphics2D> curve) {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = image.createGraphics();
    pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    pen.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    pen.setColor(Color.WHITE);
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    axes(pen);
    curve.accept(pen);
    pen.setColor(Color.BLACK);
    if (Lettering.isAvailable()) {
      pen.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
      pen.drawString(title, LEFT, TOP - 15);
      labels(pen, unit);
    }
    pen.dispose();
    return image;
  }

  private void axes(Graphics2D pen) {
    pen.setColor(new Color(0xe4e4e4));
    double step = tick(highest - lowest);
    for (double value = Math.ceil(lowest / step) * step; value <= highest; value += step) {
      int y = (int) Math.round(y(value));
      pen.drawLine(LEFT, y, WIDTH - RIGHT, y);
    }
    step = Math.max(1, tick((double) steps));
    for (double value = 0; value <= steps; value += step) {
      int x = (int) Math.round(x(value));
      pen.drawLine(x, TOP, x, HEIGHT - BOTTOM);
    }
    pen.setColor(Color.DARK_GRAY);
    pen.drawRect(LEFT, TOP, WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
  }

  private void labels(Graphics2D pen, String unit) {
    pen.setColor(Color.DARK_GRAY);
    pen.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    FontMetrics metrics = pen.getFontMetrics();
    double step = tick(highest - lowest);
    for (double value = Math.ceil(lowest / step) * step; value <= highest; value += step) {
      String label = number(value);
      pen.drawString(label, LEFT - 8 - metrics.stringWidth(label), (int) Math.round(y(value)) + 4);
    }
    step = Math.max(1, tick((double) steps));
    for (double value = 0; value <= steps; value += step) {
      String label = number(value);
      int x = (int) Math.round(x(value)) - metrics.stringWidth(label) / 2;
      pen.drawString(label, x, HEIGHT - BOTTOM + 18);
    }
    pen.drawString("step", (LEFT + WIDTH - RIGHT) / 2 - 12, HEIGHT - 14);
    pen.drawString(unit, 12, TOP + 4);
  }

  /** 1, 2 or 5 times a power of ten, so that an axis has four to nine of them. */
  private static double tick(double range) {
    double power = Math.pow(10, Math.floor(Math.log10(range / 4)));
    double parts = range / 4 / power;
    return power * (parts >= 5 ? 5 : parts >= 2 ? 2 : 1);
  }

  private static String number(double value) {
    double rounded = Math.round(value * 1e6) / 1e6;
    return BigDecimal.valueOf(rounded).stripTrailingZeros().toPlainString();
  }

  private double x(double step) {
    return LEFT + (WIDTH - LEFT - RIGHT) * step / Math.max(1, steps);
  }

  private double y(double value) {
    double share = (value - lowest) / (highest - lowest);
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  }

  /** The mean over a window of {@code 2 radius + 1} steps around each. */
  private Path2D means(float[] losses, int radius) {
    double[] sums = new double[losses.length + 1];
    for (int i = 0; i < losses.length; i++) {
      sums[i + 1] = sums[i] + losses[i];
    }
    Path2D path = new Path2D.Double();
    for (int i = 0; i < losses.length; i++) {
      int from = Math.max(0, i - radius);
      int to = Math.min(losses.length, i + radius + 1);
      double mean = (sums[to] - sums[from]) / (to - from);
      if (i == 0) {
        path.moveTo(x(i), y(mean));
      } else {
        path.lineTo(x(i), y(mean));
      }
    }
    return path;
  }
}
