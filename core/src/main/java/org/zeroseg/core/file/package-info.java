/** Files that are whole whenever somebody looks. */
package org.zeroseg.core.file;
