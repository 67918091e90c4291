package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts the engine in processes of their own, since a process starts it once. */
class TorchEngineTest {

  @TempDir private Path folder;

  /** Of this test, whoever runs it. */
  static Stream<String> classPath() {
    if (TorchEngineTest.class.getClassLoader() instanceof URLClassLoader loader) {
      return Arrays.stream(loader.getURLs())
          .map(url -> Path.of(URI.create(url.toString())).toString());
    }
    return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
        .splitAsStream(System.getProperty("java.class.path"));
  }

  /** What the process says. */
  private static String start(String by, Stream<String> classPath, String... properties)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx200m", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"));
    command.addAll(List.of(properties));
    command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath.toList())));
    command.addAll(List.of(StartEngine.class.getName(), by));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("OPT_OUT_TRACKING", "DJL_OFFLINE"));
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }

  private static Predicate<String> jar(String start) {
    return path -> Path.of(path).getFileName().toString().startsWith(start);
  }

  @Test
  void devicesAreNamedAsOnTheCommandLine() {
    assertEquals(Device.cpu(), TorchEngine.device("cpu", 2));
    assertEquals(Device.gpu(0), TorchEngine.device("gpu", 2));
    assertEquals(Device.gpu(1), TorchEngine.device("gpu:1", 2));
    for (String wrong : List.of("gpu:2", "gpu:-1", "GPU:x", "", "gpu:99999999999")) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> TorchEngine.device(wrong, 2))
              .getMessage();
      assertTrue(message.contains("'" + wrong + "'"), message);
    }
    assertTrue(
        assertThrows(IllegalArgumentException.class, () -> TorchEngine.device("gpu:2", 2))
            .getMessage()
            .endsWith("it has: cpu, gpu:0, gpu:1"));
  }

  @Test
  void startsWithoutTryingAConnectionInAnyThread() throws IOException, InterruptedException {
    assertEquals("sum 3.0", start("zeroseg", classPath()).strip());
  }

  /** Otherwise the test above would show nothing. */
  @Test
  void leftAloneTheEngineReportsItsUse() throws IOException, InterruptedException {
    String said = start("djl", classPath());
    assertTrue(said.contains("connection http://169.254.169.254/"), said);
  }

  @Test
  void missingNativesAreNamedWithTheLinesToAdd() throws IOException, InterruptedException {
    String said =
        start(
            "zeroseg",
            classPath().filter(jar("pytorch-native").negate()),
            "-DENGINE_CACHE_DIR=" + folder);
    assertTrue(said.startsWith("unavailable: "), said);
    assertTrue(said.contains("<artifactId>pytorch-native-cpu</artifactId>"), said);
    assertTrue(said.contains("<version>2."), said);
    assertTrue(said.contains("<classifier>"), said);
  }

  @Test
  void aMissingJniLibraryIsNamedWithTheLinesToAdd() throws IOException, InterruptedException {
    String said =
        start(
            "zeroseg",
            classPath().filter(jar("pytorch-jni").negate()),
            "-DENGINE_CACHE_DIR=" + folder);
    assertTrue(said.startsWith("unavailable: "), said);
    assertTrue(said.contains("<artifactId>pytorch-jni</artifactId>"), said);
  }

  /** As in a fat jar in which another library's list of providers has won. */
  @Test
  void startsWhereTheListOfEnginesIsLost() throws IOException, InterruptedException {
    Path engine = Path.of(classPath().filter(jar("pytorch-engine")).findFirst().orElseThrow());
    Path bare = folder.resolve("engine.jar");
    copyWithoutServices(engine, bare);
    String said =
        start(
            "zeroseg",
            Stream.concat(
                classPath().filter(jar("pytorch-engine").negate()), Stream.of(bare.toString())));
    assertEquals("sum 3.0", said.strip());
  }

  private static void copyWithoutServices(Path from, Path to) throws IOException {
    try (ZipFile source = new ZipFile(from.toFile());
        OutputStream file = Files.newOutputStream(to);
        ZipOutputStream target = new ZipOutputStream(file)) {
      for (Enumeration<? extends ZipEntry> all = source.entries(); all.hasMoreElements(); ) {
        ZipEntry entry = all.nextElement();
        if (!entry.getName().startsWith("META-INF/services")) {
          target.putNextEntry(new ZipEntry(entry.getName()));
          source.getInputStream(entry).transferTo(target);
        }
      }
    }
  }

  /** A second way of starting it would be one that reports, and loads from anywhere. */
  @Test
  void nothingElseStartsTheEngine() throws IOException {
    Pattern other =
        Pattern.compile("\\bEngine\\.get|NDManager\\.newBaseManager|Model\\.newInstance\\(");
    List<Path> sources;
    try (Stream<Path> all = Files.walk(Path.of(System.getProperty("zeroseg.root")), 30)) {
      sources =
          all.filter(path -> path.toString().replace('\\', '/').contains("/src/main/java/"))
              .filter(path -> path.toString().endsWith(".java"))
              .toList();
    }
    assertTrue(sources.size() > 100, sources.size() + " sources");
    for (Path source : sources) {
      if (!source.endsWith("TorchEngine.java")) {
        assertTrue(!other.matcher(Files.readString(source)).find(), source.toString());
      }
    }
  }
}
