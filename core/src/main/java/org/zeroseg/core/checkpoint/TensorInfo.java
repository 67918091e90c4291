package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * What a checkpoint says of one tensor before it is read.
 *
 * @param type the type of its elements as stored; {@link DataType#UNKNOWN} where it is one that is
 *     not read here, such as floating-point numbers of 8 bits
 * @param shape its dimensions
 */
public record TensorInfo(DataType type, Shape shape) {

  /** Bytes of all elements that are read here. */
  long bytes() {
    return type == DataType.UNKNOWN ? 0 : shape.size() * ElementTypes.size(type);
  }
}
