package org.zeroseg.core.match;

import java.util.Arrays;

/**
 * The linear assignment problem for rectangular costs: each row gets at most one column and the
 * other way round, {@code min(rows, columns)} pairs in all, with the least total cost.
 *
 * <p>Shortest augmenting paths with dual variables (Jonker and Volgenant 1987, in the rectangular
 * form of Crouse 2016, "On implementing 2D rectangular assignment algorithms"), {@code O(n^2 m)}.
 * An entry of positive infinity forbids a pair. Among several optima any one may come out.
 */
public final class Assignment {

  /** What {@link #minimise} and {@link #maximise} give a row that has no column. */
  public static final int NONE = -1;

  private Assignment() {}

  /**
   * The pairs of least total cost.
   *
   * @param cost costs, {@code [rows, columns]}, row-major; positive infinity forbids the pair
   * @param rows number of rows, may be 0
   * @param columns number of columns, may be 0
   * @return the column of every row, {@link #NONE} where it has none
   * @throws IllegalArgumentException if the size is wrong, an entry is NaN or negative infinity, or
   *     the forbidden pairs leave no assignment of {@code min(rows, columns)} pairs
   */
  public static int[] minimise(double[] cost, int rows, int columns) {
    return solve(cost, rows, columns, 1);
  }

  /**
   * The pairs of greatest total value.
   *
   * @param value values, {@code [rows, columns]}, row-major; negative infinity forbids the pair
   * @param rows number of rows, may be 0
   * @param columns number of columns, may be 0
   * @return the column of every row, {@link #NONE} where it has none
   * @throws IllegalArgumentException as for {@link #minimise}, with the signs exchanged
   */
  public static int[] maximise(double[] value, int rows, int columns) {
    return solve(value, rows, columns, -1);
  }

  private static int[] solve(double[] cost, int rows, int columns, int sign) {
    if (rows < 0 || columns < 0 || (long) rows * columns != cost.length) {
      throw new IllegalArgumentException(
          "Costs of " + rows + " x " + columns + " expected, found " + cost.length + " entries");
    }
    double[] oriented = new double[cost.length];
    boolean tall = rows > columns;
    for (int row = 0, i = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++, i++) {
        double c = sign * cost[i];
        if (Double.isNaN(c) || c == Double.NEGATIVE_INFINITY) {
          throw new IllegalArgumentException(
              "Cost of row " + row + ", column " + column + " is " + cost[i]);
        }
        oriented[tall ? column * rows + row : i] = c;
      }
    }
    if (!tall) {
      return new Paths(oriented, rows, columns).columnOfRow;
    }
    int[] columnOfRow = new int[rows];
    Arrays.fill(columnOfRow, NONE);
    int[] rowOfColumn = new Paths(oriented, columns, rows).columnOfRow;
    for (int column = 0; column < columns; column++) {
      columnOfRow[rowOfColumn[column]] = column;
    }
    return columnOfRow;
  }

  /** The augmenting paths for no more rows than columns. */
  private static final class Paths {
    private final double[] cost;
    private final int rows;
    private final int columns;
    private final double[] u;
    private final double[] v;
    private final int[] columnOfRow;
    private final int[] rowOfColumn;
    private final double[] shortest;
    private final int[] predecessor;
    private final int[] remaining;
    private final boolean[] rowSeen;
    private final boolean[] columnSeen;

    Paths(double[] cost, int rows, int columns) {
      this.cost = cost;
      this.rows = rows;
      this.columns = columns;
      u = new double[rows];
      v = new double[columns];
      columnOfRow = new int[rows];
      rowOfColumn = new int[columns];
      shortest = new double[columns];
      predecessor = new int[columns];
      remaining = new int[columns];
      rowSeen = new boolean[rows];
      columnSeen = new boolean[columns];
      Arrays.fill(columnOfRow, NONE);
      Arrays.fill(rowOfColumn, NONE);
      for (int row = 0; row < rows; row++) {
        augment(row);
      }
    }

    private void augment(int start) {
      Arrays.fill(rowSeen, false);
      Arrays.fill(columnSeen, false);
      Arrays.fill(shortest, Double.POSITIVE_INFINITY);
      for (int i = 0; i < columns; i++) {
        remaining[i] = columns - 1 - i;
      }
      double distance = 0;
      int left = columns;
      int row = start;
      int sink = NONE;
      while (sink == NONE) {
        rowSeen[row] = true;
        int nearest = NONE;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < left; i++) {
          int column = remaining[i];
          double reduced = distance + cost[row * columns + column] - u[row] - v[column];
          if (reduced < shortest[column]) {
            predecessor[column] = row;
            shortest[column] = reduced;
          }
          // Among equals a free column ends the path at once.
          if (shortest[column] < least
              || (shortest[column] == least && rowOfColumn[column] == NONE)) {
            least = shortest[column];
            nearest = i;
          }
        }
        if (least == Double.POSITIVE_INFINITY) {
          throw new IllegalArgumentException(
              "The forbidden pairs leave no assignment of " + rows + " pairs");
        }
        distance = least;
        int column = remaining[nearest];
        columnSeen[column] = true;
        remaining[nearest] = remaining[--left];
        if (rowOfColumn[column] == NONE) {
          sink = column;
        } else {
          row = rowOfColumn[column];
        }
      }
      u[start] += distance;
      for (int i = 0; i < rows; i++) {
        if (rowSeen[i] && i != start) {
          u[i] += distance - shortest[columnOfRow[i]];
        }
      }
      for (int j = 0; j < columns; j++) {
        if (columnSeen[j]) {
          v[j] -= distance - shortest[j];
        }
      }
      for (int column = sink, at = NONE; at != start; ) {
        at = predecessor[column];
        rowOfColumn[column] = at;
        int next = columnOfRow[at];
        columnOfRow[at] = column;
        column = next;
      }
    }
  }
}
