/** Assignment: the one-to-one matching of least cost, such as of predicted to true masks. */
package org.zeroseg.core.match;
