package org.zeroseg.dino;

import static org.zeroseg.core.network.CheckpointShapes.layer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.zeroseg.core.Progress;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Kernels;
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
 * Trains DINO without labels (Caron et al. 2021, Alg. 1): a student learns to see in every crop of
 * a picture what a teacher sees in the large ones. The teacher is the student's running mean; its
 * outputs are centred and sharpened, so that neither collapses.
 *
 * <p>Weights are {@code student.*} and {@code teacher.*}, each with the names of {@link
 * DinoConfig#shapes()} and the projection head's {@code head.*}, and {@code centre}.
 *
 * <p>Departures from the released code: the weight decay is constant instead of rising, gradients
 * are not clipped, and while the prototypes are frozen their moments still gather.
 */
public final class DinoTrainer {

  static final Kernels KERNELS = Kernels.of(DinoTrainer.class, "distillation.torchscript");

  private static final String STUDENT = "student";
  private static final String TEACHER = "teacher";
  private static final String CENTRE = "centre";

  /** Released defaults. */
  private static final double STUDENT_TEMPERATURE = 0.1;

  private static final double TEACHER_TEMPERATURE = 0.04;
  private static final double CENTRE_KEEPS = 0.9;

  private static final List<String> HEAD =
      List.of(
          "mlp.0.weight",
          "mlp.0.bias",
          "mlp.2.weight",
          "mlp.2.bias",
          "mlp.4.weight",
          "mlp.4.bias",
          "last_layer.weight_g",
          "last_layer.weight_v");

  /**
   * Sizes of the projection head.
   *
   * @param hidden width of its two inner layers; 2048 in the paper
   * @param bottleneck length of the unit vector; 256 in the paper
   * @param prototypes outputs, K; 65,536 in the paper
   */
  public record Head(int hidden, int bottleneck, int prototypes) {

    Map<String, Shape> shapes(int width) {
      Map<String, Shape> shapes = new LinkedHashMap<>();
      int[] widths = {width, hidden, hidden, bottleneck};
      for (int i = 0; i < 3; i++) {
        layer(shapes, "head.mlp." + 2 * i, new Shape(widths[i + 1], widths[i]));
      }
      shapes.put("head.last_layer.weight_g", new Shape(prototypes, 1));
      shapes.put("head.last_layer.weight_v", new Shape(prototypes, bottleneck));
      return shapes;
    }
  }

  /**
   * Hyper-parameters.
   *
   * @param learningRate the highest, after the warm-up
   * @param warmUp steps of linear rise
   * @param weightDecay of matrices; biases and norms have none
   * @param momentum what the teacher keeps of itself in a step; rises to 1 along a cosine
   * @param frozenSteps steps at the start in which the prototypes do not learn
   */
  public record Options(
      double learningRate, int warmUp, double weightDecay, double momentum, int frozenSteps) {}

  /**
   * A batch of crops, view by view: all first global crops, all second ones, then the local ones.
   *
   * @param global {@code [2 B, 3, G, G]}, normalised, row-major
   * @param globalSize side of the global crops, G
   * @param local {@code [L B, 3, S, S]}; may be empty
   * @param localSize side of the local crops, S
   * @param count pictures, B
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  public record Views(float[] global, int globalSize, float[] local, int localSize, int count) {}

  private final Map<String, NDArray> weights;
  private final DinoVit student;
  private final DinoVit teacher;
  private final Options options;

  private DinoTrainer(
      Map<String, NDArray> weights, DinoVit student, DinoVit teacher, Options options) {
    this.weights = weights;
    this.student = student;
    this.teacher = teacher;
    this.options = options;
  }

  /**
   * Everything that a run needs, student and teacher alike.
   *
   * @param config the transformer's sizes
   * @param head the projection head's
   * @param random where the numbers come from
   * @param manager owns the arrays
   * @return the weights
   */
  public static Map<String, NDArray> initialWeights(
      DinoConfig config, Head head, RandomGenerator random, NDManager manager) {
    Map<String, Shape> shapes = config.shapes();
    shapes.putAll(head.shapes(config.width()));
    Map<String, NDArray> first = DinoInitialisation.of(shapes, random, manager);
    Map<String, NDArray> weights = new LinkedHashMap<>();
    first.forEach((name, array) -> weights.put(STUDENT + "." + name, array));
    first.forEach((name, array) -> weights.put(TEACHER + "." + name, array.duplicate()));
    weights.put(CENTRE, manager.zeros(new Shape(1, head.prototypes())));
    return weights;
  }

  /**
   * The same with a backbone that has learnt already, the head from random weights.
   *
   * @param config the sizes
   * @param backbone every array of {@link DinoConfig#shapes()}; copied
   * @param head the projection
   * @param random for the head
   * @param manager owns the arrays
   * @return what {@link #of} takes
   * @throws org.zeroseg.core.checkpoint.CheckpointException if the backbone lacks an array
   */
  public static Map<String, NDArray> initialWeights(
      DinoConfig config, Weights backbone, Head head, RandomGenerator random, NDManager manager) {
    Map<String, NDArray> weights = initialWeights(config, head, random, manager);
    for (String name : config.shapes().keySet()) {
      for (String network : List.of(STUDENT, TEACHER)) {
        NDArray copy = backbone.get(name).duplicate();
        copy.attach(manager);
        weights.put(network + "." + name, copy).close();
      }
    }
    return weights;
  }

  /**
   * Trains from where the weights are.
   *
   * @param config the sizes
   * @param weights every array of {@link #initialWeights}; changed in place
   * @param options hyper-parameters
   * @return the trainer
   */
  public static DinoTrainer of(DinoConfig config, Map<String, NDArray> weights, Options options) {
    Weights all = Weights.of(weights, "DINO in training");
    NDManager manager = weights.get(CENTRE).getManager();
    DinoVit student = DinoVit.of(config, all.at(STUDENT), PositionRule.DINO, manager);
    DinoVit teacher = DinoVit.of(config, all.at(TEACHER), PositionRule.DINO, manager);
    return new DinoTrainer(weights, student, teacher, options);
  }

  /**
   * The teacher's backbone, which is what training is for.
   *
   * @return every array of {@link DinoConfig#shapes()}
   */
  public Map<String, NDArray> backbone() {
    Map<String, NDArray> backbone = new LinkedHashMap<>();
    for (String name : teacher.config().shapes().keySet()) {
      backbone.put(name, weights.get(TEACHER + "." + name));
    }
    return backbone;
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
  public float[] run(Batches<Views> batches, TrainingPlan plan, Progress progress)
      throws IOException {
    Schedule schedule =
        Schedule.cosine(options.learningRate(), plan.steps(), options.learningRate() / 500)
            .warmUp(options.warmUp());
    Map<String, NDArray> decayed = new LinkedHashMap<>();
    Map<String, NDArray> free = new LinkedHashMap<>();
    Map<String, NDArray> prototypes = new LinkedHashMap<>();
    weights.forEach(
        (name, array) -> {
          if (name.endsWith("last_layer.weight_v") && name.startsWith(STUDENT)) {
            prototypes.put(name, array);
          } else if (name.startsWith(STUDENT) && !name.endsWith("weight_g")) {
            // All prototypes keep the length one: "norm last layer" of the released code.
            boolean matrix = array.getShape().dimension() > 1 && !name.endsWith("_token");
            (matrix && !name.endsWith("pos_embed") ? decayed : free).put(name, array);
          }
        });
    Schedule thawing = step -> step < options.frozenSteps() ? 0 : schedule.rate(step);
    List<Optimiser.Group> groups =
        List.of(
            new Optimiser.Group(decayed, schedule, options.weightDecay()),
            new Optimiser.Group(free, schedule, 0),
            new Optimiser.Group(prototypes, thawing, options.weightDecay()));
    try (Optimiser adam = new Adam(groups, Adam.Options.ADAM_W)) {
      Objective<Views> objective = new Distillation(adam, plan.steps());
      return new Training<>(weights, adam, batches, objective).run(plan, progress);
    }
  }

  private final class Distillation implements Objective<Views> {

    private final DinoVit learner = student.in(Mode.DIFFERENTIABLE);
    private final RunningMean followers = followers();
    private final Optimiser adam;
    private final long steps;

    Distillation(Optimiser adam, long steps) {
      this.adam = adam;
      this.steps = steps;
    }

    @Override
    public NDArray loss(Views views, NDManager call) {
      NDArray global = pixels(views.global(), 2 * views.count(), views.globalSize(), call);
      NDList seen = new NDList(embeddings(learner, global));
      if (views.local().length > 0) {
        int size = views.localSize();
        int crops = views.local().length / (3 * size * size);
        seen.add(embeddings(learner, pixels(views.local(), crops, size, call)));
      }
      NDArray guess = KERNELS.differentiable("head", head(NDArrays.concat(seen), STUDENT));
      // A copy: results of inference cannot be saved for a backward pass.
      NDArray goal = KERNELS.call("head", head(embeddings(teacher, global), TEACHER)).duplicate();
      // Another copy: the centre moves on before the backward pass.
      NDArray centre = weights.get(CENTRE).duplicate();
      centre.attach(call);
      double[] numbers = {views.count(), STUDENT_TEMPERATURE, TEACHER_TEMPERATURE};
      NDArray loss = KERNELS.differentiable("loss", guess, goal, centre, cpu(call, numbers));
      KERNELS.call("follow_mean", cpu(call, CENTRE_KEEPS), goal, weights.get(CENTRE));
      return loss;
    }

    @Override
    public void afterUpdate() {
      double done = (double) adam.steps() / steps;
      double keeps = 1 - (1 - options.momentum()) * (1 + Math.cos(Math.PI * done)) / 2;
      followers.follow(keeps);
    }
  }

  private RunningMean followers() {
    Map<String, NDArray> followed = new LinkedHashMap<>();
    Map<String, NDArray> followers = new LinkedHashMap<>();
    weights.forEach(
        (name, array) -> {
          if (name.startsWith(STUDENT)) {
            followed.put(name, array);
            followers.put(name, weights.get(TEACHER + name.substring(STUDENT.length())));
          }
        });
    return new RunningMean(followed, followers);
  }

  private static NDArray cpu(NDManager call, double... numbers) {
    return Kernels.numbers(call, numbers);
  }

  private static NDArray pixels(float[] values, int count, int size, NDManager call) {
    return call.create(values, new Shape(count, 3, size, size));
  }

  private static NDArray embeddings(DinoVit vit, NDArray pixels) {
    return vit.classToken(pixels);
  }

  private NDArray[] head(NDArray embeddings, String of) {
    NDArray[] arguments = new NDArray[1 + HEAD.size()];
    arguments[0] = embeddings;
    for (int i = 0; i < HEAD.size(); i++) {
      arguments[1 + i] = weights.get(of + ".head." + HEAD.get(i));
    }
    return arguments;
  }
}
