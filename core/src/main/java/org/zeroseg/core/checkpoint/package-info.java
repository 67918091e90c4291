/** Reading and writing checkpoints: named tensors in files that are not trusted. */
package org.zeroseg.core.checkpoint;
