/**
 * Training data, made without labels or read from disk: archives of retrieved pictures,
 * pseudo-masks and the saliency detectors that make them, copy-paste scenes, label maps, and COCO
 * annotations and detections.
 */
package org.zeroseg.core.supervision;
