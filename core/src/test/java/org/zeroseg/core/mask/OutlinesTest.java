package org.zeroseg.core.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.MultiPolygon;
import org.locationtech.jts.operation.valid.IsValidOp;

/** What other tools say of the outlines: JTS, which PostGIS and QuPath judge by. */
class OutlinesTest {

  private static final GeometryFactory FACTORY = new GeometryFactory();

  private static LinearRing jts(Ring ring) {
    double[] xy = ring.xy();
    Coordinate[] corners = new Coordinate[ring.size() + 1];
    for (int i = 0; i < corners.length; i++) {
      int at = i % ring.size();
      corners[i] = new Coordinate(xy[2 * at], xy[2 * at + 1]);
    }
    return FACTORY.createLinearRing(corners);
  }

  private static MultiPolygon jts(List<Polygon> polygons) {
    return FACTORY.createMultiPolygon(
        polygons.stream()
            .map(
                polygon ->
                    FACTORY.createPolygon(
                        jts(polygon.outer()),
                        polygon.holes().stream().map(OutlinesTest::jts).toArray(LinearRing[]::new)))
            .toArray(org.locationtech.jts.geom.Polygon[]::new));
  }

  private static void assertSound(Mask mask, double tolerance) {
    List<Polygon> polygons = mask.polygons(tolerance);
    IsValidOp validity = new IsValidOp(jts(polygons));
    assertTrue(validity.isValid(), () -> validity.getValidationError() + " of " + polygons);
    assertEquals(mask.polygons().size(), polygons.size());
    for (Polygon polygon : polygons) {
      assertTrue(polygon.outer().area() > 0, () -> "the winding of " + polygon);
      assertTrue(polygon.holes().stream().allMatch(hole -> hole.area() < 0));
      assertTrue(polygon.outer().size() >= 3);
    }
    if (tolerance == 0) {
      assertEquals(mask.area(), jts(polygons).getArea());
    }
  }

  private static Mask random(int width, int height, double density, Random random) {
    return Mask.of(width, height, (x, y) -> random.nextDouble() < density);
  }

  @Test
  void anOutlineThatMeetsItselfAtACornerIsCutThere() {
    List<Polygon> polygons = Mask.of(3, 3, new byte[] {1, 1, 1, 1, 0, 1, 1, 1, 0}).polygons();
    MultiPolygon expected =
        FACTORY.createMultiPolygon(
            new org.locationtech.jts.geom.Polygon[] {
              FACTORY.createPolygon(
                  jts(new Ring(new double[] {3, 0, 3, 2, 2, 2, 2, 3, 0, 3, 0, 0})),
                  new LinearRing[] {jts(new Ring(new double[] {1, 1, 1, 2, 2, 2, 2, 1}))})
            });
    assertTrue(expected.equalsNorm(jts(polygons)), polygons.toString());
    assertEquals(7, polygons.get(0).area());
  }

  @Test
  void outlinesOfAllSmallMasksAreValid() {
    for (int bits = 1; bits < 1 << 12; bits++) {
      int set = bits;
      assertSound(Mask.of(4, 3, (x, y) -> (set >> (4 * y + x) & 1) != 0), 0);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 0.8, 1, 2, 5, 30})
  void outlinesOfAnyMaskAreValidAtEveryTolerance(double tolerance) {
    Random random = new Random(7);
    for (int i = 0; i < 100; i++) {
      assertSound(random(12, 12, random.nextDouble(), random), tolerance);
    }
    assertSound(random(90, 70, 0.6, random), tolerance);
    // Thin rings within each other, and a spiral.
    assertSound(Mask.of(61, 61, (x, y) -> (int) Math.hypot(x - 30, y - 30) % 3 == 0), tolerance);
    assertSound(
        Mask.of(
            81,
            81,
            (x, y) -> {
              double turn = Math.atan2(y - 40, x - 40) / (2 * Math.PI);
              double away = Math.hypot(x - 40, y - 40) / 6 - turn;
              return away < 6 && away - Math.floor(away) < 0.5;
            }),
        tolerance);
  }

  @Test
  void noCornerThatIsLeftOutLiesFartherAwayThanTheTolerance() {
    Random random = new Random(3);
    for (double tolerance : new double[] {0.5, 1, 3}) {
      Mask blob = random(40, 40, 0.8, random).eroded();
      List<Polygon> exact = blob.polygons();
      List<Polygon> simple = blob.polygons(tolerance);
      for (int p = 0; p < exact.size(); p++) {
        List<Ring> before = rings(exact.get(p)).toList();
        List<Ring> after = rings(simple.get(p)).toList();
        for (int r = 0; r < before.size(); r++) {
          LinearRing line = jts(after.get(r));
          for (Coordinate corner : jts(before.get(r)).getCoordinates()) {
            double away = line.distance(FACTORY.createPoint(corner));
            assertTrue(away <= tolerance + 1e-9, away + " from " + corner);
          }
        }
      }
    }
  }

  private static Stream<Ring> rings(Polygon polygon) {
    return Stream.concat(Stream.of(polygon.outer()), polygon.holes().stream());
  }

  @Test
  void aLargeMaskIsSimplifiedToFewCorners() {
    Mask disc = Mask.of(2000, 2000, (x, y) -> Math.hypot(x - 1000, y - 1000) < 900);
    List<Polygon> simple = disc.polygons(2);
    assertTrue(simple.get(0).outer().size() < 100, simple.get(0).outer().size() + " corners");
    assertEquals(disc.area(), simple.get(0).area(), 0.01 * disc.area());
  }
}
