/** Binary masks: bits and run lengths, boxes, components, contours, non-maximum suppression. */
package org.zeroseg.core.mask;
