/** One call from data set to report, for predictions on disk or for a model. */
package org.zeroseg.eval.run;
