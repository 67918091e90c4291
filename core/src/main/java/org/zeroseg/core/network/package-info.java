/**
 * Building blocks of networks: inference or training mode, convolutions and norms, ResNet,
 * transformer, query decoder, RoIAlign, and initial weights.
 */
package org.zeroseg.core.network;
