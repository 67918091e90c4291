package org.zeroseg.zeroguide;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;

/** How segments of one picture become vectors of CLIP's joint space. */
@FunctionalInterface
interface SegmentVectors {

  /**
   * A segment's vector.
   *
   * @param embedding {@code [D]}, not of unit length
   * @param saliency S of each masked block; empty where nothing is masked
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Vector(float[] embedding, double[] saliency) {}

  /** Vectors of segments, all masks of one size. */
  List<Vector> of(List<Mask> masks);

  /**
   * By attention masked in the last blocks; what all segments of the picture share is computed here
   * and kept until the call's end.
   */
  static SegmentVectors masked(SegmentEncoder encoder, NDManager call, Picture rgb) {
    int side = encoder.inputSize();
    NDArray shared = encoder.shared(pixels(call, rgb.resize(side, side, Filter.BICUBIC)));
    return masks -> {
      List<Vector> vectors = new ArrayList<>();
      for (int start = 0; start < masks.size(); start += SegmentEncoder.AT_ONCE) {
        int end = Math.min(masks.size(), start + SegmentEncoder.AT_ONCE);
        vectors.addAll(masked(encoder, shared, masks.subList(start, end)));
      }
      return vectors;
    };
  }

  private static List<Vector> masked(SegmentEncoder encoder, NDArray shared, List<Mask> masks) {
    try (NDManager embedding = shared.getManager().newSubManager()) {
      NDArray own = shared.duplicate();
      own.attach(embedding);
      SegmentEncoder.Embeddings found =
          encoder.embed(own, SegmentGrids.of(embedding, masks, encoder.grid()));
      float[] embeddings = found.embeddings().toFloatArray();
      float[] saliency = found.saliency().toFloatArray();
      int width = embeddings.length / masks.size();
      int layers = saliency.length / masks.size();
      return IntStream.range(0, masks.size())
          .mapToObj(
              i ->
                  new Vector(
                      Arrays.copyOfRange(embeddings, i * width, (i + 1) * width),
                      IntStream.range(i * layers, (i + 1) * layers)
                          .mapToDouble(k -> saliency[k])
                          .toArray()))
          .toList();
    }
  }

  /** By cutting the segment out of the picture, black around it; also with a ResNet. */
  static SegmentVectors cropped(ClipModel model, NDManager call, Picture rgb) {
    int side = model.config().image().inputSize();
    return masks ->
        masks.stream()
            .map(
                mask -> {
                  try (NDManager embedding = call.newSubManager()) {
                    NDArray input = pixels(embedding, CropAndMask.input(rgb, mask, side));
                    return new Vector(model.image().encode(input).toFloatArray(), new double[0]);
                  }
                })
            .toList();
  }

  private static NDArray pixels(NDManager manager, Picture picture) {
    Shape shape = new Shape(1, 3, picture.height(), picture.width());
    return manager.create(picture.toPixels(Normalization.CLIP), shape);
  }
}
