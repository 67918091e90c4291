package org.zeroseg.dino;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.zeroseg.core.Progress;
import org.zeroseg.core.augment.Draws;
import org.zeroseg.core.augment.GeometricAugmentation;
import org.zeroseg.core.augment.PhotometricAugmentation;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Adam;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.Optimiser;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.core.train.Training;
import org.zeroseg.core.train.TrainingPlan;

/**
 * Trains SelfMask on pictures with one pseudo-mask each (Shin et al. 2022, Sec. 3.3): AdamW over
 * all weights, the encoder's included, and a learning rate that falls by a power of 0.9.
 */
public final class SelfMaskTrainer {

  private static final double POWER = 0.9;

  /**
   * Hyper-parameters.
   *
   * @param learningRate of the first step; 6e-6 in the paper
   * @param weightDecay of all weights; 0.01 in the paper
   * @param stepsPerEpoch if positive the rate starts anew every so many steps, as in the released
   *     code; if zero it falls to zero over the whole run, as its authors meant
   * @param loss the loss
   */
  public record Options(
      double learningRate, double weightDecay, int stepsPerEpoch, SelfMaskLoss loss) {}

  /**
   * A batch.
   *
   * @param pixels {@code [B, 3, S, S]}, normalised, row-major
   * @param masks {@code [B, 1, S, S]}, 0 or 1
   * @param count pictures, B
   * @param size their side, S
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  public record Samples(float[] pixels, byte[] masks, int count, int size) {}

  private final SelfMaskNetwork network;
  private final Map<String, NDArray> weights;
  private final Options options;

  private SelfMaskTrainer(SelfMaskNetwork network, Map<String, NDArray> weights, Options options) {
    this.network = network;
    this.weights = weights;
    this.options = options;
  }

  /**
   * Weights to begin with: an encoder that knows pictures, and a decoder that knows nothing.
   *
   * @param config the sizes
   * @param encoder every array of {@code config.encoder()}, such as DINO's; copied
   * @param random where the decoder's numbers come from
   * @param manager owns the arrays
   * @return every array of {@link SelfMaskConfig#shapes()}
   * @throws CheckpointException if an array of the encoder is missing
   */
  public static Map<String, NDArray> initialWeights(
      SelfMaskConfig config, Weights encoder, RandomGenerator random, NDManager manager) {
    Map<String, NDArray> weights = config.initialWeights(random, manager);
    weights.replaceAll(
        (name, array) -> {
          if (!name.startsWith(SelfMaskConfig.ENCODER + ".")) {
            return array;
          }
          array.close();
          NDArray copy =
              encoder.get(name.substring(SelfMaskConfig.ENCODER.length() + 1)).duplicate();
          copy.attach(manager);
          return copy;
        });
    return weights;
  }

  /**
   * Trains from where the weights are.
   *
   * @param config the sizes
   * @param weights every array of {@link SelfMaskConfig#shapes()}; changed in place
   * @param options hyper-parameters
   * @return the trainer
   */
  public static SelfMaskTrainer of(
      SelfMaskConfig config, Map<String, NDArray> weights, Options options) {
    NDManager manager = weights.get(SelfMaskConfig.QUERIES).getManager();
    Weights all = Weights.of(weights, "SelfMask in training");
    return new SelfMaskTrainer(
        SelfMaskNetwork.of(config, all, PositionRule.SELFMASK, manager), weights, options);
  }

  /** The network in its present state, for inference. */
  SelfMaskNetwork network() {
    return network;
  }

  /**
   * Trains to the end of a plan, or resumes there.
   *
   * @param batches the data
   * @param plan length and folder
   * @param progress told the loss of every step
   * @return the loss of every step
   * @throws IOException if a file of the plan's folder cannot be read or written
   */
  public float[] run(Batches<Samples> batches, TrainingPlan plan, Progress progress)
      throws IOException {
    Schedule poly = Schedule.poly(options.learningRate(), plan.steps(), POWER, 0);
    Schedule schedule =
        options.stepsPerEpoch() > 0 ? poly.restartingEvery(options.stepsPerEpoch()) : poly;
    SelfMaskNetwork learner = network.in(Mode.DIFFERENTIABLE);
    Optimiser.Group group = new Optimiser.Group(weights, schedule, options.weightDecay());
    try (Optimiser adam = new Adam(List.of(group), Adam.Options.ADAM_W)) {
      return new Training<Samples>(
              weights, adam, batches, (samples, manager) -> loss(learner, samples, manager))
          .run(plan, progress);
    }
  }

  private NDArray loss(SelfMaskNetwork learner, Samples samples, NDManager call) {
    int size = samples.size();
    NDArray pixels = call.create(samples.pixels(), new Shape(samples.count(), 3, size, size));
    NDArray truth =
        call.create(
            ByteBuffer.wrap(samples.masks()),
            new Shape(samples.count(), 1, size, size),
            DataType.UINT8);
    NDList proposals = learner.proposals(pixels);
    return options.loss().of(proposals.get(0), proposals.get(1), truth).loss();
  }

  /**
   * The published augmentation: a square of the given size in which the picture, scaled down at
   * random, lies at the top left, maybe mirrored, discoloured and blurred.
   *
   * @param size side of the square; 224 in the paper
   * @param leastScale smallest scale; 0.1 in the paper
   */
  public record Augmentation(int size, double leastScale) {

    /**
     * Makes a batch. Samples of which nothing is left to see are left out, so it may be smaller.
     *
     * @param pictures of any sizes
     * @param masks one a picture, of its size
     * @param seed of the draws; the same seed gives the same batch
     * @return the batch; if nothing is left of any mask, the last sample alone
     */
    public Samples of(List<Picture> pictures, List<Mask> masks, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      GeometricAugmentation geometry =
          new GeometricAugmentation(
              leastScale, 1, size, GeometricAugmentation.Padding.RIGHT_AND_BOTTOM, 0.5, 0);
      List<GeometricAugmentation.Labelled> kept = new ArrayList<>();
      for (int i = 0; i < pictures.size(); i++) {
        Draws draws = Draws.of(random.split());
        GeometricAugmentation.Labelled sample =
            geometry.apply(sample(pictures.get(i), masks.get(i)), draws);
        Picture changed = PhotometricAugmentation.DEFAULT.apply(sample.picture(), draws);
        boolean last = i == pictures.size() - 1;
        if (shows(sample.labels()) || (last && kept.isEmpty())) {
          kept.add(new GeometricAugmentation.Labelled(changed, sample.labels()));
        }
      }
      return batch(kept);
    }

    private GeometricAugmentation.Labelled sample(Picture picture, Mask mask) {
      Picture square = picture.rgb().resize(size, size, Filter.BILINEAR);
      byte[] bytes = mask.resize(size, size).toBytes();
      int[] labels = new int[bytes.length];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = bytes[i];
      }
      return new GeometricAugmentation.Labelled(square, labels);
    }

    private static boolean shows(int[] labels) {
      for (int label : labels) {
        if (label > 0) {
          return true;
        }
      }
      return false;
    }

    private Samples batch(List<GeometricAugmentation.Labelled> kept) {
      int area = size * size;
      float[] pixels = new float[kept.size() * 3 * area];
      byte[] masks = new byte[kept.size() * area];
      for (int i = 0; i < kept.size(); i++) {
        float[] one = kept.get(i).picture().toPixels(Normalization.IMAGENET);
        System.arraycopy(one, 0, pixels, i * one.length, one.length);
        for (int p = 0; p < area; p++) {
          masks[i * area + p] = (byte) kept.get(i).labels()[p];
        }
      }
      return new Samples(pixels, masks, kept.size(), size);
    }
  }
}
