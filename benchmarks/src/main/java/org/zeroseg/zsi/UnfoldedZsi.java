package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Weights;

/**
 * ZSI with the released code's arithmetic, for comparison: each linear map by itself, all four
 * convolutions of the mask head and its decoder, maps of all classes.
 */
public final class UnfoldedZsi {

  private static final int LONGEST = 1333;
  private static final int SHORTEST = 800;

  private final ZsiModel model;
  private final Weights masks;
  private final ClassVectors classes;
  private final Detector detector;
  private final NDArray seen;
  private final NDArray back;
  private final NDArray unseen;

  /**
   * A network with masks.
   *
   * @param config its sizes
   * @param arrays every tensor
   * @param vocabulary {@code [D, M]}
   * @param classes the split
   * @param most seen and unseen instances of a picture each
   */
  public UnfoldedZsi(
      ZsiConfig config,
      Map<String, NDArray> arrays,
      NDArray vocabulary,
      ClassVectors classes,
      int most) {
    NDManager manager = vocabulary.getManager();
    Weights weights = Weights.of(arrays, "random weights");
    this.model = ZsiModel.of(config, weights, vocabulary, Mode.INFERENCE, manager);
    this.masks = weights.at("mask_head");
    this.classes = classes;
    float[] background = model.proposals().backgroundVector();
    this.detector = Detector.of(classes, background, options(most));
    float[][] rows = classes.seenRows(background);
    this.seen = columns(rows, manager);
    this.back = matrix(Matrix.rows(rows), manager);
    this.unseen = columns(MaskWords.unseenRows(classes, background), manager);
  }

  private static Detector.Options options(int most) {
    double all = -1e9; // random weights are sure of nothing
    return Detector.Options.published(
        new Detections.Rules(all, Detections.Rules.PUBLISHED.overlap(), most));
  }

  private static NDArray columns(float[][] rows, NDManager manager) {
    return matrix(Matrix.rows(rows).transposed(), manager);
  }

  private static NDArray matrix(Matrix matrix, NDManager manager) {
    return manager.create(matrix.floats(), new Shape(matrix.rows(), matrix.columns()));
  }

  /**
   * Seen and unseen instances of a picture, with masks.
   *
   * @param picture of any size
   * @return how many pixels are in the masks of all
   */
  public long detect(Picture picture) {
    Frame frame = Frame.of(picture.width(), picture.height(), LONGEST, SHORTEST);
    try (NDManager call = seen.getManager().newSubManager()) {
      Inference inference = new Inference(model);
      NDList levels;
      try (NDArray pixels = Inference.pixels(List.of(frame.resize(picture)), call)) {
        levels = inference.levels(pixels);
      }
      Proposals proposals =
          inference.proposals(levels, List.of(frame), Proposals.Rules.TESTING).get(0);
      Detections found = classify(levels, proposals, frame);
      long area = 0;
      int step = 32; // as many masks at once as the other side makes
      for (int first = 0; first < found.size(); first += step) {
        area += masks(levels, found, first, Math.min(found.size(), first + step), frame);
      }
      return area;
    }
  }

  private Detections classify(NDList levels, Proposals proposals, Frame frame) {
    int[] pictures = new int[proposals.size()];
    try (NDManager call = levels.get(0).getManager().newSubManager()) {
      NDArray pooled = BoxFeatures.BOXES.pool(levels, proposals.boxes(), pictures, Mode.INFERENCE);
      pooled.attach(call);
      BoxHead.Answer answer = model.boxes().forward(pooled, seen);
      Detector.Boxes boxes =
          detector.boxes(
              proposals.boxes(),
              answer.logits().toFloatArray(),
              answer.deltas().toFloatArray(),
              new float[0],
              frame.width(),
              frame.height(),
              (float) frame.scale());
      return detector
          .seen()
          .select(boxes)
          .followedBy(detector.unseen().select(boxes), classes.seen().size());
    }
  }

  private long masks(NDList levels, Detections found, int first, int end, Frame frame) {
    float[] boxes = Arrays.copyOfRange(found.boxes(), 4 * first, 4 * end);
    for (int i = 0; i < boxes.length; i++) {
      boxes[i] *= (float) frame.scale();
    }
    MaskHead head = model.masks().orElseThrow();
    try (NDManager call = levels.get(0).getManager().newSubManager()) {
      NDArray pooled = BoxFeatures.MASKS.pool(levels, boxes, new int[end - first], Mode.INFERENCE);
      pooled.attach(call);
      for (int i = 0; i < 3; i++) {
        Weights useless = masks.at("convs." + i + ".conv");
        ProposalNetwork.KERNELS
            .call("mask_inner", pooled, useless.get("weight"), useless.get("bias"))
            .close();
      }
      NDArray features = head.features(pooled);
      NDArray semantic = head.semantic(features);
      head.reconstruction(semantic).close();
      NDArray maps = head.maps(semantic, seen);
      float[] known = Activation.sigmoid(maps).toFloatArray();
      float[] others = Activation.sigmoid(head.maps(head.maps(maps, back), unseen)).toFloatArray();
      return pasted(found, first, end, frame, known, others);
    }
  }

  private long pasted(
      Detections found, int first, int end, Frame frame, float[] known, float[] others) {
    int area = PastedMask.SIDE * PastedMask.SIDE;
    int seenClasses = classes.seen().size();
    long pixels = 0;
    for (int i = first; i < end; i++) {
      int label = found.classes()[i];
      boolean isSeen = label <= seenClasses;
      int slots = 1 + (isSeen ? seenClasses : classes.unseen().size());
      int slot = isSeen ? label : label - seenClasses;
      pixels +=
          PastedMask.of(
                  isSeen ? known : others,
                  ((i - first) * slots + slot) * area,
                  found.boxes(),
                  i,
                  frame.sizes().width(),
                  frame.sizes().height(),
                  0.5f)
              .area();
    }
    return pixels;
  }

  /**
   * Suppression within each of many classes, and the best of all, as {@link Zsi} does it.
   *
   * @param boxes {@code [R, 4]}
   * @param scores {@code [R, 1 + classes]}, background first
   * @param classes how many
   * @return how many stay
   */
  public static int suppress(float[] boxes, float[] scores, int classes) {
    return Detections.select(boxes, 1, new int[1 + classes], scores, Detections.Rules.PUBLISHED)
        .size();
  }
}
