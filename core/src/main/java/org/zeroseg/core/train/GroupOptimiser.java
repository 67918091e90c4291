package org.zeroseg.core.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.tensor.Kernels;

/** What all optimisers do alike: groups, clipping, counting. A method says how it updates. */
abstract sealed class GroupOptimiser implements Optimiser permits Adam, Sgd {

  static final Kernels KERNELS = Kernels.of(GroupOptimiser.class, "training.torchscript");

  private final List<Group> groups;
  private final NDManager manager;
  private final List<String> kinds;

  /** For each parameter one array of its shape of every kind. */
  private final Map<String, List<NDArray>> moments = new LinkedHashMap<>();

  private double longest = Double.POSITIVE_INFINITY;
  private long steps;
  private long skipped;

  /**
   * At step 0, asking for the gradients of all parameters.
   *
   * @param kinds names of what is kept of every parameter
   */
  GroupOptimiser(List<Group> groups, List<String> kinds) {
    this.groups = List.copyOf(groups);
    this.kinds = kinds;
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

  private void watch(String name, NDArray parameter) {
    parameter.setRequiresGradient(true);
    List<NDArray> zeros =
        kinds.stream()
            .map(kind -> manager.zeros(parameter.getShape(), parameter.getDataType()))
            .toList();
    if (moments.putIfAbsent(name, zeros) != null) {
      throw new IllegalArgumentException("Parameter " + name + " is in two groups");
    }
  }

  /**
   * Numbers that the updates of a group need.
   *
   * @param update the number of this update, from 1; skipped steps do not count
   */
  abstract double[] hyperParameters(double rate, double weightDecay, long update);

  /** Updates one parameter by a kernel. */
  abstract void update(
      NDArray gradient, NDArray parameter, List<NDArray> kept, NDArray hyperParameters);

  @Override
  public Optimiser clipping(double norm) {
    if (!(norm > 0)) {
      throw new IllegalArgumentException("gradients of a length of " + norm);
    }
    longest = norm;
    return this;
  }

  @Override
  public Map<String, NDArray> gradients(NDArray loss) {
    Map<String, NDArray> parameters = new LinkedHashMap<>();
    groups.forEach(group -> parameters.putAll(group.parameters()));
    NDList arguments = new NDList(loss);
    arguments.addAll(parameters.values());
    parameters.values().forEach(array -> array.setName("parameters[]")); // passed as one list
    NDList found;
    try {
      found = KERNELS.callAll("gradients", arguments.toArray(new NDArray[0]));
    } finally {
      parameters.values().forEach(array -> array.setName(null));
    }
    Map<String, NDArray> gradients = new LinkedHashMap<>();
    for (String name : parameters.keySet()) {
      gradients.put(name, found.get(gradients.size()));
    }
    return gradients;
  }

  @Override
  public void step(Map<String, NDArray> gradients) {
    steps++;
    try (NDManager call = manager.newSubManager()) {
      if (longest < Double.POSITIVE_INFINITY) {
        clip(gradients, call);
      }
      for (Group group : groups) {
        double rate = group.schedule().rate(steps - 1);
        NDArray h =
            Kernels.numbers(call, hyperParameters(rate, group.weightDecay(), steps - skipped));
        group
            .parameters()
            .forEach((name, array) -> update(gradients.get(name), array, moments.get(name), h));
      }
    }
  }

  private void clip(Map<String, NDArray> gradients, NDManager call) {
    NDList norms = new NDList();
    gradients.values().forEach(gradient -> norms.add(KERNELS.call("norm", gradient)));
    norms.attach(call);
    double length = 0;
    for (float part : NDArrays.stack(norms).toFloatArray()) {
      length = Math.hypot(length, part);
    }
    // PyTorch's small number against a division by zero.
    double factor = longest / (length + 1e-6);
    if (factor < 1) {
      NDArray scale = Kernels.numbers(call, factor);
      gradients.values().forEach(gradient -> KERNELS.call("scale", gradient, scale));
    }
  }

  @Override
  public void skip() {
    steps++;
    skipped++;
  }

  @Override
  public long steps() {
    return steps;
  }

  @Override
  public long skipped() {
    return skipped;
  }

  @Override
  public List<Double> rates() {
    List<Double> rates = new ArrayList<>();
    groups.forEach(group -> rates.add(group.schedule().rate(steps)));
    return rates;
  }

  @Override
  public Map<String, NDArray> state() {
    Map<String, NDArray> state = new LinkedHashMap<>();
    moments.forEach(
        (name, arrays) -> {
          for (int i = 0; i < arrays.size(); i++) {
            state.put(kinds.get(i) + "." + name, arrays.get(i));
          }
        });
    return state;
  }

  @Override
  public void resumeAfter(long done, long passed) {
    steps = done;
    skipped = passed;
  }

  /** Copies the elements of an array of the call into an array that lives longer. */
  static void assign(NDArray source, NDArray target) {
    KERNELS.call("assign", source, target).close();
  }

  @Override
  public void close() {
    groups.forEach(
        group -> group.parameters().values().forEach(array -> array.setRequiresGradient(false)));
    manager.close();
  }
}
