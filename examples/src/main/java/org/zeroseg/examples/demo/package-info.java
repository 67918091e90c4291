/** The commands that train and measure the demo models, and what they share. */
package org.zeroseg.examples.demo;
