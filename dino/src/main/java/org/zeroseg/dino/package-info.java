/** DINO features, and object discovery that uses them: SelfMask, LOST, TokenCut. */
package org.zeroseg.dino;
