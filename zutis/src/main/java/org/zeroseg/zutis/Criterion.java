package org.zeroseg.zutis;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.zeroseg.core.match.Assignment;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.train.CrossEntropy;

/**
 * The loss (Shin et al. 2023, Sec. 3.3): proposals are matched with instances whatever their
 * category, and the matched pairs should agree in overlap (dice) and pixel by pixel
 * (cross-entropy); patches should name their word. Proposals without a partner cost nothing.
 *
 * @param dice weight of the overlap
 * @param pixels weight of the cross-entropy of masks
 * @param masks weight of both together
 * @param words weight of the cross-entropy of words
 * @param ignore label of pixels that no word is asked for
 */
public record Criterion(double dice, double pixels, double masks, double words, int ignore) {

  /** The published weights, all one, ignoring label 255. */
  public static final Criterion DEFAULT = new Criterion(1, 1, 1, 1, 255);

  /**
   * The same loss that ignores another label.
   *
   * @param label of pixels that no word is asked for
   * @return the loss
   */
  public Criterion ignoring(int label) {
    return new Criterion(dice, pixels, masks, words, label);
  }

  private static final Kernels KERNELS = Kernels.of(Criterion.class, "criterion.torchscript");

  /**
   * Losses of a batch, as scalars that gradients flow from.
   *
   * @param words cross-entropy of words
   * @param masks costs of the matched pairs
   * @param total both, weighted
   * @param matches of every image with an object and every layer
   */
  record Losses(NDArray words, NDArray masks, NDArray total, List<Match> matches) {}

  /**
   * The pairs of one image and decoder layer.
   *
   * @param queries for each instance the query, {@link Assignment#NONE} without a partner
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Match(int image, int layer, int[] queries) {}

  /**
   * The losses of a batch.
   *
   * @param proposals probabilities {@code [B, L, Q, h, w]}
   * @param cosines of patches with words {@code [B, K, h, w]}
   * @param labels int64 {@code [B, H, W]}
   * @param instances for each image 0 or 1, {@code [n, H, W]}; n may be 0, and masks may be empty
   */
  Losses losses(NDArray proposals, NDArray cosines, NDArray labels, List<NDArray> instances) {
    NDManager call = proposals.getManager();
    Shape shape = proposals.getShape();
    long images = shape.get(0);
    NDArray flat =
        proposals.reshape(shape.get(0) * shape.get(1) * shape.get(2), shape.get(3), shape.get(4));
    NDArray weights = host(call, dice, pixels);
    List<Match> matches = new ArrayList<>();
    NDArray sum = call.create(0f);
    for (int image = 0; image < images; image++) {
      NDArray masks = instances.get(image);
      // An image without any object is left out, though it counts in the mean.
      if (masks.getShape().get(0) > 0 && masks.sum().getFloat() > 0) {
        List<Match> own = match(proposals.get(image), masks, weights, image);
        matches.addAll(own);
        sum = sum.add(matched(flat, own, shape, masks, weights));
      }
    }
    // Of the cosines themselves, without a temperature.
    NDArray word =
        new CrossEntropy(ignore).of(KERNELS.differentiable("spread", cosines, labels), labels);
    NDArray numbers = Kernels.numbers(call, (double) images, masks, words);
    NDList both = KERNELS.differentiableAll("total", sum, word, numbers);
    return new Losses(word, both.get(0), both.get(1), matches);
  }

  /** The costs of one image's layer: proposals {@code [Q, h, w]} to {@code [n, Q]}. */
  static NDArray costs(NDArray proposals, NDArray instances, NDArray weights) {
    return KERNELS.call("costs", proposals, instances, weights);
  }

  /** Matches every layer of an image {@code [L, Q, h, w]}. */
  private static List<Match> match(NDArray layers, NDArray instances, NDArray weights, int image) {
    int count = (int) instances.getShape().get(0);
    int queries = (int) layers.getShape().get(1);
    List<Match> matches = new ArrayList<>();
    try (NDManager scratch = layers.getManager().newSubManager()) {
      for (int layer = 0; layer < layers.getShape().get(0); layer++) {
        NDArray proposals = layers.get(layer);
        proposals.attach(scratch);
        float[] costs = costs(proposals, instances, weights).toFloatArray();
        double[] wide = new double[costs.length];
        for (int i = 0; i < wide.length; i++) {
          wide[i] = costs[i];
        }
        matches.add(new Match(image, layer, Assignment.minimise(wide, count, queries)));
      }
    }
    return matches;
  }

  private static NDArray matched(
      NDArray flat, List<Match> matches, Shape shape, NDArray instances, NDArray weights) {
    List<Long> proposals = new ArrayList<>();
    List<Long> numbers = new ArrayList<>();
    for (Match match : matches) {
      long first = (match.image() * shape.get(1) + match.layer()) * shape.get(2);
      for (int instance = 0; instance < match.queries().length; instance++) {
        if (match.queries()[instance] != Assignment.NONE) {
          proposals.add(first + match.queries()[instance]);
          numbers.add((long) instance);
        }
      }
    }
    NDManager call = flat.getManager();
    return KERNELS.differentiable(
        "matched", flat, array(call, proposals), instances, array(call, numbers), weights);
  }

  private static NDArray array(NDManager manager, List<Long> values) {
    return manager.create(values.stream().mapToLong(Long::longValue).toArray());
  }

  static NDArray host(NDManager manager, double... values) {
    return Kernels.numbers(manager, values);
  }

  /**
   * Instances 1 to {@code count} of a map of numbers, int64 {@code [H, W]}: {@code [count, H, W]}.
   */
  static NDArray separate(NDArray map, int count) {
    long[] numbers = LongStream.rangeClosed(1, count).toArray();
    return KERNELS.differentiable("separate", map, map.getManager().create(numbers));
  }
}
