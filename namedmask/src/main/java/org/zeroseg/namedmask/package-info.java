/** NamedMask and ReCo: segmentation by words, learnt or retrieved from unlabelled pictures. */
package org.zeroseg.namedmask;
