package org.zeroseg.examples.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.PatternSyntaxException;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.TextFile;

/**
 * The pictures that arguments name: files, folders with all that is in them, patterns such as
 * {@code photos/*.jpg}, lists {@code @files.txt} of one a line, and such a list as the input,
 * {@code -}. What exists by the name that was typed is taken by it.
 */
final class PictureList {

  private static final Set<String> ENDINGS =
      Set.of("png", "jpg", "jpeg", "jpe", "jfif", "gif", "bmp", "tif", "tiff", "webp");

  private final Path out;
  private final InputStream input;
  private final Map<Path, String> names = new LinkedHashMap<>();
  private final List<String> problems = new ArrayList<>();
  private boolean many;

  private PictureList(Path out, InputStream input) {
    this.out = out.toAbsolutePath().normalize();
    this.input = input;
  }

  /**
   * Finds pictures.
   *
   * @param out where results go, and none are looked for
   * @param input read where an argument is {@code -}
   */
  static PictureList of(List<String> arguments, Path out, InputStream input) {
    PictureList list = new PictureList(out, input);
    for (String argument : arguments) {
      try {
        list.add(argument);
      } catch (IOException e) {
        list.problems.add(Failures.line(e).orElseThrow());
      } catch (InvalidPathException | PatternSyntaxException e) {
        list.problems.add(PlainText.line(argument) + " is no file's name: " + e.getMessage());
      }
    }
    return list;
  }

  /** Of each picture where it lies below what named it, with slashes. */
  Map<Path, String> names() {
    return names;
  }

  /** What named no picture, and why. */
  List<String> problems() {
    return problems;
  }

  /** Whether anything but single files was named. */
  boolean isOfMany() {
    return many;
  }

  private void add(String argument) throws IOException {
    if (argument.equals("-")) {
      many = true;
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8));
      addLines(lines.lines().toList());
    } else if (exists(argument)) {
      addPath(Path.of(argument));
    } else if (argument.startsWith("@") && argument.length() > 1) {
      many = true;
      addLines(TextFile.lines(Path.of(argument.substring(1))));
    } else if (isPattern(argument)) {
      many = true;
      addMatches(argument);
    } else {
      addPath(Path.of(argument));
    }
  }

  /** A pattern is no path on every system. */
  private static boolean exists(String argument) {
    try {
      return Files.exists(Path.of(argument));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private void addPath(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      many = true;
      int before = names.size();
      addFolder(path, path, Integer.MAX_VALUE, file -> isPicture(file));
      if (names.size() == before) {
        throw new IOException(path + ": there is no picture in this folder");
      }
    } else {
      names.putIfAbsent(path, String.valueOf(path.getFileName()));
    }
  }

  /** One path a line, each kept below the folder that they have in common. */
  private void addLines(List<String> lines) throws IOException {
    List<Path> paths = lines.stream().filter(line -> !line.isBlank()).map(Path::of).toList();
    Path common = null;
    for (Path path : paths) {
      Path parent = path.toAbsolutePath().normalize().getParent();
      common = common == null ? parent : common(common, parent);
    }
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        addPath(path);
      } else {
        Path whole = path.toAbsolutePath().normalize();
        names.putIfAbsent(path, common == null ? path.toString() : slashes(common, whole));
      }
    }
  }

  private static Path common(Path one, Path other) {
    Path common = one;
    while (common != null && !other.startsWith(common)) {
      common = common.getParent();
    }
    return common;
  }

  private static boolean isPattern(String argument) {
    return argument.chars().anyMatch(letter -> "*?[{".indexOf(letter) >= 0);
  }

  /** The folders before the first sign are walked, so deep as the pattern reaches. */
  private void addMatches(String argument) throws IOException {
    List<String> parts = Arrays.asList(argument.replace('\\', '/').split("/", -1));
    int fixed = 0;
    while (!isPattern(parts.get(fixed))) {
      fixed++;
    }
    String start = String.join("/", parts.subList(0, fixed));
    Path base = Path.of(fixed > 0 && start.isEmpty() ? "/" : start);
    String pattern = String.join("/", parts.subList(fixed, parts.size()));
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    boolean deep = pattern.contains("**");
    int before = names.size();
    if (Files.isDirectory(base)) {
      addFolder(
          base,
          base,
          deep ? Integer.MAX_VALUE : parts.size() - fixed,
          file -> isPicture(file) && matcher.matches(base.relativize(file)));
    }
    if (names.size() == before) {
      throw new IOException(argument + ": no picture is called so");
    }
  }

  /** In order, without what is hidden and without the results. */
  private void addFolder(Path base, Path start, int depth, Predicate<Path> wanted)
      throws IOException {
    TreeSet<Path> found = new TreeSet<>();
    Files.walkFileTree(
        start,
        Set.of(),
        depth,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean hidden = !folder.equals(start) && isHidden(folder);
            return hidden || folder.toAbsolutePath().normalize().equals(out)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            boolean isFile =
                attributes.isRegularFile()
                    || (attributes.isSymbolicLink() && Files.isRegularFile(file));
            if (isFile && !isHidden(file) && wanted.test(file)) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure) {
            problems.add(Failures.line(failure).orElseThrow());
            return FileVisitResult.CONTINUE;
          }
        });
    found.forEach(file -> names.putIfAbsent(file, slashes(base, file)));
  }

  private static boolean isHidden(Path path) {
    return String.valueOf(path.getFileName()).startsWith(".");
  }

  private static boolean isPicture(Path file) {
    String name = String.valueOf(file.getFileName());
    return ENDINGS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
  }

  private static String slashes(Path base, Path file) {
    return base.relativize(file).toString().replace('\\', '/');
  }
}
