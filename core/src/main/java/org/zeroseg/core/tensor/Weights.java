package org.zeroseg.core.tensor;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
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
import org.zeroseg.core.checkpoint.TensorInfo;

/**
 * A model's named arrays, seen from a prefix. The names are those of the published checkpoint. A
 * view is read-only; training changes the arrays in place.
 */
public final class Weights {

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
   * the process when asked for their type.
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
    Precision format = precision.on(manager.getDevice());
    check(checkpoint, expected);
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    for (String name : expected.keySet()) {
      NDArray array = array(checkpoint, name, manager);
      if (format != Precision.FLOAT32 && reduced.test(name)) {
        try (NDArray wide = array) {
          String cast = format == Precision.BFLOAT16 ? "to_bfloat16" : "to_float16";
          array = Kernels.core().call(cast, wide);
        }
      }
      arrays.put(name, array);
    }
    return new Weights(arrays, checkpoint.source(), "");
  }

  private static void check(Checkpoint checkpoint, Map<String, Shape> expected) {
    Map<String, TensorInfo> present = checkpoint.tensors();
    List<String> faults = new ArrayList<>();
    expected.forEach(
        (name, shape) -> {
          TensorInfo info = present.get(name);
          if (info == null) {
            faults.add("missing " + name + " " + shape);
          } else if (!info.shape().equals(shape)) {
            faults.add(
                "wrong shape of " + name + ": expected " + shape + ", found " + info.shape());
          }
        });
    for (String name : present.keySet()) {
      if (!expected.containsKey(name)) {
        faults.add("unexpected " + name + " " + present.get(name).shape());
      }
    }
    if (!faults.isEmpty()) {
      String shown = faults.stream().limit(20).collect(Collectors.joining("\n  "));
      throw new CheckpointException(
          checkpoint.source()
              + " does not fit the model: "
              + faults.size()
              + " faults\n  "
              + shown
              + (faults.size() > 20 ? "\n  ..." : ""));
    }
  }

  private static NDArray array(Checkpoint checkpoint, String name, NDManager manager) {
    TensorInfo info = checkpoint.tensors().get(name);
    ByteBuffer bytes = checkpoint.read(name);
    // The engine casts; bfloat16 is widened here because DJL aborts on arrays of that type.
    if (info.type() == DataType.BFLOAT16) {
      float[] wide = new float[bytes.remaining() / 2];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = Float.intBitsToFloat(bytes.getShort() << 16);
      }
      return manager.create(wide, info.shape());
    }
    NDArray array = manager.create(bytes, info.shape(), info.type());
    if (info.type() == DataType.FLOAT16 || info.type() == DataType.FLOAT64) {
      try (NDArray stored = array) {
        return stored.toType(DataType.FLOAT32, true);
      }
    }
    return array;
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
}
