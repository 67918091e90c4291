package org.zeroseg.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.TextFile;

/**
 * The parts of an index, in the order of its rows. The list is a text file with one part a line:
 * folder, rows, unreadable pictures and the hash of its files, parted by tabs.
 */
record IndexParts(List<Part> parts) {

  private static final String LIST = "parts.tsv";
  private static final String PART = "part-";

  /**
   * A part.
   *
   * @param folder its name
   * @param rows how many pictures it holds
   * @param unreadable how many could not be read
   */
  record Part(String folder, int rows, int unreadable) {}

  static String name(int partition) {
    return PART + "%05d".formatted(partition);
  }

  /** Whether a folder is one of ours, finished or not. */
  static boolean isPart(String folder) {
    return folder.startsWith(PART) || folder.startsWith("." + PART);
  }

  /** The line of a part that lies on this machine. */
  static String line(String name, Path part) throws IOException {
    Fingerprint files = new Fingerprint();
    for (String file : new String[] {"names.txt", "embeddings.safetensors", "unreadable.tsv"}) {
      Path path = part.resolve(file);
      if (Files.exists(path)) {
        files.add(path);
      } else {
        files.add("");
      }
    }
    return String.format(
        Locale.ROOT,
        "%s\t%d\t%d\t%s",
        name,
        ImageIndex.open(part).size(),
        IndexBuilder.unreadable(part).size(),
        files.hex());
  }

  /** Whether a part that is there is the one that a line tells of. */
  static boolean isSame(Path present, String line) throws IOException {
    return line(line.substring(0, line.indexOf('\t')), present).equals(line);
  }

  static IndexParts parse(List<String> lines) throws IOException {
    List<Part> parts = new ArrayList<>();
    for (String line : lines) {
      String[] cells = line.split("\t", -1);
      if (cells.length != 4 || !isPart(cells[0]) || cells[0].contains("/")) {
        throw new InvalidFileException(LIST, "no part in the line \"" + line + "\"");
      }
      try {
        parts.add(new Part(cells[0], Integer.parseInt(cells[1]), Integer.parseInt(cells[2])));
      } catch (NumberFormatException e) {
        throw new InvalidFileException(LIST, "no numbers in the line \"" + line + "\"", e);
      }
    }
    return new IndexParts(List.copyOf(parts));
  }

  /** The parts of an index; one of one machine is its own only part. */
  static IndexParts read(Storage storage, String folder) throws IOException {
    String list = folder + "/" + LIST;
    if (storage.exists(list)) {
      return parse(storage.readText(list).lines().toList());
    }
    if (storage.exists(folder + "/embeddings.safetensors")) {
      return storage.use(
          folder,
          whole ->
              new IndexParts(
                  List.of(
                      new Part(
                          "",
                          ImageIndex.open(whole).size(),
                          IndexBuilder.unreadable(whole).size()))));
    }
    throw absent(folder);
  }

  private static NoSuchFileException absent(String folder) {
    return new NoSuchFileException(
        folder, null, "there is no index in this folder, or its building has not ended");
  }

  static ImageIndex open(Path folder) throws IOException {
    Path list = folder.resolve(LIST);
    if (!Files.exists(list)) {
      if (Files.exists(folder.resolve("embeddings.safetensors"))) {
        return ImageIndex.open(folder);
      }
      throw absent(folder.toString());
    }
    List<ImageIndex> indexes = new ArrayList<>();
    for (Part part : parse(TextFile.lines(list)).parts()) {
      ImageIndex index = ImageIndex.open(folder.resolve(part.folder()));
      if (index.size() != part.rows()) {
        throw new InvalidFileException(
            folder.resolve(part.folder()).toString(),
            "holds " + index.size() + " pictures, the list of parts says " + part.rows());
      }
      indexes.add(index);
    }
    if (indexes.isEmpty()) {
      throw new InvalidFileException(list.toString(), "lists no part");
    }
    return ImageIndex.concatenate(indexes.toArray(ImageIndex[]::new));
  }

  static void write(Storage storage, String folder, List<String> lines) throws IOException {
    storage.writeText(
        folder + "/" + LIST, lines.stream().map(line -> line + "\n").collect(Collectors.joining()));
  }

  static void delete(Storage storage, String folder) throws IOException {
    storage.delete(folder + "/" + LIST);
  }

  long rows() {
    return parts.stream().mapToLong(Part::rows).sum();
  }

  long unreadable() {
    return parts.stream().mapToLong(Part::unreadable).sum();
  }
}
