package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.tensor.Kernels;

/**
 * Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019) with PyTorch's arithmetic, in
 * place. Not thread-safe.
 */
public final class Adam implements AutoCloseable {

  static final Kernels KERNELS = Kernels.of(Adam.class, "adam.torchscript");

  /**
   * Parameters that share their hyper-parameters.
   *
   * @param parameters names and float32 arrays; they are changed in place
   * @param schedule their learning rate
   * @param weightDecay how strongly they are drawn to zero
   */
  public record Group(Map<String, NDArray> parameters, Schedule schedule, double weightDecay) {

    /**
     * Copies the map, in its order.
     *
     * @param parameters names and float32 arrays; they are changed in place
     * @param schedule their learning rate
     * @param weightDecay how strongly they are drawn to zero
     */
    public Group {
      parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    }

    /**
     * The usual two groups: matrices and convolutions are drawn to zero, gains, biases and single
     * numbers are not.
     *
     * @param parameters names and float32 arrays; they are changed in place
     * @param schedule their learning rate
     * @param weightDecay of those with more than one dimension
     * @return those that decay, and the others
     */
    public static List<Group> decayingMatrices(
        Map<String, NDArray> parameters, Schedule schedule, double weightDecay) {
      Map<String, NDArray> decayed = new LinkedHashMap<>();
      Map<String, NDArray> free = new LinkedHashMap<>();
      parameters.forEach(
          (name, array) -> (array.getShape().dimension() > 1 ? decayed : free).put(name, array));
      return List.of(new Group(decayed, schedule, weightDecay), new Group(free, schedule, 0));
    }
  }

  /**
   * Constants of the method.
   *
   * @param beta1 decay of the running mean of gradients
   * @param beta2 decay of the running mean of their squares
   * @param epsilon added to the root of the latter
   * @param decoupled whether weight decay shrinks the parameters (AdamW) or is added to their
   *     gradients (Adam with L2 regularisation)
   */
  public record Options(double beta1, double beta2, double epsilon, boolean decoupled) {

    /** PyTorch's defaults of AdamW: 0.9, 0.999, 1e-8, decoupled. */
    public static final Options ADAM_W = new Options(0.9, 0.999, 1e-8, true);

    /** PyTorch's defaults of Adam: 0.9, 0.999, 1e-8, not decoupled. */
    public static final Options ADAM = new Options(0.9, 0.999, 1e-8, false);
  }

  private record Moments(NDArray mean, NDArray square) {}

  private final List<Group> groups;
  private final Options options;
  private final NDManager manager;
  private double longest = Double.POSITIVE_INFINITY;
  private final Map<String, Moments> moments = new LinkedHashMap<>();
  private long steps;

  /**
   * An optimiser at step 0, which asks for the gradients of all parameters.
   *
   * @param groups all that is to be trained
   * @param options constants
   * @throws IllegalArgumentException if there is no parameter, or a name occurs twice
   */
  public Adam(List<Group> groups, Options options) {
    this.groups = List.copyOf(groups);
    this.options = options;
    NDArray first =
        groups.stream()
            .flatMap(group -> group.parameters().values().stream())
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("No parameter to train"));
    this.manager = first.getManager().newSubManager();
    for (Group group : groups) {
      group.parameters().forEach(this::watch);
    }
  }

  /**
   * Shortens gradients before every step, as {@code clip_grad_norm_} does (Pascanu et al. 2013).
   *
   * @param norm the greatest length of all gradients as one vector
   * @return this
   * @throws IllegalArgumentException if the length is not positive
   */
  public Adam clipping(double norm) {
    if (!(norm > 0)) {
      throw new IllegalArgumentException("gradients of a length of " + norm);
    }
    longest = norm;
    return this;
  }

  private void watch(String name, NDArray parameter) {
    parameter.setRequiresGradient(true);
    Moments zero =
        new Moments(
            manager.zeros(parameter.getShape(), parameter.getDataType()),
            manager.zeros(parameter.getShape(), parameter.getDataType()));
    if (moments.putIfAbsent(name, zero) != null) {
      throw new IllegalArgumentException("Parameter " + name + " is in two groups");
    }
  }

  /** Changes every parameter by its gathered gradient, and sets the gradients to zero. */
  public void step() {
    steps++;
    try (NDManager call = manager.newSubManager()) {
      if (longest < Double.POSITIVE_INFINITY) {
        clip(call);
      }
      for (Group group : groups) {
        double[] h = {
          group.schedule().rate(steps - 1),
          options.beta1(),
          options.beta2(),
          options.epsilon(),
          group.weightDecay(),
          options.decoupled() ? 1 : 0,
          steps
        };
        NDArray hyperParameters = call.create(h);
        group.parameters().forEach((name, array) -> update(name, array, hyperParameters, call));
      }
    }
  }

  private void clip(NDManager call) {
    NDList gradients = new NDList();
    NDList norms = new NDList();
    for (Group group : groups) {
      for (NDArray parameter : group.parameters().values()) {
        NDArray gradient = parameter.getGradient();
        gradient.attach(call);
        gradients.add(gradient);
        norms.add(KERNELS.call("norm", gradient));
      }
    }
    float[] lengths = NDArrays.stack(norms).toFloatArray();
    double length = 0;
    for (float part : lengths) {
      length = Math.hypot(length, part);
    }
    // PyTorch's small number against a division by zero.
    double factor = longest / (length + 1e-6);
    if (factor < 1) {
      NDArray scale = Kernels.numbers(call, factor);
      gradients.forEach(gradient -> KERNELS.call("scale", gradient, scale));
    }
  }

  private void update(String name, NDArray parameter, NDArray hyperParameters, NDManager call) {
    NDArray gradient = parameter.getGradient();
    gradient.attach(call);
    Moments moment = moments.get(name);
    KERNELS.call("update", gradient, parameter, moment.mean(), moment.square(), hyperParameters);
  }

  /**
   * Updates made so far.
   *
   * @return 0 at the start
   */
  public long steps() {
    return steps;
  }

  /**
   * The learning rate of the next update.
   *
   * @return one rate a group
   */
  public List<Double> rates() {
    List<Double> rates = new ArrayList<>();
    groups.forEach(group -> rates.add(group.schedule().rate(steps)));
    return rates;
  }

  /**
   * The running means, which belong to the state of a training.
   *
   * @return {@code mean.NAME} and {@code square.NAME} of every parameter; the arrays themselves
   */
  public Map<String, NDArray> state() {
    Map<String, NDArray> state = new LinkedHashMap<>();
    moments.forEach(
        (name, moment) -> {
          state.put("mean." + name, moment.mean());
          state.put("square." + name, moment.square());
        });
    return state;
  }

  /**
   * Continues after a number of updates; the arrays of {@link #state()} are restored by {@link
   * #assign}.
   *
   * @param done updates made before
   */
  void resumeAfter(long done) {
    steps = done;
  }

  /** Copies the elements of an array of the call into an array that lives longer. */
  static void assign(NDArray source, NDArray target) {
    KERNELS.call("assign", source, target).close();
  }

  /** Frees the running means; the parameters stay. */
  @Override
  public void close() {
    groups.forEach(
        group -> group.parameters().values().forEach(array -> array.setRequiresGradient(false)));
    manager.close();
  }
}
