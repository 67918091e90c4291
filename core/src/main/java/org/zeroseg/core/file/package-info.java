/** Atomic writing of files, and strict readers of text and JSON. */
package org.zeroseg.core.file;
