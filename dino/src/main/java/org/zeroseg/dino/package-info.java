/** DINO features and the object finders that stand on them: SelfMask, LOST, TokenCut. */
package org.zeroseg.dino;
