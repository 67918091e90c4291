package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.network.Mode;

/**
 * One pass over a batch of pictures, in the steps that its results are made of. All arrays belong
 * to the manager of the call.
 *
 * @param model folded or not
 */
record Inference(ZsiModel model) {

  /** Boxes whose masks are made at once: what lies between takes a few megabytes each. */
  private static final int MASKS_AT_ONCE = 32;

  /** Resized pictures side by side in zeros, {@code [B, 3, H, W]}. */
  static NDArray pixels(List<Picture> resized, NDManager manager) {
    int rows = 0;
    int columns = 0;
    for (Picture picture : resized) {
      rows = Math.max(rows, Frame.padded(picture.height()));
      columns = Math.max(columns, Frame.padded(picture.width()));
    }
    float[] batch = new float[Math.multiplyExact(resized.size(), 3 * rows * columns)];
    for (int i = 0; i < resized.size(); i++) {
      Frame.write(resized.get(i), false, batch, i, rows, columns);
    }
    return manager.create(batch, new Shape(resized.size(), 3, rows, columns));
  }

  /** P2 to P6. */
  NDList levels(NDArray pixels) {
    try (NDList stages = model.stages(pixels)) {
      return model.pyramid(stages);
    }
  }

  /** The proposals of every picture. */
  List<Proposals> proposals(NDList levels, List<Frame> frames, Proposals.Rules rules) {
    int pictures = frames.size();
    List<List<Proposals.Level>> answers = new ArrayList<>();
    List<float[]> anchors = new ArrayList<>();
    frames.forEach(frame -> answers.add(new ArrayList<>()));
    for (int level = 0; level < levels.size(); level++) {
      ProposalNetwork.Answer answer = model.proposals().forward(levels.get(level));
      try (NDArray scores = answer.scores();
          NDArray deltas = answer.deltas()) {
        float[] allScores = scores.toFloatArray();
        float[] allDeltas = deltas.toFloatArray();
        for (int i = 0; i < pictures; i++) {
          answers.get(i).add(ProposalNetwork.Answer.level(allScores, allDeltas, i, pictures));
        }
        Shape shape = scores.getShape();
        anchors.add(Anchors.PUBLISHED.grid(level, (int) shape.get(2), (int) shape.get(3)));
      }
    }
    List<Proposals> found = new ArrayList<>();
    for (int i = 0; i < pictures; i++) {
      Frame frame = frames.get(i);
      found.add(Proposals.of(answers.get(i), anchors, frame.width(), frame.height(), rules));
    }
    return found;
  }

  /**
   * What the detector says of proposals.
   *
   * @param logits {@code [R, N]}
   * @param deltas {@code [R, 4 N]}
   * @param semantic {@code [R, D]}, or empty if the model does not tell
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Classified(float[] logits, float[] deltas, float[] semantic) {}

  /** The detector's answers to the proposals of every picture; the model is folded. */
  List<Classified> classify(NDList levels, List<Proposals> proposals) {
    int all = proposals.stream().mapToInt(Proposals::size).sum();
    int classes = model.config().classes();
    float[] answers = new float[0];
    if (all > 0) {
      float[] boxes = new float[4 * all];
      int[] pictures = new int[all];
      int at = 0;
      for (int i = 0; i < proposals.size(); i++) {
        int size = proposals.get(i).size();
        System.arraycopy(proposals.get(i).boxes(), 0, boxes, 4 * at, 4 * size);
        Arrays.fill(pictures, at, at + size, i);
        at += size;
      }
      try (NDArray pooled = BoxFeatures.BOXES.pool(levels, boxes, pictures, Mode.INFERENCE);
          NDArray answer = model.boxes().classified(pooled)) {
        answers = answer.toFloatArray();
      }
    }
    int width = all == 0 ? 5 * classes : answers.length / all;
    List<Classified> parts = new ArrayList<>();
    int row = 0;
    for (Proposals own : proposals) {
      int end = row + own.size();
      parts.add(
          new Classified(
              columns(answers, width, row, end, 0, classes),
              columns(answers, width, row, end, classes, 5 * classes),
              columns(answers, width, row, end, 5 * classes, width)));
      row = end;
    }
    return parts;
  }

  /** Some rows and columns of a matrix. */
  private static float[] columns(float[] matrix, int width, int row, int end, int from, int to) {
    float[] part = new float[(end - row) * (to - from)];
    for (int i = row; i < end; i++) {
      System.arraycopy(matrix, i * width + from, part, (i - row) * (to - from), to - from);
    }
    return part;
  }

  /** Takes the masks of a few boxes. */
  interface MaskUse {
    /** Logits {@code [n, 28, 28]} of boxes {@code first} to {@code first + n - 1}. */
    void accept(int first, float[] logits);
  }

  /**
   * The map of each box's own class.
   *
   * @param picture which one of the batch
   * @param boxes {@code [n, 4]} in pixels of the input
   * @param rows of the filters, one for each box
   */
  void masks(
      NDList levels,
      int picture,
      float[] boxes,
      int[] rows,
      MaskHead.Filters filters,
      MaskUse use) {
    MaskHead head = model.masks().orElseThrow();
    for (int first = 0; first < rows.length; first += MASKS_AT_ONCE) {
      int end = Math.min(rows.length, first + MASKS_AT_ONCE);
      int[] pictures = new int[end - first];
      Arrays.fill(pictures, picture);
      float[] some = Arrays.copyOfRange(boxes, 4 * first, 4 * end);
      try (NDArray pooled = BoxFeatures.MASKS.pool(levels, some, pictures, Mode.INFERENCE);
          NDArray logits = head.own(pooled, filters, Arrays.copyOfRange(rows, first, end))) {
        use.accept(first, logits.toFloatArray());
      }
    }
  }
}
