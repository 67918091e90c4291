/** Zero-guidance segmentation: segments and their names, from the picture alone. */
package org.zeroseg.zeroguide;
