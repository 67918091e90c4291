/**
 * ShapeWorld: an endless, exactly labelled world of shapes with looks, in which every method runs,
 * trains and is measured without any download.
 */
package org.zeroseg.examples.shapeworld;
