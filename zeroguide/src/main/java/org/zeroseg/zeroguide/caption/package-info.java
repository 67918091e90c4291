/** Texts for vectors of CLIP's joint space: ZeroCap, which steers GPT-2, and word lists. */
package org.zeroseg.zeroguide.caption;
