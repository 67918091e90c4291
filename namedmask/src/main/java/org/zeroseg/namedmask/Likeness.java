package org.zeroseg.namedmask;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Optional;
import org.zeroseg.core.tensor.Interpolation;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * How much every pixel of a picture is like each word: the sigmoid of the cosine of features and
 * reference embeddings, times the text attention if there is one, each resized to the picture by
 * itself (Shin et al. 2022, "ReCo", released code). Rows are made when they are asked for.
 *
 * @param maps {@code [K, h, w]}
 * @param attention {@code [K, h', w']}, or without elements
 * @param height of the picture
 * @param width of the picture
 */
record Likeness(NDArray maps, NDArray attention, int height, int width) {

  /** Numbers of a strip of all words: 16 MB. */
  private static final long STRIP = 4L << 20;

  /**
   * The likeness of one picture.
   *
   * @param features {@code [1, h w, C]}
   * @param rows h
   * @param columns w
   * @param references {@code [K, C]} of unit length
   * @param attention {@code [K, h', w']}, if the text counts
   */
  static Likeness of(
      NDArray features,
      int rows,
      int columns,
      NDArray references,
      Optional<NDArray> attention,
      int height,
      int width) {
    NDArray maps =
        similarities(features, references).reshape(references.getShape().get(0), rows, columns);
    NDArray none = features.getManager().create(new Shape(0));
    return new Likeness(maps, attention.orElse(none), height, width);
  }

  /** The sigmoid of the plain cosine: {@code [n, P, C]} and {@code [K, C]} to {@code [n, K, P]}. */
  static NDArray similarities(NDArray features, NDArray references) {
    return DeepLab.KERNELS.call("similarities", features, references);
  }

  /** What contexts leave of each cell: {@code [n, K, P]} to {@code [n, P]}. */
  static NDArray keep(NDArray similarities) {
    return DeepLab.KERNELS.call("keep", similarities);
  }

  /**
   * What each cell of an archive counts when something is looked for.
   *
   * @param features {@code [n, P, C]}
   * @param rows of a picture's cells
   * @param columns of a picture's cells
   * @param attention of the word, {@code [n, 1, h', w']}, if the text counts
   * @param contexts reference embeddings {@code [m, C]} of what is not looked for, if there are any
   * @return {@code [n, P]} from 0 to 1
   */
  static NDArray weights(
      NDArray features,
      int rows,
      int columns,
      Optional<NDArray> attention,
      Optional<NDArray> contexts) {
    NDManager call = features.getManager();
    Shape shape = new Shape(features.getShape().get(0), features.getShape().get(1));
    NDArray weights =
        attention
            .map(
                maps ->
                    Interpolation.resize(maps, rows, columns, Interpolation.Mode.BILINEAR)
                        .reshape(shape))
            .orElseGet(() -> call.ones(shape));
    return contexts.map(known -> weights.mul(keep(similarities(features, known)))).orElse(weights);
  }

  /** Takes some rows {@code [K, bottom - top, width]}. */
  interface Rows {
    void take(int top, int bottom, NDArray scores);
  }

  /** All rows from the top to the bottom, as many at a time as memory allows. */
  void forEach(Rows rows) {
    NDManager manager = maps.getManager();
    long words = maps.getShape().get(0);
    int strip = (int) Math.max(1, Math.min(height, STRIP / width / words));
    boolean attends = attention.size() > 0;
    try (NDManager call = manager.newSubManager()) {
      ResizeTable across = columns(maps, call);
      ResizeTable attentionAcross = columns(attends ? attention : maps, call);
      for (int top = 0; top < height; top += strip) {
        int bottom = Math.min(height, top + strip);
        try (NDManager part = call.newSubManager()) {
          ResizeTable down = rows(maps, top, bottom, part);
          ResizeTable attentionDown = rows(attends ? attention : maps, top, bottom, part);
          rows.take(
              top,
              bottom,
              DeepLab.KERNELS.call(
                  "scores",
                  needed(maps, down, part),
                  down.indices(),
                  down.factors(),
                  across.indices(),
                  across.factors(),
                  attends ? needed(attention, attentionDown, part) : attention,
                  attentionDown.indices(),
                  attentionDown.factors(),
                  attentionAcross.indices(),
                  attentionAcross.factors()));
        }
      }
    }
  }

  private static NDArray needed(NDArray maps, ResizeTable down, NDManager part) {
    NDArray some = maps.get(":, {}:{}", down.first(), down.first() + down.count());
    some.attach(part);
    return some;
  }

  private ResizeTable columns(NDArray array, NDManager call) {
    return ResizeTable.whole(LinearTaps.of((int) array.getShape().get(2), width), call);
  }

  private ResizeTable rows(NDArray array, int top, int bottom, NDManager part) {
    LinearTaps taps = LinearTaps.of((int) array.getShape().get(1), height);
    return ResizeTable.of(taps, top, bottom, part);
  }
}
