package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
          Map.entry("UntypedStorage", DataType.UINT8),
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

  /** Bytes of elements that are known but not read here. */
  private static final Map<String, Integer> UNREAD =
      Map.of(
          "ComplexDoubleStorage", 16,
          "ComplexFloatStorage", 8,
          "ComplexHalfStorage", 4,
          "QInt32Storage", 4,
          "QInt8Storage", 1,
          "QUInt8Storage", 1,
          "QUInt4x2Storage", 1,
          "QUInt2x4Storage", 1);

  /** Types that have no storage class of their own, but that this library reads. */
  private static final Map<String, DataType> NEWER =
      Map.of(
          "torch.uint16", DataType.UINT16,
          "torch.uint32", DataType.UINT32,
          "torch.uint64", DataType.UINT64);

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

  /**
   * The type that a storage class holds; {@link DataType#UNKNOWN} where it is one of PyTorch's that
   * is not read here.
   */
  static Optional<DataType> elements(Global storageClass) {
    boolean ours =
        (storageClass.module().equals("torch") || storageClass.module().startsWith("torch."))
            && storageClass.name().endsWith("Storage");
    return Optional.ofNullable(STORAGES.get(storageClass.name()))
        .or(() -> ours ? Optional.of(DataType.UNKNOWN) : Optional.empty());
  }

  /** Bytes of one element of a storage, if known. */
  static OptionalInt size(Storage storage) {
    if (storage.type() != DataType.UNKNOWN) {
      return OptionalInt.of(ElementTypes.size(storage.type()));
    }
    Integer size = UNREAD.get(storage.elements());
    return size == null ? OptionalInt.empty() : OptionalInt.of(size);
  }

  /**
   * What a call comes to.
   *
   * @return the value, or nothing where the function is unknown
   * @throws ClassCastException or IndexOutOfBoundsException if the arguments do not fit
   */
  static Optional<Object> call(Global function, List<Object> arguments, Allowance allowance) {
    if (isDictionary(function)) {
      return Optional.of(dictionary(arguments, allowance));
    }
    if (VALUES.contains(function.toString())) {
      return Optional.of(Pickle.OPAQUE);
    }
    return switch (function.toString()) {
      // storage, offset, shape, strides; then what only autograd needs, and marks
      case "torch._utils._rebuild_tensor",
          "torch._utils._rebuild_tensor_v2",
          "torch._utils._rebuild_qtensor" -> {
        Storage storage = (Storage) arguments.get(0);
        yield Optional.of(view(storage, arguments, 6, allowance));
      }
      // the same with the type of the elements, whose storage is one of bytes
      case "torch._utils._rebuild_tensor_v3" -> {
        Storage bytes = (Storage) arguments.get(0);
        Storage storage = typed(bytes, (Global) arguments.get(6));
        yield Optional.of(view(storage, arguments, 7, allowance));
      }
      // data, requires_grad, hooks and, for the second, attributes
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state" ->
          Optional.of((TensorView) arguments.get(0));
      // the function to call, the class of its result, its arguments
      case REBUILD_FROM_TYPE -> {
        Global rebuild = (Global) arguments.get(0);
        yield rebuild.toString().equals(REBUILD_FROM_TYPE) // which could go on without end
            ? Optional.empty()
            : call(rebuild, ((Sequence) arguments.get(2)).elements, allowance);
      }
      // TorchScript's typed lists, and its note on the type of a container
      case "torch.jit._pickle.build_intlist",
          "torch.jit._pickle.build_doublelist",
          "torch.jit._pickle.build_boollist",
          "torch.jit._pickle.build_tensorlist",
          "torch.jit._pickle.restore_type_tag" ->
          Optional.of(arguments.get(0));
      case "copyreg._reconstructor", "copy_reg._reconstructor" -> {
        allowance.spend(Allowance.INSTANCE);
        yield Optional.of(new Instance((Global) arguments.get(0)));
      }
      default -> Optional.empty();
    };
  }

  private static Dictionary dictionary(List<Object> arguments, Allowance allowance) {
    allowance.spend(Allowance.DICTIONARY);
    Dictionary dictionary = new Dictionary();
    if (!arguments.isEmpty() && arguments.get(0) instanceof Sequence pairs) {
      for (Object pair : pairs.elements) {
        List<Object> keyAndValue = ((Sequence) pair).elements;
        dictionary.put(keyAndValue.get(0), keyAndValue.get(1), allowance);
      }
    } else if (!arguments.isEmpty() && arguments.get(0) instanceof Dictionary copied) {
      dictionary.putAll(copied, allowance);
    }
    return dictionary;
  }

  private static TensorView view(
      Storage storage, List<Object> arguments, int marks, Allowance allowance) {
    boolean negative =
        arguments.size() > marks
            && arguments.get(marks) instanceof Dictionary marked
            && Boolean.TRUE.equals(marked.get("neg"));
    return new TensorView(
        storage,
        (Long) arguments.get(1),
        longs(arguments.get(2), allowance),
        longs(arguments.get(3), allowance),
        negative);
  }

  private static Storage typed(Storage bytes, Global type) {
    DataType elements = NEWER.getOrDefault(type.toString(), DataType.UNKNOWN);
    int size = elements == DataType.UNKNOWN ? 1 : ElementTypes.size(elements);
    if (bytes.start() % size != 0) {
      throw new CheckpointException("has " + type + " at byte " + bytes.start());
    }
    return new Storage(
        bytes.key(), elements, type.toString(), bytes.start() / size, bytes.length() / size);
  }

  private static long[] longs(Object sequence, Allowance allowance) {
    List<Object> elements = ((Sequence) sequence).elements;
    if (elements.size() > Layout.MOST_DIMENSIONS) {
      throw new CheckpointException("has a tensor of " + elements.size() + " dimensions");
    }
    allowance.spend(Allowance.VIEW + (long) Long.BYTES * elements.size());
    return elements.stream().mapToLong(element -> (Long) element).toArray();
  }
}
