package org.zeroseg.clip.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClipTokenizerTest {

  private static final ClipTokenizer LETTERS = ClipTokenizer.of(List.of(), 77);
  private static final List<String> CAT = List.of("a t</w>", "c at</w>", "c a", "d o", "do g</w>");

  @Test
  void numbersLettersByPrintabilityAndMarksTheEndOfWords() {
    assertArrayEquals(new int[] {512, 'a' - '!', 'b' - '!' + 256, 513}, LETTERS.encode("ab"));
    assertArrayEquals(new int[] {512, 256, 513}, LETTERS.encode("!"));
    assertEquals(514, LETTERS.vocabularySize());
  }

  @Test
  void anEmptyOrBlankTextIsStartAndEnd() {
    for (String blank : new String[] {"", " \t\n", "\u3000", "\u200e\ufeff".substring(1)}) {
      assertArrayEquals(new int[] {512, 513}, LETTERS.encode(blank));
    }
  }

  @Test
  void mergesInTheOrderOfTheList() {
    ClipTokenizer tokenizer = ClipTokenizer.of(CAT, 77);
    assertArrayEquals(new int[] {517, 513, 518}, tokenizer.encode("Cat"));
    assertArrayEquals(new int[] {517, 516, 518}, tokenizer.encode("dog"));
    // "cab" has "ca" but no end of word in it.
    assertArrayEquals(new int[] {517, 514, 'b' - '!' + 256, 518}, tokenizer.encode("cab"));
  }

  @Test
  void aLongWordTakesTheSamePairsAsAShortOneInTime() {
    ClipTokenizer tokenizer = ClipTokenizer.of(List.of("a a", "aa aa"), 200_000);
    int[] ids = tokenizer.encode("a".repeat(400_001));
    assertEquals(100_000 + 1 + 2, ids.length); // the last letter carries the end of the word
    assertEquals(513, ids[1]);
  }

  @Test
  void aLongRunOfBlanksIsOneBlankInTime() {
    for (String blanks : new String[] {" ".repeat(2_000_000), "\u001c".repeat(2_000_000)}) {
      ClipTokenizer plain = LETTERS.withoutTextFixing().with(ClipTokenizer.SpecialWords.TEXT);
      assertEquals(plain.encode("a b")[1], plain.encode(blanks + "a" + blanks)[1]);
      assertEquals(4, LETTERS.encode("a" + " ".repeat(2_000_000) + "b").length);
    }
  }

  @Test
  void learnsTheSameVocabularyFromTextsInAnyOrder() {
    List<String> texts = new ArrayList<>(List.of("a red star", "a red ring", "the ring", "stars"));
    ClipTokenizer learnt = ClipTokenizer.learn(texts, 40, 16);
    Collections.reverse(texts);
    assertEquals(learnt.merges(), ClipTokenizer.learn(texts, 40, 16).merges());
    assertEquals(3, learnt.encode("RED").length);
    assertTrue(learnt.merges().size() < 40);
    assertEquals(learnt.merges(), ClipTokenizer.of(learnt.merges(), 16).merges());
  }

  @Test
  void aLearntVocabularySurvivesItsFiles(@TempDir Path folder) throws IOException {
    ClipTokenizer learnt = ClipTokenizer.learn(List.of("striped ring", "striped star"), 12, 77);
    learnt.write(folder);
    for (Path path : List.of(folder, folder.resolve("merges.txt"))) {
      ClipTokenizer read = ClipTokenizer.read(path);
      assertEquals(learnt.merges(), read.merges());
      assertArrayEquals(learnt.encode("a striped ring"), read.encode("a striped ring"));
    }
  }

  @Test
  void readsBothFormsOfTokenizerJson(@TempDir Path folder) throws IOException {
    ClipTokenizer tokenizer = ClipTokenizer.of(CAT, 77);
    tokenizer.write(folder);
    String vocabulary = Files.readString(folder.resolve("vocab.json"));
    for (String merges :
        new String[] {"[\"a t</w>\",\"c at</w>\"", "[[\"a\",\"t</w>\"],[\"c\",\"at</w>\"]"}) {
      Path file = folder.resolve("tokenizer.json");
      String rest = ",\"c a\",\"d o\",\"do g</w>\"]";
      Files.writeString(
          file, "{\"model\":{\"vocab\":" + vocabulary + ",\"merges\":" + merges + rest + "}}");
      assertEquals(tokenizer.merges(), ClipTokenizer.read(file).merges());
    }
  }

  @Test
  void readsOpenAisCompressedList(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("bpe_simple_vocab_16e6.txt.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(
          ("\"bpe_simple_vocab_16e6.txt#version: 0.2\n" + String.join("\n", CAT) + "\n")
              .getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(CAT, ClipTokenizer.read(file).merges());
  }

  @Test
  void refusesFilesThatAreNoVocabularyByName(@TempDir Path folder) throws IOException {
    assertThrows(NoSuchFileException.class, () -> ClipTokenizer.read(folder));
    Path merges = folder.resolve("merges.txt");
    Files.write(merges, new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    refused(merges, "merges.txt");
    Files.writeString(merges, "#version: 0.2\na b\nab cd\n");
    refused(merges, "merge 1 \"ab cd\"");
    ClipTokenizer.of(List.of("a b"), 77).write(folder);
    Files.writeString(merges, "#version: 0.2\na c\n");
    refused(merges, "vocab.json gives \"ac\"");
    Path json = folder.resolve("tokenizer.json");
    for (String text :
        new String[] {
          "",
          "{",
          "[]",
          "{}",
          "{\"model\":{\"vocab\":{},\"merges\":[]}}",
          "{\"model\":\"BPE\"}",
          "{\"model\":{\"vocab\":[],\"merges\":[]}}",
          "{\"model\":{\"vocab\":{},\"merges\":\"a b\"}}",
          "{\"model\":{\"vocab\":{},\"merges\":[[\"a\"]]}}"
        }) {
      Files.writeString(json, text);
      refused(json, "tokenizer.json");
    }
    Path compressed = folder.resolve("merges.txt.gz");
    Files.writeString(compressed, "not compressed");
    refused(compressed, "merges.txt.gz");
    Files.write(compressed, new byte[] {0x1f, (byte) 0x8b, 8});
    refused(compressed, "merges.txt.gz");
  }

  @Test
  void mergesThatInflateAreRefused(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("merges.txt.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      byte[] line = "a b\n".repeat(1 << 10).getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < 1 << 14; i++) {
        out.write(line);
      }
    }
    refused(file, "bytes");
    StringBuilder many = new StringBuilder("{\"model\":{\"vocab\":{},\"merges\":[\"a b\"");
    many.append(",\"a b\"".repeat(200_000)).append("]}}");
    Path json = folder.resolve("tokenizer.json");
    Files.writeString(json, many);
    refused(json, "200000");
  }

  @Test
  void gzipIsKnownByItsContent(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("merges.txt");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(("#version: 0.2\n" + String.join("\n", CAT)).getBytes(StandardCharsets.UTF_8));
    }
    assertEquals(CAT, ClipTokenizer.read(file).merges());
  }

  private static void refused(Path file, String reason) {
    IOException refusal = assertThrows(IOException.class, () -> ClipTokenizer.read(file));
    assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    assertTrue(refusal.getMessage().contains(file.toString()), refusal.getMessage());
  }

  @Test
  void refusesMergesThatCannotBe() {
    for (List<String> merges :
        List.of(
            List.of("ab"),
            List.of("ab c"),
            List.of("a b", "a b"),
            List.of("a</w> b"),
            List.of(""))) {
      assertThrows(IllegalArgumentException.class, () -> ClipTokenizer.of(merges, 77));
    }
    assertThrows(IllegalArgumentException.class, () -> ClipTokenizer.of(List.of(), 1));
  }

  @Test
  void failsOnLongTextsUnlessItTruncates() {
    ClipTokenizer tight = LETTERS.withContextLength(4);
    assertEquals(4, tight.encode("ab").length);
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> tight.encode("abc"));
    assertTrue(refusal.getMessage().contains("5 tokens"), refusal.getMessage());
    int[] cut = tight.truncating().encode("abcdef");
    assertArrayEquals(new int[] {512, 'a' - '!', 'b' - '!', 513}, cut);
  }

  @Test
  void padsWithZero() {
    long[][] rows = LETTERS.withContextLength(5).tokenize(List.of("a", ""));
    assertArrayEquals(new long[] {512, 'a' - '!' + 256, 513, 0, 0}, rows[0]);
    assertArrayEquals(new long[] {512, 513, 0, 0, 0}, rows[1]);
  }

  @Test
  void treatsSpecialWordsAsAsked() {
    String text = "a <|ENDOFTEXT|>";
    assertArrayEquals(new int[] {512, 'a' - '!' + 256, 513, 513}, LETTERS.encode(text));
    int[] plain = LETTERS.with(ClipTokenizer.SpecialWords.TEXT).encode(text);
    assertEquals(1, IntStream.of(plain).filter(id -> id == 513).count());
    ClipTokenizer strict = LETTERS.with(ClipTokenizer.SpecialWords.REJECTED);
    assertThrows(IllegalArgumentException.class, () -> strict.encode(text));
    assertEquals(3, strict.encode("a").length);
  }

  @Test
  void lowerCasesWithoutALocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(new Locale("tr"));
      assertArrayEquals(LETTERS.encode("title"), LETTERS.encode("TITLE"));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void decodesWhatItEncodes() {
    assertEquals(
        "a cat , na\u00efve \u732b", LETTERS.decode(LETTERS.encode("A cat, na\u00efve \u732b")));
    assertEquals("", LETTERS.decode(LETTERS.encode("")));
    assertThrows(IllegalArgumentException.class, () -> LETTERS.decode(514));
  }

  @Test
  void anyTextHasTheSameIdsFromManyThreads() {
    Random random = new Random(7);
    List<String> texts = new ArrayList<>();
    for (int n = 0; n < 500; n++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(40); i > 0; i--) {
        text.appendCodePoint(random.nextInt(random.nextBoolean() ? 0x80 : 0x3100));
      }
      texts.add(text.toString());
    }
    ClipTokenizer tokenizer = ClipTokenizer.learn(texts, 50, 1000);
    List<int[]> alone = texts.stream().map(tokenizer::encode).toList();
    ClipTokenizer shared = ClipTokenizer.of(tokenizer.merges(), 1000);
    List<int[]> together = texts.parallelStream().map(shared::encode).toList();
    for (int n = 0; n < alone.size(); n++) {
      assertArrayEquals(alone.get(n), together.get(n), texts.get(n));
    }
  }
}
