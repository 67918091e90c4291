/** Small models that need no download, and how to open them. */
package org.zeroseg.demo;
