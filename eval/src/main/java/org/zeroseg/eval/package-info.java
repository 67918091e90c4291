/** Evaluation: the numbers that the papers report, computed as their reference code does. */
package org.zeroseg.eval;
