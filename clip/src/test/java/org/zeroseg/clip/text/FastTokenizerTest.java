package org.zeroseg.clip.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.zeroseg.core.golden.Golden;

/** The tokenizers library reads the published {@code tokenizer.json} by rules of its own. */
class FastTokenizerTest {

  @Test
  void anIndependentTokenizerGivesTheSameIdsForPrompts() throws IOException {
    Path file = Golden.data().resolve("clip/tokenizer.json");
    assumeTrue(Files.exists(file), "no " + file);
    ClipTokenizer own = ClipTokenizer.read(file);
    try (HuggingFaceTokenizer fast = HuggingFaceTokenizer.newInstance(file)) {
      for (String word :
          List.of("cat", "tv monitor", "Yellow duck", "caf\u00e9", "\u732b", "2021")) {
        for (String prompt : PromptTemplates.ENSEMBLE.prompts(word)) {
          int[] ids = own.encode(prompt);
          long[] wide = LongStream.range(0, ids.length).map(i -> ids[(int) i]).toArray();
          assertArrayEquals(fast.encode(prompt).getIds(), wide, prompt);
        }
      }
    }
  }
}
