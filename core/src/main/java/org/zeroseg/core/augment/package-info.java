/**
 * Augmentation of training samples: scale, pad, crop, flip, colour jitter, blur and copy-paste.
 * Results equal those of Pillow, OpenCV and the published code bit by bit. All random values are
 * first drawn from a {@link org.zeroseg.core.augment.Draws}, then applied.
 */
package org.zeroseg.core.augment;
