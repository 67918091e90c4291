package org.zeroseg.benchmarks;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Lettering;

/**
 * How long each stage of a piece of work takes, and how much memory it needs: a stage lasts from
 * the first time that progress is told under its name until another name is told.
 */
final class StageTimes implements Progress {

  private static final int LEFT = 190;
  private static final int BAR = 560;
  private static final int LINE = 34;

  /** Seconds and the peak of resident bytes; no bytes where the system does not tell. */
  private static final class Stage {
    double seconds;
    double processor;
    long peak;
  }

  private final Map<String, Stage> stages = new LinkedHashMap<>();
  private String current = "";
  private long since;
  private Duration processorSince = Duration.ZERO;

  @Override
  public synchronized void update(String task, long done, long total) {
    if (task.equals(current)) {
      return;
    }
    finish();
    System.out.println(task + " ...");
    stages.computeIfAbsent(task, name -> new Stage());
    current = task;
    since = System.nanoTime();
    processorSince = processor();
    ResidentMemory.forgetPeak();
  }

  /** Ends the stage that runs. */
  synchronized void finish() {
    Stage stage = stages.get(current);
    if (stage != null) {
      stage.seconds += (System.nanoTime() - since) / 1e9;
      stage.processor += processor().minus(processorSince).toMillis() / 1e3;
      stage.peak = Math.max(stage.peak, ResidentMemory.peak());
      System.out.printf(
          Locale.ROOT, "  so far %.2f s, peak %.2f GB%n", stage.seconds, stage.peak / 1e9);
    }
    current = "";
  }

  /** What all threads have computed so far, which others on the machine do not slow down. */
  private static Duration processor() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  double total() {
    return stages.values().stream().mapToDouble(stage -> stage.seconds).sum();
  }

  /** The highest of the stages' peaks, in bytes; 0 where the system does not tell. */
  long peak() {
    return stages.values().stream().mapToLong(stage -> stage.peak).max().orElse(0);
  }

  /** A row a stage, in the order in which they began first. */
  String table() {
    StringBuilder table = new StringBuilder();
    table.append("| stage | seconds | share | seconds of processors | peak of resident memory |\n");
    table.append("| --- | --- | --- | --- | --- |\n");
    stages.forEach(
        (name, stage) -> table.append(row(name, stage.seconds, stage.processor, stage.peak)));
    double processors = stages.values().stream().mapToDouble(stage -> stage.processor).sum();
    return table.append(row("all", total(), processors, peak())).toString();
  }

  private String row(String name, double seconds, double processor, long peak) {
    return String.format(
        Locale.ROOT,
        "| %s | %.2f | %.1f %% | %.1f | %s |%n",
        name,
        seconds,
        100 * seconds / total(),
        processor,
        peak == 0 ? "" : String.format(Locale.ROOT, "%.2f GB", peak / 1e9));
  }

  /** A bar a stage, as long as its share of the time. */
  void draw(Path file, String title) throws IOException {
    int height = LINE * (stages.size() + 1) + 20;
    BufferedImage image = new BufferedImage(LEFT + BAR + 130, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = image.createGraphics();
    pen.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    pen.setColor(Color.WHITE);
    pen.fillRect(0, 0, image.getWidth(), image.getHeight());
    double longest = stages.values().stream().mapToDouble(stage -> stage.seconds).max().orElse(1);
    int y = 10 + LINE;
    for (Map.Entry<String, Stage> entry : stages.entrySet()) {
      double seconds = entry.getValue().seconds;
      int width = (int) Math.max(1, Math.round(BAR * seconds / longest));
      pen.setColor(new Color(0x1b4f91));
      pen.fillRect(LEFT, y, width, LINE - 12);
      write(pen, Font.PLAIN, entry.getKey(), 12, y + 16);
      String text = String.format(Locale.ROOT, "%.2f s, %.0f %%", seconds, 100 * seconds / total());
      write(pen, Font.PLAIN, text, LEFT + width + 8, y + 16);
      y += LINE;
    }
    write(pen, Font.BOLD, title, 12, 26);
    pen.dispose();
    WholeFile.write(file, unfinished -> ImageIO.write(image, "png", unfinished.toFile()));
  }

  private static void write(Graphics2D pen, int style, String text, int x, int y) {
    if (Lettering.isAvailable()) {
      pen.setColor(Color.BLACK);
      pen.setFont(new Font(Font.SANS_SERIF, style, 13));
      pen.drawString(text, x, y);
    }
  }
}
