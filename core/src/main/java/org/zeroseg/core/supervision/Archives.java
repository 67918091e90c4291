package org.zeroseg.core.supervision;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.WholeFile;

/**
 * Pictures retrieved for categories, best first: the archives of ReCo (Shin et al. 2022, Sec. 3.1),
 * NamedMask (Shin et al. 2023, Eq. 1) and ZUTIS. A picture may be in several.
 *
 * <p>The file is the one that these papers' code uses: a JSON object from category to list of
 * paths, in the order of the categories.
 *
 * @param pictures category to names; iterates in the order of the categories
 */
public record Archives(Map<String, List<String>> pictures) {

  /**
   * A use of a picture.
   *
   * @param label its category's label: the position in the archives, from 1
   * @param picture its name
   */
  public record Entry(int label, String picture) {}

  /** Copies the lists. */
  public Archives {
    Map<String, List<String>> copy = new LinkedHashMap<>();
    pictures.forEach((category, names) -> copy.put(category, List.copyOf(names)));
    pictures = Collections.unmodifiableMap(copy);
  }

  /**
   * The categories.
   *
   * @return in order; category i has the label i + 1
   */
  public List<String> categories() {
    return List.copyOf(pictures.keySet());
  }

  /**
   * The best pictures of each category.
   *
   * @param k how many
   * @return archives of at most k pictures
   */
  public Archives first(int k) {
    Map<String, List<String>> shorter = new LinkedHashMap<>();
    pictures.forEach(
        (category, names) -> shorter.put(category, names.subList(0, Math.min(k, names.size()))));
    return new Archives(shorter);
  }

  /**
   * The same pictures under shorter names. Published archives hold paths of the machine that they
   * were made on, such as {@code /home/user/imagenet/train/n02085620/n02085620_1.JPEG}.
   *
   * @param folder the last folder of what is cut off, such as {@code train}
   * @return archives with the names after it; names that are in no such folder stay
   */
  public Archives within(String folder) {
    String end = "/" + folder + "/";
    Map<String, List<String>> shorter = new LinkedHashMap<>();
    pictures.forEach(
        (category, names) ->
            shorter.put(
                category,
                names.stream()
                    .map(
                        name -> {
                          int at = ("/" + name).lastIndexOf(end);
                          return at < 0 ? name : name.substring(at + end.length() - 1);
                        })
                    .toList()));
    return new Archives(shorter);
  }

  /**
   * Every use of every picture, each labelled by the archive it is in.
   *
   * @return archive by archive; a picture in several archives occurs as often
   */
  public List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    int label = 0;
    for (List<String> names : pictures.values()) {
      label++;
      for (String name : names) {
        entries.add(new Entry(label, name));
      }
    }
    return List.copyOf(entries);
  }

  /**
   * The labels that the reference code gives, for replication: a picture in several archives has,
   * in all its uses, the label of the last of them.
   *
   * @return picture to label
   */
  public Map<String, Integer> lastLabels() {
    Map<String, Integer> labels = new LinkedHashMap<>();
    entries().forEach(entry -> labels.put(entry.picture(), entry.label()));
    return Collections.unmodifiableMap(labels);
  }

  /**
   * Reads archives.
   *
   * @param file as {@link #write} or the papers' code writes it
   * @return the archives
   * @throws IOException if the file cannot be read or is not of this form
   */
  public static Archives read(Path file) throws IOException {
    return new Archives(
        JsonFile.read(
            file,
            json -> {
              Map<String, List<String>> pictures = new LinkedHashMap<>();
              json.beginObject();
              while (json.hasNext()) {
                String category = json.nextName();
                List<String> names = new ArrayList<>();
                json.beginArray();
                while (json.hasNext()) {
                  names.add(json.nextString());
                }
                json.endArray();
                if (pictures.put(category, names) != null) {
                  throw new InvalidFileException(
                      file.toString(), "category " + category + " occurs twice");
                }
              }
              json.endObject();
              return pictures;
            }));
  }

  /**
   * Writes the archives.
   *
   * @param file replaced if it exists
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    String json =
        new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(pictures);
    WholeFile.write(file, json + "\n");
  }
}
