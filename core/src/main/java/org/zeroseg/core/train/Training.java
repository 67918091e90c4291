package org.zeroseg.core.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.tensor.Weights;

/**
 * A training loop that can be stopped at any point and goes on where it was: a training that is
 * interrupted and resumed ends with the same bits as one that runs through, on the same machine
 * with the same number of threads.
 *
 * <p>Everything that a step depends on is in the checkpoint: the weights, the optimiser's running
 * means, the number of the step. Random draws need no state of their own, because {@link Batches}
 * are functions of that number.
 *
 * @param <B> a batch
 */
public final class Training<B> {

  private static final String WEIGHT = "weights.";
  private static final String OPTIMISER = "adam.";
  private static final String LOSSES = "losses";
  private static final String STEP = "step";

  private final Map<String, NDArray> weights;
  private final Adam adam;
  private final Batches<B> batches;
  private final Objective<B> objective;

  /**
   * A training that has not begun.
   *
   * @param weights every array that the model needs, trained or not; changed in place
   * @param adam the optimiser of those that are trained
   * @param batches the data
   * @param objective the loss
   */
  public Training(
      Map<String, NDArray> weights, Adam adam, Batches<B> batches, Objective<B> objective) {
    this.weights = new LinkedHashMap<>(weights);
    this.adam = adam;
    this.batches = batches;
    this.objective = objective;
  }

  /**
   * Trains to the end of the plan, from the checkpoint in its folder if there is one.
   *
   * @param plan length, folder, provenance
   * @param progress told the loss of every step
   * @return the loss of every step, including those before the checkpoint
   * @throws IOException if a file cannot be read or written
   * @throws CheckpointException if the folder holds another training
   * @throws IllegalStateException if the loss is not finite
   */
  public float[] run(TrainingPlan plan, Progress progress) throws IOException {
    Files.createDirectories(plan.folder());
    float[] losses = new float[Math.toIntExact(plan.steps())];
    if (Files.exists(plan.checkpoint())) {
      resume(plan, losses);
    }
    try (Prefetch<B> prefetch =
        new Prefetch<>(batches, adam.steps(), plan.steps(), plan.dataThreads())) {
      while (adam.steps() < plan.steps()) {
        int step = Math.toIntExact(adam.steps());
        losses[step] = step(prefetch.take(), step);
        progress.update(
            String.format(Locale.ROOT, "training, loss %.4f", losses[step]),
            adam.steps(),
            plan.steps());
        if (adam.steps() % plan.saveEvery() == 0 || adam.steps() == plan.steps()) {
          save(plan, losses);
        }
      }
    }
    return losses;
  }

  private float step(B batch, long step) {
    NDManager parent = weights.values().iterator().next().getManager();
    float value;
    try (NDManager manager = parent.newSubManager()) {
      try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
        NDArray loss = objective.loss(batch, manager);
        value = loss.toFloatArray()[0];
        if (!Float.isFinite(value)) {
          throw new IllegalStateException(
              "The loss of step " + step + " is " + value + "; try a lower learning rate");
        }
        collector.backward(loss);
      }
      adam.step();
      objective.constrain();
    }
    return value;
  }

  private void save(TrainingPlan plan, float[] losses) throws IOException {
    Map<String, NDArray> tensors = new LinkedHashMap<>();
    weights.forEach((name, array) -> tensors.put(WEIGHT + name, array));
    adam.state().forEach((name, array) -> tensors.put(OPTIMISER + name, array));
    float[] sofar = Arrays.copyOf(losses, Math.toIntExact(adam.steps()));
    Map<String, String> metadata = new LinkedHashMap<>(plan.provenance());
    metadata.put(STEP, Long.toString(adam.steps()));
    try (NDManager call = weights.values().iterator().next().getManager().newSubManager()) {
      tensors.put(LOSSES, call.create(sofar, new Shape(sofar.length)));
      SafetensorsWriter.write(plan.checkpoint(), Checkpoints.of(tensors, "training"), metadata);
    }
    String title = "Training loss, " + adam.steps() + " of " + plan.steps() + " steps";
    WholeFile.write(
        plan.lossCurve(),
        unfinished -> ImageIO.write(LossCurve.draw(sofar, title), "png", unfinished.toFile()));
  }

  private void resume(TrainingPlan plan, float[] losses) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(plan.checkpoint());
        NDManager call = weights.values().iterator().next().getManager().newSubManager()) {
      Map<String, String> metadata = new LinkedHashMap<>(checkpoint.metadata());
      long done = done(checkpoint, metadata.remove(STEP), plan);
      if (!metadata.equals(plan.provenance())) {
        throw new CheckpointException(
            plan.checkpoint()
                + " is of another training, begun with "
                + metadata
                + ", not with "
                + plan.provenance()
                + "; choose another folder or remove it");
      }
      Map<String, NDArray> targets = new LinkedHashMap<>();
      weights.forEach((name, array) -> targets.put(WEIGHT + name, array));
      adam.state().forEach((name, array) -> targets.put(OPTIMISER + name, array));
      Map<String, Shape> expected = new LinkedHashMap<>();
      targets.forEach((name, array) -> expected.put(name, array.getShape()));
      expected.put(LOSSES, new Shape(done));
      Weights stored = Weights.load(checkpoint, expected, call);
      targets.forEach((name, array) -> Adam.assign(stored.get(name), array));
      System.arraycopy(stored.get(LOSSES).toFloatArray(), 0, losses, 0, (int) done);
      adam.resumeAfter(done);
    }
  }

  private static long done(Checkpoint checkpoint, String step, TrainingPlan plan) {
    List<String> keys = List.copyOf(checkpoint.metadata().keySet());
    if (step == null || !step.matches("\\d{1,9}")) {
      throw new CheckpointException(
          checkpoint.source() + " is no training: its metadata has no step, only " + keys);
    }
    long done = Long.parseLong(step);
    if (done < 1 || done > plan.steps()) {
      throw new CheckpointException(
          checkpoint.source() + " has made " + done + " steps; the plan has " + plan.steps());
    }
    return done;
  }
}
