/** The data sets of the papers: how they lie on disk, and their categories. */
package org.zeroseg.eval.data;
