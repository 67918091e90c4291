package org.zeroseg.core.match;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AssignmentTest {

  private static final double INF = Double.POSITIVE_INFINITY;

  @Test
  void findsTheLeastTotalOfAllAssignments() {
    SplittableRandom random = new SplittableRandom(7);
    for (int trial = 0; trial < 200; trial++) {
      int rows = 1 + random.nextInt(5);
      int columns = 1 + random.nextInt(5);
      double[] cost = random.doubles((long) rows * columns, -1, 1).toArray();
      int[] assigned = Assignment.minimise(cost, rows, columns);
      double total = 0;
      for (int row = 0; row < rows; row++) {
        total += assigned[row] == Assignment.NONE ? 0 : cost[row * columns + assigned[row]];
      }
      int pairs = Math.min(rows, columns);
      assertEquals(best(cost, rows, columns, 0, 0, pairs), total, 1e-12);
    }
  }

  /** By trying everything. */
  private static double best(double[] cost, int rows, int columns, int row, int used, int pairs) {
    if (pairs == 0) {
      return 0;
    }
    if (row == rows) {
      return INF;
    }
    double least = best(cost, rows, columns, row + 1, used, pairs);
    for (int column = 0; column < columns; column++) {
      if ((used & 1 << column) == 0) {
        double rest = best(cost, rows, columns, row + 1, used | 1 << column, pairs - 1);
        least = Math.min(least, cost[row * columns + column] + rest);
      }
    }
    return least;
  }

  @Test
  void maximisingIsMinimisingTheNegative() {
    double[] value = {1, 5, 2, 4, 3, 9};
    double[] negative = {-1, -5, -2, -4, -3, -9};
    assertArrayEquals(new int[] {1, 2}, Assignment.maximise(value, 2, 3));
    assertArrayEquals(new int[] {1, 2}, Assignment.minimise(negative, 2, 3));
  }

  @Test
  void leavesRowsWithoutColumnWhenThereAreMoreRows() {
    assertArrayEquals(
        new int[] {Assignment.NONE, 0, Assignment.NONE},
        Assignment.minimise(new double[] {3, 1, 2}, 3, 1));
  }

  @Test
  void anEmptyMatrixGivesNoPairs() {
    assertArrayEquals(new int[0], Assignment.minimise(new double[0], 0, 4));
    assertArrayEquals(
        new int[] {Assignment.NONE, Assignment.NONE}, Assignment.minimise(new double[0], 2, 0));
  }

  @Test
  void avoidsForbiddenPairs() {
    assertArrayEquals(new int[] {1, 0}, Assignment.minimise(new double[] {0, 5, 7, INF}, 2, 2));
  }

  @Test
  void namesWhatIsWrongWithTheCosts() {
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> Assignment.minimise(new double[] {1, Double.NaN}, 1, 2))
            .getMessage()
            .contains("row 0, column 1"));
    assertThrows(
        IllegalArgumentException.class, () -> Assignment.minimise(new double[] {-INF}, 1, 1));
    assertThrows(
        IllegalArgumentException.class, () -> Assignment.maximise(new double[] {INF}, 1, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> Assignment.minimise(new double[] {INF, INF, 1, 1}, 2, 2));
    assertThrows(IllegalArgumentException.class, () -> Assignment.minimise(new double[3], 2, 2));
  }
}
