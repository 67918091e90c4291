/**
 * Augmentation of training samples: scale, pad, crop, flip, colour jitter, blur and copy-paste,
 * with the results of Pillow, OpenCV and the published methods to the bit. Whatever is random is
 * drawn from a {@link org.zeroseg.core.augment.Draws} first and applied afterwards.
 */
package org.zeroseg.core.augment;
