/** Instance evaluation after COCO: reading files, matching, precision and recall. */
package org.zeroseg.eval.coco;
