/** Reports of evaluations: console text, CSV, JSON, and one HTML file that holds everything. */
package org.zeroseg.eval.report;
