/** ShapeWorld, the demo models, runnable examples and the command line. */
package org.zeroseg.examples;
