package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.file.ReadAhead;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * A training loop that can be stopped at any point and resumed: an interrupted and resumed run ends
 * with bit-identical weights, on the same machine with the same number of threads.
 *
 * <p>Everything that a step depends on is in the checkpoint: the weights, the optimiser's state,
 * the number of the step. Random draws need no state of their own, because {@link Batches} are
 * functions of that number.
 *
 * @param <B> a batch
 */
public final class Training<B> {

  private static final String WEIGHT = "weights.";
  private static final String LOSSES = "losses";
  private static final String STEP = "step";

  /** Steps without an update; absent where there is none. */
  private static final String SKIPPED = "skipped";

  /** A row a measurement: its step and what came out. */
  private static final String SCORES = "scores";

  private final Map<String, NDArray> weights;
  private final Optimiser optimiser;
  private final Batches<B> batches;
  private final Objective<B> objective;
  private final List<Validation.Score> scores = new ArrayList<>();

  /** Nanoseconds that this process has waited for batches, and those it has learnt from them. */
  private long waited;

  private long learnt;

  /**
   * A training run that has not begun.
   *
   * @param weights every array that the model needs, trained or not; changed in place
   * @param optimiser of those that are trained
   * @param batches the data
   * @param objective the loss
   */
  public Training(
      Map<String, NDArray> weights,
      Optimiser optimiser,
      Batches<B> batches,
      Objective<B> objective) {
    this.weights = new LinkedHashMap<>(weights);
    this.optimiser = optimiser;
    this.batches = batches;
    this.objective = objective;
  }

  /**
   * Trains to the end of the plan, from the checkpoint in its folder if there is one. Interrupting
   * the thread ends the run after the step it is at, with a checkpoint to go on from.
   *
   * @param plan length, folder, provenance, measurements on the way
   * @param progress told the loss of every step, and the share of time spent waiting for batches
   * @return the loss of every step, including those before the checkpoint
   * @throws IOException if a file cannot be read or written
   * @throws InterruptedIOException if the thread was interrupted
   * @throws CheckpointException if the folder holds another run
   * @throws IllegalStateException if the loss is not finite
   */
  public float[] run(TrainingPlan plan, Progress progress) throws IOException {
    Files.createDirectories(plan.folder());
    float[] losses = new float[Math.toIntExact(plan.steps())];
    if (Files.exists(plan.checkpoint())) {
      resume(plan, losses);
    }
    try (ReadAhead<Long, B> ahead =
        ReadAhead.of(
            LongStream.range(optimiser.steps(), plan.steps()).iterator(),
            plan.dataThreads(),
            2 * plan.dataThreads(),
            batches::batch)) {
      while (optimiser.steps() < plan.steps()) {
        int step = Math.toIntExact(optimiser.steps());
        long start = System.nanoTime();
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        B batch = take(ahead);
        long taken = System.nanoTime();
        losses[step] = objective.usable(batch) ? step(batch, step) : skip();
        waited += taken - start;
        learnt += System.nanoTime() - taken;
        boolean last = optimiser.steps() == plan.steps();
        if (plan.validation().isPresent()) {
          Validation validation = plan.validation().get();
          if (last || optimiser.steps() % validation.every() == 0) {
            scores.add(new Validation.Score(optimiser.steps(), validation.measure().score()));
          }
        }
        progress.update("training", detail(plan, losses[step]), optimiser.steps(), plan.steps());
        if (last || optimiser.steps() % plan.saveEvery() == 0) {
          save(plan, losses);
        }
      }
    } catch (InterruptedException e) {
      if (optimiser.steps() > 0) {
        save(plan, losses);
      }
      throw new InterruptedIOException(
          "The training was stopped after %d of %d steps; the same command goes on from %s"
              .formatted(optimiser.steps(), plan.steps(), plan.checkpoint()));
    }
    return losses;
  }

  private B take(ReadAhead<Long, B> ahead) throws IOException, InterruptedException {
    try {
      return ahead.next().get();
    } catch (InterruptedIOException e) {
      Thread.interrupted(); // or the checkpoint could not be written
      throw (InterruptedException) new InterruptedException().initCause(e);
    }
  }

  private String detail(TrainingPlan plan, float loss) {
    String last =
        plan.validation().isPresent() && !scores.isEmpty()
            ? String.format(
                Locale.ROOT,
                ", %s %.4f",
                plan.validation().get().name(),
                scores.get(scores.size() - 1).value())
            : "";
    return String.format(Locale.ROOT, "loss %.4f%s, %s", loss, last, waiting());
  }

  private String waiting() {
    return String.format(
        Locale.ROOT, "%.1f %% of the time waiting for data", 100 * shareOfWaiting());
  }

  private double shareOfWaiting() {
    return (double) waited / Math.max(1, waited + learnt);
  }

  private float skip() {
    optimiser.skip();
    return 0;
  }

  private float step(B batch, long step) {
    NDManager parent = weights.values().iterator().next().getManager();
    try (NDManager manager = parent.newSubManager()) {
      NDArray loss = TorchEngine.recorded(() -> objective.loss(batch, manager));
      float value = loss.toFloatArray()[0];
      if (!Float.isFinite(value)) {
        throw new IllegalStateException(
            "The loss of step " + step + " is " + value + "; try a lower learning rate");
      }
      optimiser.step(optimiser.gradients(loss));
      objective.afterUpdate();
      return value;
    }
  }

  private void save(TrainingPlan plan, float[] losses) throws IOException {
    Map<String, NDArray> tensors = new LinkedHashMap<>();
    weights.forEach((name, array) -> tensors.put(WEIGHT + name, array));
    tensors.putAll(optimiser.state());
    float[] sofar = Arrays.copyOf(losses, Math.toIntExact(optimiser.steps()));
    Map<String, String> metadata = new LinkedHashMap<>(plan.provenance());
    metadata.put(STEP, Long.toString(optimiser.steps()));
    if (optimiser.skipped() > 0) {
      metadata.put(SKIPPED, Long.toString(optimiser.skipped()));
    }
    try (NDManager call = weights.values().iterator().next().getManager().newSubManager()) {
      tensors.put(LOSSES, call.create(sofar, new Shape(sofar.length)));
      if (!scores.isEmpty()) {
        float[] rows = new float[2 * scores.size()];
        for (int i = 0; i < scores.size(); i++) {
          rows[2 * i] = scores.get(i).step();
          rows[2 * i + 1] = (float) scores.get(i).value();
        }
        tensors.put(SCORES, call.create(rows, new Shape(scores.size(), 2)));
      }
      SafetensorsWriter.write(plan.checkpoint(), Checkpoints.of(tensors, "training"), metadata);
    }
    String name = plan.validation().map(Validation::name).orElse("score");
    plan.report()
        .write(
            plan.folder(),
            new TrainingHistory(sofar, plan.steps(), scores, name, shareOfWaiting()));
  }

  private void resume(TrainingPlan plan, float[] losses) throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(plan.checkpoint());
        NDManager call = weights.values().iterator().next().getManager().newSubManager()) {
      Map<String, String> metadata = new LinkedHashMap<>(checkpoint.metadata());
      long done = done(checkpoint, metadata.remove(STEP), plan);
      long skipped = skipped(checkpoint, metadata.remove(SKIPPED), done);
      if (!plan.continues(metadata)) {
        throw new CheckpointException(
            plan.checkpoint()
                + " is of another training run, begun with "
                + metadata
                + ", not with "
                + plan.provenance()
                + "; choose another folder or remove it");
      }
      Map<String, NDArray> targets = new LinkedHashMap<>();
      weights.forEach((name, array) -> targets.put(WEIGHT + name, array));
      targets.putAll(optimiser.state());
      Map<String, Shape> expected = new LinkedHashMap<>();
      targets.forEach((name, array) -> expected.put(name, array.getShape()));
      expected.put(LOSSES, new Shape(done));
      Optional.ofNullable(checkpoint.tensors().get(SCORES))
          .ifPresent(info -> expected.put(SCORES, new Shape(info.shape().get(0), 2)));
      Weights stored = Weights.load(checkpoint, expected, call);
      targets.forEach((name, array) -> GroupOptimiser.assign(stored.get(name), array));
      System.arraycopy(stored.get(LOSSES).toFloatArray(), 0, losses, 0, (int) done);
      scores.clear();
      if (expected.containsKey(SCORES)) {
        float[] rows = stored.get(SCORES).toFloatArray();
        for (int i = 0; i < rows.length; i += 2) {
          scores.add(new Validation.Score((long) rows[i], rows[i + 1]));
        }
      }
      optimiser.resumeAfter(done, skipped);
    }
  }

  private static long done(Checkpoint checkpoint, String step, TrainingPlan plan) {
    List<String> keys = List.copyOf(checkpoint.metadata().keySet());
    if (step == null || !step.matches("\\d{1,9}")) {
      throw new CheckpointException(
          checkpoint.source() + " is no training run: its metadata has no step, only " + keys);
    }
    long done = Long.parseLong(step);
    if (done < 1 || done > plan.steps()) {
      throw new CheckpointException(
          checkpoint.source() + " has made " + done + " steps; the plan has " + plan.steps());
    }
    return done;
  }

  private static long skipped(Checkpoint checkpoint, String count, long done) {
    if (count == null) {
      return 0;
    }
    if (!count.matches("\\d{1,9}") || Long.parseLong(count) > done) {
      throw new CheckpointException(
          checkpoint.source() + " has skipped " + count + " of " + done + " steps");
    }
    return Long.parseLong(count);
  }
}
