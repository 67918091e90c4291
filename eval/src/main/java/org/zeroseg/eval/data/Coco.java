package org.zeroseg.eval.data;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.PictureReader;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.CocoGroundTruth.Image;
import org.zeroseg.core.supervision.Instance;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.Outline;
import org.zeroseg.eval.data.SemanticDataset.Item;

/**
 * COCO and sets in its format, ShapeWorld's export among them: semantic truth from label pictures
 * or painted from instances, and the choice of COCO-20K.
 */
public final class Coco {

  private static final int IGNORE = 255;

  private Coco() {}

  /**
   * COCO 2017 with ready-made label pictures in {@code annotations/semantic_segmentation_masks}: 81
   * labels, 255 ignored.
   *
   * @param folder with {@code annotations} and {@code <split>2017}
   * @param split train or val
   * @return pictures in code-point order of their paths
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without mask and masks without picture
   */
  public static SemanticDataset semantic2017(Path folder, String split) throws IOException {
    Path images = folder.resolve(split + "2017");
    List<Item> items =
        DataFiles.pairs(
                images,
                folder.resolve("annotations/semantic_segmentation_masks"),
                ".png",
                file -> DataFiles.stem(file.getFileName().toString()))
            .stream()
            .map(pair -> SemanticDataset.item(pair, LabelMap::read))
            .toList();
    return new SemanticDataset("COCO 2017 " + split, Vocabularies.coco(), 1, IGNORE, items);
  }

  /**
   * Semantic truth painted from instances, as the pictures that the papers used were not published:
   * regular masks by falling area, small ones on top, then crowds where nothing is yet. Label k is
   * the k-th category by rising id. Numbers can differ slightly from published ones for that
   * reason.
   *
   * @param annotations an {@code instances_*.json}
   * @param images the folder that its file names are relative to
   * @return pictures in the order of the file; its categories, 0 for background, nothing ignored
   * @throws IOException if the annotations cannot be read
   * @throws InvalidDataException if they are malformed, or naming pictures that are missing
   */
  public static SemanticDataset painted(Path annotations, Path images) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(annotations);
    List<Category> categories =
        truth.categories().stream().sorted(Comparator.comparingLong(Category::id)).toList();
    Map<Category, Integer> labels = new HashMap<>();
    categories.forEach(category -> labels.put(category, labels.size() + 1));
    long most = PictureReader.asStored().maxPixels();
    Set<String> names = new HashSet<>();
    List<String> problems = new ArrayList<>();
    List<Item> items = new ArrayList<>();
    for (Image image : truth.images()) {
      Path file = images.resolve(image.fileName());
      if (image.fileName().isEmpty() || !Files.isRegularFile(file)) {
        problems.add("image " + image.id() + ": there is no " + file);
      } else if (!names.add(DataFiles.stem(image.fileName()))) {
        problems.add("image " + image.id() + ": another image has the name of " + file);
      } else if ((long) image.width() * image.height() > most) {
        problems.add(
            "image %d: %d x %d are more than the %d pixels that pictures may have"
                .formatted(image.id(), image.width(), image.height(), most));
      }
      items.add(
          new Item(
              DataFiles.stem(image.fileName()),
              file,
              annotations,
              () -> paint(truth, image, labels)));
    }
    if (!problems.isEmpty()) {
      throw new InvalidDataException(annotations.toString(), problems);
    }
    return new SemanticDataset(
        annotations.getFileName() + " (painted from instances)",
        vocabulary(annotations, categories),
        1,
        -1,
        items);
  }

  /**
   * A set as ShapeWorld is exported: {@code instances.json}, {@code images} and label pictures of
   * the same names in {@code labels}, whose label k is the k-th category of the file.
   *
   * @param folder of the set
   * @return pictures in code-point order of their paths; nothing ignored
   * @throws IOException if the folder cannot be read
   * @throws InvalidDataException naming pictures without labels and labels without picture
   */
  public static SemanticDataset exported(Path folder) throws IOException {
    Path annotations = folder.resolve("instances.json");
    Vocabulary vocabulary = vocabulary(annotations, CocoGroundTruth.read(annotations).categories());
    return SemanticDataset.ofFolders(
        folder.resolve("images"), folder.resolve("labels"), vocabulary, -1);
  }

  /** The names must be told apart, which evaluation of instances does not need. */
  private static Vocabulary vocabulary(Path annotations, List<Category> categories) {
    try {
      return Vocabulary.of(categories.stream().map(Category::name).toArray(String[]::new));
    } catch (IllegalArgumentException e) {
      throw new InvalidDataException(annotations, "categories: " + e.getMessage());
    }
  }

  private static LabelMap paint(CocoGroundTruth truth, Image image, Map<Category, Integer> labels) {
    int[] pixels = new int[image.width() * image.height()];
    truth.annotations(image.id()).stream()
        .filter(annotation -> !(annotation.outline() instanceof Outline.Missing))
        .sorted(
            Comparator.comparing(Instance::crowd)
                .thenComparing(Comparator.comparingDouble(Instance::area).reversed()))
        .forEach(
            annotation -> {
              Rle mask = annotation.outline().rle(image.width(), image.height());
              int label = labels.get(truth.categories().get(annotation.category()));
              mask.mask()
                  .forEach(
                      (x, y) -> {
                        int at = y * image.width() + x;
                        pixels[at] = annotation.crowd() && pixels[at] != 0 ? pixels[at] : label;
                      });
            });
    return LabelMap.of(image.width(), image.height(), pixels);
  }

  /**
   * Reads a list of images: ids, or file names whose id follows the last underscore, as in {@code
   * coco_20k_filenames.txt}.
   *
   * @param list one a line
   * @return ids in the order of the list; repeats count once
   * @throws IOException if the list cannot be read
   * @throws InvalidDataException naming a line without id
   */
  public static List<Long> imageIds(Path list) throws IOException {
    Set<Long> ids = new LinkedHashSet<>();
    for (String line : DataFiles.lines(list)) {
      String stem = DataFiles.stem(line);
      String digits = stem.substring(Math.max(stem.lastIndexOf('_'), stem.lastIndexOf('/')) + 1);
      try {
        ids.add(Long.valueOf(digits));
      } catch (NumberFormatException e) {
        throw new InvalidDataException(list, "'" + line + "' does not end in an image id");
      }
    }
    return List.copyOf(ids);
  }

  /**
   * Writes the annotations of some images, as LOST makes COCO-20K's {@code
   * instances_train2014_sel20k.json}: images in the order of the list, annotations image by image,
   * all categories, crowds kept.
   *
   * @param annotations all annotations, read as a stream
   * @param ids the images to keep
   * @param target where to write; written beside it first and then moved
   * @throws IOException if a file cannot be read or written
   * @throws InvalidDataException if the file is no JSON object with images and annotations, or an
   *     image is not in it
   */
  public static void select(Path annotations, List<Long> ids, Path target) throws IOException {
    Set<Long> wanted = new HashSet<>(ids);
    Map<Long, JsonObject> images = new HashMap<>();
    Map<Long, List<JsonObject>> objects = new HashMap<>();
    Map<String, JsonElement> rest = new LinkedHashMap<>();
    try {
      JsonFile.read(
          annotations,
          reader -> {
            reader.beginObject();
            while (reader.hasNext()) {
              String section = reader.nextName();
              switch (section) {
                case "images" -> keep(reader, "id", wanted, images::put);
                case "annotations" ->
                    keep(
                        reader,
                        "image_id",
                        wanted,
                        (id, entry) ->
                            objects.computeIfAbsent(id, image -> new ArrayList<>()).add(entry));
                default -> rest.put(section, JsonParser.parseReader(reader));
              }
            }
            reader.endObject();
            return rest;
          });
    } catch (InvalidFileException e) {
      throw new InvalidDataException(annotations, e.problem());
    }
    List<String> missing =
        ids.stream()
            .filter(id -> !images.containsKey(id))
            .map(id -> "there is no image " + id)
            .toList();
    if (!missing.isEmpty()) {
      throw new InvalidDataException(annotations.toString(), missing);
    }
    write(ids, images, objects, rest, target);
  }

  private interface Keep {
    void accept(long id, JsonObject entry);
  }

  private static void keep(JsonReader reader, String key, Set<Long> wanted, Keep keep)
      throws IOException {
    reader.beginArray();
    while (reader.hasNext()) {
      JsonElement entry = JsonParser.parseReader(reader);
      if (!entry.isJsonObject() || !entry.getAsJsonObject().has(key)) {
        throw new JsonParseException("an entry has no " + key + ": " + entry);
      }
      JsonElement value = entry.getAsJsonObject().get(key);
      if (!value.isJsonPrimitive()) {
        throw new JsonParseException(key + " of an entry is no number: " + value);
      }
      long id = value.getAsLong();
      if (wanted.contains(id)) {
        keep.accept(id, entry.getAsJsonObject());
      }
    }
    reader.endArray();
  }

  private static void write(
      List<Long> ids,
      Map<Long, JsonObject> images,
      Map<Long, List<JsonObject>> objects,
      Map<String, JsonElement> rest,
      Path target)
      throws IOException {
    WholeFile.writeText(
        target,
        writer -> {
          JsonArray chosenImages = new JsonArray();
          JsonArray chosenObjects = new JsonArray();
          for (long id : ids) {
            chosenImages.add(images.get(id));
            objects.getOrDefault(id, List.of()).forEach(chosenObjects::add);
          }
          Gson gson = new Gson();
          JsonWriter json = new JsonWriter(writer);
          json.beginObject();
          for (Map.Entry<String, JsonElement> section : rest.entrySet()) {
            json.name(section.getKey());
            gson.toJson(section.getValue(), json);
          }
          json.name("images");
          gson.toJson(chosenImages, json);
          json.name("annotations");
          gson.toJson(chosenObjects, json);
          json.endObject();
          json.flush();
        });
  }
}
