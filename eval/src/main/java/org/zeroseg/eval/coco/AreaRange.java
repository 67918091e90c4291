package org.zeroseg.eval.coco;

import java.io.Serializable;
import java.util.List;

/**
 * Objects of some sizes. Both ends belong to the range, so an area of 1024 is small and medium.
 *
 * @param name what tables call it
 * @param low smallest area, in pixels
 * @param high largest area, in pixels
 */
public record AreaRange(String name, double low, double high) implements Serializable {

  /** COCO's ranges: all, small, medium and large. */
  public static final List<AreaRange> COCO =
      List.of(
          new AreaRange("all", 0, 1e10),
          new AreaRange("small", 0, 32 * 32),
          new AreaRange("medium", 32 * 32, 96 * 96),
          new AreaRange("large", 96 * 96, 1e10));

  boolean excludes(double area) {
    return area < low || area > high;
  }
}
