/** Models by name: local files, or files of the Hugging Face hub, kept in its usual cache. */
package org.zeroseg.core.hub;
