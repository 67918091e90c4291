package org.zeroseg.eval.report;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.WholeFile;

/**
 * What an evaluation found: tables, curves, confusions, pictures. Numbers that do not exist (a
 * class without ground truth) are NaN, shown as a dash.
 *
 * @param title what was evaluated
 * @param notes the protocol, and warnings about the data, one line each
 * @param tables the numbers
 * @param charts curves
 * @param confusion which class was taken for which, where that is asked
 * @param examples pictures, the worst first
 */
public record Report(
    String title,
    List<String> notes,
    List<Table> tables,
    List<Chart> charts,
    Optional<Confusion> confusion,
    List<Example> examples) {

  /**
   * Copies the lists.
   *
   * @param title what was evaluated
   * @param notes the protocol, and warnings about the data, one line each
   * @param tables the numbers
   * @param charts curves
   * @param confusion which class was taken for which, where that is asked
   * @param examples pictures, the worst first
   */
  public Report {
    notes = List.copyOf(notes);
    tables = List.copyOf(tables);
    charts = List.copyOf(charts);
    examples = List.copyOf(examples);
  }

  /**
   * A table of numbers.
   *
   * @param title what it shows
   * @param columns names of the number columns
   * @param rows its rows
   */
  public record Table(String title, List<String> columns, List<Row> rows) {
    /**
     * Copies the lists; every row must have a number per column.
     *
     * @param title what it shows
     * @param columns names of the number columns
     * @param rows its rows
     */
    public Table {
      columns = List.copyOf(columns);
      rows = List.copyOf(rows);
      for (Row row : rows) {
        if (row.values().size() != columns.size()) {
          throw new IllegalArgumentException(
              row.name() + " has " + row.values().size() + " numbers for " + columns);
        }
      }
    }

    /** A row's numbers as text: columns of counts without decimals. */
    List<String> cells(Row row) {
      return IntStream.range(0, columns.size())
          .mapToObj(i -> isCount(i) ? whole(row.values().get(i)) : number(row.values().get(i)))
          .toList();
    }

    private boolean isCount(int column) {
      List<Double> values = rows.stream().map(row -> row.values().get(column)).toList();
      return values.stream().anyMatch(value -> value > 1)
          && values.stream().allMatch(value -> value.isNaN() || value == Math.rint(value));
    }

    private static String whole(double value) {
      return Double.isNaN(value) ? number(value) : String.format(Locale.ROOT, "%.0f", value);
    }
  }

  /**
   * A row of a table.
   *
   * @param name what it is about
   * @param values its numbers
   */
  public record Row(String name, List<Double> values) {
    /**
     * Copies the list.
     *
     * @param name what it is about
     * @param values its numbers
     */
    public Row {
      values = List.copyOf(values);
    }

    /**
     * A row.
     *
     * @param name what it is about
     * @param values its numbers
     * @return the row
     */
    public static Row of(String name, double... values) {
      return new Row(name, Arrays.stream(values).boxed().toList());
    }
  }

  /**
   * Curves over one pair of axes, both from 0 to 1.
   *
   * @param title what it shows
   * @param x name of the horizontal axis
   * @param y name of the vertical axis
   * @param curves the curves
   */
  public record Chart(String title, String x, String y, List<Curve> curves) {
    /**
     * Copies the list.
     *
     * @param title what it shows
     * @param x name of the horizontal axis
     * @param y name of the vertical axis
     * @param curves the curves
     */
    public Chart {
      curves = List.copyOf(curves);
    }
  }

  /**
   * A curve.
   *
   * @param name what it is about
   * @param points pairs of x and y, each in [0, 1]
   */
  public record Curve(String name, List<Point> points) {
    /**
     * Copies the list.
     *
     * @param name what it is about
     * @param points pairs of x and y, each in [0, 1]
     */
    public Curve {
      points = List.copyOf(points);
    }
  }

  /**
   * A point of a curve.
   *
   * @param x in [0, 1]
   * @param y in [0, 1]
   */
  public record Point(double x, double y) {}

  /**
   * Which class was taken for which.
   *
   * @param names of the classes
   * @param shares [truth][prediction], shares of the true class, rows that add up to 1 or 0
   */
  public record Confusion(List<String> names, List<List<Double>> shares) {
    /**
     * Copies the lists.
     *
     * @param names of the classes
     * @param shares [truth][prediction], shares of the true class, rows that add up to 1 or 0
     */
    public Confusion {
      names = List.copyOf(names);
      shares = shares.stream().map(List::copyOf).toList();
    }
  }

  /**
   * A picture with what was predicted and what is true.
   *
   * @param name of the picture
   * @param score by which it was chosen
   * @param prediction a PNG file's bytes
   * @param truth a PNG file's bytes
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Example(String name, double score, byte[] prediction, byte[] truth) {}

  /** Three decimals; a dash for what does not exist. */
  static String number(double value) {
    return Double.isNaN(value) ? "–" : String.format(Locale.ROOT, "%.3f", value);
  }

  /** Notes and tables as text for a console. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(title).append('\n');
    notes.forEach(note -> text.append("  ").append(PlainText.line(note)).append('\n'));
    for (Table table : tables) {
      text.append('\n').append(table.title()).append('\n');
      int width =
          table.rows().stream()
              .mapToInt(row -> PlainText.line(row.name()).length())
              .max()
              .orElse(0);
      append(text, width, "", table.columns().stream().map(PlainText::line).toList());
      for (Row row : table.rows()) {
        append(text, width, PlainText.line(row.name()), table.cells(row));
      }
    }
    return text.toString();
  }

  private static void append(StringBuilder text, int width, String name, List<String> cells) {
    text.append("  ").append(name).append(" ".repeat(Math.max(0, width - name.length())));
    cells.forEach(cell -> text.append(String.format(Locale.ROOT, " %10s", cell)));
    text.append('\n');
  }

  /**
   * Writes the tables one below the other: table, row, then its numbers, each with its column's
   * name in the table's first line.
   *
   * @param file written beside it first and then moved
   * @throws IOException if it cannot be written
   */
  public void writeCsv(Path file) throws IOException {
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
    write(file, text.toString());
  }

  /**
   * Writes notes, tables, curves and confusions with all their digits.
   *
   * @param file written beside it first and then moved
   * @throws IOException if it cannot be written
   */
  public void writeJson(Path file) throws IOException {
    JsonObject json = new JsonObject();
    json.addProperty("title", title);
    json.add("notes", array(notes.stream().map(JsonPrimitive::new).toList()));
    JsonObject all = new JsonObject();
    for (Table table : tables) {
      JsonObject rows = new JsonObject();
      for (Row row : table.rows()) {
        JsonObject values = new JsonObject();
        for (int i = 0; i < table.columns().size(); i++) {
          values.add(table.columns().get(i), json(row.values().get(i)));
        }
        rows.add(row.name(), values);
      }
      all.add(table.title(), rows);
    }
    json.add("tables", all);
    JsonObject curves = new JsonObject();
    for (Chart chart : charts) {
      JsonObject own = new JsonObject();
      for (Curve curve : chart.curves()) {
        own.add(
            curve.name(),
            array(
                curve.points().stream()
                    .map(point -> array(List.of(json(point.x()), json(point.y()))))
                    .toList()));
      }
      curves.add(chart.title(), own);
    }
    json.add("curves", curves);
    confusion.ifPresent(
        matrix -> {
          JsonObject own = new JsonObject();
          own.add("names", array(matrix.names().stream().map(JsonPrimitive::new).toList()));
          own.add(
              "shares",
              array(
                  matrix.shares().stream()
                      .map(row -> array(row.stream().map(Report::json).toList()))
                      .toList()));
          json.add("confusion", own);
        });
    write(file, new GsonBuilder().setPrettyPrinting().create().toJson(json));
  }

  private static JsonElement json(double value) {
    return Double.isNaN(value) ? JsonNull.INSTANCE : new JsonPrimitive(value);
  }

  private static JsonArray array(List<? extends JsonElement> elements) {
    JsonArray array = new JsonArray();
    elements.forEach(array::add);
    return array;
  }

  /**
   * Writes one HTML file with everything, pictures included; it needs no other file and no network.
   *
   * @param file written beside it first and then moved
   * @throws IOException if it cannot be written
   */
  public void writeHtml(Path file) throws IOException {
    write(file, new Html(this).text());
  }

  private static void write(Path file, String text) throws IOException {
    WholeFile.write(file, text);
  }

  /** Collects the parts of a report. */
  public static final class Builder {

    private final String title;
    private final List<String> notes = new ArrayList<>();
    private final List<Table> tables = new ArrayList<>();
    private final List<Chart> charts = new ArrayList<>();
    private Optional<Confusion> confusion = Optional.empty();
    private final List<Example> examples = new ArrayList<>();

    /**
     * An empty report.
     *
     * @param title what was evaluated
     */
    public Builder(String title) {
      this.title = title;
    }

    /**
     * Adds lines about protocol and data.
     *
     * @param lines one note each
     * @return this
     */
    public Builder notes(List<String> lines) {
      notes.addAll(lines);
      return this;
    }

    /**
     * Adds a table.
     *
     * @param table its numbers
     * @return this
     */
    public Builder table(Table table) {
      tables.add(table);
      return this;
    }

    /**
     * Adds curves.
     *
     * @param chart curves over one pair of axes
     * @return this
     */
    public Builder chart(Chart chart) {
      charts.add(chart);
      return this;
    }

    /**
     * Sets the confusions.
     *
     * @param matrix which class was taken for which
     * @return this
     */
    public Builder confusion(Confusion matrix) {
      confusion = Optional.of(matrix);
      return this;
    }

    /**
     * Adds pictures.
     *
     * @param pictures the worst first
     * @return this
     */
    public Builder examples(List<Example> pictures) {
      examples.addAll(pictures);
      return this;
    }

    /**
     * The report.
     *
     * @return what was collected
     */
    public Report build() {
      return new Report(title, notes, tables, charts, confusion, examples);
    }
  }
}
