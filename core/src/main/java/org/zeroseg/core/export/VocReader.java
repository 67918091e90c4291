package org.zeroseg.core.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;

/**
 * Reads PASCAL VOC's label pictures: a segment for each object, of the class that most of its
 * pixels have, and one for what has a class but is no object. Pictures in colours, as CVAT writes
 * them, are read by {@code labelmap.txt}.
 */
final class VocReader {

  private static final int VOID = 255;
  private static final int VOID_COLOUR = 0xE0E0C0;
  private static final int RGB = 0xFFFFFF;

  /** Those of VOC 2012, for a folder that does not say. */
  private static final List<String> NAMES =
      List.of(
          "aeroplane",
          "bicycle",
          "bird",
          "boat",
          "bottle",
          "bus",
          "car",
          "cat",
          "chair",
          "cow",
          "diningtable",
          "dog",
          "horse",
          "motorbike",
          "person",
          "pottedplant",
          "sheep",
          "sofa",
          "train",
          "tvmonitor");

  private final List<String> names = new ArrayList<>();
  private final Map<Integer, Integer> colours = new HashMap<>();

  private VocReader() {}

  static void read(Path from, Path pictures, AnnotationSink sink) throws IOException {
    VocReader reader = new VocReader();
    reader.readNames(from.resolve(VocWriter.LABEL_MAP));
    Path classes = from.resolve(VocWriter.CLASS);
    for (Path file : DataFolder.files(classes, name -> name.endsWith(".png"))) {
      Path objects = from.resolve(VocWriter.OBJECT).resolve(classes.relativize(file).toString());
      reader.picture(classes, file, objects, pictures, sink);
    }
  }

  /** The colours are those of the file, or VOC's. */
  private void readNames(Path file) throws IOException {
    int[] palette = VocWriter.palette();
    List<String> lines = Files.exists(file) ? TextFile.lines(file) : NAMES;
    for (String line : lines) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] fields = line.split(":", -1);
      boolean background = names.isEmpty() && fields[0].equals(LabelsWriter.BACKGROUND);
      int label = background ? 0 : names.size() + 1;
      int colour = label < palette.length ? palette[label] & RGB : 0;
      if (fields.length > 1 && !fields[1].isBlank()) {
        colour = colour(file, fields[1]);
      }
      colours.putIfAbsent(colour, label);
      if (!background) {
        names.add(fields[0]);
      }
    }
    colours.putIfAbsent(0, 0);
    colours.putIfAbsent(VOID_COLOUR, VOID);
  }

  private static int colour(Path file, String text) {
    String[] channels = text.split(",", -1);
    try {
      int rgb = 0;
      for (String channel : channels) {
        rgb = rgb << 8 | (Integer.parseInt(channel.strip()) & 0xFF);
      }
      return rgb & RGB;
    } catch (NumberFormatException e) {
      throw new InvalidDataException(file, "expected a colour R,G,B, found " + text);
    }
  }

  private void picture(Path classes, Path file, Path objects, Path pictures, AnnotationSink sink)
      throws IOException {
    LabelMap classMap = map(file, colours);
    LabelMap objectMap =
        Files.exists(objects) ? map(objects, new HashMap<>()) : classMap.map(label -> 0);
    if (objectMap.width() != classMap.width() || objectMap.height() != classMap.height()) {
      throw new InvalidDataException(objects, "is of another size than " + file);
    }
    int[] labels = classMap.labels();
    int[] ids = objectMap.labels();
    // The pixels of every pair of object and class.
    Map<Integer, Map<Integer, Integer>> votes = new HashMap<>();
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] != 0 && labels[i] != VOID) {
        if (labels[i] > names.size()) {
          throw new InvalidDataException(
              file, "class " + labels[i] + ", but there are " + names.size());
        }
        if (ids[i] != 0 && ids[i] != VOID) {
          votes.computeIfAbsent(ids[i], id -> new HashMap<>()).merge(labels[i], 1, Integer::sum);
        }
      }
    }
    int[] winners = new int[ids.length == 0 ? 1 : Math.max(256, largest(ids) + 1)];
    votes.forEach(
        (id, counts) ->
            winners[id] =
                counts.entrySet().stream()
                    .max(
                        Map.Entry.<Integer, Integer>comparingByValue()
                            .thenComparing(Map.Entry.comparingByKey()))
                    .orElseThrow()
                    .getKey());
    Raster raster = new Raster(classMap.width(), classMap.height(), names);
    short[] owned = new short[ids.length];
    short[] others = new short[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] != VOID && winners[ids[i]] != 0) {
        owned[i] = (short) ids[i];
      } else if (labels[i] != VOID) {
        others[i] = (short) labels[i];
      }
    }
    for (Map.Entry<Integer, Mask> each :
        Mask.ofLabels(raster.width(), raster.height(), owned).entrySet()) {
      raster.add(winners[each.getKey()], 1, each.getValue());
    }
    for (Map.Entry<Integer, Mask> each :
        Mask.ofLabels(raster.width(), raster.height(), others).entrySet()) {
      raster.add(each.getKey(), 1, each.getValue());
    }
    LabelsReader.hand(classes, file, pictures, raster.segmentation(), sink);
  }

  private static int largest(int[] ids) {
    int largest = 0;
    for (int id : ids) {
      largest = Math.max(largest, id);
    }
    return largest;
  }

  /** Indices; where there are colours instead, by those known, or numbered as they come. */
  private static LabelMap map(Path file, Map<Integer, Integer> colours) throws IOException {
    Picture picture = Picture.readAsStored(file);
    if (picture.mode() != PixelFormat.RGB && picture.mode() != PixelFormat.RGBA) {
      return LabelMap.read(file);
    }
    boolean known = !colours.isEmpty();
    if (!known) {
      colours.put(0, 0);
      colours.put(VOID_COLOUR, VOID);
    }
    Picture rgb = picture.rgb();
    byte[] samples = rgb.samples();
    int[] labels = new int[rgb.width() * rgb.height()];
    for (int i = 0; i < labels.length; i++) {
      int colour =
          (samples[3 * i] & 0xFF) << 16
              | (samples[3 * i + 1] & 0xFF) << 8
              | (samples[3 * i + 2] & 0xFF);
      Integer label = colours.get(colour);
      if (label == null && !known && colours.size() < 1 << 15) {
        label = colours.size() - 1 < VOID ? colours.size() - 1 : colours.size();
        colours.put(colour, label);
      }
      if (label == null) {
        throw new InvalidDataException(
            file,
            "the colour #%06x at x %d, y %d is of no class of labelmap.txt"
                .formatted(colour, i % rgb.width(), i / rgb.width()));
      }
      labels[i] = label;
    }
    return LabelMap.of(rgb.width(), rgb.height(), labels);
  }
}
