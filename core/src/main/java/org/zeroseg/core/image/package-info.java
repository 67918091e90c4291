/** Pictures: decoding, Pillow-exact resampling, and the way to and from model coordinates. */
package org.zeroseg.core.image;
