package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.EngineException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class PictureFilesTest {

  @TempDir private Path folder;

  /** Runs out of memory, of either kind, at pictures that are called so. */
  @Command(name = "look")
  static final class Look implements Callable<Integer> {

    @Mixin private PictureFiles pictures;

    @Override
    public Integer call() throws IOException {
      return pictures.forEach(
          Progress.SILENT,
          (shot, report) -> {
            if (shot.name().contains("heap")) {
              throw new OutOfMemoryError("Java heap space");
            }
            if (shot.name().contains("native")) {
              throw new EngineException("DefaultCPUAllocator: can't allocate memory: 1 bytes");
            }
            report.println("done " + shot.name());
          });
    }
  }

  private Path picture(String name) throws IOException {
    Path file = folder.resolve(name);
    Picture.of(PixelFormat.GREY, 2, 2, new byte[4]).writePng(file);
    return file;
  }

  @Test
  void aPictureThatFailsHoldsUpNoOther() throws IOException {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line =
        new CommandLine(new Look()).setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true));
    Path broken = Files.writeString(folder.resolve("broken.png"), "no picture");
    Object[] arguments = {
      picture("heap.png"),
      picture("native.png"),
      broken,
      folder,
      folder.resolve("absent.png"),
      picture("good.png"),
      "-o",
      folder.resolve("results")
    };
    assertEquals(
        1, line.execute(Stream.of(arguments).map(Object::toString).toArray(String[]::new)));
    assertEquals("done " + folder.resolve("good.png"), out.toString().strip());
    String[] said = err.toString().strip().split("\\R", -1);
    assertEquals(5, said.length, err.toString());
    assertTrue(said[0].contains("heap.png: the memory does not suffice"), said[0]);
    assertTrue(said[1].contains("native.png: the memory does not suffice"), said[1]);
    assertTrue(said[2].contains("broken.png"), said[2]);
    assertTrue(said[3].contains("is a folder"), said[3]);
    assertTrue(said[4].contains("there is no file"), said[4]);
  }
}
