package org.zeroseg.dino;

/**
 * The positions at which a transformer looks at a picture, in rows and columns, row-major.
 *
 * @param rows positions from top to bottom
 * @param columns positions from left to right
 */
public record Grid(int rows, int columns) {

  /**
   * The number of positions.
   *
   * @return rows times columns
   */
  public int size() {
    return Math.multiplyExact(rows, columns);
  }
}
