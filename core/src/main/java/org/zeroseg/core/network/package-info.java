/**
 * What networks are built of: how a pass is recorded, convolutional and transformer stacks, a query
 * decoder, pooling inside boxes.
 */
package org.zeroseg.core.network;
