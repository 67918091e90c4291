package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.supervision.InvalidDataException;

/**
 * Finds the files of a data set and pairs pictures with their truth. Linked folders are entered.
 */
final class DataFiles {

  private static final int DEEPEST = 100; // folders

  private DataFiles() {}

  /** A picture with the truth file of the same name. */
  record Pair(String name, Path image, Path truth) {}

  /** What a picture is paired by. */
  @FunctionalInterface
  interface Naming {
    String name(Path file);
  }

  /** Pairs files of two folder trees by name; both sides must be complete. */
  static List<Pair> pairs(Path images, Path truths, String truthEnding, Naming naming)
      throws IOException {
    return pairs(
        images, "", naming, truths, truthEnding, file -> stem(truths.relativize(file).toString()));
  }

  static List<Pair> pairs(
      Path images,
      String imageEnding,
      Naming imageName,
      Path truths,
      String truthEnding,
      Naming truthName)
      throws IOException {
    Map<String, Path> pictures = files(images, imageEnding, imageName);
    Map<String, Path> labels = files(truths, truthEnding, truthName);
    List<String> problems = new ArrayList<>();
    List<Pair> pairs = new ArrayList<>();
    pictures.forEach(
        (name, picture) -> {
          if (labels.containsKey(name)) {
            pairs.add(new Pair(name, picture, labels.get(name)));
          } else {
            problems.add("no truth in " + truths + " for picture " + images.relativize(picture));
          }
        });
    labels.forEach(
        (name, truth) -> {
          if (!pictures.containsKey(name)) {
            problems.add("no picture for truth " + truth);
          }
        });
    if (!problems.isEmpty()) {
      throw new InvalidDataException(images.toString(), problems);
    }
    return pairs;
  }

  /** Files of a folder tree by name, in code-point order of their paths, as the reference sorts. */
  static Map<String, Path> files(Path folder, String ending, Naming naming) throws IOException {
    requireFolder(folder);
    Map<String, Path> files = new LinkedHashMap<>();
    List<String> problems = new ArrayList<>();
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(folder, Set.of(FileVisitOption.FOLLOW_LINKS), DEEPEST, new Finder(found));
    found.sort(Comparator.comparing(Path::toString));
    for (Path file : found) {
      if (!file.toString().endsWith(ending) || file.getFileName().toString().startsWith(".")) {
        continue;
      }
      if (!Files.isRegularFile(file)) {
        problems.add(file + " is a link to nothing");
        continue;
      }
      Path other = files.put(naming.name(file), file);
      if (other != null) {
        problems.add(other + " and " + file + " have one name, " + naming.name(file));
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidDataException(folder.toString(), problems);
    }
    return files;
  }

  static void requireFolder(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InvalidDataException(folder, "there is no such folder");
    }
  }

  /** A file's name without its last ending, with / between folders on every system. */
  static String stem(String file) {
    String path = file.replace('\\', '/');
    int dot = path.lastIndexOf('.');
    return dot > path.lastIndexOf('/') ? path.substring(0, dot) : path;
  }

  /** Lines of a list; Windows line ends and blank lines are no entries. */
  static List<String> lines(Path list) throws IOException {
    if (!Files.isRegularFile(list)) {
      throw new InvalidDataException(list, "there is no such file");
    }
    return TextFile.lines(list).stream()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .toList();
  }

  /** Collects files; a link back to a folder above leads to nothing new. */
  private static final class Finder extends SimpleFileVisitor<Path> {
    private final List<Path> found;

    Finder(List<Path> found) {
      this.found = found;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      found.add(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof FileSystemLoopException) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }
  }
}
