package org.zeroseg.clip;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * Scores of words at every pixel of a picture, which are made row by row: all of them at once would
 * fill words times pixels floats.
 */
interface ScoreRows {

  /** Words. */
  int count();

  /** Rows. */
  int height();

  /** Pixels of a row. */
  int width();

  /** A reader for one thread, which is fast where rows are asked for from top to bottom. */
  Reader reader();

  /** Makes rows. */
  interface Reader {

    /**
     * Reads a row.
     *
     * @param y from the top
     * @param row its scores, {@code [count][width]}; written to
     */
    void row(int y, float[][] row);
  }

  /**
   * The mean of overlapping windows' maps, each resized to its window.
   *
   * @param count words
   * @param height rows
   * @param width pixels of a row
   * @param windows cover every pixel
   */
  record Windows(int count, int height, int width, List<Window> windows) implements ScoreRows {

    /**
     * A window and its map.
     *
     * @param top first row
     * @param left first column
     * @param height rows
     * @param width columns
     * @param map {@code [count, h, w]}
     * @param down from the map's rows to those of the padded window
     * @param across from the map's columns to those of the padded window
     * @param padTop rows of padding above
     * @param padLeft columns of padding at the left
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Window(
        int top,
        int left,
        int height,
        int width,
        float[] map,
        int mapWidth,
        LinearTaps down,
        LinearTaps across,
        int padTop,
        int padLeft) {}

    @Override
    public Reader reader() {
      float[] padded = new float[windows.stream().mapToInt(w -> w.across().size()).max().orElse(0)];
      float[] narrow = new float[windows.stream().mapToInt(Window::mapWidth).max().orElse(0)];
      int[] counts = new int[width];
      return (y, row) -> {
        for (float[] values : row) {
          Arrays.fill(values, 0);
        }
        Arrays.fill(counts, 0);
        for (Window window : windows) {
          if (y < window.top() || y >= window.top() + window.height()) {
            continue;
          }
          int cells = window.map().length / count;
          for (int word = 0; word < count; word++) {
            window
                .down()
                .row(
                    window.map(),
                    word * cells,
                    window.mapWidth(),
                    y - window.top() + window.padTop(),
                    narrow);
            int from = window.padLeft();
            window.across().apply(narrow, padded, from, from + window.width());
            float[] values = row[word];
            for (int x = 0; x < window.width(); x++) {
              values[window.left() + x] += padded[from + x];
            }
          }
          for (int x = 0; x < window.width(); x++) {
            counts[window.left() + x]++;
          }
        }
        for (float[] values : row) {
          for (int x = 0; x < width; x++) {
            values[x] /= counts[x];
          }
        }
      };
    }
  }

  /**
   * Maps that are all there.
   *
   * @param values {@code [count, height, width]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Stored(float[] values, int count, int height, int width) implements ScoreRows {

    @Override
    public Reader reader() {
      return (y, row) -> {
        for (int word = 0; word < count; word++) {
          System.arraycopy(values, (word * height + y) * width, row[word], 0, width);
        }
      };
    }
  }

  /** Others, resized bilinearly. */
  record Resized(ScoreRows source, LinearTaps down, LinearTaps across) implements ScoreRows {

    @Override
    public int count() {
      return source.count();
    }

    @Override
    public int height() {
      return down.size();
    }

    @Override
    public int width() {
      return across.size();
    }

    @Override
    public Reader reader() {
      Reader rows = source.reader();
      // The two rows of the source that were read last; the next row mostly needs the same.
      List<float[][]> kept = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        kept.add(new float[source.count()][source.width()]);
      }
      int[] numbers = {-1, -1};
      float[] mixed = new float[source.width()];
      return (y, row) -> {
        int first = down.first(y);
        float[] factors = down.factors(y);
        for (int tap = 0; tap < factors.length; tap++) {
          int slot = (first + tap) % 2;
          if (numbers[slot] != first + tap) {
            rows.row(first + tap, kept.get(slot));
            numbers[slot] = first + tap;
          }
        }
        for (int word = 0; word < row.length; word++) {
          float[] above = kept.get(first % 2)[word];
          if (factors.length == 1) {
            across.apply(above, row[word]);
          } else {
            float[] below = kept.get((first + 1) % 2)[word];
            for (int x = 0; x < mixed.length; x++) {
              mixed[x] = factors[0] * above[x] + factors[1] * below[x];
            }
            across.apply(mixed, row[word]);
          }
        }
      };
    }
  }

  /** This of another size; itself if it has that size. */
  default ScoreRows resized(int newHeight, int newWidth) {
    return newHeight == height() && newWidth == width()
        ? this
        : new Resized(this, LinearTaps.of(height(), newHeight), LinearTaps.of(width(), newWidth));
  }

  /** All rows: {@code [count, height, width]}. */
  default float[] all() {
    float[] all = new float[Math.multiplyExact(Math.multiplyExact(count(), height()), width())];
    Bands.each(
        height(),
        (from, to) -> {
          Reader reader = reader();
          float[][] row = new float[count()][width()];
          for (int y = from; y < to; y++) {
            reader.row(y, row);
            for (int word = 0; word < row.length; word++) {
              System.arraycopy(row[word], 0, all, (word * height() + y) * width(), width());
            }
          }
        });
    return all;
  }

  /** Rows in parallel, some neighbouring ones a task. */
  final class Bands {
    private static final int ROWS = 32;

    private Bands() {}

    /** Work on the rows from the first number to before the second. */
    interface Work {
      void on(int from, int to);
    }

    static int count(int height) {
      return (height + ROWS - 1) / ROWS;
    }

    static int number(int from) {
      return from / ROWS;
    }

    static void each(int height, Work work) {
      IntStream.range(0, count(height))
          .parallel()
          .forEach(band -> work.on(band * ROWS, Math.min(height, (band + 1) * ROWS)));
    }
  }
}
