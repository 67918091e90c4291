package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A tensor as PyTorch pickles it: a window on a storage, which several tensors may share.
 *
 * @param storage the elements
 * @param offset the first element
 * @param shape the dimensions
 * @param strides for each dimension, how many elements lie between neighbours
 * @param negative whether the elements are stored with the opposite sign (PyTorch's negative bit)
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record TensorView(Storage storage, long offset, long[] shape, long[] strides, boolean negative) {

  /** What a view that repeats elements may grow to: expanded constants are small. */
  private static final long REPEATED_BYTES = 1 << 20;

  /**
   * A run of elements of one type in a checkpoint.
   *
   * @param key its name there
   * @param type the type of its elements
   * @param elements what the checkpoint calls that type
   * @param start where in the named run it begins, in elements
   * @param length how many elements it has
   */
  record Storage(String key, DataType type, String elements, long start, long length) {}

  /** Checks that the view stays inside its storage. */
  TensorInfo info(MappedFile file, String name) {
    TensorInfo info = Layout.info(file, name, storage.type(), shape);
    if (strides.length != shape.length) {
      throw file.refuse(
          "tensor %s has %d dimensions but %d strides"
              .formatted(name, shape.length, strides.length));
    }
    if (storage.type() == DataType.UNKNOWN) {
      return info; // never read
    }
    if (negative && storage.type() == DataType.BOOLEAN) {
      throw file.refuse("tensor " + name + " is made of negative booleans");
    }
    long count = info.shape().size();
    int size = ElementTypes.size(storage.type());
    if (count > 0 && !inside()) {
      throw file.refuse(
          "tensor %s of shape %s, strides %s and offset %d lies outside its storage of %d elements"
              .formatted(name, info.shape(), Arrays.toString(strides), offset, storage.length()));
    }
    if (count > storage.length() && count * size > REPEATED_BYTES) {
      throw file.refuse(
          "tensor %s of shape %s repeats the %d elements of its storage too often"
              .formatted(name, info.shape(), storage.length()));
    }
    return info;
  }

  private boolean inside() {
    long last = offset;
    for (int axis = 0; axis < shape.length; axis++) {
      long reach = Math.max(0, storage.length() - 1);
      if (strides[axis] < 0 || (shape[axis] > 1 && strides[axis] > reach / (shape[axis] - 1))) {
        return false;
      }
      last += (shape[axis] - 1) * strides[axis];
      if (last < 0) {
        return false;
      }
    }
    return offset >= 0 && last < storage.length();
  }

  /** Row-major elements: a part of the file where they lie so, a copy otherwise. */
  ByteBuffer read(MappedFile file, long storageStart) {
    if (storage.type() == DataType.UNKNOWN) {
      throw file.refuse(
          "holds a tensor of " + storage.elements() + ", whose elements are not read here");
    }
    int size = ElementTypes.size(storage.type());
    long count = count();
    long first = first(storageStart);
    if (count == 0) {
      return ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);
    }
    if (contiguous() && !negative) {
      return file.map(first, count * size);
    }
    if (count * size > Integer.MAX_VALUE - 8) {
      throw file.refuse("holds a strided tensor of over 2 GiB: " + Arrays.toString(shape));
    }
    long span = 1;
    for (int axis = 0; axis < shape.length; axis++) {
      span += (shape[axis] - 1) * strides[axis];
    }
    ByteBuffer gathered = ByteBuffer.allocate((int) (count * size)).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer elements = file.map(first, span * size);
    if (shape.length == 0) {
      gathered.put(elements);
    } else {
      gather(elements, 0, 0, gathered, size);
    }
    gathered.flip();
    if (negative) {
      negate(gathered, storage.type());
    }
    return gathered;
  }

  /** The same to where a buffer stands. */
  void copy(MappedFile file, long storageStart, ByteBuffer into) {
    boolean asStored = storage.type() != DataType.UNKNOWN && contiguous() && !negative;
    if (count() > 0 && asStored) {
      file.copy(first(storageStart), count() * ElementTypes.size(storage.type()), into);
    } else {
      into.put(read(file, storageStart));
    }
  }

  private long count() {
    long count = 1;
    for (long dimension : shape) {
      count *= dimension;
    }
    return count;
  }

  /** Where the first element lies in the file. */
  private long first(long storageStart) {
    return storageStart + (storage.start() + offset) * ElementTypes.size(storage.type());
  }

  private boolean contiguous() {
    long expected = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      if (shape[axis] != 1 && strides[axis] != expected) {
        return false;
      }
      expected *= shape[axis];
    }
    return true;
  }

  private void gather(ByteBuffer elements, int axis, long from, ByteBuffer into, int size) {
    for (long i = 0; i < shape[axis]; i++) {
      long element = from + i * strides[axis];
      if (axis < shape.length - 1) {
        gather(elements, axis + 1, element, into, size);
      } else {
        int position = (int) (element * size);
        switch (size) {
          case 8 -> into.putLong(elements.getLong(position));
          case 4 -> into.putInt(elements.getInt(position));
          case 2 -> into.putShort(elements.getShort(position));
          default -> into.put(elements.get(position));
        }
      }
    }
  }

  private static void negate(ByteBuffer elements, DataType type) {
    for (int at = 0; at < elements.limit(); at += ElementTypes.size(type)) {
      switch (type) {
        case FLOAT64 -> elements.putLong(at, elements.getLong(at) ^ Long.MIN_VALUE);
        case FLOAT32 -> elements.putInt(at, elements.getInt(at) ^ Integer.MIN_VALUE);
        case FLOAT16, BFLOAT16 ->
            elements.putShort(at, (short) (elements.getShort(at) ^ Short.MIN_VALUE));
        case INT64, UINT64 -> elements.putLong(at, -elements.getLong(at));
        case INT32, UINT32 -> elements.putInt(at, -elements.getInt(at));
        case INT16, UINT16 -> elements.putShort(at, (short) -elements.getShort(at));
        default -> elements.put(at, (byte) -elements.get(at));
      }
    }
  }
}
