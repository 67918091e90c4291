package org.zeroseg.clip.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;

class TokenizerGoldenTest {

  /** Read once: every case uses the one vocabulary. */
  private static final class Clip {
    static final ClipTokenizer TOKENIZER;

    static {
      try {
        TOKENIZER = ClipTokenizer.read(Golden.data().resolve("clip"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("clip", Map.of("tokenize", TokenizerGoldenTest::tokenize));
  }

  private static void tokenize(GoldenCase golden) {
    JsonObject config = golden.config();
    int context = config.get("context_length").getAsInt();
    boolean truncate = config.get("truncate").getAsBoolean();
    ClipTokenizer strict = Clip.TOKENIZER.withContextLength(context);
    if (!config.get("fix_text").getAsBoolean()) {
      strict = strict.withoutTextFixing();
    }
    ClipTokenizer tokenizer = truncate ? strict.truncating() : strict;

    List<String> texts = new ArrayList<>();
    golden.inputs().getAsJsonArray("texts").forEach(text -> texts.add(text.getAsString()));
    long[][] expected = rows(golden.output("ids"));
    long[][] rows = tokenizer.tokenize(texts);
    long[] lengths = new long[rows.length];
    for (int n = 0; n < rows.length; n++) {
      assertEquals(Arrays.toString(expected[n]), Arrays.toString(rows[n]), texts.get(n));
      lengths[n] = tokenizer.encode(texts.get(n)).length;
    }
    long[] flat = Arrays.stream(rows).flatMapToLong(Arrays::stream).toArray();
    golden.check("ids", GoldenTensor.of(flat, rows.length, context));
    golden.check("lengths", GoldenTensor.of(lengths, rows.length));

    if (config.has("untruncated_lengths")) {
      for (int n = 0; n < texts.size(); n++) {
        int length = config.getAsJsonArray("untruncated_lengths").get(n).getAsInt();
        String text = texts.get(n);
        if (length > context) {
          ClipTokenizer refusing = strict;
          assertThrows(IllegalArgumentException.class, () -> refusing.encode(text), text);
        }
        assertEquals(length, strict.withContextLength(1000).encode(text).length, text);
      }
    }
  }

  private static long[][] rows(GoldenTensor ids) {
    long[] flat = ids.longs();
    int width = (int) ids.shape()[1];
    long[][] rows = new long[flat.length / width][];
    for (int n = 0; n < rows.length; n++) {
      rows[n] = Arrays.copyOfRange(flat, n * width, (n + 1) * width);
    }
    return rows;
  }
}
