package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset.Item;

/** CUB-200-2011 as a segmentation set: one foreground class, bird. */
final class Cub {

  /** From which share of five annotators on a pixel is a bird. */
  public enum Agreement {
    /** At least three: grey above 127. */
    MOST,
    /** At least one: grey above 0. */
    ANY
  }

  /**
   * A picture of the set.
   *
   * @param id its number in {@code images.txt}
   * @param breed its class, 1 to 200
   * @param training whether it belongs to the training split
   * @param item the picture, its truth, and its breed as the word for it
   */
  public record Bird(int id, int breed, boolean training, Item item) {}

  private Cub() {}

  /**
   * Opens the set.
   *
   * @param folder {@code CUB_200_2011}
   * @param segmentations the separate archive's folder of that name
   * @param agreement how many annotators make a bird
   * @return all pictures in the order of {@code images.txt}
   * @throws IOException if a list cannot be read
   * @throws InvalidDataException naming list, line and what is wrong with it
   */
  public static List<Bird> open(Path folder, Path segmentations, Agreement agreement)
      throws IOException {
    List<String> names = Vocabularies.cub200().names();
    Map<Integer, String> breeds = table(folder.resolve("image_class_labels.txt"));
    Map<Integer, String> training = table(folder.resolve("train_test_split.txt"));
    List<Bird> birds = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    Path list = folder.resolve("images.txt");
    table(list)
        .forEach(
            (id, path) -> {
              Path image = folder.resolve("images").resolve(path);
              String name = DataFiles.stem(path);
              Path mask = segmentations.resolve(name + ".png");
              for (Path file : List.of(image, mask)) {
                if (!Files.isRegularFile(file)) {
                  problems.add("picture " + id + ": there is no " + file);
                }
              }
              int breed = number(breeds.getOrDefault(id, ""));
              if (breed < 1 || breed > names.size() || !training.containsKey(id)) {
                problems.add("picture " + id + ": it has no class of 1 to 200 or no split");
                return;
              }
              Vocabulary words = Vocabulary.of(names.get(breed - 1));
              Item item =
                  new Item(name, image, mask, () -> read(mask, agreement), Optional.of(words));
              birds.add(new Bird(id, breed, training.get(id).equals("1"), item));
            });
    if (!problems.isEmpty()) {
      throw new InvalidDataException(list.toString(), problems);
    }
    return birds;
  }

  /**
   * A split as a segmentation set whose pictures are all asked for a bird.
   *
   * @param birds the pictures
   * @param training whether to take the training split, empty for both
   * @return two labels, background and bird
   */
  public static SemanticDataset dataset(List<Bird> birds, Optional<Boolean> training) {
    List<Item> items =
        chosen(birds, training)
            .map(item -> new Item(item.name(), item.image(), item.source(), item::truth))
            .toList();
    return new SemanticDataset("CUB-200-2011", Vocabulary.of("bird"), 1, -1, items);
  }

  /**
   * A split as a segmentation set whose pictures are asked for their breeds.
   *
   * @param birds the pictures
   * @param training whether to take the training split, empty for both
   * @return two labels, background and bird
   */
  public static SemanticDataset breeds(List<Bird> birds, Optional<Boolean> training) {
    List<Item> items = chosen(birds, training).toList();
    return new SemanticDataset("CUB-200-2011, by breeds", Vocabulary.of("bird"), 1, -1, items);
  }

  private static Stream<Item> chosen(List<Bird> birds, Optional<Boolean> training) {
    return birds.stream()
        .filter(bird -> training.isEmpty() || training.get() == bird.training())
        .map(Bird::item);
  }

  private static LabelMap read(Path mask, Agreement agreement) throws IOException {
    int limit = agreement == Agreement.MOST ? 127 : 0;
    return LabelMap.readGrey(mask).map(grey -> grey > limit ? 1 : 0);
  }

  /** A class, or 0 for what is none. */
  private static int number(String text) {
    return text.matches("\\d{1,3}") ? Integer.parseInt(text) : 0;
  }

  /** Lines of a number and a value. */
  private static Map<Integer, String> table(Path list) throws IOException {
    Map<Integer, String> table = new LinkedHashMap<>();
    for (String line : DataFiles.lines(list)) {
      int blank = line.indexOf(' ');
      try {
        table.put(
            Integer.valueOf(line.substring(0, Math.max(blank, 0))), line.substring(blank + 1));
      } catch (NumberFormatException e) {
        throw new InvalidDataException(list, "expected a number and a value, found '" + line + "'");
      }
    }
    return table;
  }
}
