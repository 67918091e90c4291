/**
 * Everyday: scenes of drawings of everyday things, cut out and laid on grounds, with captions and
 * exact masks.
 */
package org.zeroseg.examples.everyday;
