package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.refine.LaplacianPropagation;
import org.zeroseg.core.refine.Pamr;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * Scores of words at every pixel of a picture by a {@link DenseAttention}, or the value path of a
 * ResNet, window by window.
 *
 * @param dense the network
 * @param protocol the windows, and what refines their maps
 */
record WindowedAttention(DenseCosines dense, Protocol protocol) {

  /** Pixels that go through the network at once: 16 windows of 224 x 224. */
  private static final int AT_ONCE = 16 * 224 * 224;

  /**
   * Scores up to which maps are refined by colours at the picture's own size, 256 MB: 150 words on
   * pictures of 670 x 670, or 30 on 1,500 x 1,500. Larger ones are refined in this size.
   */
  private static final int REFINED = 1 << 26;

  /** Pixels up to which they are, however few words there are: neighbours fill 64 bytes a pixel. */
  private static final int COMPARED = 1 << 22;

  /**
   * A window.
   *
   * @param top first row
   * @param left first column
   * @param bottom the row after the last
   * @param right the column after the last
   */
  record Window(int top, int left, int bottom, int right) {}

  /**
   * Windows that cover a picture, row by row; the last of a row or column is pushed back inside.
   *
   * @param crop side of a window; 0 for all of the picture
   */
  static List<Window> windows(int height, int width, int crop, int stride) {
    if (crop == 0) {
      return List.of(new Window(0, 0, height, width));
    }
    List<Window> windows = new ArrayList<>();
    int rows = Math.max(height - crop + stride - 1, 0) / stride + 1;
    int columns = Math.max(width - crop + stride - 1, 0) / stride + 1;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        int bottom = Math.min(i * stride + crop, height);
        int right = Math.min(j * stride + crop, width);
        windows.add(
            new Window(Math.max(bottom - crop, 0), Math.max(right - crop, 0), bottom, right));
      }
    }
    return windows;
  }

  /**
   * The scores.
   *
   * @param pixels {@code [1, 3, h, w]} with CLIP's statistics, of the network's input
   * @param words {@code [K, D]} of unit length
   * @param height of the picture
   * @param width of the picture
   * @return plain values of the picture's size
   */
  ScoreRows scores(NDArray pixels, float[][] words, int height, int width) {
    ScoreRows rows = maps(pixels, pixels.getManager().create(words), height, width);
    if (protocol.pamr().isPresent() && !(protocol.crop() == 0 && protocol.oneResize())) {
      Pamr pamr = protocol.pamr().get();
      int most = Math.min(Math.min(pamr.mostPixels(), COMPARED), REFINED / words.length);
      double factor = Math.min(1, Math.sqrt(most / ((double) height * width)));
      int down = (int) Math.max(1, factor * height);
      int across = (int) Math.max(1, factor * width);
      float[] picture = resized(pixels, down, across);
      float[] refined = pamr.refine(picture, rows.resized(down, across).all(), down, across);
      rows = new ScoreRows.Stored(refined, words.length, down, across);
    }
    rows = rows.resized(height, width);
    return protocol.propagation().isPresent()
        ? propagated(protocol.propagation().get(), rows, pixels, words)
        : rows;
  }

  private static ScoreRows propagated(
      LaplacianPropagation propagation, ScoreRows rows, NDArray pixels, float[][] words) {
    int height = rows.height();
    int width = rows.width();
    LaplacianPropagation.Coarse coarse =
        propagation.solve(
            resized(pixels, height, width),
            height,
            width,
            () -> {
              ScoreRows.Reader reader = rows.reader();
              float[][] row = new float[words.length][width];
              return y -> {
                reader.row(y, row);
                return row;
              };
            },
            words);
    return new ScoreRows.Stored(coarse.values(), words.length, coarse.height(), coarse.width())
        .resized(height, width);
  }

  /** The input's pixels, resized bilinearly: {@code [3, height, width]}. */
  private static float[] resized(NDArray pixels, int height, int width) {
    int rows = (int) pixels.getShape().get(2);
    int columns = (int) pixels.getShape().get(3);
    return new ScoreRows.Stored(pixels.toFloatArray(), 3, rows, columns)
        .resized(height, width)
        .all();
  }

  /** Maps of all windows; of the input's size if there are several, else of the picture's. */
  private ScoreRows maps(NDArray pixels, NDArray words, int height, int width) {
    int rows = (int) pixels.getShape().get(2);
    int columns = (int) pixels.getShape().get(3);
    int count = (int) words.getShape().get(0);
    List<Window> windows = windows(rows, columns, protocol.crop(), protocol.stride());
    int high = windows.get(0).bottom() - windows.get(0).top();
    int wide = windows.get(0).right() - windows.get(0).left();
    int multiple = multiple();
    int padTop = Math.floorMod(-high, multiple) / 2;
    int padLeft = Math.floorMod(-wide, multiple) / 2;
    int paddedHigh = high + Math.floorMod(-high, multiple);
    int paddedWide = wide + Math.floorMod(-wide, multiple);
    List<ScoreRows.Windows.Window> maps = new ArrayList<>();
    int together = Math.max(1, AT_ONCE / (paddedHigh * paddedWide));
    boolean whole = protocol.crop() == 0;
    for (int from = 0; from < windows.size(); from += together) {
      List<Window> some = windows.subList(from, Math.min(windows.size(), from + together));
      try (NDManager call = pixels.getManager().newSubManager()) {
        NDList cut = new NDList();
        for (Window window : some) {
          NDArray seen = cut(pixels, window);
          seen.attach(call);
          cut.add(pad(seen, padTop, padLeft, paddedHigh, paddedWide));
        }
        DenseClip.Map map = dense.cosines(NDArrays.concat(cut, 0), words);
        float[] values = map.cosines().toFloatArray();
        LinearTaps down = taps(map.height(), paddedHigh, height, whole);
        LinearTaps across = taps(map.width(), paddedWide, width, whole);
        int length = values.length / some.size();
        for (int i = 0; i < some.size(); i++) {
          maps.add(
              new ScoreRows.Windows.Window(
                  some.get(i).top(),
                  some.get(i).left(),
                  whole ? height : high,
                  whole ? width : wide,
                  Arrays.copyOfRange(values, i * length, (i + 1) * length),
                  map.width(),
                  down,
                  across,
                  padTop,
                  padLeft));
        }
      }
    }
    return whole
        ? new ScoreRows.Windows(count, height, width, maps)
        : new ScoreRows.Windows(count, rows, columns, maps);
  }

  private LinearTaps taps(int cells, int input, int picture, boolean whole) {
    if (whole && protocol.oneResize()) {
      return LinearTaps.of(cells, picture);
    }
    LinearTaps taps = LinearTaps.of(cells, input);
    return whole ? taps.then(picture) : taps;
  }

  private int multiple() {
    if (protocol.crop() == 0 || protocol.padTo() == 0) {
      return 1;
    }
    return protocol.padTo() == Protocol.TO_PATCHES ? dense.leastSide() : protocol.padTo();
  }

  private static NDArray cut(NDArray pixels, Window window) {
    return pixels.get(
        new NDIndex(
            ":, :, {}:{}, {}:{}", window.top(), window.bottom(), window.left(), window.right()));
  }

  private static NDArray pad(NDArray pixels, int top, int left, int height, int width) {
    Shape shape = pixels.getShape();
    NDManager manager = pixels.getManager();
    NDArray padded = pixels;
    int bottom = (int) (height - shape.get(2) - top);
    int right = (int) (width - shape.get(3) - left);
    if (top + bottom > 0) {
      padded =
          manager
              .zeros(new Shape(1, 3, top, shape.get(3)))
              .concat(padded, 2)
              .concat(manager.zeros(new Shape(1, 3, bottom, shape.get(3))), 2);
    }
    if (left + right > 0) {
      padded =
          manager
              .zeros(new Shape(1, 3, height, left))
              .concat(padded, 3)
              .concat(manager.zeros(new Shape(1, 3, height, right)), 3);
    }
    return padded;
  }
}
