/**
 * Pictures: decoding, resampling as Pillow does it, and conversion to and from model coordinates.
 */
package org.zeroseg.core.image;
