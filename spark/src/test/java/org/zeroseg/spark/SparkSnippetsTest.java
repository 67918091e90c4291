package org.zeroseg.spark;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page on Spark and this module's javadoc compile. Snippets may use {@code spark}, {@code
 * pictures}, {@code segments} and {@code detector}; the page marks them as {@code java spark},
 * since the test of all other pages has no Spark.
 */
class SparkSnippetsTest {

  private static final Path ROOT = Path.of(System.getProperty("zeroseg.root"));
  private static final String CLASS_PATH =
      System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  private static final Pattern IN_PAGE =
      Pattern.compile("```java spark\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern IN_JAVADOC =
      Pattern.compile("<pre>\\{@code\\n(.*?)\\n *\\* *\\}</pre>", Pattern.DOTALL);
  private static final String FRAME =
      """
      import java.nio.file.*;
      import java.util.*;
      import org.apache.spark.sql.*;
      import org.zeroseg.clip.*;
      import org.zeroseg.clip.retrieval.*;
      import org.zeroseg.core.*;
      import org.zeroseg.core.supervision.*;
      import org.zeroseg.eval.coco.*;
      import org.zeroseg.eval.semantic.*;
      import org.zeroseg.spark.*;
      class Snippet {
        SparkSession spark;
        Dataset<Row> pictures;
        Dataset<Row> segments;
        SharedModel<SaliencyDetector> detector;

        void run() throws Exception {
      %s
      }}
      """;

  @TempDir Path output;

  @TestFactory
  List<DynamicTest> snippetsCompile() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    Path page = ROOT.resolve("docs/spark.md");
    add(tests, page, IN_PAGE);
    try (Stream<Path> files = Files.list(ROOT.resolve("spark/src/main/java/org/zeroseg/spark"))) {
      for (Path file : files.sorted().toList()) {
        add(tests, file, IN_JAVADOC);
      }
    }
    assertTrue(tests.size() > 8, "snippets: " + tests.size());
    return tests;
  }

  private void add(List<DynamicTest> tests, Path file, Pattern pattern) throws IOException {
    Matcher snippets = pattern.matcher(Files.readString(file));
    for (int i = 1; snippets.find(); i++) {
      String code = snippets.group(1).replaceAll("(?m)^ *\\* ?", "");
      tests.add(dynamicTest(file.getFileName() + " " + i, () -> compile(code)));
    }
  }

  private void compile(String code) {
    String source = code.contains("class ") ? code : FRAME.formatted(code);
    Matcher name = Pattern.compile("class (\\w+)").matcher(source);
    assertTrue(name.find());
    JavaFileObject file =
        new SimpleJavaFileObject(
            URI.create("string:///" + name.group(1) + ".java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
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
    assertTrue(compiles, () -> messages + "\n" + code);
  }
}
