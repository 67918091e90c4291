package org.zeroseg.eval.report;

import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Palette;
import org.zeroseg.core.file.PlainText;

/** Writes a report as one HTML file with inline style, inline SVG and pictures as data. */
final class Html {

  private static final int PLOT = 360; // pixels of a chart's square
  private static final int MARGIN = 44;
  private static final int MOST_IN_MATRIX = 200; // larger ones are cells without names

  private static final String STYLE =
      """
      :root { color-scheme: light dark; --line: #8886; --soft: #8882; --accent: #2a6fdb; }
      body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
      h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
      ul.notes { color: #888; padding-left: 1.2rem; }
      .scroll { overflow: auto; max-height: 34rem; border: 1px solid var(--line); border-radius: 6px; }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
      th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--soft); white-space: nowrap; }
      th:first-child, td:first-child { text-align: left; }
      thead th { position: sticky; top: 0; background: Canvas; }
      .charts, .examples { display: flex; flex-wrap: wrap; gap: 1.2rem; }
      svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
      svg .grid { stroke: var(--soft); } svg .axis { stroke: var(--line); }
      figure { margin: 0; border: 1px solid var(--line); border-radius: 6px; padding: .6rem; }
      figure img { max-width: 16rem; max-height: 16rem; image-rendering: auto; vertical-align: top; }
      figcaption { font-size: .85rem; margin-bottom: .4rem; }
      .legend span { display: inline-block; margin-right: 1rem; font-size: .85rem; }
      .legend i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .35rem; }
      """;

  private final Report report;
  private final StringBuilder text = new StringBuilder();

  Html(Report report) {
    this.report = report;
  }

  String text() {
    text.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .append("<title>")
        .append(escaped(report.title()))
        .append("</title><style>\n")
        .append(STYLE)
        .append("</style></head><body>\n<h1>")
        .append(escaped(report.title()))
        .append("</h1>\n");
    if (!report.notes().isEmpty()) {
      text.append("<ul class=\"notes\">");
      report.notes().forEach(note -> text.append("<li>").append(escaped(note)).append("</li>"));
      text.append("</ul>\n");
    }
    report.tables().forEach(this::table);
    if (!report.charts().isEmpty()) {
      text.append("<h2>Curves</h2><div class=\"charts\">\n");
      report.charts().forEach(this::chart);
      text.append("</div>\n");
    }
    report.confusion().ifPresent(this::confusion);
    if (!report.examples().isEmpty()) {
      text.append("<h2>Worst and best pictures</h2><div class=\"examples\">\n");
      report.examples().forEach(this::example);
      text.append("</div>\n");
    }
    return text.append("</body></html>\n").toString();
  }

  private void table(Report.Table table) {
    text.append("<h2>")
        .append(escaped(table.title()))
        .append("</h2><div class=\"scroll\"><table><thead><tr><th></th>");
    table.columns().forEach(column -> text.append("<th>").append(escaped(column)).append("</th>"));
    text.append("</tr></thead><tbody>\n");
    for (Report.Row row : table.rows()) {
      text.append("<tr><td>").append(escaped(row.name())).append("</td>");
      ReportText.cells(table, row)
          .forEach(cell -> text.append("<td>").append(cell).append("</td>"));
      text.append("</tr>\n");
    }
    text.append("</tbody></table></div>\n");
  }

  private void chart(Report.Chart chart) {
    int size = PLOT + 2 * MARGIN;
    text.append("<figure><figcaption>")
        .append(escaped(chart.title()))
        .append("</figcaption>")
        .append("<svg role=\"img\" width=\"")
        .append(size)
        .append("\" height=\"")
        .append(size)
        .append("\" viewBox=\"0 0 ")
        .append(size)
        .append(' ')
        .append(size)
        .append("\">\n");
    for (int i = 0; i <= 5; i++) {
      double at = i / 5.0;
      line("grid", at, 0, at, 1);
      line("grid", 0, at, 1, at);
      label(at, 0, 0, 16, "middle", decimals(at));
      label(0, at, -6, 4, "end", decimals(at));
    }
    line("axis", 0, 0, 1, 0);
    line("axis", 0, 0, 0, 1);
    label(0.5, 0, 0, 34, "middle", chart.x());
    label(0, 1, 0, -10, "start", chart.y());
    List<Report.Curve> curves = chart.curves();
    for (int i = 0; i < curves.size(); i++) {
      text.append("<polyline fill=\"none\" stroke-width=\"1.8\" stroke=\"")
          .append(colour(i + 1))
          .append("\" points=\"");
      curves
          .get(i)
          .points()
          .forEach(point -> text.append(position(point.x(), point.y(), ",")).append(' '));
      text.append("\"><title>")
          .append(escaped(curves.get(i).name()))
          .append("</title></polyline>\n");
      if (curves.get(i).points().stream().distinct().count() == 1) {
        Report.Point only = curves.get(i).points().get(0);
        text.append("<circle r=\"3\" fill=\"")
            .append(colour(i + 1))
            .append("\" cx=\"")
            .append(position(only.x(), only.y(), "\" cy=\""))
            .append("\"/>\n");
      }
    }
    text.append("</svg><div class=\"legend\">");
    for (int i = 0; i < curves.size(); i++) {
      text.append("<span><i style=\"background:")
          .append(colour(i + 1))
          .append("\"></i>")
          .append(escaped(curves.get(i).name()))
          .append("</span>");
    }
    text.append("</div></figure>\n");
  }

  private static String decimals(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }

  private static String position(double x, double y, String between) {
    return String.format(
        Locale.ROOT, "%.1f%s%.1f", MARGIN + x * PLOT, between, MARGIN + (1 - y) * PLOT);
  }

  private void line(String kind, double x1, double y1, double x2, double y2) {
    text.append("<line class=\"")
        .append(kind)
        .append("\" x1=\"")
        .append(position(x1, y1, "\" y1=\""))
        .append("\" x2=\"")
        .append(position(x2, y2, "\" y2=\""))
        .append("\"/>");
  }

  private void label(double x, double y, int right, int down, String anchor, String words) {
    text.append("<text text-anchor=\"")
        .append(anchor)
        .append("\" dx=\"")
        .append(right)
        .append("\" dy=\"")
        .append(down)
        .append("\" x=\"")
        .append(position(x, y, "\" y=\""))
        .append("\">")
        .append(escaped(words))
        .append("</text>\n");
  }

  private void confusion(Report.Confusion matrix) {
    int n = matrix.names().size();
    int cell = Math.max(3, Math.min(26, 900 / Math.max(1, n)));
    boolean named = n <= MOST_IN_MATRIX && cell >= 9;
    int margin = named ? 130 : 4;
    int size = margin + n * cell + 4;
    text.append("<h2>Confusion: rows are true, columns predicted, shares of the true class</h2>")
        .append("<div class=\"scroll\"><svg role=\"img\" width=\"")
        .append(size)
        .append("\" height=\"")
        .append(size)
        .append("\">\n");
    for (int i = 0; i < n; i++) {
      int at = margin + i * cell;
      if (named) {
        String name = escaped(matrix.names().get(i));
        text.append("<text text-anchor=\"end\" x=\"")
            .append(margin - 5)
            .append("\" y=\"")
            .append(at + cell / 2 + 4)
            .append("\">")
            .append(name)
            .append("</text>")
            .append("<text transform=\"translate(")
            .append(at + cell / 2 + 4)
            .append(' ')
            .append(margin - 5)
            .append(") rotate(-90)\">")
            .append(name)
            .append("</text>\n");
      }
      for (int j = 0; j < n; j++) {
        double share = matrix.shares().get(i).get(j);
        if (share > 0) {
          text.append("<rect x=\"")
              .append(margin + j * cell)
              .append("\" y=\"")
              .append(at)
              .append("\" width=\"")
              .append(cell - 1)
              .append("\" height=\"")
              .append(cell - 1)
              .append("\" fill=\"")
              .append(i == j ? "#2a9d5c" : "#d1493f")
              .append(String.format(Locale.ROOT, "\" fill-opacity=\"%.3f\"><title>", share))
              .append(escaped(matrix.names().get(i)))
              .append(" → ")
              .append(escaped(matrix.names().get(j)))
              .append(String.format(Locale.ROOT, ": %.1f %%</title></rect>%n", 100 * share));
        }
      }
    }
    text.append("</svg></div>\n");
  }

  private void example(Report.Example example) {
    text.append("<figure><figcaption>")
        .append(escaped(example.name()))
        .append(" · ")
        .append(ReportText.number(example.score()))
        .append(" · predicted, true</figcaption>");
    picture(example.prediction(), "predicted");
    picture(example.truth(), "true");
    text.append("</figure>\n");
  }

  private void picture(byte[] png, String what) {
    text.append("<img alt=\"")
        .append(what)
        .append("\" src=\"data:image/png;base64,")
        .append(Base64.getEncoder().encodeToString(png))
        .append("\">\n");
  }

  private static String colour(int index) {
    return String.format(Locale.ROOT, "#%06x", Palette.rgb(index));
  }

  private static String escaped(String words) {
    return PlainText.markup(words);
  }
}
