package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.WholeFile;

/** What all writers share: the categories, and names of files that are safe and occur once. */
abstract class FormatWriter implements AnnotationWriter {

  /** Bytes of a part of a file's name, before what it ends with: it has 255 at most. */
  private static final int LONGEST_PART = 180;

  /**
   * A picture of the set.
   *
   * @param name where it lies within the set, with slashes
   * @param stem what files about it are called, but for their ending, with slashes
   * @param file where it is
   */
  record Source(String name, String stem, Path file) {

    /** What the picture's own name ends with, such as {@code .jpg}. */
    String ending() {
      return DataFolder.ending(name);
    }
  }

  final Path folder;
  final Notes notes = new Notes();
  private final List<String> names = new ArrayList<>();
  private final Map<String, Integer> labels = new HashMap<>();
  private final Set<String> stems = new HashSet<>();
  private boolean finished;

  FormatWriter(Path folder) throws IOException {
    this.folder = folder;
    WholeFile.makeFolder(folder);
  }

  abstract void write(Source source, Segmentation segmentation) throws IOException;

  /** Writes what concerns all pictures. */
  abstract void complete() throws IOException;

  @Override
  public final void add(String name, Path picture, Segmentation segmentation) throws IOException {
    if (finished) {
      throw new IllegalStateException("The writer is finished");
    }
    for (String category : segmentation.names()) {
      if (!labels.containsKey(category)) {
        if (names.size() == Vocabulary.MAX_CATEGORIES) {
          throw new IllegalArgumentException(
              "more than " + Vocabulary.MAX_CATEGORIES + " categories");
        }
        names.add(category);
        labels.put(category, names.size());
      }
    }
    String within = within(name);
    write(new Source(within, stem(within), picture), segmentation);
  }

  @Override
  public final SortedMap<String, Long> finish() throws IOException {
    if (!finished) {
      complete();
      finished = true;
    }
    return notes.counts();
  }

  @Override
  public void close() throws IOException {
    // What concerns one picture is written already.
  }

  /** The categories, that of label k at index k - 1. */
  final List<String> names() {
    return Collections.unmodifiableList(names);
  }

  /** The segments that have pixels. */
  final List<Segment> segments(Segmentation segmentation) {
    List<Segment> found =
        segmentation.segments().stream().filter(segment -> !segment.mask().isEmpty()).toList();
    notes.add("segments without a pixel left out", segmentation.segments().size() - found.size());
    return found;
  }

  /** The label of a segment's category in this set, from 1. */
  final int label(Segmentation segmentation, Segment segment) {
    return labels.get(segmentation.names().get(segment.label() - 1));
  }

  /** The label map by this set's labels, 0 for background. */
  final int[] labels(Segmentation segmentation) {
    List<String> own = segmentation.names();
    int[] to = new int[own.size() + 1];
    for (int i = 0; i < own.size(); i++) {
      to[i + 1] = labels.get(own.get(i));
    }
    int[] map = segmentation.labels();
    Arrays.setAll(map, i -> to[map[i]]);
    return map;
  }

  /** A name that leads nowhere out of a folder. */
  static String within(String name) {
    String path =
        Arrays.stream(name.replace('\\', '/').split("/", -1))
            .filter(part -> !part.isBlank() && !part.equals(".") && !part.equals(".."))
            .collect(Collectors.joining("/"));
    return path.isEmpty() ? "picture" : path;
  }

  /** A name without its ending, as every file system takes it, and that no other picture has. */
  private String stem(String name) {
    String whole =
        Arrays.stream(name.split("/", -1))
            .map(FormatWriter::fileName)
            .collect(Collectors.joining("/"));
    String stem = whole.substring(0, whole.length() - DataFolder.ending(whole).length());
    String free = stem;
    if (!stems.add(key(free))) {
      free = whole;
      for (int i = 2; !stems.add(key(free)); i++) {
        free = whole + "-" + i;
      }
    }
    return free;
  }

  /** Some file systems take two names that differ in case only for one. */
  private static String key(String stem) {
    return stem.toLowerCase(Locale.ROOT);
  }

  /** A part of a file's name without what some system or terminal would stumble over. */
  static String fileName(String part) {
    String plain = part.replaceAll("[\\p{Cntrl}\\p{Cf}\\u2028\\u2029<>:\"/\\\\|?*]", "_");
    plain = plain.replaceAll("[. ]$", "_").replaceAll("^ ", "_");
    if (plain.getBytes(StandardCharsets.UTF_8).length <= LONGEST_PART) {
      return plain;
    }
    String ending = DataFolder.ending(plain);
    int end = plain.length() - ending.length();
    while (plain.substring(0, end).getBytes(StandardCharsets.UTF_8).length > LONGEST_PART - 20) {
      end = plain.offsetByCodePoints(end, -1);
    }
    return "%s-%08x%s".formatted(plain.substring(0, end), part.hashCode(), ending);
  }

  /** A file about a picture. */
  final Path file(Source source, String ending) {
    return folder.resolve(source.stem() + ending);
  }

  /** A category in a text file of one line each. */
  static String line(String category) {
    return PlainText.line(category);
  }
}
