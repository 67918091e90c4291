package org.zeroseg.core.export;

import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.InvalidDataException;

/**
 * Reads Ultralytics' data sets for segmentation or detection. Labels lie in folders called {@code
 * labels}, their pictures in {@code images} in their place, as the readers of such sets derive it.
 */
final class YoloReader {

  private static final Pattern LABEL_FOLDER = Pattern.compile("^(|.*/)labels/(.*)\\.txt$");
  private static final Pattern ENTRY = Pattern.compile("^\\s+(\\d+)\\s*:\\s*(.*)$");
  private static final Pattern ITEM = Pattern.compile("^\\s*-\\s+(.*)$");

  private YoloReader() {}

  static void read(Path from, Notes notes, AnnotationSink sink) throws IOException {
    List<String> names = names(from.resolve(YoloWriter.DATA));
    for (Path file : DataFolder.files(from, name -> LABEL_FOLDER.matcher(name).matches())) {
      Matcher place = LABEL_FOLDER.matcher(DataFolder.name(from, file));
      if (!place.matches()) {
        continue;
      }
      Path images = from.resolve(place.group(1)).resolve(YoloWriter.IMAGES);
      Optional<Path> picture = DataFolder.picture(images, place.group(2));
      if (picture.isEmpty()) {
        throw new InvalidDataException(
            file, "there is no picture for it in " + images + ", whose size it needs");
      }
      String name = place.group(1) + DataFolder.name(images, picture.get());
      DataFolder.Size size = DataFolder.size(picture.get());
      Raster raster = new Raster(size.width(), size.height(), names);
      lines(file, raster, names.size(), notes);
      sink.add(name, picture.get(), raster.segmentation());
    }
  }

  private static void lines(Path file, Raster raster, int classes, Notes notes) throws IOException {
    try (BufferedReader lines = new BufferedReader(TextFile.open(file))) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (line.isBlank()) {
          continue;
        }
        try {
          object(line.strip().split("\\s+", -1), raster, classes, notes);
        } catch (IllegalArgumentException e) {
          throw new InvalidDataException(file, "line " + number + ": " + e.getMessage());
        }
      }
    }
  }

  private static void object(String[] parts, Raster raster, int classes, Notes notes) {
    int category = Integer.parseInt(parts[0]);
    if (category < 0 || category >= classes) {
      throw new IllegalArgumentException("class " + category + " of " + classes);
    }
    // A number more is the confidence of a prediction.
    boolean scored = parts.length % 2 == 0;
    int count = parts.length - (scored ? 2 : 1);
    double[] xy = new double[count];
    for (int i = 0; i < count; i++) {
      xy[i] = Double.parseDouble(parts[i + 1]) * (i % 2 == 0 ? raster.width() : raster.height());
    }
    Mask mask;
    if (count == 4) {
      notes.add("boxes made masks", 1);
      mask = raster.box(xy[0] - xy[2] / 2, xy[1] - xy[3] / 2, xy[0] + xy[2] / 2, xy[1] + xy[3] / 2);
    } else {
      mask = raster.polygon(xy);
    }
    double score = scored ? Double.parseDouble(parts[parts.length - 1]) : 1;
    raster.add(category + 1, score, mask);
  }

  /** The names of a {@code data.yaml}, in any of the three ways that they are written. */
  static List<String> names(Path file) throws IOException {
    List<String> lines = TextFile.lines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith("names:")) {
        try {
          String inline = lines.get(i).substring("names:".length()).strip();
          return inline.isEmpty() || inline.startsWith("#")
              ? block(lines.subList(i + 1, lines.size()))
              : inline(inline, lines.subList(i + 1, lines.size()));
        } catch (IllegalArgumentException | JsonParseException e) {
          throw new InvalidDataException(file, "names: " + e.getMessage());
        }
      }
    }
    throw new InvalidDataException(file, "names: is missing");
  }

  private static List<String> block(List<String> lines) {
    Map<Integer, String> names = new TreeMap<>();
    for (String line : lines) {
      if (line.isBlank() || line.stripLeading().startsWith("#")) {
        continue;
      }
      Matcher entry = ENTRY.matcher(line);
      Matcher item = ITEM.matcher(line);
      if (entry.matches()) {
        names.put(Integer.parseInt(entry.group(1)), scalar(entry.group(2)));
      } else if (item.matches()) {
        names.put(names.size(), scalar(item.group(1)));
      } else {
        break;
      }
    }
    return ordered(names);
  }

  /** {@code [cat, dog]} or {@code {0: cat, 1: dog}}, which may go on for lines. */
  private static List<String> inline(String first, List<String> more) {
    StringBuilder text = new StringBuilder(first);
    String end = first.startsWith("[") ? "]" : "}";
    for (int i = 0; i < more.size() && text.indexOf(end) < 0; i++) {
      text.append(' ').append(more.get(i).strip());
    }
    int close = text.lastIndexOf(end);
    if (close < 0 || !(first.startsWith("[") || first.startsWith("{"))) {
      throw new IllegalArgumentException("expected a list, found " + first);
    }
    Map<Integer, String> names = new TreeMap<>();
    for (String item : items(text.substring(1, close))) {
      if (first.startsWith("[")) {
        names.put(names.size(), scalar(item));
      } else {
        String[] entry = item.split(":", 2);
        if (entry.length != 2) {
          throw new IllegalArgumentException("expected NUMBER: NAME, found " + item);
        }
        names.put(Integer.parseInt(entry[0].strip()), scalar(entry[1]));
      }
    }
    return ordered(names);
  }

  /** Separated by commas outside quotation marks. */
  private static List<String> items(String text) {
    List<String> items = new ArrayList<>();
    int from = 0;
    char quote = 0;
    for (int i = 0; i < text.length(); i++) {
      char letter = text.charAt(i);
      if (quote != 0) {
        quote = letter == quote ? 0 : quote;
      } else if (letter == '"' || letter == '\'') {
        quote = letter;
      } else if (letter == ',') {
        items.add(text.substring(from, i));
        from = i + 1;
      }
    }
    items.add(text.substring(from));
    items.removeIf(String::isBlank);
    return items;
  }

  private static List<String> ordered(Map<Integer, String> names) {
    int most = names.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1);
    if (most > 1 << 16) {
      throw new IllegalArgumentException("class " + most);
    }
    String[] all = new String[most + 1];
    Arrays.setAll(all, i -> names.getOrDefault(i, "class " + i));
    return List.of(all);
  }

  /** A plain or quoted text of YAML. */
  private static String scalar(String text) {
    String value = text.strip();
    if (value.startsWith("\"")) {
      return JsonParser.parseString(value).getAsString();
    }
    if (value.startsWith("'") && value.endsWith("'") && value.length() > 1) {
      return value.substring(1, value.length() - 1).replace("''", "'");
    }
    return value.replaceAll("\\s+#.*$", "");
  }
}
