/** From data to report in one call: predictions on disk, or a model on a data set. */
package org.zeroseg.eval.run;
