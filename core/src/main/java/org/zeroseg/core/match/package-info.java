/** Matching: who belongs to whom (assignment of masks), and pooling of features inside boxes. */
package org.zeroseg.core.match;
