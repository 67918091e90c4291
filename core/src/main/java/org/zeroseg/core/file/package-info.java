/** Files that are whole whenever somebody looks, and strict readers of text and JSON. */
package org.zeroseg.core.file;
