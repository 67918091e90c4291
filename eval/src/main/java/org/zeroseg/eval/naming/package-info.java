/**
 * Evaluation of segments that name themselves: label reassignment, segment recall and text
 * generation quality (Rewatbowornwong et al. 2023, "Zero-guidance Segmentation Using Zero Segment
 * Labels").
 */
package org.zeroseg.eval.naming;
