/** CLIP: image and text encoders, MaskCLIP, and retrieval of pictures by text. */
package org.zeroseg.clip;
