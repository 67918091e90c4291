package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * What a checkpoint says of one tensor before it is read.
 *
 * @param type the type of its elements as stored
 * @param shape its dimensions
 */
public record TensorInfo(DataType type, Shape shape) {

  /** Bytes of all elements. */
  long bytes() {
    return shape.size() * ElementTypes.size(type);
  }
}
