package org.zeroseg.core.tensor;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.TensorInfo;

/**
 * A model's named arrays, seen from a prefix. The names are those of the published checkpoint. A
 * view is read-only; training changes the arrays in place.
 */
public final class Weights {

  /** Normally distributed weights change by 0.01. */
  public static final double MOST_ERROR = 0.03;

  private final Map<String, NDArray> arrays;
  private final String source;
  private final String prefix;

  private Weights(Map<String, NDArray> arrays, String source, String prefix) {
    this.arrays = arrays;
    this.source = source;
    this.prefix = prefix;
  }

  /**
   * Weights that exist already, such as those that training starts from.
   *
   * @param arrays names and arrays; not copied array by array
   * @param source where they come from, for messages
   * @return the weights
   */
  public static Weights of(Map<String, NDArray> arrays, String source) {
    return new Weights(new LinkedHashMap<>(arrays), source, "");
  }

  /**
   * Weights of a step of training whose products are in bfloat16. Copies may be passed to kernels
   * only; gradients go through them to the arrays.
   *
   * @param arrays names and arrays that are trained
   * @param reduced says by name which arrays are copied in bfloat16
   * @param anchor an array of the step, whose manager will own the copies
   * @param source where they come from, for messages
   * @return the weights
   */
  public static Weights bfloat16(
      Map<String, NDArray> arrays, Predicate<String> reduced, NDArray anchor, String source) {
    Map<String, NDArray> copies = new LinkedHashMap<>(arrays);
    copies.replaceAll(
        (name, array) ->
            reduced.test(name)
                ? Kernels.core().differentiable("to_bfloat16_of", anchor, array)
                : array);
    return new Weights(copies, source, "");
  }

  /**
   * Reads the tensors that a model needs, floating-point ones as float32, and checks strictly that
   * the checkpoint holds them and nothing else.
   *
   * @param checkpoint where to read, its names already the model's
   * @param expected every name with its shape
   * @param manager the manager that will own the arrays, the model's
   * @return the weights
   * @throws CheckpointException naming all missing, unexpected and misshapen tensors at once
   */
  public static Weights load(
      Checkpoint checkpoint, Map<String, Shape> expected, NDManager manager) {
    return load(checkpoint, expected, Precision.FLOAT32, name -> false, manager);
  }

  /**
   * Reads the tensors that a model needs as {@link #load(Checkpoint, Map, NDManager)} does, some of
   * them in a reduced precision. Bfloat16 arrays may be passed to kernels only: the engine aborts
   * the process when asked for their type. With {@link Precision#INT8} everything is float32.
   *
   * @param checkpoint where to read, its names already the model's
   * @param expected every name with its shape
   * @param precision the format of the arrays to reduce; {@link Precision#AUTO} is decided here
   * @param reduced says by name which arrays those are
   * @param manager the manager that will own the arrays, the model's
   * @return the weights
   * @throws CheckpointException naming all missing, unexpected and misshapen tensors at once
   */
  public static Weights load(
      Checkpoint checkpoint,
      Map<String, Shape> expected,
      Precision precision,
      Predicate<String> reduced,
      NDManager manager) {
    return load(checkpoint, expected, precision, reduced, name -> false, manager);
  }

  /**
   * Reads the tensors that a model needs as {@link #load(Checkpoint, Map, Precision, Predicate,
   * NDManager)} does; with {@link Precision#INT8} some matrices become integers, for kernels that
   * end in {@code dense}. A matrix whose weights rounding would change by more than {@value
   * #MOST_ERROR} of their size on average, since a few are far larger than the others, stays
   * float32.
   *
   * @param checkpoint where to read, its names already the model's
   * @param expected every name with its shape
   * @param precision the format of the arrays to reduce; {@link Precision#AUTO} is decided here
   * @param reduced says by name which arrays 16-bit formats are for
   * @param integers says by name which matrices {@code [out, in]} may be integers
   * @param manager the manager that will own the arrays, the model's
   * @return the weights
   * @throws CheckpointException naming all missing, unexpected and misshapen tensors at once
   */
  public static Weights load(
      Checkpoint checkpoint,
      Map<String, Shape> expected,
      Precision precision,
      Predicate<String> reduced,
      Predicate<String> integers,
      NDManager manager) {
    Precision format = precision.on(manager.getDevice());
    check(checkpoint, expected);
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    Predicate<String> narrow =
        switch (format) {
          case FLOAT32, AUTO -> name -> false;
          case BFLOAT16, FLOAT16 -> reduced;
          case INT8 -> integers;
        };
    long largest =
        checkpoint.tensors().entrySet().stream()
            .filter(tensor -> narrow.test(tensor.getKey()))
            .filter(tensor -> tensor.getValue().type() == DataType.FLOAT32)
            .mapToLong(tensor -> tensor.getValue().shape().size())
            .max()
            .orElse(0);
    try (NDManager host = manager.newSubManager(Device.cpu());
        // One room for all that is cast: arrays that come and go between those that stay would
        // leave holes in the engine's memory, a quarter of a large model.
        NDArray room = host.create(new Shape(largest))) {
      for (String name : expected.keySet()) {
        NDArray array =
            narrow.test(name)
                ? narrowed(checkpoint, name, format, room, manager)
                : array(checkpoint, name, manager);
        arrays.put(name, array);
      }
    }
    return new Weights(arrays, checkpoint.source(), "");
  }

  /** A tensor in a reduced precision, read by way of the room if it is stored as float32. */
  private static NDArray narrowed(
      Checkpoint checkpoint, String name, Precision format, NDArray room, NDManager manager) {
    TensorInfo info = checkpoint.tensors().get(name);
    if (info.type() != DataType.FLOAT32 || info.shape().size() == 0) {
      try (NDArray wide = array(checkpoint, name, manager)) {
        return reduced(wide, format);
      }
    }
    try (NDManager call = room.getManager().newSubManager();
        NDArray part = room.get(new NDIndex(":{}", info.shape().size()))) {
      part.attach(call);
      checkpoint.copy(name, part.toByteBuffer(true));
      // Moved before it is cast: the engine cannot be asked to move bfloat16.
      NDArray wide = part.reshape(info.shape()).toDevice(manager.getDevice(), false);
      wide.attach(call);
      NDArray narrow = reduced(wide, format);
      narrow.attach(manager);
      return narrow;
    }
  }

  /** A copy in a reduced precision, or in float32 where integers would lose too much. */
  private static NDArray reduced(NDArray wide, Precision format) {
    if (format != Precision.INT8) {
      String cast = format == Precision.BFLOAT16 ? "to_bfloat16" : "to_float16";
      return Kernels.core().call(cast, wide);
    }
    NDArray integers = Kernels.core().call("to_int8", wide);
    try (NDArray rounded = Kernels.core().call("from_int8", wide, integers);
        NDArray error = Kernels.core().call("relative_error", rounded, wide)) {
      if (error.getFloat() <= MOST_ERROR) {
        return integers;
      }
    }
    integers.close();
    return wide.duplicate();
  }

  private static void check(Checkpoint checkpoint, Map<String, Shape> expected) {
    Map<String, TensorInfo> present = checkpoint.tensors();
    Faults missing = new Faults("missing");
    Faults misshapen = new Faults("wrong shape");
    Faults unexpected = new Faults("unexpected");
    expected.forEach(
        (name, shape) -> {
          TensorInfo info = present.get(name);
          if (info == null) {
            missing.add(name + " " + shape);
          } else if (!info.shape().equals(shape)) {
            misshapen.add(name + " expected " + shape + ", found " + info.shape());
          }
        });
    present.forEach(
        (name, info) -> {
          // What no model could compute with lies beside the weights, and nobody asks for it.
          if (!expected.containsKey(name) && info.type() != DataType.UNKNOWN) {
            unexpected.add(name + " " + info.shape());
          }
        });
    String faults = missing.text() + misshapen.text() + unexpected.text();
    if (!faults.isEmpty()) {
      throw new CheckpointException(checkpoint.source() + " does not fit the model:" + faults);
    }
  }

  /** Faults of one kind, all of them reported up to a length that can still be read. */
  private record Faults(String kind, List<String> list) {

    private static final int MOST = 100;

    Faults(String kind) {
      this(kind, new ArrayList<>());
    }

    void add(String fault) {
      list.add(fault);
    }

    String text() {
      if (list.isEmpty()) {
        return "";
      }
      String rest = list.size() > MOST ? "\n    and " + (list.size() - MOST) + " more" : "";
      return list.stream()
          .limit(MOST)
          .collect(
              Collectors.joining(
                  "\n    ", "\n  %s (%d):\n    ".formatted(kind, list.size()), rest));
    }
  }

  /**
   * Goes from the file into the engine's own memory. The Java heap holds no tensor, and nothing of
   * the file stays mapped, which would count as this process's memory until some later collection.
   */
  private static NDArray array(Checkpoint checkpoint, String name, NDManager manager) {
    TensorInfo info = checkpoint.tensors().get(name);
    if (info.type() == DataType.UNKNOWN) {
      checkpoint.read(name); // says by its own name which type cannot be read
    }
    try (NDManager host = manager.newSubManager(Device.cpu())) {
      NDArray stored =
          switch (info.type()) {
            // DJL aborts on arrays of bfloat16, so the bits travel as pairs of bytes into a kernel.
            case BFLOAT16 -> host.create(new Shape(info.shape().size(), 2), DataType.UINT8);
            case FLOAT16, FLOAT64, FLOAT32, INT64, INT32, INT8, UINT8, BOOLEAN ->
                host.create(info.shape(), info.type());
            default ->
                throw new CheckpointException(
                    "%s: tensor %s has the type %s, which no model computes with"
                        .formatted(checkpoint.source(), name, info.type()));
          };
      if (info.shape().size() > 0) {
        checkpoint.copy(name, stored.toByteBuffer(true));
      }
      NDArray array =
          switch (info.type()) {
            case BFLOAT16 ->
                Kernels.core()
                    .differentiable("bfloat16_bits_to_float32", stored)
                    .reshape(info.shape());
            case FLOAT16, FLOAT64 -> stored.toType(DataType.FLOAT32, true);
            default -> stored;
          };
      NDArray placed = array.toDevice(manager.getDevice(), false);
      placed.attach(manager);
      return placed;
    }
  }

  /**
   * The weights below a prefix.
   *
   * @param path one or more name parts, without the dot at the end
   * @return a view in which {@code path + "."} is left out of the names
   */
  public Weights at(String path) {
    return new Weights(arrays, source, prefix + path + ".");
  }

  /**
   * One array.
   *
   * @param name its name below this view's prefix
   * @return the array, owned by the model's manager
   * @throws CheckpointException if there is none
   */
  public NDArray get(String name) {
    return find(name)
        .orElseThrow(() -> new CheckpointException(source + " has no tensor " + prefix + name));
  }

  /**
   * One array, where the model may do without.
   *
   * @param name its name below this view's prefix
   * @return the array, if present
   */
  public Optional<NDArray> find(String name) {
    return Optional.ofNullable(arrays.get(prefix + name));
  }

  /**
   * The names below this view's prefix.
   *
   * @return sorted names
   */
  public Set<String> names() {
    return arrays.keySet().stream()
        .filter(name -> name.startsWith(prefix))
        .map(name -> name.substring(prefix.length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /**
   * Frees arrays that nobody needs any more.
   *
   * @param needless says by name below this view's prefix which arrays to close
   * @return the others below the prefix, under the same names
   */
  public Weights freeing(Predicate<String> needless) {
    Map<String, NDArray> kept = new LinkedHashMap<>(arrays);
    for (String name : names()) {
      if (needless.test(name)) {
        kept.remove(prefix + name).close();
      }
    }
    return new Weights(kept, source, prefix);
  }

  /**
   * The arrays below this view's prefix as a checkpoint, to be written.
   *
   * @return a view under the names of {@link #names()}
   */
  public Checkpoint checkpoint() {
    Map<String, NDArray> below = new LinkedHashMap<>();
    arrays.forEach(
        (name, array) -> {
          if (name.startsWith(prefix)) {
            below.put(name.substring(prefix.length()), array);
          }
        });
    return Checkpoints.of(below, source);
  }
}
