package org.zeroseg.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every piece of Java in the pages and in the libraries' javadoc compiles. It may use {@code
 * image}, {@code segmenter} and {@code found}, a segmentation, and imports nothing: all packages of
 * the libraries, {@code java.nio.file}, {@code java.util} and DJL's {@code Image} are there.
 */
class SnippetsTest {
  private static final Path ROOT = Path.of(System.getProperty("zeroseg.root"));

  /** Surefire hides the tests' class path in a jar's manifest and names it in this property. */
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

  private static final List<String> LIBRARIES =
      List.of("core", "clip", "dino", "zutis", "zsi", "namedmask", "zeroguide", "eval", "demo");
  private static final Pattern IN_PAGES = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern IN_JAVADOC =
      Pattern.compile("<pre>\\{@code\\n(.*?)\\n *\\* *\\}</pre>", Pattern.DOTALL);

  @TestFactory
  Stream<DynamicTest> snippetsCompile() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    TreeSet<String> packages = new TreeSet<>();
    for (String library : LIBRARIES) {
      Path sources = ROOT.resolve(library).resolve("src/main/java");
      for (Path file : files(sources, ".java")) {
        packages.add(sources.relativize(file.getParent()).toString().replaceAll("[/\\\\]", "."));
      }
    }
    String imports =
        packages.stream().map(name -> "import " + name + ".*;\n").collect(Collectors.joining());
    for (String library : LIBRARIES) {
      for (Path file : files(ROOT.resolve(library).resolve("src/main/java"), ".java")) {
        add(tests, file, IN_JAVADOC, imports);
      }
    }
    add(tests, ROOT.resolve("README.md"), IN_PAGES, imports);
    for (Path page : files(ROOT.resolve("docs"), ".md")) {
      add(tests, page, IN_PAGES, imports);
    }
    assertTrue(tests.size() > 1, "no snippets found below " + ROOT);
    return tests.stream();
  }

  @Test
  void everyFrontDoorHasASnippet() throws IOException {
    String overview = Files.readString(ROOT.resolve("docs/javadoc/overview.html"));
    List<String> doors =
        Pattern.compile("@link org\\.zeroseg\\.((\\w+)[.\\w]*)")
            .matcher(overview)
            .results()
            .map(door -> door.group(2) + "/src/main/java/org/zeroseg/" + door.group(1))
            .toList();
    assertTrue(doors.size() > 10, "front doors in the overview: " + doors);
    for (String door : doors) {
      String code = Files.readString(ROOT.resolve(door.replace('.', '/') + ".java"));
      assertTrue(IN_JAVADOC.matcher(code).find(), door);
    }
  }

  private static void add(List<DynamicTest> tests, Path file, Pattern pattern, String imports)
      throws IOException {
    Matcher snippets = pattern.matcher(Files.readString(file));
    for (int i = 1; snippets.find(); i++) {
      String code = snippets.group(1).replaceAll("(?m)^ *\\* ?", "");
      if (!code.startsWith("module ")) {
        tests.add(dynamicTest(ROOT.relativize(file) + " " + i, () -> compile(imports, code)));
      }
    }
  }

  private static void compile(String packages, String code) throws IOException {
    Pattern own = Pattern.compile("(?m)^import .*\n");
    String imports =
        own.matcher(code).results().map(MatchResult::group).collect(Collectors.joining());
    String source =
        imports
            + packages
            + """
            import ai.djl.modality.cv.Image;
            import ai.djl.modality.cv.ImageFactory;
            import java.nio.file.*;
            import java.util.*;
            class Snippet {
              Image image;
              Segmenter segmenter;
              Segmentation found;
              void run() throws Exception {
            """
            + own.matcher(code).replaceAll("")
            + "\n}}";
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    Path output = Files.createTempDirectory("snippet");
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    boolean compiles =
        compiler
            .getTask(
                messages,
                null,
                null,
                List.of("-proc:none", "-cp", CLASS_PATH, "-d", output.toString()),
                null,
                List.of(file))
            .call();
    for (Path written : files(output, "")) {
      Files.delete(written);
    }
    Files.delete(output);
    assertTrue(compiles, () -> messages + "\n" + code);
  }

  private static List<Path> files(Path folder, String ending) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(Files::isRegularFile)
          .filter(f -> f.toString().endsWith(ending))
          .sorted()
          .toList();
    }
  }
}
