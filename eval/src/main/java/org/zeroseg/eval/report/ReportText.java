package org.zeroseg.eval.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;

/** A report as text: for a console, and as a table for a spreadsheet. */
final class ReportText {

  private ReportText() {}

  /** Three decimals; a dash for what does not exist. */
  static String number(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.3f", value);
  }

  /** A row's numbers as text: columns of counts without decimals. */
  static List<String> cells(Table table, Row row) {
    return IntStream.range(0, table.columns().size())
        .mapToObj(i -> isCount(table, i) ? whole(row.values().get(i)) : number(row.values().get(i)))
        .toList();
  }

  private static boolean isCount(Table table, int column) {
    List<Double> values = table.rows().stream().map(row -> row.values().get(column)).toList();
    return values.stream().anyMatch(value -> value > 1)
        && values.stream().allMatch(value -> value.isNaN() || value == Math.rint(value));
  }

  private static String whole(double value) {
    return Double.isNaN(value) ? number(value) : String.format(Locale.ROOT, "%.0f", value);
  }

  static String of(Report report) {
    StringBuilder text = new StringBuilder(PlainText.line(report.title())).append('\n');
    report.notes().forEach(note -> text.append("  ").append(PlainText.line(note)).append('\n'));
    for (Table table : report.tables()) {
      text.append('\n').append(PlainText.line(table.title())).append('\n');
      int width =
          table.rows().stream()
              .mapToInt(row -> PlainText.line(row.name()).length())
              .max()
              .orElse(0);
      append(text, width, "", table.columns().stream().map(PlainText::line).toList());
      for (Row row : table.rows()) {
        append(text, width, row.name(), cells(table, row));
      }
    }
    return text.toString();
  }

  private static void append(StringBuilder text, int width, String name, List<String> cells) {
    String plain = PlainText.line(name);
    text.append("  ").append(plain).append(" ".repeat(Math.max(0, width - plain.length())));
    cells.forEach(cell -> text.append(String.format(Locale.ROOT, " %10s", cell)));
    text.append('\n');
  }

  static String csv(List<Table> tables) {
    StringBuilder text = new StringBuilder();
    for (Table table : tables) {
      text.append(PlainText.csvCell("table")).append(',').append(PlainText.csvCell("row"));
      table.columns().forEach(column -> text.append(',').append(PlainText.csvCell(column)));
      text.append("\r\n");
      for (Row row : table.rows()) {
        text.append(PlainText.csvCell(table.title()))
            .append(',')
            .append(PlainText.csvCell(row.name()));
        row.values().forEach(value -> text.append(',').append(Double.isNaN(value) ? "" : value));
        text.append("\r\n");
      }
    }
    return text.toString();
  }
}
