/** Saliency evaluation: how well one object is separated from its background. */
package org.zeroseg.eval.saliency;
