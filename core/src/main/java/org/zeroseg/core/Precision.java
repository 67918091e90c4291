package org.zeroseg.core;

/** In which number format a model computes. */
public enum Precision {
  /** 32 bits: the reference. */
  FLOAT32,
  /** 16 bits with float32's range, for processors with AVX512_BF16 or AMX, and for CUDA. */
  BFLOAT16,
  /** 16 bits, for CUDA. */
  FLOAT16,
  /** The fastest of the others that the device gains from. */
  AUTO
}
