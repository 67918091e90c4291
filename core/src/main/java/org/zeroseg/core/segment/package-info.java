/** What every segmenter does around its network, whatever the method. */
package org.zeroseg.core.segment;
