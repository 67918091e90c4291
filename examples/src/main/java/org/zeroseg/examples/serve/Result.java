package org.zeroseg.examples.serve;

import com.google.gson.stream.JsonWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.zeroseg.core.Palette;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.export.AnnotationFormat;
import org.zeroseg.core.export.AnnotationWriter;
import org.zeroseg.core.file.Leftovers;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Rle;

/**
 * What was found in a picture, as it is sent.
 *
 * @param picture that was looked at
 * @param file the bytes that it was read from
 * @param name of its file
 * @param found in it
 * @param seconds that it took
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
record Result(Picture picture, byte[] file, String name, Segmentation found, double seconds) {

  /** The longer side of a preview. */
  private static final int PREVIEW = 1600;

  /**
   * What a request wants sent.
   *
   * @param name {@link #JSON}, {@link #OVERLAY} or that of a format
   * @param format of other tools, as an archive
   * @param instances whether single instances, where the segmenter finds them, or regions
   * @param tolerance of outlines, in pixels
   * @param preview whether JSON holds the picture, too, for browsers that cannot read it
   */
  record Form(
      String name,
      Optional<AnnotationFormat> format,
      boolean instances,
      double tolerance,
      boolean preview) {

    static final String JSON = "json";
    static final String OVERLAY = "overlay";

    static List<String> all() {
      return Stream.concat(
              Stream.of(JSON, OVERLAY),
              Arrays.stream(AnnotationFormat.values()).map(AnnotationFormat::toString))
          .toList();
    }
  }

  Answer as(Form form) throws IOException {
    if (form.format().isPresent()) {
      return archive(form.format().get(), form);
    }
    Segmentation wanted = form.instances() ? found : regions(found);
    if (form.name().equals(Form.OVERLAY)) {
      return download(Answer.of("image/png", wanted.overlay(picture).toPng()), "overlay.png");
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Writer writer = new OutputStreamWriter(bytes, StandardCharsets.UTF_8)) {
      JsonWriter json = new JsonWriter(writer);
      json.setHtmlSafe(false);
      write(json, form);
      json.flush();
    }
    return Answer.of(Answer.JSON, bytes.toByteArray());
  }

  private void write(JsonWriter json, Form form) throws IOException {
    json.beginObject();
    json.name("width").value(found.width());
    json.name("height").value(found.height());
    json.name("seconds").value(seconds);
    json.name("names").beginArray();
    for (String each : found.names()) {
      json.value(each);
    }
    json.endArray();
    if (!found.presence().isEmpty()) {
      json.name("presence").beginArray();
      for (double each : found.presence()) {
        json.value(each);
      }
      json.endArray();
    }
    if (form.instances()) {
      json.name("segments");
      segments(json, found);
    }
    json.name("regions");
    segments(json, regions(found));
    if (form.preview()) {
      double scale = Math.min(1, (double) PREVIEW / Math.max(picture.width(), picture.height()));
      byte[] small =
          picture
              .resize(
                  (int) Math.max(1, picture.width() * scale),
                  (int) Math.max(1, picture.height() * scale),
                  Filter.BILINEAR)
              .toPng();
      json.name("preview")
          .value("data:image/png;base64," + Base64.getEncoder().encodeToString(small));
    }
    json.endObject();
  }

  private static void segments(JsonWriter json, Segmentation segmentation) throws IOException {
    json.beginArray();
    for (Segment segment : segmentation.segments()) {
      Rle rle = segment.mask().rle();
      Box box = segment.box();
      json.beginObject();
      json.name("label").value(segment.label());
      json.name("name").value(segment.name());
      json.name("score").value(segment.score());
      json.name("colour").value("#%06x".formatted(Palette.rgb(segment.label())));
      json.name("area").value(segment.mask().area());
      json.name("box").beginArray();
      json.value(box.x()).value(box.y()).value(box.width()).value(box.height()).endArray();
      json.name("mask").beginObject();
      json.name("size").beginArray().value(rle.height()).value(rle.width()).endArray();
      json.name("counts").value(rle.text());
      json.endObject().endObject();
    }
    json.endArray();
  }

  /** One segment for each category of the label map, as sure as the surest one of its instances. */
  static Segmentation regions(Segmentation found) {
    double[] scores = new double[found.names().size()];
    for (Segment segment : found.segments()) {
      scores[segment.label() - 1] = Math.max(scores[segment.label() - 1], segment.score());
    }
    int[] labels = found.labels();
    Segmentation regions =
        Segmentation.ofLabels(found.width(), found.height(), found.names(), labels, scores);
    return Segmentation.of(
        found.width(), found.height(), found.names(), labels, regions.segments());
  }

  private Answer archive(AnnotationFormat format, Form form) throws IOException {
    Path folder = Files.createTempDirectory("zeroseg-serve");
    try {
      // Some formats copy the picture, and all name files after it.
      String called = name.replaceAll(".*[/\\\\]", "");
      Path source = folder.resolve("source");
      Files.write(source, file);
      Path out = folder.resolve("out");
      SortedMap<String, Long> notes;
      try (AnnotationWriter writer = format.open(out, form.tolerance())) {
        writer.add(called, source, form.instances() ? found : regions(found));
        notes = writer.finish();
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      zip(out, bytes);
      Answer answer = download(Answer.of("application/zip", bytes.toByteArray()), format + ".zip");
      return notes.isEmpty() ? answer : answer.with("Zeroseg-Notes", text(notes));
    } finally {
      Leftovers.deleteTree(folder);
    }
  }

  private static String text(SortedMap<String, Long> notes) {
    return notes.entrySet().stream()
        .map(note -> note.getValue() + " " + note.getKey())
        .collect(Collectors.joining("; "));
  }

  private static void zip(Path folder, ByteArrayOutputStream bytes) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(bytes, StandardCharsets.UTF_8);
        Stream<Path> files = Files.walk(folder)) {
      for (Path each :
          files.filter(Files::isRegularFile).sorted(Comparator.naturalOrder()).toList()) {
        zip.putNextEntry(new ZipEntry(folder.relativize(each).toString().replace('\\', '/')));
        Files.copy(each, zip);
        zip.closeEntry();
      }
    }
  }

  /** Named after the picture, in what all browsers take. */
  private Answer download(Answer answer, String ending) {
    String stem = PlainText.line(name).replaceAll(".*[/\\\\]", "").replaceFirst("\\.[^.]*$", "");
    String plain = stem.replaceAll("[^A-Za-z0-9._-]", "_");
    return answer.with(
        "Content-Disposition",
        "attachment; filename=\""
            + plain.substring(0, Math.min(100, plain.length()))
            + "."
            + ending
            + "\"");
  }
}
