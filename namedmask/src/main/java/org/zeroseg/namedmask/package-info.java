/** NamedMask and ReCo: segmenters for words, distilled from pictures that nobody labelled. */
package org.zeroseg.namedmask;
