package org.zeroseg.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.core.image.Preprocessing;

/** Executors in processes of their own. */
class ClusterTest {

  /** Surefire hides the tests' class path in a jar's manifest and names it in this property. */
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  @TempDir Path folder;

  /**
   * Runs a driver, which needs a folder that looks like an installed Spark, and returns its output.
   */
  private List<String> run(String... args) throws IOException, InterruptedException {
    Path home = folder.resolve("spark");
    Files.createDirectories(home.resolve("jars"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx600m", "-Djava.awt.headless=true", "-cp", absolute(CLASS_PATH)));
    for (String opened :
        List.of("java.lang", "java.lang.invoke", "java.nio", "java.util", "sun.nio.ch")) {
      command.add("--add-opens=java.base/" + opened + "=ALL-UNNAMED");
    }
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    command.add(ClusterRun.class.getName());
    command.addAll(List.of(args));
    Path output = folder.resolve("output.txt");
    ProcessBuilder driver =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    driver.environment().put("SPARK_HOME", home.toString());
    driver.environment().put("SPARK_SCALA_VERSION", "2.13");
    driver.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    Process process = driver.start();
    try {
      assertTrue(process.waitFor(10, TimeUnit.MINUTES), "the driver hangs");
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(output);
    assertEquals(0, process.exitValue(), () -> String.join("\n", lines));
    return lines;
  }

  private static String absolute(String classPath) {
    return Stream.of(classPath.split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private Set<String> notes(String what) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(what))) {
      return files
          .map(file -> file.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  @Tag("slow")
  void anExecutorThatIsKilledChangesNothing() throws IOException, InterruptedException {
    Path root = folder.resolve("pictures");
    Scenes.write(root, 30);
    Colours colours = new Colours();
    ImageEncoder encoder =
        ImageEncoder.of(
            colours.model(), colours.dimension(), Preprocessing.clip(Scenes.SIDE), colours::embed);
    ImageIndex expected = IndexBuilder.of(encoder).build(folder.resolve("one"), root).index();
    run("kill", folder.toString());
    assertTrue(Files.exists(folder.resolve("killed")));
    ImageIndex found = SparkIndex.open(folder.resolve("index"));
    assertEquals(expected.size(), found.size());
    for (int row = 0; row < expected.size(); row++) {
      assertEquals(expected.name(row), found.name(row));
      assertEquals(
          List.of(expected.search(expected.embedding(row), 5)),
          List.of(found.search(expected.embedding(row), 5)));
    }
    try (Stream<Path> parts = Files.list(folder.resolve("index"))) {
      assertEquals(6, parts.count()); // five parts and their list
    }
    Set<String> loaded = notes("loaded");
    assertTrue(loaded.size() >= 2, loaded::toString);
    for (String process : loaded) {
      assertEquals("loaded\n", Files.readString(folder.resolve("loaded").resolve(process)));
    }
    for (int i = 0; i < 100 && notes("closed").size() < loaded.size() - 1; i++) {
      Thread.sleep(200); // executors end after their driver
    }
    loaded.removeAll(notes("closed"));
    assertEquals(1, loaded.size(), "all but the killed one close their model");
  }

  @Test
  @Tag("slow")
  void theDriversMemoryDoesNotGrowWithThePictures() throws IOException, InterruptedException {
    List<Long> bytes =
        run("memory", folder.toString(), "200", "200", "20000").stream()
            .filter(line -> line.startsWith("driver "))
            .map(line -> Long.valueOf(line.substring(7)))
            .toList();
    assertEquals(3, bytes.size());
    System.out.println("alive in the driver, by 200, 200 and 20,000 pictures: " + bytes);
    assertTrue(bytes.get(2) < bytes.get(1) + (16 << 20), bytes::toString);
  }
}
