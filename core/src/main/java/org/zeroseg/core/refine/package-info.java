/**
 * Refinement of masks and label maps along the edges of a picture: the fast bilateral solver and
 * the dense conditional random field. Plain Java on primitive arrays, parallel and deterministic.
 */
package org.zeroseg.core.refine;
