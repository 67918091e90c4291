/** ZUTIS: semantic and instance segmentation by words (Shin et al. 2023), and its training. */
package org.zeroseg.zutis;
