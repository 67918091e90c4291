package org.zeroseg.eval.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
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

  /** Copies the lists. */
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
    /** Copies the lists; every row must have a number per column. */
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
  }

  /**
   * A row of a table.
   *
   * @param name what it is about
   * @param values its numbers
   */
  public record Row(String name, List<Double> values) {
    /** Copies the list. */
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
    /** Copies the list. */
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
    /** Copies the list. */
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
    /** Copies the lists. */
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

  /** Notes and tables as text for a console. */
  @Override
  public String toString() {
    return ReportText.of(this);
  }

  /**
   * Writes the tables one below the other: table, row, then its numbers, each with its column's
   * name in the table's first line.
   *
   * @param file written beside it first and then moved
   * @throws IOException if it cannot be written
   */
  public void writeCsv(Path file) throws IOException {
    WholeFile.write(file, ReportText.csv(tables));
  }

  /**
   * Writes notes, tables, curves and confusions with all their digits.
   *
   * @param file written beside it first and then moved
   * @throws IOException if it cannot be written
   */
  public void writeJson(Path file) throws IOException {
    WholeFile.write(file, ReportJson.of(this));
  }

  /**
   * Writes one HTML file with everything, pictures included; it needs no other file and no network.
   *
   * @param file written beside it first and then moved
   * @throws IOException if it cannot be written
   */
  public void writeHtml(Path file) throws IOException {
    WholeFile.write(file, new Html(this).text());
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
