package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.util.Map;
import java.util.Optional;

/** The element types that checkpoints store, under the names that each format gives them. */
final class ElementTypes {

  private static final Map<String, DataType> SAFETENSORS =
      Map.ofEntries(
          Map.entry("F64", DataType.FLOAT64),
          Map.entry("F32", DataType.FLOAT32),
          Map.entry("F16", DataType.FLOAT16),
          Map.entry("BF16", DataType.BFLOAT16),
          Map.entry("I64", DataType.INT64),
          Map.entry("I32", DataType.INT32),
          Map.entry("I16", DataType.INT16),
          Map.entry("I8", DataType.INT8),
          Map.entry("U64", DataType.UINT64),
          Map.entry("U32", DataType.UINT32),
          Map.entry("U16", DataType.UINT16),
          Map.entry("U8", DataType.UINT8),
          Map.entry("BOOL", DataType.BOOLEAN));

  /** Bits of each element of the types that safetensors has and nothing here computes with. */
  private static final Map<String, Integer> UNREAD =
      Map.of(
          "C64", 64,
          "F8_E4M3", 8,
          "F8_E5M2", 8,
          "F8_E8M0", 8,
          "F8_E4M3FNUZ", 8,
          "F8_E5M2FNUZ", 8,
          "F6_E2M3", 6,
          "F6_E3M2", 6,
          "F4", 4);

  private ElementTypes() {}

  /** The type of a name that the format has; {@link DataType#UNKNOWN} if it is not read here. */
  static Optional<DataType> ofSafetensors(String name) {
    return Optional.ofNullable(UNREAD.containsKey(name) ? DataType.UNKNOWN : SAFETENSORS.get(name));
  }

  /** Bytes of a number of elements of a type by its name in safetensors. */
  static long bytes(String name, long count) {
    Integer bits = UNREAD.get(name);
    if (bits == null) {
      return count * size(SAFETENSORS.get(name));
    }
    return bits >= 8 ? count * (bits / 8) : (count / 8) * bits + (count % 8 * bits + 7) / 8;
  }

  static String toSafetensors(DataType type) {
    return SAFETENSORS.entrySet().stream()
        .filter(entry -> entry.getValue() == type)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(() -> new CheckpointException("No checkpoint stores elements of " + type));
  }

  /** Bytes of one element. */
  static int size(DataType type) {
    return switch (type) {
      case FLOAT64, INT64, UINT64 -> 8;
      case FLOAT32, INT32, UINT32 -> 4;
      case FLOAT16, BFLOAT16, INT16, UINT16 -> 2;
      case INT8, UINT8, BOOLEAN -> 1;
      default -> throw new CheckpointException("No checkpoint stores elements of " + type);
    };
  }
}
