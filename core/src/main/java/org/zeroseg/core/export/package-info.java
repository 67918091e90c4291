/** Results in the formats of annotation tools and data sets: writers that stream, and readers. */
package org.zeroseg.core.export;
