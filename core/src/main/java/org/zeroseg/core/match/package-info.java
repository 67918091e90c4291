/** Matching: which mask belongs to which. */
package org.zeroseg.core.match;
