package org.zeroseg.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {

  @Test
  void aFileCountsByItsBytesAndNotItsName(@TempDir Path folder) throws IOException {
    byte[] bytes = new byte[100_000];
    new Random(1).nextBytes(bytes);
    Path one = Files.write(folder.resolve("one"), bytes);
    Path same = Files.write(folder.resolve("same"), bytes);
    String expected = new Fingerprint().add("a").add(bytes).add("b").hex();
    assertEquals(expected, new Fingerprint().add("a").add(one).add("b").hex());
    assertEquals(expected, new Fingerprint().add("a").add(same).add("b").hex());
    bytes[99_999]++;
    Files.write(one, bytes);
    assertNotEquals(expected, new Fingerprint().add("a").add(one).add("b").hex());
  }

  @Test
  void whereAPartEndsCounts() {
    assertNotEquals(
        new Fingerprint().add("ab").add("c").hex(), new Fingerprint().add("a").add("bc").hex());
  }
}
