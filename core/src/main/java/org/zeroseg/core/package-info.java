/** What an application uses: segmenters, vocabularies and their results. */
package org.zeroseg.core;
