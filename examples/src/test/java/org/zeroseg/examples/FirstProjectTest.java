package org.zeroseg.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/**
 * The README's way into the library: its dependencies and its Java, copied into a project of their
 * own, built by Maven and run by a user whose engine has never started and who has no network.
 */
@Tag("slow")
class FirstProjectTest {

  private static final Path ROOT = Path.of(System.getProperty("zeroseg.root"));
  private static final List<String> NEEDED = List.of("core", "clip");
  private static final String MODEL = "models--openai--clip-vit-base-patch16";

  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  @TempDir private Path folder;

  /** The text between a fence of the README's section and its end. */
  private static String block(String language) throws IOException {
    String section = Files.readString(ROOT.resolve("README.md")).split("\n## Use it\n", 2)[1];
    return section.split("```" + language + "\n", 2)[1].split("\n```", 2)[0];
  }

  private static String platform() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String processor = System.getProperty("os.arch").equals("amd64") ? "x86_64" : "aarch64";
    return (system.startsWith("win") ? "win" : system.startsWith("mac") ? "osx" : "linux")
        + "-"
        + processor;
  }

  @Test
  void theReadmesLinesBuildAndRun() throws IOException, InterruptedException {
    copySources();
    writeProject();
    String maven = System.getProperty("os.name").startsWith("Windows") ? "mvn.cmd" : "mvn";
    run(
        folder,
        maven,
        "-q",
        "-B",
        "-ntp",
        "-DskipTests",
        "-pl",
        "first",
        "-am",
        "package",
        "dependency:build-classpath",
        "-Dmdep.outputFile=" + folder.resolve("classpath"));
    Path work = Files.createDirectory(folder.resolve("work"));
    new ShapeWorld(2, 64, 2, 2, Split.ALL)
        .scene(0)
        .image()
        .save(Files.newOutputStream(work.resolve("photo.jpg")), "png");
    writeModel();
    run(
        work,
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Duser.home=" + Files.createDirectory(folder.resolve("home")),
        "-cp",
        folder.resolve("first/target/classes")
            + File.pathSeparator
            + Files.readString(folder.resolve("classpath")),
        "First");
    assertTrue(ImageIO.read(work.resolve("overlay.png").toFile()).getWidth() >= 64);
    assertTrue(Files.isDirectory(folder.resolve("home/.djl.ai/pytorch")));
  }

  /** As much of this project as the snippet depends on: what a user installs. */
  private void copySources() throws IOException {
    Path copy = Files.createDirectory(folder.resolve("zeroseg"));
    List<Path> modules = new ArrayList<>();
    try (Stream<Path> files = Files.list(ROOT)) {
      files.filter(path -> Files.exists(path.resolve("pom.xml"))).forEach(modules::add);
    }
    // Warnings are that build's own business.
    Files.writeString(
        copy.resolve("pom.xml"),
        Files.readString(ROOT.resolve("pom.xml"))
            .replace("<failOnWarning>true", "<failOnWarning>false")
            .replaceFirst("<arg>-Xplugin:ErrorProne.*", ""));
    for (Path module : modules) {
      Path to = Files.createDirectory(copy.resolve(module.getFileName()));
      Files.copy(module.resolve("pom.xml"), to.resolve("pom.xml"));
    }
    for (String module : NEEDED) {
      copyTree(ROOT.resolve(module).resolve("src/main"), copy.resolve(module).resolve("src/main"));
    }
    copyTree(ROOT.resolve(".mvn"), folder.resolve(".mvn"));
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Path copy = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(path, copy);
        }
      }
    }
  }

  private void writeProject() throws IOException {
    String head =
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>"
            + "<groupId>test</groupId><version>1</version>";
    Files.writeString(
        folder.resolve("pom.xml"),
        head
            + "<artifactId>all</artifactId><packaging>pom</packaging><modules>"
            + "<module>zeroseg</module><module>first</module></modules></project>");
    Path sources = Files.createDirectories(folder.resolve("first/src/main/java"));
    Files.writeString(
        folder.resolve("first/pom.xml"),
        head
            + "<artifactId>first</artifactId><properties><maven.compiler.release>17"
            + "</maven.compiler.release><project.build.sourceEncoding>UTF-8"
            + "</project.build.sourceEncoding></properties>"
            + block("xml").replace("linux-x86_64</classifier>", platform() + "</classifier>")
            + plugins()
            + "</project>");
    String snippet = block("java");
    Files.writeString(
        sources.resolve("First.java"),
        lines(snippet, true)
            + "class First {\n  public static void main(String[] arguments) throws Exception {\n"
            + lines(snippet, false)
            + "\n  }\n}\n");
  }

  private static String lines(String snippet, boolean imports) {
    return Arrays.stream(snippet.split("\n", -1))
        .filter(line -> line.startsWith("import ") == imports)
        .collect(Collectors.joining("\n", "", "\n"));
  }

  /** Those of this build, so that nothing has to be fetched for the test. */
  private static String plugins() throws IOException {
    String parent = Files.readString(ROOT.resolve("pom.xml"));
    return "<build><plugins>"
        + Stream.of("resources", "compiler", "surefire", "jar", "dependency")
            .map(
                name -> {
                  String plugin = "<artifactId>maven-" + name + "-plugin</artifactId>";
                  String version = parent.split(plugin, 2)[1].split("</?version>", 3)[1];
                  return "<plugin>" + plugin + "<version>" + version + "</version></plugin>";
                })
            .collect(Collectors.joining())
        + "</plugins></build>";
  }

  /** The hub's cache, as if the model had been fetched: the demo's stands for it. */
  private void writeModel() throws IOException {
    Path model = folder.resolve("hub/hub").resolve(MODEL);
    Path snapshot = Files.createDirectories(model.resolve("snapshots").resolve(COMMIT));
    Files.writeString(Files.createDirectories(model.resolve("refs")).resolve("main"), COMMIT);
    for (String name : List.of("merges.txt", "vocab.json")) {
      try (InputStream file = DemoModels.class.getResourceAsStream("clip-vit/" + name)) {
        Files.copy(file, snapshot.resolve(name));
      }
    }
    try (Clip clip = DemoModels.vitClip()) {
      clip.compute((loaded, call) -> writeForLongTexts(loaded, call, snapshot));
    }
  }

  /** With places for as many tokens as published models take. */
  private static Path writeForLongTexts(ClipModel model, NDManager call, Path folder) {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    model.weights().names().forEach(name -> arrays.put(name, model.weights().get(name)));
    arrays.compute(
        "positional_embedding",
        (name, places) -> {
          Shape shape = places.getShape();
          return call.zeros(new Shape(77 - shape.get(0), shape.get(1))).concat(places);
        });
    try {
      Path file = folder.resolve("model.safetensors");
      SafetensorsWriter.write(file, Checkpoints.of(arrays, "the test"), Map.of());
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void run(Path in, String... command) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(in.toFile()).redirectErrorStream(true);
    builder.environment().keySet().removeAll(List.of("ENGINE_CACHE_DIR", "DJL_CACHE_DIR"));
    builder.environment().put("HF_HOME", folder.resolve("hub").toString());
    builder.environment().put("HF_HUB_OFFLINE", "1");
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }
}
