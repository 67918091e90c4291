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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.Kernels;

/**
 * A vision transformer with another attention in its last block. No matrix of all pairs of tokens
 * is built, whatever the attention.
 */
final class DenseAttention implements DenseCosines {

  private static final Kernels KERNELS = Kernels.of(DenseAttention.class, "attention.torchscript");

  /** Rows of the feedback's matrix that are made at once. */
  private static final int ROWS = 512;

  /**
   * What the patches of a batch of pictures say.
   *
   * @param patches {@code [B, h w, D]} in the joint space, not of unit length
   * @param classes {@code [B, D]}, the class token through the same block, where it has one
   * @param height patches from top to bottom; those of the second network if there is one
   * @param width patches from left to right
   */
  record Result(NDArray patches, Optional<NDArray> classes, int height, int width) {}

  private final VisionTransformer vit;
  private final Attention attention;
  private final Optional<PatchEncoder> encoder;
  private final int last;

  DenseAttention(VisionTransformer vit, Attention attention, Optional<PatchEncoder> encoder) {
    this.vit = vit;
    this.attention = attention;
    this.encoder = encoder;
    this.last = vit.blocks().layers() - 1;
    attention.requireLayers(vit.blocks().layers());
    if (attention.needsEncoder() && encoder.isEmpty()) {
      throw new IllegalArgumentException(
          "Attention '%s' needs a second network: give it a PatchEncoder, such as a DINO"
              .formatted(attention.name()));
    }
  }

  /** What replaces the last block's attention. */
  Attention attention() {
    return attention;
  }

  /** Side of a patch of the transformer in pixels. */
  int patch() {
    return vit.config().patch();
  }

  /** Pixels below which a picture has no patch. */
  @Override
  public int leastSide() {
    return attention.needsEncoder() ? Math.max(patch(), encoder.orElseThrow().patch()) : patch();
  }

  /**
   * Cosines of every patch with every word, the global bias included.
   *
   * @param pixels {@code [B, 3, H, W]} with CLIP's statistics
   * @param words {@code [K, D]} of unit length
   */
  @Override
  public DenseClip.Map cosines(NDArray pixels, NDArray words) {
    Result result = features(pixels, words);
    NDArray cosines = Refinement.cosines(result.patches(), words);
    if (attention.globalBias() != 0) {
      NDArray classes = result.classes().orElseThrow().expandDims(1);
      cosines = cosines.add(Refinement.cosines(classes, words).mul(attention.globalBias()));
    }
    return new DenseClip.Map(cosines, Optional.empty(), result.height(), result.width());
  }

  /** The features; the words are only asked for feedback. */
  Result features(NDArray pixels, NDArray words) {
    int height = (int) pixels.getShape().get(2) / patch();
    int width = (int) pixels.getShape().get(3) / patch();
    NDArray tokens = vit.tokens(pixels, attention.positions());
    if (attention.smoothing().isPresent()) {
      return split(project(smoothed(tokens)), height, width);
    }
    if (attention.calibration().isPresent()) {
      return calibrated(tokens, height, width);
    }
    if (attention.needsEncoder()) {
      return byProxy(pixels, vit.blocks().forward(tokens, 0, last), height, width);
    }
    Map<Integer, NDArray> inputs = inputs(tokens, borrowed());
    NDArray x = inputs.get(last);
    NDArray y = normed(last, x);
    NDArray found = attended(y, height, width);
    if (attention.correlation().isEmpty()) {
      return split(project(finish(found, x)), height, width);
    }
    NDArray earlier = earlier(inputs, y);
    NDArray first = project(finish(blend(found, earlier), x));
    if (attention.feedback().isEmpty()) {
      return split(first, height, width);
    }
    NDArray fed = new FirstPass(pixels, words, split(first, height, width)).attend(y);
    return split(project(finish(blend(fed, earlier), x)), height, width);
  }

  private static Result split(NDArray projected, int height, int width) {
    return new Result(projected.get(":, 1:"), Optional.of(projected.get(":, 0")), height, width);
  }

  /** The final norm and the projection to the joint space. */
  private NDArray project(NDArray tokens) {
    return vit.project(vit.normalize(tokens));
  }

  private Set<Integer> borrowed() {
    return attention.correlation().map(c -> Set.copyOf(c.layers())).orElse(Set.of());
  }

  /** The tokens that enter some blocks, and the last one. */
  private Map<Integer, NDArray> inputs(NDArray tokens, Set<Integer> layers) {
    Map<Integer, NDArray> inputs = new TreeMap<>();
    Set<Integer> stops = new TreeSet<>(layers);
    stops.add(last);
    NDArray x = tokens;
    int at = 0;
    for (int stop : stops) {
      x = vit.blocks().forward(x, at, stop);
      inputs.put(stop, x);
      at = stop;
    }
    return inputs;
  }

  /** Tokens after a block's first norm. */
  private NDArray normed(int layer, NDArray x) {
    List<NDArray> weights = vit.blocks().attentionNorm(layer);
    NDArray epsilon = Kernels.numbers(x.getManager(), vit.blocks().options().epsilon());
    return Kernels.core().call("layer_norm", x, weights.get(0), weights.get(1), epsilon);
  }

  private NDArray number(NDArray like, double... values) {
    return Kernels.numbers(like.getManager(), values);
  }

  private NDArray heads(NDArray like) {
    return number(like, vit.blocks().options().heads());
  }

  /** A kernel on the joint projection of a block. */
  private static NDArray project(String kernel, Transformer blocks, int layer, NDArray... leading) {
    List<NDArray> weights = blocks.attentionProjection(layer, leading[0]);
    NDArray[] all = Arrays.copyOf(leading, leading.length + 2);
    all[leading.length] = weights.get(0);
    all[leading.length + 1] = weights.get(1);
    return KERNELS.call(kernel, all);
  }

  /** What the terms find: {@code [B, T, C]}, before the output projection. */
  private NDArray attended(NDArray y, int height, int width) {
    if (attention.terms().contains(Attention.Term.PROCRUSTES)) {
      return project("procrustes", vit.blocks(), last, y, rotation(y), heads(y));
    }
    return project("terms", vit.blocks(), last, y, terms(y, height, width));
  }

  private NDArray rotation(NDArray like) {
    return number(like, attention.procrustes().steps(), attention.procrustes().keyWeight());
  }

  private NDArray terms(NDArray like, int height, int width) {
    return number(like, how(attention, vit.blocks().options().heads(), height, width));
  }

  /**
   * The numbers that kernels read the terms from; the proxy, which comes apart, is not among them.
   */
  static double[] how(Attention attention, int heads, int height, int width) {
    List<Double> codes = new ArrayList<>();
    boolean queries = false;
    boolean keys = false;
    for (Attention.Term term : attention.terms()) {
      boolean both = term == Attention.Term.QUERY_KEY || term == Attention.Term.NEIGHBOURS;
      queries |= both || term == Attention.Term.QUERY_QUERY;
      keys |= both || term == Attention.Term.KEY_KEY;
      switch (term) {
        case QUERY_KEY -> codes.add(0.0);
        case QUERY_QUERY -> codes.add(1.0);
        case KEY_KEY -> codes.add(2.0);
        case VALUE_VALUE -> codes.add(3.0);
        case IDENTITY -> codes.add(4.0);
        case NEIGHBOURS -> codes.add(5.0);
        case PROXY, PROCRUSTES -> {}
        default -> throw new IllegalStateException(term.toString());
      }
    }
    double factor =
        attention.combine() == Attention.Combine.MEAN ? 1.0 / attention.terms().size() : 1;
    double[] how = new double[8 + codes.size()];
    how[0] = heads;
    how[1] = factor;
    how[2] = height;
    how[3] = width;
    how[4] = attention.neighbourhood();
    how[5] = queries ? 1 : 0;
    how[6] = keys ? 1 : 0;
    how[7] = codes.size();
    for (int i = 0; i < codes.size(); i++) {
      how[8 + i] = codes.get(i);
    }
    return how;
  }

  private NDArray out(int layer, NDArray found) {
    List<NDArray> weights = vit.blocks().attentionOutput(layer, found);
    return Kernels.core().call("linear", found, weights.get(0), weights.get(1));
  }

  /** Output projection, and what else of the block there is. */
  private NDArray finish(NDArray found, NDArray x) {
    NDArray z = out(last, found);
    if (attention.residual()) {
      z = z.add(x);
    }
    return attention.feedForward() ? vit.blocks().feedForward(last, z) : z;
  }

  /** Values of the last block, averaged by the plain attention of earlier ones. */
  private NDArray earlier(Map<Integer, NDArray> inputs, NDArray y) {
    Attention.Correlation correlation = attention.correlation().orElseThrow();
    NDArray values = project("values", vit.blocks(), last, y);
    NDArray sum = null;
    for (int layer : correlation.layers()) {
      NDArray own = normed(layer, inputs.get(layer));
      NDArray found = project("borrowed", vit.blocks(), layer, own, values, heads(y));
      sum = sum == null ? found : sum.add(found);
    }
    return sum.div(correlation.layers().size());
  }

  private NDArray blend(NDArray found, NDArray earlier) {
    Attention.Correlation correlation = attention.correlation().orElseThrow();
    NDArray how = number(found, correlation.tau(), correlation.share());
    return KERNELS.call("blend", found, earlier, how);
  }

  private Result byProxy(NDArray pixels, NDArray tokens, int height, int width) {
    PatchEncoder second = encoder.orElseThrow();
    NDArray features = second.features(imageNet(pixels));
    int rows = (int) pixels.getShape().get(2) / second.patch();
    int columns = (int) pixels.getShape().get(3) / second.patch();
    NDArray y = normed(last, tokens.get(":, 1:"));
    NDArray values = project("values", vit.blocks(), last, y);
    NDArray placed = KERNELS.call("on_grid", values, number(y, height, width, rows, columns));
    NDArray found = KERNELS.call("proxy", features, placed, likeness(y));
    return new Result(project(out(last, found)), Optional.empty(), rows, columns);
  }

  private NDArray likeness(NDArray like) {
    return number(like, attention.proxy().beta(), attention.proxy().gamma());
  }

  /** From CLIP's statistics to ImageNet's. */
  static NDArray imageNet(NDArray pixels) {
    NDManager manager = pixels.getManager();
    Normalization from = Normalization.CLIP;
    Normalization to = Normalization.IMAGENET;
    NDArray scale = channels(from.std(), manager).div(channels(to.std(), manager));
    NDArray shift =
        channels(from.mean(), manager)
            .sub(channels(to.mean(), manager))
            .div(channels(to.std(), manager));
    return pixels.mul(scale).add(shift);
  }

  private static NDArray channels(Normalization.Channels c, NDManager manager) {
    float[] values = {(float) c.red(), (float) c.green(), (float) c.blue()};
    return manager.create(values, new Shape(1, 3, 1, 1));
  }

  private NDArray smoothed(NDArray tokens) {
    Attention.Smoothing smoothing = attention.smoothing().orElseThrow();
    int from = vit.blocks().layers() - smoothing.blocks();
    NDArray x = vit.blocks().forward(tokens, 0, from);
    NDArray sum = attention.residual() ? x : null;
    NDArray how = number(tokens, vit.blocks().options().heads(), smoothing.iterations());
    for (int layer = from; layer <= last; layer++) {
      if (attention.residual() || layer == last) {
        NDArray found =
            out(layer, project("self_self", vit.blocks(), layer, normed(layer, x), how));
        sum = sum == null ? found : sum.add(found);
      }
      x = layer < last ? vit.blocks().forward(x, layer, layer + 1) : x;
    }
    return sum;
  }

  private Result calibrated(NDArray tokens, int height, int width) {
    Attention.Calibration c = attention.calibration().orElseThrow();
    NDArray late = null;
    NDArray early = null;
    NDArray fused = null;
    NDArray x = tokens;
    for (int layer = 0; layer < last; layer++) {
      x = vit.blocks().forward(x, layer, layer + 1);
      late = layer == c.lateLayer() ? x.get(":, 1:") : late;
      early = layer == c.earlyLayer() ? x.get(":, 1:") : early;
      if (layer >= c.fusedFrom() && layer < c.fusedTo()) {
        fused = fused == null ? x : fused.add(x);
      }
    }
    NDArray patches = x.get(":, 1:");
    List<NDArray> repaired = repair(c, patches, early, height, width);
    NDArray threshold = number(x, c.similarity());
    NDArray p = KERNELS.call("aggregate", repaired.get(0), repaired.get(1), threshold);
    NDArray u = stream(p, repaired.get(1), x, c.classResidual(), height, width);
    NDArray v =
        stream(fused.get(":, 1:"), repaired.get(1), fused, c.classResidual(), height, width);
    NDArray both = KERNELS.call("aggregate", u.add(v), late, threshold);
    return new Result(project(both), Optional.empty(), height, width);
  }

  /**
   * The last block on patches alone, guided by features, with the class token of the source added.
   */
  private NDArray stream(
      NDArray patches, NDArray features, NDArray source, double share, int height, int width) {
    NDArray y = normed(last, patches);
    // The mean of both terms: this is the keys' half.
    NDArray own = project("terms", vit.blocks(), last, y, terms(y, height, width));
    NDArray values = project("values", vit.blocks(), last, y);
    NDArray alike = KERNELS.call("proxy", features, values, likeness(y));
    NDArray found = own.add(alike.mul(0.5));
    return out(last, found).add(source.get(":, :1").mul(share));
  }

  /** Patches and features, with what is anomalous among the patches replaced in both. */
  private List<NDArray> repair(
      Attention.Calibration c, NDArray patches, NDArray features, int height, int width) {
    if (height * width <= c.neighbours()) {
      return List.of(patches, features);
    }
    NDArray k = number(patches, c.neighbours());
    int batch = (int) patches.getShape().get(0);
    float[] tokens = patches.toFloatArray();
    float[] others = features.toFloatArray();
    int depth = (int) patches.getShape().get(2);
    for (int i = 0; i < batch; i++) {
      float[] factors =
          KERNELS.call("outlier_factors", patches.get(new NDIndex(i)), k).toFloatArray();
      AnomalousTokens anomalies = AnomalousTokens.of(factors, c.contamination(), height, width);
      int offset = i * height * width * depth;
      anomalies.repair(tokens, offset, depth);
      anomalies.repair(others, offset, depth);
    }
    NDManager manager = patches.getManager();
    return List.of(
        manager.create(tokens, patches.getShape()), manager.create(others, features.getShape()));
  }

  /** What the first pass says of the pictures, and the second that follows from it. */
  private final class FirstPass {
    private final List<FeedbackRows> pictures;
    private final int height;
    private final int width;

    FirstPass(NDArray pixels, NDArray words, Result first) {
      Attention.Feedback feedback = attention.feedback().orElseThrow();
      height = first.height();
      width = first.width();
      float[] cosines = Refinement.cosines(first.patches(), words).toFloatArray();
      float[] values = pixels.toFloatArray();
      Shape shape = pixels.getShape();
      int rows = (int) shape.get(2);
      int columns = (int) shape.get(3);
      int batch = (int) shape.get(0);
      int maps = cosines.length / batch;
      pictures =
          IntStream.range(0, batch)
              .mapToObj(
                  i -> {
                    float[] own = Arrays.copyOfRange(cosines, i * maps, (i + 1) * maps);
                    float[] seen =
                        Arrays.copyOfRange(
                            values, i * 3 * rows * columns, (i + 1) * 3 * rows * columns);
                    float[] probabilities =
                        FeedbackRows.probabilities(
                            own, height, width, seen, rows, columns, feedback.scale());
                    int[] labels =
                        FeedbackRows.patchLabels(
                            probabilities, rows, columns, patch(), feedback.threshold());
                    return new FeedbackRows(
                        labels, height, width, feedback.sigma(), feedback.wholePath());
                  })
              .toList();
    }

    /** The terms once more: {@code [B, T, C]}. */
    NDArray attend(NDArray y) {
      Attention.Feedback feedback = attention.feedback().orElseThrow();
      List<NDArray> weights = vit.blocks().attentionProjection(last, y);
      NDArray how = terms(y, height, width);
      int tokens = (int) y.getShape().get(1);
      NDList results = new NDList();
      for (int i = 0; i < pictures.size(); i++) {
        FeedbackRows rows = pictures.get(i);
        NDArray own = y.get(new NDIndex("{}:{}", i, i + 1));
        NDList qkv = KERNELS.callAll("projections", own, heads(y), weights.get(0), weights.get(1));
        float largest = Math.max(rows.largest(), Float.MIN_NORMAL);
        for (int from = 0; from < tokens; from += ROWS) {
          int to = Math.min(tokens, from + ROWS);
          float[] block = new float[(to - from) * tokens];
          int first = from;
          IntStream.range(from, to)
              .parallel()
              .forEach(token -> rows.row(token, block, (token - first) * tokens));
          NDArray f = y.getManager().create(block, new Shape(to - from, tokens)).divi(largest);
          NDArray where = number(y, from, to, feedback.tau(), feedback.share());
          NDArray found = KERNELS.call("fed", qkv.get(0), qkv.get(1), qkv.get(2), f, where, how);
          results.add(KERNELS.call("joined", found));
          f.close();
        }
      }
      NDArray all = NDArrays.concat(results, 1);
      return all.reshape(pictures.size(), tokens, -1);
    }
  }
}
