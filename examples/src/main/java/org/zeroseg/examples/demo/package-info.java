/**
 * The demo models: small, trained on ShapeWorld by the commands here, and shipped with the code.
 */
package org.zeroseg.examples.demo;
