package org.zeroseg.zutis;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.zeroseg.core.Progress;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Adam;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.Objective;
import org.zeroseg.core.train.Optimiser;
import org.zeroseg.core.train.RunningMean;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.core.train.Training;
import org.zeroseg.core.train.TrainingPlan;

/**
 * Trains ZUTIS on pictures with pseudo-masks (Shin et al. 2023, Sec. 3.3 and 4.1): AdamW with a
 * smaller rate for CLIP's image tower, which learns from the words alone, and a rate that falls by
 * a power of what is left.
 */
public final class ZutisTrainer {

  /** The rate never falls below this, in the released code. */
  private static final double FLOOR = 1e-6;

  private static final double POWER = 0.9;

  /** Before the names of running means in checkpoints. */
  static final String MEAN = "mean.";

  /**
   * A batch of samples of one size.
   *
   * @param pixels {@code [B, 3, H, W]}, normalised, row-major
   * @param height H
   * @param width W
   * @param labels {@code [B, H, W]}: a word's index for every pixel, 0 for background
   * @param instances {@code [B, H, W]}: a number for every pixel, from 1; others belong to none
   * @param counts for each sample the highest number, whether a pixel has it or not
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  public record Samples(
      float[] pixels, int height, int width, long[] labels, long[] instances, int[] counts) {

    /** Checks the sizes. */
    public Samples {
      long area = (long) height * width * counts.length;
      if (pixels.length != 3 * area || labels.length != area || instances.length != area) {
        throw new IllegalArgumentException(
            "%d values, %d labels and %d instance numbers for %d samples of %d x %d pixels"
                .formatted(
                    pixels.length, labels.length, instances.length, counts.length, width, height));
      }
    }
  }

  /**
   * Hyper-parameters.
   *
   * @param learningRate of decoder, perceptrons and queries at the start
   * @param encoderFactor what the image tower's rate is multiplied by
   * @param weightDecay of every parameter, biases and norms too
   * @param stopGradient whether masks leave the image tower alone
   * @param criterion the loss
   * @param bfloat16 whether products are computed in bfloat16; the weights stay float32
   * @param longestGradient gradients are shortened to this length, all together; infinite in the
   *     paper
   * @param averaging what the result, a running mean of the weights, keeps of itself in a step; 0
   *     in the paper, where the result is the weights
   * @param wordScale what cosines with words are multiplied by in the loss; 1 in the paper, yet
   *     words that have much in common are told apart the sooner the larger it is
   */
  public record Options(
      double learningRate,
      double encoderFactor,
      double weightDecay,
      boolean stopGradient,
      Criterion criterion,
      boolean bfloat16,
      double longestGradient,
      double averaging,
      double wordScale) {

    /** The published values: 5e-5, a tenth of it for the image tower, 0.05, gradient stopped. */
    public static final Options DEFAULT =
        new Options(
            5e-5, 0.1, 0.05, true, Criterion.DEFAULT, false, Double.POSITIVE_INFINITY, 0, 1);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if the mean would keep less than nothing or everything
     */
    public Options {
      if (!(averaging >= 0 && averaging < 1)) {
        throw new IllegalArgumentException("a mean that keeps " + averaging + " of itself");
      }
    }

    /**
     * These options with another learning rate.
     *
     * @param rate of decoder, perceptrons and queries at the start
     * @return the options
     */
    public Options withLearningRate(double rate) {
      return with(draft -> draft.learningRate = rate);
    }

    /**
     * These options with another rate of the image tower.
     *
     * @param factor what the image tower's rate is multiplied by
     * @return the options
     */
    public Options withEncoderFactor(double factor) {
      return with(draft -> draft.encoderFactor = factor);
    }

    /**
     * These options with another weight decay.
     *
     * @param decay of every parameter, biases and norms too
     * @return the options
     */
    public Options withWeightDecay(double decay) {
      return with(draft -> draft.weightDecay = decay);
    }

    /**
     * These options with the gradient of masks stopped, or not.
     *
     * @param stopped whether masks leave the image tower alone
     * @return the options
     */
    public Options withStopGradient(boolean stopped) {
      return with(draft -> draft.stopGradient = stopped);
    }

    /**
     * These options with another loss.
     *
     * @param loss the loss
     * @return the options
     */
    public Options withCriterion(Criterion loss) {
      return with(draft -> draft.criterion = loss);
    }

    /**
     * These options with products in bfloat16, or in float32.
     *
     * @param reduced whether products are computed in bfloat16
     * @return the options
     */
    public Options withBfloat16(boolean reduced) {
      return with(draft -> draft.bfloat16 = reduced);
    }

    /**
     * These options with clipped gradients.
     *
     * @param norm gradients are shortened to this length, all together
     * @return the options
     */
    public Options withLongestGradient(double norm) {
      return with(draft -> draft.longestGradient = norm);
    }

    /**
     * These options with a running mean of the weights as the result.
     *
     * @param keeps what the running mean keeps of itself in a step; 0 for no mean
     * @return the options
     */
    public Options withAveraging(double keeps) {
      return with(draft -> draft.averaging = keeps);
    }

    /**
     * These options with another scale of cosines.
     *
     * @param scale what cosines with words are multiplied by in the loss
     * @return the options
     */
    public Options withWordScale(double scale) {
      return with(draft -> draft.wordScale = scale);
    }

    private Options with(Consumer<Draft> change) {
      Draft draft = new Draft(this);
      change.accept(draft);
      return draft.options();
    }

    /** Options while one of them changes. */
    private static final class Draft {
      double learningRate;
      double encoderFactor;
      double weightDecay;
      boolean stopGradient;
      Criterion criterion;
      boolean bfloat16;
      double longestGradient;
      double averaging;
      double wordScale;

      Draft(Options from) {
        learningRate = from.learningRate;
        encoderFactor = from.encoderFactor;
        weightDecay = from.weightDecay;
        stopGradient = from.stopGradient;
        criterion = from.criterion;
        bfloat16 = from.bfloat16;
        longestGradient = from.longestGradient;
        averaging = from.averaging;
        wordScale = from.wordScale;
      }

      Options options() {
        return new Options(
            learningRate,
            encoderFactor,
            weightDecay,
            stopGradient,
            criterion,
            bfloat16,
            longestGradient,
            averaging,
            wordScale);
      }
    }
  }

  private final ZutisConfig config;
  private final Map<String, NDArray> weights;
  private final float[][] words;
  private final Options options;
  private final Optional<RunningMean> mean;

  private ZutisTrainer(
      ZutisConfig config, Map<String, NDArray> weights, float[][] words, Options options) {
    this.config = config;
    this.weights = weights;
    this.words = words;
    this.options = options;
    this.mean = options.averaging() > 0 ? Optional.of(RunningMean.of(weights)) : Optional.empty();
  }

  /**
   * Trains from where the weights are.
   *
   * @param config the sizes
   * @param weights every array of {@link ZutisConfig#shapes()}; changed in place
   * @param words unit vectors {@code [K, E]} of the categories' bare names, background first
   * @param options hyper-parameters
   * @return the trainer
   * @throws IllegalArgumentException if the words are no vectors of the network's joint space
   */
  public static ZutisTrainer of(
      ZutisConfig config, Map<String, NDArray> weights, float[][] words, Options options) {
    if (words.length < 2 || words[0].length != config.embedding()) {
      throw new IllegalArgumentException(
          "background and at least one category of %d numbers each are needed, found %d of %d"
              .formatted(
                  config.embedding(), words.length, words.length == 0 ? 0 : words[0].length));
    }
    return new ZutisTrainer(config, weights, words, options);
  }

  /**
   * What training has come to so far: the weights, or their running mean.
   *
   * @return the arrays themselves, which change with every step
   */
  public Weights result() {
    return Weights.of(mean.map(RunningMean::means).orElse(weights), "ZUTIS in training");
  }

  /**
   * The network of the {@link #result}, at every step as it is then.
   *
   * @return the network, for inference
   */
  public ZutisModel model() {
    return ZutisModel.of(config, result(), manager());
  }

  private NDManager manager() {
    return weights.get(ZutisConfig.QUERIES).getManager();
  }

  /**
   * Trains to the end of a plan, or resumes there.
   *
   * @param batches the data
   * @param plan length, folder, measurements on the way
   * @param progress told the loss of every step, and the share of time spent waiting for batches
   * @return the loss of every step
   * @throws IOException if a file of the plan's folder cannot be read or written
   */
  public float[] run(Batches<Samples> batches, TrainingPlan plan, Progress progress)
      throws IOException {
    Map<String, NDArray> state = new LinkedHashMap<>(weights);
    mean.ifPresent(kept -> kept.means().forEach((name, array) -> state.put(MEAN + name, array)));
    try (Optimiser adam = optimiser(plan.steps());
        NDManager constants = manager().newSubManager()) {
      return new Training<>(state, adam, batches, new Loss(constants)).run(plan, progress);
    }
  }

  /** AdamW in two groups: the image tower, and the rest. */
  Optimiser optimiser(long steps) {
    Map<String, NDArray> encoder = new LinkedHashMap<>();
    Map<String, NDArray> rest = new LinkedHashMap<>();
    weights.forEach(
        (name, array) -> (name.startsWith(ZutisConfig.ENCODER) ? encoder : rest).put(name, array));
    double rate = options.learningRate();
    return new Adam(
            List.of(
                group(encoder, rate * options.encoderFactor(), steps), group(rest, rate, steps)),
            Adam.Options.ADAM_W)
        .clipping(options.longestGradient());
  }

  private Optimiser.Group group(Map<String, NDArray> parameters, double rate, long steps) {
    return new Optimiser.Group(
        parameters, Schedule.poly(rate, steps, POWER, FLOOR), options.weightDecay());
  }

  /** The loss of a batch; its small constants outlive a step. */
  final class Loss implements Objective<Samples> {

    private final ZutisModel learner;
    private final NDArray vectors;

    Loss(NDManager constants) {
      Weights own = Weights.of(weights, "ZUTIS in training");
      this.learner = ZutisModel.of(config, own, constants).in(Mode.DIFFERENTIABLE);
      this.vectors = constants.create(words).mul((float) options.wordScale());
    }

    @Override
    public NDArray loss(Samples batch, NDManager manager) {
      int count = batch.counts().length;
      Shape maps = new Shape(count, batch.height(), batch.width());
      NDArray numbers = manager.create(batch.instances(), maps);
      List<NDArray> instances = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        instances.add(Criterion.separate(numbers.get(i), batch.counts()[i]));
      }
      NDArray pixels =
          manager.create(batch.pixels(), new Shape(count, 3, batch.height(), batch.width()));
      return losses(pixels, manager.create(batch.labels(), maps), instances).total();
    }

    @Override
    public void afterUpdate() {
      mean.ifPresent(kept -> kept.follow(options.averaging()));
    }

    /** Pixels {@code [B, 3, H, W]}, labels {@code [B, H, W]}, for each sample {@code [n, H, W]}. */
    Criterion.Losses losses(NDArray pixels, NDArray labels, List<NDArray> instances) {
      NDManager call = pixels.getManager();
      ZutisModel model = options.bfloat16() ? reduced(pixels, call) : learner;
      ZutisModel.Features features = model.features(pixels);
      NDArray cosines = model.cosines(model.patchTokens(features), vectors);
      ZutisModel.Features seen =
          options.stopGradient()
              ? new ZutisModel.Features(
                  features.tokens().stopGradient(), features.height(), features.width())
              : features;
      NDArray proposals = model.proposals(model.decode(seen, true));
      long height = features.height();
      long width = features.width();
      Shape all = proposals.getShape();
      return options
          .criterion()
          .losses(
              proposals.reshape(all.get(0), all.get(1), all.get(2), height, width),
              cosines.reshape(all.get(0), words.length, height, width),
              labels,
              instances);
    }

    /** The network of this step, with copies of its weights where products are reduced. */
    private ZutisModel reduced(NDArray anchor, NDManager call) {
      Weights step = Weights.bfloat16(weights, ZutisModel::inProducts, anchor, "ZUTIS in training");
      return ZutisModel.of(config, step, call).in(Mode.DIFFERENTIABLE);
    }
  }
}
