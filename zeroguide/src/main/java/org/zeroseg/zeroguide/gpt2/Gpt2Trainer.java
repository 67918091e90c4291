package org.zeroseg.zeroguide.gpt2;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.zeroseg.core.Progress;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Adam;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.Objective;
import org.zeroseg.core.train.Optimiser;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.core.train.Training;
import org.zeroseg.core.train.TrainingPlan;

/**
 * Trains a GPT-2 to predict the next token (Radford et al. 2019): cross-entropy, AdamW, warm-up and
 * cosine.
 *
 * <p>Departure from the paper: there is no dropout. Small models of small languages, which this is
 * for, do not learn texts by heart.
 */
public final class Gpt2Trainer {

  /**
   * Hyper-parameters.
   *
   * @param learningRate the highest, after the warm-up
   * @param warmUp steps of linear rise
   * @param weightDecay of matrices; gains and biases have none
   */
  public record Options(double learningRate, int warmUp, double weightDecay) {}

  private final Gpt2 model;
  private final Gpt2 learner;
  private final Map<String, NDArray> weights;

  private Gpt2Trainer(Gpt2Config config, Map<String, NDArray> weights, NDManager manager) {
    Weights named = Weights.of(weights, "GPT-2 in training");
    this.model = Gpt2.of(config, named, manager);
    this.learner = Gpt2.training(config, named, manager);
    this.weights = weights;
  }

  /**
   * Trains from random weights.
   *
   * @param config the sizes
   * @param random where the weights come from
   * @param manager owns them
   * @return the trainer
   */
  public static Gpt2Trainer of(Gpt2Config config, RandomGenerator random, NDManager manager) {
    return new Gpt2Trainer(config, config.initialWeights(random, manager), manager);
  }

  /**
   * The model in its present state.
   *
   * @return the model, for inference
   */
  public Gpt2 model() {
    return model;
  }

  /**
   * Trains to the end of a plan, or resumes there.
   *
   * @param batches rows of token ids, all of a batch of one length of at least 2: every token but
   *     the first is foretold from those before it
   * @param options hyper-parameters
   * @param plan length and folder
   * @param progress told the loss of every step
   * @return the loss of every step, in nats a token
   * @throws IOException if a file of the plan's folder cannot be read or written
   * @throws IllegalArgumentException if a row is longer than the model's positions and one more
   */
  public float[] run(
      Batches<long[][]> batches, Options options, TrainingPlan plan, Progress progress)
      throws IOException {
    Schedule schedule =
        Schedule.cosine(options.learningRate(), plan.steps(), 0).warmUp(options.warmUp());
    List<Optimiser.Group> groups =
        Optimiser.Group.decayingMatrices(weights, schedule, options.weightDecay());
    Objective<long[][]> objective = (rows, step) -> loss(learner, rows, step);
    try (Optimiser adam = new Adam(groups, Adam.Options.ADAM_W)) {
      return new Training<>(weights, adam, batches, objective).run(plan, progress);
    }
  }

  /**
   * How badly the model in its present state foretells texts.
   *
   * @param rows token ids, all of one length of at least 2
   * @return mean cross-entropy in nats a token; its exponential is the perplexity
   */
  public float loss(long[][] rows) {
    try (NDManager call = weights.get("wte.weight").getManager().newSubManager()) {
      return loss(model, rows, call).getFloat();
    }
  }

  private static NDArray loss(Gpt2 reader, long[][] rows, NDManager manager) {
    int last = rows[0].length - 1;
    long[][] read = Arrays.stream(rows).map(row -> Arrays.copyOf(row, last)).toArray(long[][]::new);
    long[][] next =
        Arrays.stream(rows).map(row -> Arrays.copyOfRange(row, 1, last + 1)).toArray(long[][]::new);
    NDArray logits = reader.read(manager.create(read)).logits();
    NDList loss = reader.run("loss", logits, manager.create(next));
    return loss.get(0);
  }
}
