/** The {@code zeroseg} command line. */
package org.zeroseg.examples.cli;
