/** Tensor operations that the engine's array API lacks: fused kernels and named weights. */
package org.zeroseg.core.tensor;
