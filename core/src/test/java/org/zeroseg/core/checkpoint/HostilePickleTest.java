package org.zeroseg.core.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pickles that ask for much in few bytes: each is read or refused with work and memory that grow no
 * faster than its length.
 */
class HostilePickleTest {

  /** Reading takes milliseconds; this only keeps a reader that hangs from stopping the build. */
  private static final Duration HANGS = Duration.ofSeconds(30);

  /** Allocated in all, garbage included; at no time is more than half of it in use. */
  private static final long MOST_BYTES = 128L << 20;

  private static final long[] SCALAR = {};
  private static final int MANY = 2_000_000;

  @TempDir private static Path folder;

  private record Attack(String name, boolean read, Consumer<TorchFiles> content) {}

  /** In place of a value beside one tensor. */
  private static List<Attack> attacks() {
    List<Attack> attacks = new ArrayList<>();
    Map<String, String> refused =
        Map.of(
            "lists", "]",
            "dictionaries", "}",
            "marks", "(",
            "tuples in tuples", ")\u0085",
            "nones", "N",
            "doubles", "G\1\1\1\1\1\1\1\1",
            "lists that are dropped", "]0",
            "objects that are dropped", "ca\nb\n)\u00810");
    refused.forEach(
        (name, opcodes) ->
            attacks.add(new Attack(name, false, content -> repeat(content, opcodes, MANY))));
    Map<String, String> read =
        Map.of("sets that are dropped", "\u008f0", "values that are noted", "Nr\0\0\0\0000");
    read.forEach(
        (name, opcodes) ->
            attacks.add(
                new Attack(name, true, content -> repeat(content, opcodes, MANY).ascii("N"))));
    attacks.add(new Attack("a note under a large number", false, c -> c.ascii("Nr\0\0\0\177")));
    attacks.add(new Attack("keys of one hash", true, HostilePickleTest::collisions));
    attacks.add(new Attack("texts and numbers of one hash", true, HostilePickleTest::mixture));
    attacks.add(new Attack("long numbers met again", true, HostilePickleTest::longNumbers));
    attacks.add(new Attack("copies of a dictionary", false, HostilePickleTest::copies));
    attacks.add(new Attack("shapes of many dimensions", false, HostilePickleTest::shapes));
    attacks.add(new Attack("a dictionary of nothing met again", false, HostilePickleTest::met));
    attacks.add(new Attack("a tensor under many names", false, HostilePickleTest::names));
    attacks.add(new Attack("a list in itself", false, content -> content.ascii("]q\1h\1a")));
    return attacks;
  }

  private static TorchFiles repeat(TorchFiles content, String opcodes, int length) {
    int[] codes = opcodes.chars().toArray();
    for (int i = 0; i < length / codes.length; i++) {
      content.bytes(codes);
    }
    return content;
  }

  /** "Aa" and "BB" have one hash, so has whatever is put together of the two. */
  private static String colliding(int i) {
    StringBuilder text = new StringBuilder();
    for (int bit = 0; bit < 16; bit++) {
      text.append((i >> bit & 1) == 0 ? "Aa" : "BB");
    }
    return text.toString();
  }

  private static void collisions(TorchFiles content) {
    content.ascii("}(");
    for (int i = 0; i < 1 << 16; i++) {
      content.global("m", colliding(i)).ascii("N");
    }
    content.ascii("u0}(");
    for (int i = 0; i < 1 << 15; i++) {
      content.text(colliding(i)).ascii("N");
    }
    content.ascii("u");
  }

  /** The hash of a long is its halves' exclusive or. */
  private static void mixture(TorchFiles content) {
    long hash = colliding(0).hashCode() & 0xffffffffL;
    content.ascii("}(");
    for (int i = 0; i < 1 << 15; i++) {
      content.text(colliding(i)).ascii("N");
      content.number((long) i << 32 | (hash ^ i)).ascii("N");
    }
    content.ascii("u");
  }

  private static void longNumbers(TorchFiles content) {
    content.ascii("](}r\1\0\0\0(");
    for (int i = 0; i < 60; i++) {
      repeat(content.bytes(0x8b, 0xff, 3, 0, 0, i), "Z", 1022).ascii("}");
    }
    repeat(content.ascii("u"), "j\1\0\0\0", 100_000).ascii("e");
  }

  private static void copies(TorchFiles content) {
    content.ascii("}r\5\0\0\0(");
    for (int i = 0; i < 50_000; i++) {
      content.bytes('J', i, i >> 8, i >> 16, 0, 'N');
    }
    content.ascii("u0").global("collections", "OrderedDict").ascii("q\0060j\5\0\0\0\u0085q\0070(");
    repeat(content, "h\6h\7R", 20_000).ascii("t");
  }

  private static void shapes(TorchFiles content) {
    repeat(content.ascii("("), "K\1", 1_000_000).ascii("tr\5\0\0\0000");
    content
        .storage("0", 1)
        .ascii("(")
        .text("storage")
        .global("torch", "FloatStorage")
        .text("0")
        .text("cpu");
    content.ascii("K\1tQq\0100").global("torch._utils", "_rebuild_tensor_v2").ascii("q\0110");
    content.ascii("(h\10K\0j\5\0\0\0j\5\0\0\0tq\0120(");
    repeat(content, "h\11h\12R", 2000).ascii("t");
  }

  private static void met(TorchFiles content) {
    content.ascii("](}q\1(");
    for (int i = 0; i < 50_000; i++) {
      content.bytes('J', i, i >> 8, i >> 16, 0, 'N');
    }
    repeat(content.ascii("u"), "h\1", 500_000).ascii("e");
  }

  private static void names(TorchFiles content) {
    content.tensor("0", SCALAR, 1).ascii("q\0010](");
    repeat(content, "h\1", 1_000_000).ascii("e");
  }

  @TestFactory
  Stream<DynamicTest> readsOrRefusesInLittleMemory() {
    return attacks().stream().map(attack -> dynamicTest(attack.name, () -> readsOrRefuses(attack)));
  }

  private static void readsOrRefuses(Attack attack) throws IOException {
    for (TorchFiles content : List.of(TorchFiles.zip(), TorchFiles.legacy())) {
      content.ascii("}").text("w").tensor("w", SCALAR, 3).ascii("s").text("x");
      attack.content.accept(content);
      content.ascii("s");
      Path file = Files.write(folder.resolve("hostile.pt"), content.file());
      assertTimeoutPreemptively(HANGS, () -> readsOrRefuses(file, attack.read));
    }
  }

  private static void readsOrRefuses(Path file, boolean read) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(self);
    String outcome;
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      outcome = "read " + checkpoint.tensors().keySet();
    } catch (CheckpointException e) {
      outcome = e.getMessage();
      assertTrue(outcome.startsWith(file.toString()) && outcome.length() < 500, outcome);
    }
    long allocated = threads.getThreadAllocatedBytes(self) - before;
    assertEquals(read, outcome.equals("read [w]"), outcome);
    assertTrue(allocated < MOST_BYTES, allocated + " bytes: " + outcome);
  }
}
