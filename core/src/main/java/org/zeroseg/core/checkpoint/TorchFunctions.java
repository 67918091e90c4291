package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.zeroseg.core.checkpoint.Pickle.Dictionary;
import org.zeroseg.core.checkpoint.Pickle.Global;
import org.zeroseg.core.checkpoint.Pickle.Instance;
import org.zeroseg.core.checkpoint.Pickle.Sequence;
import org.zeroseg.core.checkpoint.TensorView.Storage;

/** The few functions that PyTorch's pickles call, and what they amount to here. */
final class TorchFunctions {

  private static final Map<String, DataType> STORAGES =
      Map.ofEntries(
          Map.entry("DoubleStorage", DataType.FLOAT64),
          Map.entry("FloatStorage", DataType.FLOAT32),
          Map.entry("HalfStorage", DataType.FLOAT16),
          Map.entry("BFloat16Storage", DataType.BFLOAT16),
          Map.entry("LongStorage", DataType.INT64),
          Map.entry("IntStorage", DataType.INT32),
          Map.entry("ShortStorage", DataType.INT16),
          Map.entry("CharStorage", DataType.INT8),
          Map.entry("ByteStorage", DataType.UINT8),
          Map.entry("BoolStorage", DataType.BOOLEAN));

  /** Modules and functions that only make values without tensors, which are read over. */
  private static final Set<String> VALUES =
      Set.of(
          "torch.Size",
          "torch.device",
          "_codecs.encode",
          "builtins.set",
          "builtins.frozenset",
          "builtins.bytearray",
          "builtins.complex",
          "builtins.slice",
          "builtins.range",
          "builtins.bytes",
          "__builtin__.set",
          "__builtin__.frozenset",
          "__builtin__.bytearray",
          "__builtin__.complex",
          "__builtin__.slice",
          "__builtin__.xrange",
          "collections.deque",
          "datetime.datetime",
          "datetime.date",
          "datetime.timedelta",
          "datetime.timezone",
          "decimal.Decimal",
          "fractions.Fraction",
          "pathlib.PosixPath",
          "pathlib.PurePosixPath",
          "pathlib.WindowsPath",
          "pathlib.PureWindowsPath",
          "pathlib._local.PosixPath",
          "pathlib._local.WindowsPath",
          "numpy.dtype",
          "numpy.core.multiarray.scalar",
          "numpy.core.multiarray._reconstruct",
          "numpy._core.multiarray.scalar",
          "numpy._core.multiarray._reconstruct",
          "numpy._core.numeric._frombuffer",
          "numpy.core.numeric._frombuffer");

  private static final String REBUILD_FROM_TYPE = "torch._tensor._rebuild_from_type_v2";

  private TorchFunctions() {}

  /** Classes that are dictionaries. */
  static boolean isDictionary(Global type) {
    return switch (type.toString()) {
      case "collections.OrderedDict",
          "collections.defaultdict",
          "collections.Counter",
          "builtins.dict",
          "__builtin__.dict" ->
          true;
      default -> false;
    };
  }

  /** The type that a storage class holds. */
  static Optional<DataType> elements(Global storageClass) {
    return Optional.ofNullable(STORAGES.get(storageClass.name()));
  }

  /**
   * What a call comes to.
   *
   * @return the value, or nothing where the function is unknown
   * @throws ClassCastException or IndexOutOfBoundsException if the arguments do not fit
   */
  static Optional<Object> call(Global function, List<Object> arguments) {
    if (isDictionary(function)) {
      return Optional.of(dictionary(arguments));
    }
    if (VALUES.contains(function.toString())) {
      return Optional.of(Pickle.OPAQUE);
    }
    return switch (function.toString()) {
      // storage, offset, shape, strides; then what only autograd needs
      case "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2" ->
          Optional.of(
              new TensorView(
                  (Storage) arguments.get(0),
                  (Long) arguments.get(1),
                  longs(arguments.get(2)),
                  longs(arguments.get(3))));
      // data, requires_grad, hooks and, for the second, attributes
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state" ->
          Optional.of((TensorView) arguments.get(0));
      // the function to call, the class of its result, its arguments
      case REBUILD_FROM_TYPE -> {
        Global rebuild = (Global) arguments.get(0);
        yield rebuild.toString().equals(REBUILD_FROM_TYPE) // which could go on without end
            ? Optional.empty()
            : call(rebuild, ((Sequence) arguments.get(2)).elements);
      }
      // TorchScript's typed lists, and its note on the type of a container
      case "torch.jit._pickle.build_intlist",
          "torch.jit._pickle.build_doublelist",
          "torch.jit._pickle.build_boollist",
          "torch.jit._pickle.build_tensorlist",
          "torch.jit._pickle.restore_type_tag" ->
          Optional.of(arguments.get(0));
      case "copyreg._reconstructor", "copy_reg._reconstructor" ->
          Optional.of(new Instance((Global) arguments.get(0)));
      default -> Optional.empty();
    };
  }

  private static Dictionary dictionary(List<Object> arguments) {
    Dictionary dictionary = new Dictionary();
    if (!arguments.isEmpty() && arguments.get(0) instanceof Sequence pairs) {
      for (Object pair : pairs.elements) {
        List<Object> keyAndValue = ((Sequence) pair).elements;
        dictionary.entries.put(keyAndValue.get(0), keyAndValue.get(1));
      }
    } else if (!arguments.isEmpty() && arguments.get(0) instanceof Dictionary copied) {
      dictionary.entries.putAll(copied.entries);
    }
    return dictionary;
  }

  private static long[] longs(Object sequence) {
    return ((Sequence) sequence).elements.stream().mapToLong(element -> (Long) element).toArray();
  }
}
