package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.examples.everyday.Drawn;

class EverydayCommandTest extends CommandTest {

  @TempDir Path folder;

  @Test
  void packagesBecomeADataSet() throws IOException {
    Drawn drawn = Drawn.in(folder);
    Files.delete(drawn.packages().resolve("openclipart-png/bus/1.png"));
    Path to = folder.resolve("scenes");
    succeed(
        "everyday",
        "--words",
        drawn.list(),
        "--packages",
        drawn.packages(),
        "-o",
        to,
        "-n",
        3,
        "--size",
        64,
        "--split",
        "train");
    assertTrue(out.toString().contains("Left out: openclipart-png/bus/1.png: missing"));
    assertTrue(out.toString().contains("of 8 pictures of 3 words, train"), out.toString());
    assertTrue(Files.exists(to.resolve("images/000002.png")));
    assertEquals("apple\nbus\ncherry\n", Files.readString(to.resolve("seen.txt")));
    succeed(
        "convert",
        to.resolve("instances.json"),
        folder.resolve("masks"),
        "--to",
        "masks",
        "-p",
        to.resolve("images"));
  }

  @Test
  void whatCannotBeReadIsOneLine() throws IOException {
    Drawn drawn = Drawn.in(folder);
    misuse(
        "--size", "everyday", "--words", drawn.list(), "--packages", drawn.packages(), "--size", 9);
    fail(
        "can be read from",
        "everyday",
        "--words",
        drawn.list(),
        "--packages",
        folder.resolve("nothing"));
  }
}
