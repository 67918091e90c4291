package org.zeroseg.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

class TrainingTest {

  private static final int STEPS = 40;
  private static final Map<String, String> PROVENANCE =
      Map.of("data", "a noisy plane", "seed", "5");

  private final NDManager manager = NDManager.newBaseManager("PyTorch");

  @TempDir Path folder;

  @AfterEach
  void close() {
    manager.close();
  }

  /** Eight points of a plane. */
  private static float[] points(long step) {
    SplittableRandom random = new SplittableRandom(5 + 31 * step);
    float[] points = new float[8 * 4];
    for (int i = 0; i < points.length; i += 4) {
      for (int j = 0; j < 3; j++) {
        points[i + j] = (float) random.nextDouble();
      }
      points[i + 3] = 2 * points[i] - points[i + 1] + 0.5f;
    }
    return points;
  }

  /** A linear model, its optimiser and its loss. */
  private final class Plane implements Objective<float[]>, AutoCloseable {

    private final Map<String, NDArray> weights = new LinkedHashMap<>();
    private final Optimiser adam;

    Plane() {
      weights.put("weight", manager.create(new float[] {0.1f, 0.2f, 0.3f}, new Shape(3, 1)));
      weights.put("bias", manager.zeros(new Shape(1)));
      Schedule schedule = Schedule.cosine(0.1, STEPS, 0.01).warmUp(3);
      adam = new Adam(List.of(new Optimiser.Group(weights, schedule, 0.01)), Adam.Options.ADAM_W);
    }

    @Override
    public NDArray loss(float[] batch, NDManager call) {
      NDArray points = call.create(batch, new Shape(8, 4));
      NDArray guess = points.get(":, :3").dot(weights.get("weight")).add(weights.get("bias"));
      return guess.sub(points.get(":, 3:")).square().mean();
    }

    float[] train(Batches<float[]> batches, TrainingPlan plan) throws IOException {
      return train(batches, plan, Progress.SILENT);
    }

    float[] train(Batches<float[]> batches, TrainingPlan plan, Progress progress)
        throws IOException {
      return new Training<>(weights, adam, batches, this).run(plan, progress);
    }

    double bias() {
      return weights.get("bias").getFloat(0);
    }

    @Override
    public void close() {
      adam.close();
    }
  }

  private TrainingPlan plan(String name) {
    return plan(name, STEPS).withProvenance(PROVENANCE);
  }

  private TrainingPlan plan(String name, long steps) {
    return TrainingPlan.of(folder.resolve(name), steps).withSaveEvery(7).withDataThreads(2);
  }

  private static Batches<float[]> stoppingAt(long end) {
    return step -> {
      if (step == end) {
        throw new UnsupportedOperationException("pulled the plug at step " + step);
      }
      return points(step);
    };
  }

  @Test
  void aLongParameterIsUpdatedToTheBitsOfItsParts() {
    int part = 40_000;
    int parts = 4;
    float[] start = noise(1, part * parts);
    for (Adam.Options options : List.of(Adam.Options.ADAM_W, Adam.Options.ADAM)) {
      Map<String, NDArray> whole = Map.of("all", manager.create(start));
      Map<String, NDArray> pieces = new LinkedHashMap<>();
      for (int i = 0; i < parts; i++) {
        float[] some = Arrays.copyOfRange(start, i * part, (i + 1) * part);
        pieces.put(Integer.toString(i), manager.create(some));
      }
      updateThrice(whole, options);
      updateThrice(pieces, options);
      float[] all = whole.get("all").toFloatArray();
      pieces.forEach(
          (name, piece) -> {
            int from = Integer.parseInt(name) * part;
            assertArrayEquals(Arrays.copyOfRange(all, from, from + part), piece.toFloatArray());
          });
    }
  }

  private static float[] noise(long seed, int count) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** By gradients that do not depend on how the parameters are cut. */
  private void updateThrice(Map<String, NDArray> parameters, Adam.Options options) {
    try (Optimiser adam =
        new Adam(List.of(new Optimiser.Group(parameters, Schedule.constant(0.1), 0.01)), options)) {
      for (int step = 0; step < 3; step++) {
        try (NDManager call = manager.newSubManager()) {
          Map<String, NDArray> gradients = new LinkedHashMap<>();
          int from = 0;
          int total = parameters.values().stream().mapToInt(array -> (int) array.size()).sum();
          float[] slopes = noise(2 + step, total);
          for (Map.Entry<String, NDArray> parameter : parameters.entrySet()) {
            int to = from + (int) parameter.getValue().size();
            NDArray slope = call.create(Arrays.copyOfRange(slopes, from, to));
            gradients.put(parameter.getKey(), slope.reshape(parameter.getValue().getShape()));
            from = to;
          }
          adam.step(gradients);
        }
      }
    }
  }

  @Test
  void aTrainingThatStoppedTwiceEndsWithTheBitsOfOneThatRanThrough() throws IOException {
    Plane through = new Plane();
    float[] losses = through.train(TrainingTest::points, plan("through"));
    for (long stop : new long[] {17, 30}) {
      try (Plane interrupted = new Plane()) {
        Exception e =
            assertThrows(
                UnsupportedOperationException.class,
                () -> interrupted.train(stoppingAt(stop), plan("stopped")));
        assertEquals("pulled the plug at step " + stop, e.getMessage());
      }
    }
    Plane resumed = new Plane();
    List<Long> seen = new ArrayList<>();
    float[] resumedLosses =
        resumed.train(
            step -> {
              synchronized (seen) {
                seen.add(step);
              }
              return points(step);
            },
            plan("stopped"));
    assertEquals(28, seen.stream().mapToLong(Long::longValue).min().orElseThrow());
    assertArrayEquals(losses, resumedLosses);
    for (String name : through.weights.keySet()) {
      assertArrayEquals(
          through.weights.get(name).toFloatArray(), resumed.weights.get(name).toFloatArray(), name);
    }
    assertArrayEquals(
        Files.readAllBytes(plan("through").checkpoint()),
        Files.readAllBytes(plan("stopped").checkpoint()));
    assertTrue(losses[STEPS - 1] < 0.3 * losses[0], Arrays.toString(losses));
  }

  @Test
  void anInterruptedThreadLeavesACheckpointOfItsLastStepAndGoesOnFromIt() throws IOException {
    Plane through = new Plane();
    float[] losses = through.train(TrainingTest::points, plan("whole"));
    // Behind step 14 there is a checkpoint to write anyway.
    for (long end : new long[] {11, 14}) {
      TrainingPlan plan = plan("told" + end);
      try (Plane interrupted = new Plane()) {
        Thread trainer = Thread.currentThread();
        Progress meddling =
            (task, done, total) -> {
              if (done == end) {
                trainer.interrupt();
              }
            };
        Exception e =
            assertThrows(
                InterruptedIOException.class,
                () -> interrupted.train(TrainingTest::points, plan, meddling));
        assertTrue(e.getMessage().contains(end + " of " + STEPS), e.getMessage());
      }
      float[] resumed = new Plane().train(TrainingTest::points, plan);
      assertArrayEquals(losses, resumed);
    }
  }

  @Test
  void anInterruptedMeasurementLeavesACheckpointToo() throws IOException {
    Path data = Files.writeString(folder.resolve("data"), "0.5");
    Validation reading =
        new Validation(
            "bias",
            9,
            () -> {
              Thread.currentThread().interrupt();
              return Double.parseDouble(Files.readString(data));
            });
    try (Plane interrupted = new Plane()) {
      TrainingPlan plan = plan("measured").withValidation(reading);
      Exception e =
          assertThrows(
              InterruptedIOException.class, () -> interrupted.train(TrainingTest::points, plan));
      assertTrue(e.getMessage().contains("9 of " + STEPS), e.getMessage());
      assertTrue(Files.exists(plan.checkpoint()));
    }
  }

  @Test
  void aTrainingStoppedBeforeItsFirstStepLeavesNothingInTheWay() throws IOException {
    Plane stopped = new Plane();
    Thread.currentThread().interrupt();
    assertThrows(
        InterruptedIOException.class, () -> stopped.train(TrainingTest::points, plan("early")));
    assertTrue(Files.notExists(plan("early").checkpoint()));
    assertEquals(STEPS, new Plane().train(TrainingTest::points, plan("early")).length);
  }

  @Test
  void scoresAreTakenOnTheWaySurviveInterruptionsAndChangeNothing() throws IOException {
    Plane plain = new Plane();
    plain.train(TrainingTest::points, plan("plain"));
    Plane first = new Plane();
    TrainingPlan plan = plan("scored").withValidation(new Validation("bias", 9, first::bias));
    assertThrows(UnsupportedOperationException.class, () -> first.train(stoppingAt(20), plan));
    Plane second = new Plane();
    List<Double> taken = new ArrayList<>();
    second.train(
        TrainingTest::points,
        plan("scored")
            .withValidation(
                new Validation(
                    "bias",
                    9,
                    () -> {
                      taken.add(second.bias());
                      return second.bias();
                    })));
    assertEquals(4, taken.size(), "behind steps 18, 27, 36 and 40; the first was saved with 14");
    assertArrayEquals(
        plain.weights.get("bias").toFloatArray(), second.weights.get("bias").toFloatArray());
    try (Checkpoint checkpoint = Checkpoints.open(plan("scored").checkpoint());
        NDManager call = manager.newSubManager()) {
      Map<String, Shape> shapes = Map.of("scores", new Shape(5, 2));
      float[] rows =
          Weights.load(checkpoint.without(name -> !name.equals("scores")), shapes, call)
              .get("scores")
              .toFloatArray();
      assertEquals(10, rows.length);
      assertArrayEquals(
          new float[] {9, 18, 27, 36, 40},
          new float[] {rows[0], rows[2], rows[4], rows[6], rows[8]});
      assertEquals(second.bias(), rows[9]);
    }
  }

  @Test
  void aTrainingThatRunsOnKeepsEveryScoreOnce() throws IOException {
    Plane plane = new Plane();
    Training<float[]> training =
        new Training<>(plane.weights, plane.adam, TrainingTest::points, plane);
    for (long steps : new long[] {20, STEPS}) {
      TrainingPlan plan =
          plan("longer", steps)
              .withProvenance(PROVENANCE)
              .withValidation(new Validation("bias", 10, plane::bias));
      training.run(plan, Progress.SILENT);
    }
    try (Checkpoint checkpoint = Checkpoints.open(plan("longer").checkpoint())) {
      assertEquals(new Shape(4, 2), checkpoint.tensors().get("scores").shape());
    }
  }

  @Test
  void progressTellsLossScoreAndWaiting() throws IOException {
    List<String> told = new ArrayList<>();
    Plane plane = new Plane();
    new Training<>(plane.weights, plane.adam, TrainingTest::points, plane)
        .run(
            plan("told").withValidation(new Validation("bias", 20, plane::bias)),
            (task, done, total) -> told.add(task));
    assertTrue(
        told.get(0)
            .matches("training, loss \\d+\\.\\d{4}, \\d+\\.\\d % of the time waiting for data"),
        told.get(0));
    assertTrue(told.get(STEPS - 1).contains(", bias "), told.get(STEPS - 1));
  }

  @Test
  void refusesMeasurementsEveryNoSteps() {
    assertThrows(IllegalArgumentException.class, () -> new Validation("mIoU", 0, () -> 1));
  }

  @Test
  void longGradientsAreShortenedTogether() {
    NDArray a = manager.create(new float[] {0});
    NDArray b = manager.create(new float[] {0});
    for (double norm : new double[] {1, 100}) {
      Map<String, NDArray> parameters = new LinkedHashMap<>();
      parameters.put("a", a);
      parameters.put("b", b);
      Optimiser.Group group = new Optimiser.Group(parameters, Schedule.constant(0), 0);
      try (Optimiser adam = new Adam(List.of(group), Adam.Options.ADAM).clipping(norm)) {
        adam.step(
            Map.of("a", manager.create(new float[] {3}), "b", manager.create(new float[] {4})));
        // The mean of one gradient is a tenth of it.
        double factor = 0.1 * Math.min(1, norm / 5);
        assertEquals(3 * factor, adam.state().get("adam.mean.a").getFloat(0), 1e-6);
        assertEquals(4 * factor, adam.state().get("adam.mean.b").getFloat(0), 1e-6);
      }
    }
    Optimiser.Group group = new Optimiser.Group(Map.of("a", a), Schedule.constant(0), 0);
    try (Optimiser adam = new Adam(List.of(group), Adam.Options.ADAM)) {
      assertThrows(IllegalArgumentException.class, () -> adam.clipping(0));
    }
  }

  @Test
  void runningMeansFollowTheWeights() {
    NDArray weight = manager.create(new float[] {2, 4});
    RunningMean mean = RunningMean.of(Map.of("w", weight));
    weight.set(new float[] {4, 0});
    mean.follow(0.75);
    assertArrayEquals(new float[] {2.5f, 3}, mean.means().get("w").toFloatArray());
    assertArrayEquals(new float[] {4, 0}, weight.toFloatArray());
  }

  @Test
  void runningMeansKeepTheOrderOfTheWeights() {
    Map<String, NDArray> weights = new LinkedHashMap<>();
    for (int i = 20; i > 0; i--) {
      weights.put("w" + i, manager.zeros(new Shape(1)));
    }
    assertEquals(
        List.copyOf(weights.keySet()),
        List.copyOf(RunningMean.of(weights).means().keySet()),
        "the files that they are written to depend on it");
  }

  @Test
  void aFinishedTrainingIsNotTrainedFurther() throws IOException {
    float[] losses = new Plane().train(TrainingTest::points, plan("done"));
    float[] again = new Plane().train(stoppingAt(0), plan("done"));
    assertArrayEquals(losses, again);
  }

  @Test
  void checkpointsSayWhereTheyComeFrom() throws IOException {
    new Plane().train(TrainingTest::points, plan("told"));
    try (Checkpoint checkpoint = Checkpoints.open(plan("told").checkpoint())) {
      assertEquals("a noisy plane", checkpoint.metadata().get("data"));
      assertEquals("40", checkpoint.metadata().get("step"));
      assertTrue(checkpoint.tensors().containsKey("weights.bias"));
    }
  }

  @Test
  void refusesToResumeAnotherTraining() throws IOException {
    new Plane().train(TrainingTest::points, plan("mine"));
    TrainingPlan other = plan("mine", STEPS).withProvenance(Map.of("data", "a sphere"));
    CheckpointException e =
        assertThrows(
            CheckpointException.class, () -> new Plane().train(TrainingTest::points, other));
    assertTrue(e.getMessage().contains("a sphere"), e.getMessage());
    assertTrue(e.getMessage().contains("a noisy plane"), e.getMessage());
    TrainingPlan shorter = plan("mine", 30).withProvenance(PROVENANCE);
    e =
        assertThrows(
            CheckpointException.class, () -> new Plane().train(TrainingTest::points, shorter));
    assertTrue(e.getMessage().contains("40 steps; the plan has 30"), e.getMessage());
  }

  @Test
  void aRunThatWasBegunUnderAFormerProvenanceIsResumedUnderThePresentOne() throws IOException {
    try (Plane stopped = new Plane()) {
      assertThrows(
          UnsupportedOperationException.class, () -> stopped.train(stoppingAt(20), plan("mine")));
    }
    Map<String, String> present = Map.of("data", "a noisy plane", "sha256", "12", "seed", "5");
    TrainingPlan plan = plan("mine", STEPS).withProvenance(present);
    assertThrows(CheckpointException.class, () -> new Plane().train(TrainingTest::points, plan));
    new Plane().train(TrainingTest::points, plan.withFormerProvenance(PROVENANCE));
    try (Checkpoint checkpoint = Checkpoints.open(plan.checkpoint())) {
      assertEquals("12", checkpoint.metadata().get("sha256"));
    }
  }

  @Test
  void stopsWhereTheLossIsNotFinite() {
    Batches<float[]> broken =
        step -> {
          float[] points = points(step);
          points[0] = step == 3 ? Float.NaN : 0;
          return points;
        };
    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> new Plane().train(broken, plan("broken")));
    assertTrue(e.getMessage().contains("step 3 is NaN"), e.getMessage());
  }

  @Test
  void everyCheckpointIsReportedWithAllLosses() throws IOException {
    List<Integer> reported = new ArrayList<>();
    List<float[]> last = new ArrayList<>();
    float[] losses =
        new Plane()
            .train(
                TrainingTest::points,
                plan("told")
                    .withReport(
                        (place, history) -> {
                          assertEquals(folder.resolve("told"), place);
                          assertTrue(Files.exists(place.resolve("training.safetensors")));
                          assertEquals(STEPS, history.steps());
                          reported.add(history.losses().length);
                          last.add(history.losses());
                        }));
    assertEquals(List.of(7, 14, 21, 28, 35, 40), reported);
    assertArrayEquals(losses, last.get(5));
  }

  /** Learns from batches that hold something, and notes after which step. */
  private static Objective<float[]> picky(Plane plane, List<Long> updated) {
    return new Objective<>() {
      @Override
      public NDArray loss(float[] batch, NDManager call) {
        return plane.loss(batch, call);
      }

      @Override
      public boolean usable(float[] batch) {
        return batch.length > 0;
      }

      @Override
      public void afterUpdate() {
        updated.add(plane.adam.steps());
      }
    };
  }

  @Test
  void aBatchWithoutAnythingToLearnFromIsAStepThatChangesNothing() throws IOException {
    Plane plane = new Plane();
    List<Long> updated = new ArrayList<>();
    Batches<float[]> holes = step -> step % 10 == 4 ? new float[0] : points(step);
    float[] losses =
        new Training<>(plane.weights, plane.adam, holes, picky(plane, updated))
            .run(plan("holes"), Progress.SILENT);
    assertEquals(0, losses[4]);
    assertEquals(0, losses[34]);
    assertTrue(losses[5] > 0);
    assertEquals(STEPS, plane.adam.steps());
    assertEquals(4, plane.adam.skipped());
    assertEquals(STEPS - 4, updated.size());
    assertFalse(updated.contains(5L));

    // Stopped between two of them and resumed, it ends with the same bits.
    try (Plane stopped = new Plane()) {
      Batches<float[]> ending =
          step -> {
            if (step == 20) {
              throw new UnsupportedOperationException("stopped");
            }
            return holes.batch(step);
          };
      Objective<float[]> same = picky(stopped, new ArrayList<>());
      assertThrows(
          UnsupportedOperationException.class,
          () ->
              new Training<>(stopped.weights, stopped.adam, ending, same)
                  .run(plan("holes again"), Progress.SILENT));
    }
    Plane resumed = new Plane();
    assertArrayEquals(
        losses,
        new Training<>(resumed.weights, resumed.adam, holes, picky(resumed, new ArrayList<>()))
            .run(plan("holes again"), Progress.SILENT));
    assertArrayEquals(
        Files.readAllBytes(plan("holes").checkpoint()),
        Files.readAllBytes(plan("holes again").checkpoint()));
  }

  @Test
  void decoupledDecayShrinksParametersWithoutGradients() {
    NDArray parameter = manager.create(new float[] {2, -4});
    Optimiser.Group group =
        new Optimiser.Group(Map.of("p", parameter), Schedule.constant(0.1), 0.5);
    try (Optimiser adam = new Adam(List.of(group), Adam.Options.ADAM_W)) {
      adam.step(Map.of("p", manager.zeros(parameter.getShape())));
      assertArrayEquals(new float[] {1.9f, -3.8f}, parameter.toFloatArray(), 1e-6f);
      assertEquals(1, adam.steps());
    }
  }

  @Test
  void theFirstStepMovesByTheLearningRateAgainstTheGradient() {
    NDArray parameter = manager.create(new float[] {2, -4});
    Optimiser.Group group = new Optimiser.Group(Map.of("p", parameter), Schedule.constant(0.1), 0);
    try (Optimiser adam = new Adam(List.of(group), Adam.Options.ADAM)) {
      NDArray loss = TorchEngine.recorded(() -> parameter.sum().mul(7));
      Map<String, NDArray> gradients = adam.gradients(loss);
      assertArrayEquals(new float[] {7, 7}, gradients.get("p").toFloatArray());
      adam.step(gradients);
      assertArrayEquals(new float[] {1.9f, -4.1f}, parameter.toFloatArray(), 1e-6f);
    }
  }

  @Test
  void refusesAParameterInTwoGroups() {
    Optimiser.Group group =
        new Optimiser.Group(Map.of("p", manager.zeros(new Shape(2))), Schedule.constant(1), 0);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new Adam(List.of(group, group), Adam.Options.ADAM));
    assertTrue(e.getMessage().contains("p is in two groups"), e.getMessage());
  }

  @Test
  void schedulesMeetTheirEnds() {
    Schedule cosine = Schedule.cosine(1, 100, 0.1).warmUp(10);
    assertEquals(0, cosine.rate(0));
    assertEquals(0.5, cosine.rate(5));
    assertEquals(0.55, cosine.rate(50), 1e-12);
    assertEquals(0.1, cosine.rate(100), 1e-12);
    assertEquals(0.1, cosine.rate(200), 1e-12);
    assertNotEquals(Schedule.constant(1).rate(3), Schedule.poly(1, 10, 0.9, 0).rate(3));
    assertEquals(0.01, Schedule.poly(1, 10, 0.9, 0.01).rate(11));
  }

  @Test
  void refusesAPlanWithoutSteps() {
    assertThrows(IllegalArgumentException.class, () -> TrainingPlan.of(folder, 0));
    TrainingPlan plan = TrainingPlan.of(folder, 1);
    assertThrows(IllegalArgumentException.class, () -> plan.withSaveEvery(0));
    assertThrows(IllegalArgumentException.class, () -> plan.withDataThreads(0));
  }
}
