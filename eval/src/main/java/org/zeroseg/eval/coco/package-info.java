/** COCO instance evaluation: matching, precision and recall, average precision. */
package org.zeroseg.eval.coco;
