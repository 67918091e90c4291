/** Models by path, or by id from the Hugging Face hub, which are stored in its usual cache. */
package org.zeroseg.core.hub;
