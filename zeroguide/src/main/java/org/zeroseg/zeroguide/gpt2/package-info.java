/** GPT-2: the language model, its tokenizer, and gradients with respect to its memory. */
package org.zeroseg.zeroguide.gpt2;
