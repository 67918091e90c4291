package org.zeroseg.core.supervision;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.CocoGroundTruth.Image;

/** Reads COCO's annotation files. The three lists may come in any order. */
final class GroundTruthFile {

  /** An annotation before its image and category are known. */
  private static final class Draft {
    private String name = "";
    private OptionalLong id = OptionalLong.empty();
    private OptionalLong imageId = OptionalLong.empty();
    private OptionalLong categoryId = OptionalLong.empty();
    private OptionalDouble area = OptionalDouble.empty();
    private Optional<Boolean> crowd = Optional.empty();
    private boolean ignored;
    private Optional<Box> box = Optional.empty();
    private Outline outline = new Outline.Missing("is missing");
  }

  private final Path file;
  private final EntryReader in;
  private final Set<String> sections = new LinkedHashSet<>();
  private final Registry<Image> images = new Registry<>("image");
  private final Registry<Category> categories = new Registry<>("category");
  private final List<Draft> drafts = new ArrayList<>();
  private final List<Instance> instances = new ArrayList<>();
  private final Warnings warnings;

  private GroundTruthFile(Path file, EntryReader in) {
    this.file = file;
    this.in = in;
    warnings = new Warnings(file);
  }

  static CocoGroundTruth read(Path file) throws IOException {
    return EntryReader.read(file, in -> new GroundTruthFile(file, in).read());
  }

  private CocoGroundTruth read() throws IOException {
    boolean isObject = in.object("ground truth", this::readSection);
    in.endEntry("the file");
    if (isObject) {
      for (String section : List.of("images", "annotations", "categories")) {
        if (!sections.contains(section)) {
          in.problem("key " + section + " is missing");
        }
      }
    }
    in.failIfWrong();
    Set<Long> ids = new HashSet<>();
    for (Draft draft : drafts) {
      resolve(draft, ids);
    }
    in.failIfWrong();
    return new CocoGroundTruth(file.toString(), images, categories, instances, warnings.lines());
  }

  private void readSection(String section) throws IOException {
    switch (section) {
      case "images" -> readList(section, this::readImage);
      case "annotations" -> readList(section, this::readAnnotation);
      case "categories" -> readList(section, this::readCategory);
      default -> in.skip();
    }
  }

  private interface Entry {
    void read(String name) throws IOException;
  }

  private void readList(String section, Entry entry) throws IOException {
    sections.add(section);
    int[] position = {0};
    in.array(section, () -> entry.read(section + "[" + position[0]++ + "]"));
  }

  private void readImage(String name) throws IOException {
    long[] size = new long[2]; // width, height
    OptionalLong[] id = {OptionalLong.empty()};
    String[] fileName = {""};
    in.object(
        name,
        field -> {
          switch (field) {
            case "id" -> id[0] = in.integer(field);
            case "height" -> size[1] = side(field);
            case "width" -> size[0] = side(field);
            case "file_name" -> fileName[0] = in.name();
            default -> in.skip();
          }
        });
    if (id[0].isEmpty()) {
      require(false, "id");
    } else if (images.find(id[0].getAsLong()).isPresent()) {
      in.fault("id", "two images have id " + id[0].getAsLong());
    } else if (size[0] * size[1] > Integer.MAX_VALUE) {
      in.fault("width", "expected fewer than 2^31 pixels, found " + size[0] + " x " + size[1]);
    } else {
      long number = id[0].getAsLong();
      images.add(number, new Image(number, fileName[0], (int) size[0], (int) size[1]));
    }
    in.endEntry(name);
  }

  private long side(String field) throws IOException {
    long value = in.isNull() ? 0 : in.integer(field).orElse(0);
    if (value < 0 || value > Integer.MAX_VALUE) {
      in.fault(field, "expected a number of pixels, found " + value);
      return 0;
    }
    return value;
  }

  private void readCategory(String name) throws IOException {
    OptionalLong[] id = {OptionalLong.empty()};
    String[] text = {""};
    in.object(
        name,
        field -> {
          switch (field) {
            case "id" -> id[0] = in.integer(field);
            case "name" -> text[0] = in.name();
            default -> in.skip();
          }
        });
    if (id[0].isEmpty()) {
      require(false, "id");
    } else if (categories.find(id[0].getAsLong()).isPresent()) {
      in.fault("id", "two categories have id " + id[0].getAsLong());
    } else {
      categories.add(id[0].getAsLong(), new Category(id[0].getAsLong(), text[0]));
    }
    in.endEntry(name);
  }

  private void readAnnotation(String position) throws IOException {
    Draft draft = new Draft();
    in.object(position, field -> readField(field, draft));
    draft.name = draft.id.isPresent() ? "annotation " + draft.id.getAsLong() : position;
    require(draft.id.isPresent(), "id");
    require(draft.imageId.isPresent(), "image_id");
    require(draft.categoryId.isPresent(), "category_id");
    require(draft.area.isPresent(), "area");
    if (in.endEntry(draft.name)) {
      drafts.add(draft);
    }
  }

  private void require(boolean present, String field) {
    if (!present && in.isFaultless(field)) {
      in.fault(field, "is missing");
    }
  }

  private void readField(String field, Draft draft) throws IOException {
    switch (field) {
      case "id" -> draft.id = in.integer(field);
      case "image_id" -> draft.imageId = in.integer(field);
      case "category_id" -> draft.categoryId = in.integer(field);
      case "area" -> draft.area = in.number(field);
      case "iscrowd" -> draft.crowd = in.isNull() ? Optional.empty() : Optional.of(in.flag(field));
      case "ignore" -> draft.ignored = !in.isNull() && in.flag(field);
      case "bbox" -> draft.box = in.box(field);
      case "segmentation" -> draft.outline = OutlineReader.read(in, field);
      default -> in.skip();
    }
  }

  private void resolve(Draft draft, Set<Long> ids) {
    long id = draft.id.getAsLong();
    OptionalInt image = images.find(draft.imageId.getAsLong());
    OptionalInt category = categories.find(draft.categoryId.getAsLong());
    if (!ids.add(id)) {
      in.fault("id", "two annotations have id " + id);
    }
    if (image.isEmpty()) {
      in.fault("image_id", "there is no image " + draft.imageId.getAsLong());
    }
    if (category.isEmpty()) {
      in.fault("category_id", "there is no category " + draft.categoryId.getAsLong());
    }
    image.ifPresent(index -> OutlineReader.check(draft.outline, images.values().get(index), in));
    if (!in.endEntry(draft.name)) {
      return;
    }
    warn(draft);
    instances.add(
        new Instance(
            id,
            image.getAsInt(),
            category.getAsInt(),
            draft.crowd.orElse(false),
            draft.ignored,
            0,
            draft.area.getAsDouble(),
            draft.box,
            draft.outline));
  }

  private void warn(Draft draft) {
    if (draft.crowd.isEmpty()) {
      warnings.add(draft.name, "iscrowd is missing, taken as 0");
    }
    if (draft.id.getAsLong() == 0) {
      warnings.add(
          draft.name,
          "id is 0, the reference's mark for unmatched: its detection counts as a false"
              + " positive (option countIdZero)");
    }
    if (draft.area.getAsDouble() == 0 && !(draft.outline instanceof Outline.Missing)) {
      warnings.add(draft.name, "area is 0 though there is a mask; it counts as small");
    }
  }
}
