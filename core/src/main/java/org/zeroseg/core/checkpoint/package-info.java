/** Reading and writing checkpoints: named tensors. Files are treated as untrusted input. */
package org.zeroseg.core.checkpoint;
