package org.zeroseg.examples.cli;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.export.AnnotationFormat;
import org.zeroseg.core.export.AnnotationWriter;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.file.ReadAhead;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureReader;
import picocli.CommandLine;

/** One look at each of many pictures, and what is written about all of them. */
final class PictureRun implements Closeable {

  /** Pictures that are read while the model looks at one. */
  private static final int AHEAD = 2;

  /**
   * How it is done.
   *
   * @param out where to write
   * @param endings what results are called
   * @param reader of pictures
   * @param skipExisting whether results that are there are taken
   * @param overlay whether to write pictures with their segments
   * @param gallery whether to write a page
   * @param formats of other tools, to write besides
   * @param tolerance of outlines in them
   */
  record Settings(
      Path out,
      PictureFiles.Endings endings,
      PictureReader reader,
      boolean skipExisting,
      boolean overlay,
      boolean gallery,
      List<AnnotationFormat> formats,
      double tolerance) {}

  private final Settings settings;
  private final Optional<List<String>> words;
  private final Map<Path, String> names;
  private final PrintWriter report;
  private final PrintWriter err;
  private final Map<AnnotationFormat, AnnotationWriter> writers = new LinkedHashMap<>();
  private final Set<String> taken = new HashSet<>();
  private final WordCounts counts = new WordCounts();
  private Optional<Gallery> gallery = Optional.empty();
  private long made;
  private long present;
  private long failed;

  PictureRun(
      Settings settings,
      Optional<List<String>> words,
      Map<Path, String> names,
      PrintWriter report,
      PrintWriter err)
      throws IOException {
    this.settings = settings;
    this.words = words;
    this.names = names;
    this.report = report;
    this.err = err;
    try {
      for (AnnotationFormat format : settings.formats()) {
        if (!writers.containsKey(format)) {
          writers.put(format, format.open(folder(format), settings.tolerance()));
        }
      }
      if (settings.gallery()) {
        gallery = Optional.of(new Gallery(page(), names.size()));
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  private Path folder(AnnotationFormat format) {
    return settings.out().resolve(settings.endings().all() + format);
  }

  private Path page() {
    return settings.out().resolve(settings.endings().all() + "gallery.html");
  }

  /** Tells of what could not be done. */
  void fail(String reason) {
    failed++;
    gallery.ifPresent(page -> page.fail(reason));
    err.println("zeroseg: " + reason);
  }

  /** Looks at every picture, and then writes what is about all; the exit code. */
  int forEach(Progress progress, PictureFiles.Look look) throws IOException {
    long start = System.nanoTime();
    Map<Path, String> stems = PictureFiles.stems(names);
    int done = 0;
    try (ReadAhead<Path, Stored> ahead =
        ReadAhead.of(names.keySet().iterator(), 1, AHEAD, file -> stored(file, stems.get(file)))) {
      while (ahead.hasNext()) {
        progress.update("Looking at pictures", done++, names.size());
        ReadAhead.Item<Path, Stored> next = ahead.next();
        Path file = next.thing();
        try {
          one(file, stems.get(file), next.get(), look);
        } catch (IOException e) {
          fail(Failures.line(e).orElseThrow());
        } catch (CommandLine.ParameterException e) {
          throw e; // the same for every picture
        } catch (RuntimeException | OutOfMemoryError e) {
          if (!Failures.lacksMemory(e) && names.size() == 1) {
            throw e;
          }
          String line = Failures.line(e).orElseGet(() -> PlainText.line(e));
          fail(PlainText.line(file) + ": " + line);
        }
        report.flush();
      }
    }
    progress.update("Looking at pictures", done, names.size());
    finish(Duration.ofNanos(System.nanoTime() - start));
    return failed == 0 ? 0 : 1;
  }

  /**
   * What there is about a picture.
   *
   * @param before the result of an earlier run
   * @param picture three channels, if it is needed
   */
  private record Stored(Optional<Segmentation> before, Optional<Picture> picture) {}

  private Stored stored(Path file, String stem) throws IOException {
    String whole = settings.out().resolve(stem).toString();
    PictureFiles.Endings endings = settings.endings();
    Optional<Segmentation> before =
        settings.skipExisting()
            ? StoredResult.read(Path.of(whole + endings.json()), Path.of(whole + endings.labels()))
                .filter(stored -> words.isEmpty() || words.get().equals(stored.names()))
            : Optional.empty();
    if (before.isPresent() && !needsOverlay(whole) && !settings.gallery()) {
      return new Stored(before, Optional.empty());
    }
    return new Stored(before, Optional.of(settings.reader().read(file).rgb()));
  }

  private boolean needsOverlay(String whole) {
    return settings.overlay() && !Files.exists(Path.of(whole + settings.endings().overlay()));
  }

  private void one(Path file, String stem, Stored stored, PictureFiles.Look look)
      throws IOException {
    Optional<Segmentation> before = stored.before();
    if (stored.picture().isEmpty()) {
      present++;
      add(file, before.orElseThrow());
      return;
    }
    String whole = settings.out().resolve(stem).toString();
    PictureFiles.Endings endings = settings.endings();
    PictureFiles.Shot shot =
        new PictureFiles.Shot(
            file, stored.picture().get(), whole, endings, settings.overlay(), names.size() == 1);
    Segmentation result;
    if (before.isPresent()
        && before.get().width() == shot.picture().width()
        && before.get().height() == shot.picture().height()) {
      result = before.get();
      if (needsOverlay(whole)) {
        result.writeOverlay(Path.of(whole + endings.overlay()), shot.picture());
      }
      present++;
    } else {
      WholeFile.makeFolder(Path.of(whole).toAbsolutePath().getParent());
      result = look.at(shot, report);
      made++;
    }
    Map<String, Double> shares = add(file, result);
    if (gallery.isPresent()) {
      String large = settings.overlay() ? stem + endings.overlay() : "";
      gallery.get().add(names.get(file), large, shot.picture(), result, shares, counts.words());
    }
  }

  private Map<String, Double> add(Path file, Segmentation result) throws IOException {
    String name = names.get(file);
    if (!writers.isEmpty() && !taken.add(name)) {
      name = file.toString();
    }
    for (AnnotationWriter writer : writers.values()) {
      writer.add(name, file, result);
    }
    return counts.add(result);
  }

  /** What is about all pictures, and a summary where there are several. */
  private void finish(Duration time) throws IOException {
    for (Map.Entry<AnnotationFormat, AnnotationWriter> each : writers.entrySet()) {
      SortedMap<String, Long> notes = each.getValue().finish();
      report.println(
          each.getKey()
              + ": "
              + PlainText.line(folder(each.getKey()))
              + notes.entrySet().stream()
                  .map(note -> "; " + note.getValue() + " " + note.getKey())
                  .collect(Collectors.joining()));
    }
    if (gallery.isPresent()) {
      gallery.get().write(counts.words());
    }
    if (names.size() > 1) {
      report.printf(
          "%d pictures: %d looked at, %d done before, %d failed; %d:%02d:%02d%n",
          names.size(),
          made,
          present,
          failed,
          time.toHours(),
          time.toMinutesPart(),
          time.toSecondsPart());
      if (made + present > 0) {
        counts.print(report);
      }
    }
    if (gallery.isPresent()) {
      report.println("gallery " + PlainText.line(page()));
    }
    report.flush();
  }

  @Override
  public void close() throws IOException {
    for (AnnotationWriter writer : writers.values()) {
      writer.close();
    }
    if (gallery.isPresent()) {
      gallery.get().close();
    }
  }
}
