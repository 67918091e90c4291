/** Semantic evaluation: confusion matrices, ImageNet-S, resizing rules. */
package org.zeroseg.eval.semantic;
