/**
 * Training data that is made without labels, or read: archives of retrieved pictures, pseudo-masks
 * and the detectors that make them, scenes pasted together of both.
 */
package org.zeroseg.core.supervision;
