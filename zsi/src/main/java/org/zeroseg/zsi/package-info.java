/** ZSI: zero-shot instance segmentation (Zheng et al. 2021), and its training. */
package org.zeroseg.zsi;
