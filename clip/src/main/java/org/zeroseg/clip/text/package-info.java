/** Text for CLIP: tokenizer, prompt templates, and classifiers made of words. */
package org.zeroseg.clip.text;
