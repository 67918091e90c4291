package org.zeroseg.examples.everyday;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import javax.imageio.ImageIO;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.WholeFile;

/**
 * Cut-out pictures of things with names, read from unpacked packages after a list.
 *
 * <p>The list is a JSON file with an array {@code words}: each entry has a {@code word}, its {@code
 * synonyms}, and arrays {@code train}, {@code test} and {@code photos} of pictures: {@code package}
 * and {@code path} (the file is {@code package/path}), {@code sha256}, {@code format} and {@code
 * box} (left, top, right, bottom of what is not transparent). Only PNG files are read.
 */
public final class CutOuts {

  /** A word counts if as many pictures are there to train with. */
  private static final int FEWEST = 3;

  private static final int LONGEST_FILE = 1 << 25;
  private static final int LONGEST_SIDE = 8192;

  /** Longer side in pixels that is kept at most of a picture. */
  private static final int DETAIL = 512;

  /** Packages whose pictures may be trained with by models under the project's licence. */
  private static final Set<String> FREE = Set.of("openclipart-png", "emoji-datasource-google");

  private final Part part;
  private final List<Thing> things;
  private final List<Thing> further;
  private final List<String> problems;
  private final String description;

  /**
   * A word with its pictures, perhaps none.
   *
   * @param size how large the thing is
   */
  record Thing(String word, List<String> synonyms, Size size, List<CutOut> pictures) {}

  private CutOuts(
      Part part,
      List<Thing> things,
      List<Thing> further,
      List<String> problems,
      String description) {
    this.part = part;
    this.things = List.copyOf(things);
    this.further = List.copyOf(further);
    this.problems = List.copyOf(problems);
    this.description = description;
  }

  /**
   * Reads the pictures of one part. The words are the same for all parts: those with three drawings
   * to train with and one to test with, by the list alone.
   *
   * @param list the JSON file
   * @param packages the folder with a folder of each package
   * @param part which pictures
   * @param everyLicence whether to train also with pictures whose licence does not let weights be
   *     shipped under the project's
   * @return the pictures; one that is missing or altered is left out and told in {@link #problems}
   * @throws IOException if the list cannot be read, or has no such words or no picture of the part
   */
  public static CutOuts read(Path list, Path packages, Part part, boolean everyLicence)
      throws IOException {
    return read(list, packages, part, everyLicence, picture -> true);
  }

  /**
   * The same with those pictures only that may be shown under the project's licence: in the public
   * domain, or Apache-2.0. Words are the same.
   *
   * @param list the JSON file
   * @param packages the folder with a folder of each package
   * @param part which pictures
   * @return the pictures
   * @throws IOException if the list cannot be read, or has no such words or no picture of the part
   */
  public static CutOuts toShow(Path list, Path packages, Part part) throws IOException {
    return read(list, packages, part, false, CutOuts::isFree);
  }

  /**
   * Drawings to train with: those of the list whose licence lets weights be shipped under the
   * project's, and further drawings of their packages, named after their files. Icons, signs, flags
   * and shapes are left out by folder, held-out drawings of the list and what may be a copy of one
   * by file, name and outline.
   *
   * @param list the JSON file
   * @param packages the folder with a folder of each package
   * @return the pictures; half of the scenes made of them show a further drawing first
   * @throws IOException if the list or a package cannot be read
   */
  public static CutOuts toTrain(Path list, Path packages) throws IOException {
    CutOuts listed = read(list, packages, Part.TRAIN, false);
    List<Thing> further = FurtherDrawings.read(list, packages);
    return new CutOuts(
        Part.TRAIN,
        listed.things,
        further,
        listed.problems,
        listed + ", and " + further.size() + " further drawings");
  }

  private static CutOuts read(
      Path list, Path packages, Part part, boolean everyLicence, Predicate<JsonObject> wanted)
      throws IOException {
    JsonObject root = JsonFile.read(list, CutOuts::document);
    List<Thing> things = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    int pictures = 0;
    try {
      for (JsonElement element : root.getAsJsonArray("words")) {
        JsonObject entry = element.getAsJsonObject();
        if (usable(entry, Part.TRAIN, everyLicence).size() >= FEWEST
            && !usable(entry, Part.TEST, everyLicence).isEmpty()) {
          List<CutOut> found = new ArrayList<>();
          for (JsonObject picture : usable(entry, part, everyLicence)) {
            if (wanted.test(picture)) {
              read(picture, packages, found, problems);
            }
          }
          pictures += found.size();
          String word = entry.get("word").getAsString();
          List<String> synonyms =
              strings(entry.getAsJsonArray("synonyms")).stream()
                  .filter(other -> !other.equals(English.plural(word)))
                  .toList();
          things.add(new Thing(word, synonyms, Size.of(word), found));
        }
      }
    } catch (RuntimeException e) {
      throw new IOException(list + " is no list of cut-out pictures: " + e.getMessage(), e);
    }
    if (pictures == 0) {
      throw new IOException(
          "none of the pictures in %s for \"%s\" can be read from %s%s"
              .formatted(
                  list,
                  part.key(),
                  packages,
                  problems.isEmpty() ? "" : ", such as " + problems.get(0)));
    }
    String description =
        "%d pictures of %d words, %s%s"
            .formatted(
                pictures,
                things.stream().filter(thing -> !thing.pictures().isEmpty()).count(),
                part.key(),
                everyLicence ? ", of every licence" : "");
    return new CutOuts(part, things, List.of(), problems, description);
  }

  private static JsonObject document(JsonReader json) {
    return JsonParser.parseReader(json).getAsJsonObject();
  }

  /** What takes part of the list, whether or not the file is there. */
  private static List<JsonObject> usable(JsonObject entry, Part part, boolean everyLicence) {
    JsonArray all = entry.getAsJsonArray(part.key());
    if (all == null) {
      return List.of();
    }
    return StreamSupport.stream(all.spliterator(), false)
        .map(JsonElement::getAsJsonObject)
        .filter(picture -> picture.get("format").getAsString().equals("png"))
        .filter(picture -> part != Part.TRAIN || everyLicence || isFree(picture))
        .toList();
  }

  private static boolean isFree(JsonObject picture) {
    return FREE.contains(picture.get("package").getAsString());
  }

  private static List<String> strings(JsonArray array) {
    return array == null
        ? List.of()
        : StreamSupport.stream(array.spliterator(), false).map(JsonElement::getAsString).toList();
  }

  /** The name of a picture's file in the folder of packages. */
  static String name(JsonObject entry) {
    return entry.get("package").getAsString() + "/" + entry.get("path").getAsString();
  }

  /** A file of the packages, if it is there; names may not lead out of their folder. */
  static Optional<Path> file(Path packages, String name) {
    Path root = packages.toAbsolutePath().normalize();
    Path file = root.resolve(name).normalize();
    return file.startsWith(root) && Files.isRegularFile(file)
        ? Optional.of(file)
        : Optional.empty();
  }

  private static void read(
      JsonObject entry, Path packages, List<CutOut> pictures, List<String> problems) {
    String name = name(entry);
    Optional<Path> found = file(packages, name);
    if (found.isEmpty()) {
      problems.add(name + ": missing");
      return;
    }
    Path file = found.get();
    try {
      if (Files.size(file) > LONGEST_FILE) {
        problems.add(name + ": larger than 32 MiB");
        return;
      }
      byte[] bytes = Files.readAllBytes(file);
      String expected = entry.get("sha256").getAsString();
      String actual = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
      if (!actual.equals(expected)) {
        problems.add(name + ": altered, SHA-256 " + actual + " in place of " + expected);
        return;
      }
      JsonArray sides = entry.getAsJsonArray("size");
      if (sides.get(0).getAsInt() > LONGEST_SIDE || sides.get(1).getAsInt() > LONGEST_SIDE) {
        problems.add(name + ": larger than 8192 pixels");
        return;
      }
      BufferedImage picture = ImageIO.read(new ByteArrayInputStream(bytes));
      JsonArray box = entry.getAsJsonArray("box");
      if (picture == null
          || box.get(2).getAsInt() > picture.getWidth()
          || box.get(3).getAsInt() > picture.getHeight()) {
        problems.add(name + ": no picture of the size that the list tells");
        return;
      }
      int left = box.get(0).getAsInt();
      int top = box.get(1).getAsInt();
      pictures.add(
          new CutOut(
              picture,
              left,
              top,
              box.get(2).getAsInt() - left,
              box.get(3).getAsInt() - top,
              DETAIL));
    } catch (IOException e) {
      problems.add(name + ": cannot be read: " + e.getMessage());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has SHA-256
    }
  }

  /**
   * Which pictures these are.
   *
   * @return the part of the list
   */
  public Part part() {
    return part;
  }

  /**
   * The words, whether or not this part has pictures of them.
   *
   * @return in the order of their ids
   */
  public List<String> words() {
    return things.stream().map(Thing::word).toList();
  }

  /**
   * Writes what captions may name: a line for each word, with its synonyms behind bars.
   *
   * @param file to be written
   * @throws IOException if that fails
   */
  public void writeWords(Path file) throws IOException {
    WholeFile.writeText(
        file,
        writer -> {
          for (Thing thing : things) {
            writer.write(thing.word());
            for (String synonym : thing.synonyms()) {
              writer.write("|" + synonym);
            }
            writer.write("\n");
          }
        });
  }

  /**
   * The words that this part has pictures of.
   *
   * @return ids from 1, ascending
   */
  public List<Integer> shown() {
    List<Integer> ids = new ArrayList<>();
    for (int i = 0; i < things.size(); i++) {
      if (!things.get(i).pictures().isEmpty()) {
        ids.add(i + 1);
      }
    }
    return ids;
  }

  /**
   * Pictures that were left out.
   *
   * @return file and reason of each
   */
  public List<String> problems() {
    return problems;
  }

  /** How many drawings there are beside the words'; their ids follow those of the words. */
  int further() {
    return further.size();
  }

  Thing thing(int id) {
    int beyond = id - 1 - things.size();
    return beyond < 0 ? things.get(id - 1) : further.get(beyond);
  }

  @Override
  public String toString() {
    return description;
  }
}
