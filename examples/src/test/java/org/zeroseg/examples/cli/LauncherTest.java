package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The start script, with a Java that only says what it is asked. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {

  private static final String JAVA =
      """
      #!/bin/sh
      echo "$@"
      for argument; do
        case "$argument" in
          -XX:ArchiveClassesAtExit=*) echo classes > "${argument#*=}" ;;
          fails) exit 3 ;;
        esac
      done
      """;

  @TempDir Path folder;
  private Path target;

  @BeforeEach
  void install() throws IOException {
    Path java = folder.resolve("jdk/bin/java");
    Files.createDirectories(java.getParent());
    Files.writeString(java, JAVA);
    assertTrue(java.toFile().setExecutable(true));
    Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"17.0.9\"\n");
    target = Files.createDirectories(folder.resolve("home/examples/target"));
    Files.writeString(target.resolve("zeroseg.jar"), "");
    Path script = Path.of(System.getProperty("zeroseg.root", "..")).resolve("zeroseg");
    Files.copy(script, folder.resolve("home/zeroseg"));
  }

  private record Ended(int code, String options) {}

  private Ended run(String javaOptions, String... arguments) throws Exception {
    List<String> command =
        Stream.concat(
                Stream.of("sh", folder.resolve("home/zeroseg").toString()), Stream.of(arguments))
            .toList();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    String path = builder.environment().get("PATH");
    builder.environment().put("PATH", folder.resolve("jdk/bin") + ":" + path);
    builder.environment().put("ZEROSEG_JAVA_OPTS", javaOptions);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  private List<String> kept() throws IOException {
    try (Stream<Path> files = Files.list(target)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.contains("jsa"))
          .toList();
    }
  }

  @Test
  void theFirstCommandWithAModelKeepsItsClassesForTheNext() throws Exception {
    assertFalse(run("", "--version").options().contains("Archive"));
    assertEquals(List.of(), kept());
    Ended first = run("", "segment", "a b.png");
    assertTrue(first.options().contains("-XX:ArchiveClassesAtExit="), first::options);
    assertTrue(first.options().contains("segment a b.png"), first::options);
    assertEquals(List.of("zeroseg-17.0.9.jsa"), kept());
    Ended second = run("", "--version");
    assertTrue(
        second.options().contains("-XX:SharedArchiveFile=" + target.resolve("zeroseg-17.0.9.jsa")),
        second::options);
  }

  @Test
  void classesOfAnotherBuildAreReplaced() throws Exception {
    run("", "segment", "a.png");
    Instant later = Instant.now().plusSeconds(60);
    Files.setLastModifiedTime(target.resolve("zeroseg.jar"), FileTime.from(later));
    assertTrue(run("", "segment", "a.png").options().contains("-XX:ArchiveClassesAtExit="));
  }

  @Test
  void aFailedCommandKeepsNothingAndItsCodeStays() throws Exception {
    assertEquals(3, run("", "segment", "fails").code());
    assertEquals(List.of(), kept());
  }

  @Test
  void anUnknownJavaAndOptionsOfOnesOwnStartWithoutKeptClasses() throws Exception {
    Ended own = run("-Xshare:off -Xmx1g", "segment", "a.png");
    assertTrue(own.options().contains("-Xshare:off -Xmx1g -jar"), own::options);
    assertFalse(own.options().contains("Archive"), own::options);
    Files.delete(folder.resolve("jdk/release"));
    assertFalse(run("", "segment", "a.png").options().contains("Archive"));
    assertEquals(List.of(), kept());
  }
}
