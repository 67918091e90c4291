/**
 * Steps before and after the network that all segmenters share: vocabulary rows, batches, input
 * sizes, tiles, labelling, and the builders' common options.
 */
package org.zeroseg.core.segment;
