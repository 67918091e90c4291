/**
 * Clustering of feature vectors: k-means, Ward's agglomerative trees with and without neighbours,
 * and spectral clustering.
 */
package org.zeroseg.core.cluster;
