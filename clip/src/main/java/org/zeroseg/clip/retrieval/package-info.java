/** Pictures found by words: embedding collections, searching them, archives of categories. */
package org.zeroseg.clip.retrieval;
