package org.zeroseg.core.segment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.tensor.LinearTaps;

class TilesTest {

  private static final Scoring VALUE = (row, category, x) -> row[category][x];

  /** A picture whose first channel counts columns and whose second counts rows. */
  private static Picture gradient(int width, int height) {
    byte[] samples = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      samples[3 * i] = (byte) (i % width);
      samples[3 * i + 1] = (byte) (i / width);
    }
    return Picture.of(PixelFormat.RGB, width, height, samples);
  }

  @Test
  void tilesAreOfOneSizeAndCoverThePicture() {
    Tiles tiles = Tiles.overlapping(32, 8);
    List<List<Window>> rows = tiles.rows(100, 20);
    assertEquals(1, rows.size());
    assertEquals(
        List.of(
            new Window(0, 0, 32, 20),
            new Window(24, 0, 32, 20),
            new Window(48, 0, 32, 20),
            new Window(68, 0, 32, 20)),
        rows.get(0));
    assertTrue(tiles.split(33, 5));
    assertFalse(tiles.split(32, 32));
    for (int[] wrong : new int[][] {{0, 0}, {8, -1}, {8, 5}}) {
      assertThrows(IllegalArgumentException.class, () -> Tiles.overlapping(wrong[0], wrong[1]));
    }
    assertThrows(IllegalArgumentException.class, () -> new Tiles(4, 5));
    assertThrows(IllegalArgumentException.class, () -> new Tiles(4, 0));
  }

  @Test
  void everyPixelIsOneTilesOwn() {
    for (int[] numbers : new int[][] {{32, 8, 100, 20}, {9, 4, 31, 29}, {8, 0, 17, 8}}) {
      Tiles tiles = Tiles.overlapping(numbers[0], numbers[1]);
      int[] owners = new int[numbers[2] * numbers[3]];
      for (List<Window> row : tiles.rows(numbers[2], numbers[3])) {
        for (Window tile : row) {
          Window own = tiles.own(tile, numbers[2], numbers[3]);
          assertTrue(own.left() >= tile.left() && own.top() >= tile.top());
          assertTrue(own.left() + own.width() <= tile.left() + tile.width());
          assertTrue(own.top() + own.height() <= tile.top() + tile.height());
          for (int i = 0; i < own.width() * own.height(); i++) {
            int y = own.top() + i / own.width();
            owners[y * numbers[2] + own.left() + i % own.width()]++;
          }
        }
      }
      assertTrue(Arrays.stream(owners).allMatch(count -> count == 1));
    }
  }

  @Test
  void theNetworkSeesEveryTileOnceAndProgressIsTold() {
    List<Integer> batches = new ArrayList<>();
    List<String> told = new ArrayList<>();
    List<Window> seen = new ArrayList<>();
    Tiles.overlapping(16, 4)
        .forEach(
            gradient(40, 28),
            2,
            (task, done, total) -> told.add(done + "/" + total),
            parts -> {
              batches.add(parts.size());
              return parts.stream()
                  .map(part -> List.of(part.sample(0, 0, 0), part.sample(0, 0, 1)))
                  .toList();
            },
            (windows, corners) -> {
              for (int i = 0; i < windows.size(); i++) {
                seen.add(windows.get(i));
                assertEquals(List.of(windows.get(i).left(), windows.get(i).top()), corners.get(i));
              }
            });
    assertEquals(6, seen.size());
    assertEquals(List.of(2, 1, 2, 1), batches);
    assertEquals(List.of("0/6", "2/6", "3/6", "5/6", "6/6"), told);
  }

  @Test
  void picturesThatFitIntoATileAreLookedAtTogetherAsWithoutTiles() {
    List<Picture> pictures = List.of(gradient(8, 8), gradient(40, 8), gradient(16, 16));
    List<String> results =
        Batches.tiled(
            pictures,
            Optional.of(new Tiles(16, 16)),
            picture -> "large " + picture.width(),
            others ->
                others.stream().map(picture -> others.size() + " " + picture.width()).toList());
    assertEquals(List.of("2 8", "large 40", "2 16"), results);
    List<Picture> missing = Arrays.asList(gradient(8, 8), null);
    String message =
        assertThrows(
                NullPointerException.class,
                () -> Batches.tiled(missing, Optional.of(new Tiles(4, 4)), p -> "", o -> List.of()))
            .getMessage();
    assertTrue(message.contains("picture 1"), message);
  }

  /** The map of a tile whose cells hold what a linear function has at their centres. */
  private static ScoreMap plane(Window tile, int cell, double acrossX, double acrossY) {
    int height = tile.height() / cell;
    int width = tile.width() / cell;
    float[] values = new float[2 * height * width];
    for (int i = 0; i < height * width; i++) {
      double x = tile.left() + (i % width + 0.5) * cell;
      double y = tile.top() + (Math.floorDiv(i, width) + 0.5) * cell;
      values[i] = (float) (acrossX * x + acrossY * y);
      values[height * width + i] = -values[i];
    }
    return new ScoreMap(values, height, width);
  }

  @Test
  void tilesThatAgreeGiveWhatTheWholeHas() {
    // Bilinear interpolation is exact for planes but for the half cell at a tile's edge.
    Tiles tiles = Tiles.overlapping(32, 16);
    Mosaic mosaic = new Mosaic(tiles, 80, 64);
    for (List<Window> row : tiles.rows(80, 64)) {
      mosaic.add(row.stream().map(tile -> plane(tile, 4, 0.01, 0.02)).toList());
    }
    assertEquals(2, mosaic.count());
    assertEquals(64, mosaic.ready());
    float[][] row = new float[2][80];
    for (int y = 2; y < 62; y++) {
      mosaic.row(y, row);
      for (int x = 2; x < 78; x++) {
        double expected = 0.01 * (x + 0.5) + 0.02 * (y + 0.5);
        // Half a cell's difference at an edge, in equal parts.
        assertEquals(expected, row[0][x], 0.035, "at " + x + ", " + y);
        assertEquals(-row[0][x], row[1][x], 1e-6);
      }
    }
  }

  @Test
  void whereTilesOverlapEachCountsByItsDistanceFromTheEdges() {
    Tiles tiles = new Tiles(12, 5);
    int width = 31;
    int height = 23;
    SplittableRandom random = new SplittableRandom(3);
    Mosaic mosaic = new Mosaic(tiles, width, height);
    double[][] sums = new double[2][width * height];
    double[] weights = new double[width * height];
    for (List<Window> windows : tiles.rows(width, height)) {
      List<ScoreMap> maps = new ArrayList<>();
      for (Window window : windows) {
        float[] values = new float[2 * 12];
        IntStream.range(0, values.length).forEach(i -> values[i] = (float) random.nextDouble());
        maps.add(new ScoreMap(values, 4, 3));
        float[] row = new float[window.width()];
        float[] narrow = new float[3];
        for (int y = 0; y < window.height(); y++) {
          for (int k = 0; k < 2; k++) {
            LinearTaps.of(4, window.height()).row(values, 12 * k, 3, y, narrow);
            LinearTaps.of(3, window.width()).apply(narrow, row);
            for (int x = 0; x < row.length; x++) {
              int pixel = (window.top() + y) * width + window.left() + x;
              double weight =
                  Math.min(x + 0.5, window.width() - x - 0.5)
                      * Math.min(y + 0.5, window.height() - y - 0.5);
              sums[k][pixel] += weight * row[x];
              weights[pixel] += k * weight;
            }
          }
        }
      }
      mosaic.add(maps);
    }
    float[][] row = new float[2][width];
    for (int y = 0; y < height; y++) {
      mosaic.row(y, row);
      for (int x = 0; x < width; x++) {
        assertEquals(sums[0][y * width + x] / weights[y * width + x], row[0][x], 1e-6);
        assertEquals(sums[1][y * width + x] / weights[y * width + x], row[1][x], 1e-6);
      }
    }
  }

  @Test
  void tilesThatDisagreeFadeIntoEachOther() {
    Tiles tiles = Tiles.overlapping(16, 8);
    Mosaic mosaic = new Mosaic(tiles, 24, 4);
    mosaic.add(List.of(new ScoreMap(new float[] {0}, 1, 1), new ScoreMap(new float[] {1}, 1, 1)));
    float[][] row = new float[1][24];
    mosaic.row(0, row);
    for (int x = 1; x < 24; x++) {
      float step = row[0][x] - row[0][x - 1];
      assertTrue(step >= 0 && step < 0.13, x + ": " + Arrays.toString(row[0]));
    }
    assertEquals(0, row[0][7]);
    assertEquals(1, row[0][16]);
  }

  @Test
  void rowsAreGivenAsSoonAsTheirTilesAreThereAndTilesAboveAreForgotten() {
    Tiles tiles = Tiles.overlapping(16, 4);
    Mosaic mosaic = new Mosaic(tiles, 10, 40);
    List<ScoreMap> one = List.of(new ScoreMap(new float[] {1, 2}, 1, 1));
    assertEquals(0, mosaic.ready());
    mosaic.add(one);
    assertEquals(12, mosaic.ready());
    float[][] row = new float[2][10];
    mosaic.row(11, row);
    assertThrows(IndexOutOfBoundsException.class, () -> mosaic.row(12, row));
    mosaic.forget(12);
    assertThrows(IndexOutOfBoundsException.class, () -> mosaic.row(11, row));
    mosaic.add(one);
    mosaic.add(one);
    assertEquals(40, mosaic.ready());
    mosaic.row(12, row);
    assertEquals(1, row[0][9], 1e-6);
    assertEquals(2, row[1][0], 1e-6);
    assertThrows(IllegalStateException.class, () -> mosaic.add(one));
    Mosaic other = new Mosaic(tiles, 20, 16);
    assertThrows(IllegalArgumentException.class, () -> other.add(one));
    assertThrows(IllegalArgumentException.class, () -> new ScoreMap(new float[3], 2, 1));
  }

  @Test
  void labelsInTilesAreThoseOfTheMosaicsRows() {
    Tiles tiles = Tiles.overlapping(32, 8);
    int width = 90;
    int height = 75;
    SplittableRandom random = new SplittableRandom(5);
    TiledLabels labels = new TiledLabels(tiles, width, height, 2, VALUE, OptionalDouble.of(0.6));
    Mosaic mosaic = new Mosaic(tiles, width, height);
    labels.add(
        gradient(width, height),
        3,
        (task, done, total) -> {},
        parts ->
            parts.stream()
                .map(
                    part -> {
                      float[] values = new float[3 * 4];
                      IntStream.range(0, values.length)
                          .forEach(i -> values[i] = (float) random.nextDouble());
                      return new ScoreMap(values, 2, 2);
                    })
                .toList());
    SplittableRandom again = new SplittableRandom(5);
    for (List<Window> row : tiles.rows(width, height)) {
      List<ScoreMap> maps = new ArrayList<>();
      for (int tile = 0; tile < row.size(); tile++) {
        float[] values = new float[12];
        IntStream.range(0, 12).forEach(i -> values[i] = (float) again.nextDouble());
        maps.add(new ScoreMap(values, 2, 2));
      }
      mosaic.add(maps);
    }
    int[] expected = new int[width * height];
    double[] sums = new double[2];
    int[] counts = new int[2];
    float[][] row = new float[3][width];
    for (int y = 0; y < height; y++) {
      mosaic.row(y, row);
      for (int x = 0; x < width; x++) {
        int best = row[1][x] > row[0][x] ? 1 : 0;
        best = row[2][x] > row[best][x] ? 2 : best;
        if (best < 2 && row[best][x] >= 0.6) {
          expected[y * width + x] = best + 1;
          sums[best] += row[best][x];
          counts[best]++;
        }
      }
    }
    assertArrayEquals(expected, labels.labels().labels());
    for (int i = 0; i < 2; i++) {
      assertEquals(sums[i] / counts[i], labels.labels().scores()[i], 1e-6);
    }
  }
}
