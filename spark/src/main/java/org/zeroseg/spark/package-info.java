/**
 * The jobs on many pictures, on Apache Spark: indexes, archives, pseudo-masks, segmentation,
 * evaluation. Each calls what one machine calls, and ends with the same result.
 */
package org.zeroseg.spark;
