package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;

/**
 * Pictures with a label for every pixel. Opening lists and pairs the files; pictures and truth are
 * read only when asked for. Pictures are taken as stored: EXIF orientation is not applied, as masks
 * match the stored orientation.
 */
public final class SemanticDataset implements Iterable<SemanticDataset.Item> {

  /** Reads the truth of a picture. */
  @FunctionalInterface
  interface Truth {
    LabelMap read() throws IOException;
  }

  /** A picture and its truth, neither read yet. */
  public static final class Item {
    private final String name;
    private final Path image;
    private final Path source;
    private final Truth truth;
    private final Optional<Vocabulary> words;
    private final UnaryOperator<Picture> view;
    private final Optional<Read<Picture>> read;

    Item(String name, Path image, Path source, Truth truth) {
      this(name, image, source, truth, Optional.empty());
    }

    /** A picture with words of its own for the set's categories. */
    Item(String name, Path image, Path source, Truth truth, Optional<Vocabulary> words) {
      this(name, image, source, truth, words, UnaryOperator.identity());
    }

    /** A picture of which a model sees something else than what is stored. */
    Item(
        String name,
        Path image,
        Path source,
        Truth truth,
        Optional<Vocabulary> words,
        UnaryOperator<Picture> view) {
      this(name, image, source, truth, words, view, Optional.empty());
    }

    private Item(
        String name,
        Path image,
        Path source,
        Truth truth,
        Optional<Vocabulary> words,
        UnaryOperator<Picture> view,
        Optional<Read<Picture>> read) {
      this.read = read;
      this.view = view;
      this.name = name;
      this.image = image;
      this.source = source;
      this.truth = truth;
      this.words = words;
    }

    /**
     * What the picture is called.
     *
     * @return its name within the set, without folders that all share and without extension
     */
    public String name() {
      return name;
    }

    /**
     * Where the picture lies.
     *
     * @return a file
     */
    public Path image() {
      return image;
    }

    /**
     * Where its truth comes from.
     *
     * @return a label picture, a matrix, or the annotations of the whole set
     */
    public Path source() {
      return source;
    }

    /**
     * What a model is asked for in this picture, where that is more precise than the set's words.
     *
     * @return as many categories as the set's, in their order
     */
    public Optional<Vocabulary> words() {
      return words;
    }

    /**
     * Reads the picture.
     *
     * @return the picture as stored, or what the protocol makes of it
     * @throws IOException if it cannot be read
     */
    public Picture picture() throws IOException {
      return read.isPresent() ? read.get().get() : view.apply(Picture.readAsStored(image));
    }

    /**
     * Reads the truth.
     *
     * @return labels of the picture's size
     * @throws IOException if it cannot be read
     */
    public LabelMap truth() throws IOException {
      return truth.read();
    }

    /**
     * Reads picture and truth now, so that they are there when a model is ready for them.
     *
     * @return the same item, whose methods give what was read, or fail as reading did
     */
    public Item loaded() {
      Read<Picture> picture = Read.of(this::picture);
      Read<LabelMap> labels = Read.of(this::truth);
      return new Item(name, image, source, labels::get, words, view, Optional.of(picture));
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Something that was read, or why it could not be. */
  private record Read<T>(Optional<T> result, Optional<IOException> failure) {

    interface Source<T> {
      T read() throws IOException;
    }

    static <T> Read<T> of(Source<T> source) {
      try {
        return new Read<>(Optional.of(source.read()), Optional.empty());
      } catch (IOException e) {
        return new Read<>(Optional.empty(), Optional.of(e));
      }
    }

    T get() throws IOException {
      if (failure.isPresent()) {
        throw failure.get();
      }
      return result.orElseThrow();
    }
  }

  private final String name;
  private final Vocabulary vocabulary;
  private final int first;
  private final int ignore;
  private final Set<Integer> unknown;
  private final Map<String, Item> items = new LinkedHashMap<>();

  /**
   * A set of items in their order.
   *
   * @param first the label of the vocabulary's first category: 1, or 0 if there is no background
   * @param ignore the label of pixels that do not count, or -1
   */
  SemanticDataset(String name, Vocabulary vocabulary, int first, int ignore, List<Item> items) {
    this(name, vocabulary, first, ignore, Set.of(), items);
  }

  /**
   * A set that means to label every pixel.
   *
   * @param unknown labels of what it has no name for
   */
  SemanticDataset(
      String name,
      Vocabulary vocabulary,
      int first,
      int ignore,
      Set<Integer> unknown,
      List<Item> items) {
    this.unknown = Set.copyOf(unknown);
    this.name = name;
    this.vocabulary = vocabulary;
    this.first = first;
    this.ignore = ignore;
    items.forEach(item -> this.items.put(item.name(), item));
  }

  /**
   * A custom data set: pictures in a folder, label pictures of the same names in another.
   *
   * @param images folder of pictures
   * @param truths folder of 8- or 16-bit label pictures, 0 for background, k for the k-th category
   * @param vocabulary the categories
   * @param ignore the label of pixels that do not count, -1 for none
   * @return the set, sorted by name
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without truth and truth without picture
   */
  public static SemanticDataset ofFolders(
      Path images, Path truths, Vocabulary vocabulary, int ignore) throws IOException {
    List<Item> items =
        DataFiles.pairs(
                images, truths, ".png", file -> DataFiles.stem(images.relativize(file).toString()))
            .stream()
            .map(pair -> item(pair, LabelMap::read))
            .toList();
    return new SemanticDataset(images.toString(), vocabulary, 1, ignore, items);
  }

  /**
   * A custom data set with one object per picture: masks of the same names in another folder.
   *
   * @param images folder of pictures
   * @param masks folder of grey pictures; any value but 0 is the object
   * @return the set, sorted by name, of one category, object
   * @throws IOException if a folder cannot be read
   * @throws InvalidDataException naming pictures without mask and masks without picture
   */
  public static SemanticDataset ofMasks(Path images, Path masks) throws IOException {
    List<Item> items =
        DataFiles.pairs(
                images, masks, ".png", file -> DataFiles.stem(images.relativize(file).toString()))
            .stream()
            .map(pair -> item(pair, file -> LabelMap.readGrey(file).map(grey -> Math.min(grey, 1))))
            .toList();
    return new SemanticDataset(images.toString(), Vocabulary.of("object"), 1, -1, items);
  }

  /** Makes labels of a truth file. */
  @FunctionalInterface
  interface TruthFile {
    LabelMap read(Path file) throws IOException;
  }

  static Item item(DataFiles.Pair pair, TruthFile truth) {
    return new Item(pair.name(), pair.image(), pair.truth(), () -> truth.read(pair.truth()));
  }

  /**
   * What the set is called.
   *
   * @return its name and split
   */
  public String name() {
    return name;
  }

  /**
   * The categories.
   *
   * @return in label order
   */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * Whether label 0 is background, rather than the first category.
   *
   * @return true for all sets but Cityscapes' 27 and 19 classes
   */
  public boolean hasBackground() {
    return first == 1;
  }

  /**
   * Whether the set means to name every pixel, so that one without a class is unknown rather than
   * background.
   *
   * @return true for PASCAL Context and for sets without background
   */
  public boolean labelsEverything() {
    return first == 0 || !unknown.isEmpty();
  }

  /**
   * The labels by which the truth knows the categories.
   *
   * @return names by label, but for a category that stands for the unknown
   */
  public Map<Integer, String> labels() {
    Map<Integer, String> labels = new LinkedHashMap<>();
    vocabulary.names().forEach(category -> labels.put(labels.size() + first, category));
    labels.keySet().removeAll(unknown);
    return labels;
  }

  /**
   * How many labels there are, the background included.
   *
   * @return labels are 0 to classes - 1
   */
  public int classes() {
    return vocabulary.size() + first;
  }

  /**
   * The label of pixels that do not count.
   *
   * @return the label, if the set has one
   */
  public Optional<Integer> ignore() {
    return ignore < 0 ? Optional.empty() : Optional.of(ignore);
  }

  /**
   * How many pictures there are.
   *
   * @return their number
   */
  public int size() {
    return items.size();
  }

  /**
   * The pictures in the reference's order.
   *
   * @return none read yet
   */
  public List<Item> items() {
    return List.copyOf(items.values());
  }

  @Override
  public Iterator<Item> iterator() {
    return items().iterator();
  }

  /**
   * A picture by name.
   *
   * @param wanted its {@link Item#name}
   * @return the picture, if the set has it
   */
  public Optional<Item> find(String wanted) {
    return Optional.ofNullable(items.get(wanted));
  }

  /**
   * The pictures that hold a category, with labels 1 for it, 0 for anything else, and the ignored
   * label as it is: how category experts are evaluated. Reads all truth.
   *
   * @param category its name in the vocabulary
   * @return a smaller set
   * @throws IOException if truth cannot be read
   * @throws IllegalArgumentException if there is no such category
   */
  public SemanticDataset only(String category) throws IOException {
    int index = vocabulary.names().indexOf(category);
    if (index < 0) {
      throw new IllegalArgumentException(name + " has no category '" + category + "'");
    }
    int label = index + first;
    List<Item> chosen = new ArrayList<>();
    for (Item item : this) {
      if (item.truth().has(label)) {
        Truth truth = () -> against(item.truth(), label);
        chosen.add(
            new Item(item.name(), item.image(), item.source(), truth, Optional.empty(), item.view));
      }
    }
    return new SemanticDataset(name + " " + category, Vocabulary.of(category), 1, ignore, chosen);
  }

  /**
   * One category against all else.
   *
   * @param truth a picture's
   * @param label the category's
   * @return 1 for it, 0 for anything else, the ignored label as it is
   */
  public LabelMap against(LabelMap truth, int label) {
    return truth.map(value -> value == label ? 1 : value == ignore ? ignore : 0);
  }

  /**
   * The pictures that hold so many categories. Reads all truth.
   *
   * @param least how many at least
   * @param most how many at most
   * @return a smaller set
   * @throws IOException if truth cannot be read
   */
  public SemanticDataset holding(int least, int most) throws IOException {
    List<Item> chosen = new ArrayList<>();
    for (Item item : this) {
      LabelMap truth = item.truth();
      long held = labels().keySet().stream().filter(truth::has).count();
      if (held >= least && held <= most) {
        chosen.add(item);
      }
    }
    return new SemanticDataset(name, vocabulary, first, ignore, unknown, chosen);
  }

  /**
   * The first pictures.
   *
   * @param most how many at most
   * @return a set of no more than them
   * @throws IllegalArgumentException if none are wanted
   */
  public SemanticDataset first(int most) {
    if (most < 1) {
      throw new IllegalArgumentException("the first " + most + " pictures are none");
    }
    List<Item> some = items().subList(0, Math.min(most, size()));
    return new SemanticDataset(name, vocabulary, first, ignore, unknown, some);
  }

  /**
   * Reads everything and names all defects: files that are missing or broken, truth of another size
   * than its picture, labels that are no class.
   *
   * @return one line each; empty if the set is sound
   */
  public List<String> check() {
    List<String> defects = new ArrayList<>();
    for (Item item : this) {
      try {
        Picture picture = item.picture();
        LabelMap truth = item.truth();
        if (picture.width() != truth.width() || picture.height() != truth.height()) {
          defects.add(
              "%s: %d x %d, but its truth %s: %d x %d"
                  .formatted(
                      item.image(),
                      picture.width(),
                      picture.height(),
                      item.source(),
                      truth.width(),
                      truth.height()));
        }
        Map<Integer, Long> strange = strange(truth);
        strange.forEach(
            (label, pixels) ->
                defects.add(
                    "%s: label %d at %d pixels; there are 0 to %d"
                        .formatted(item.source(), label, pixels, classes() - 1)));
      } catch (IOException | InvalidDataException e) {
        defects.add(item.image() + ": " + e.getMessage());
      }
    }
    return defects;
  }

  /**
   * Labels that are neither a class nor the ignored one, with which evaluation can do nothing.
   *
   * @param truth a picture's
   * @return how many pixels have each, by rising label
   */
  public Map<Integer, Long> strange(LabelMap truth) {
    Map<Integer, Long> strange = new TreeMap<>();
    for (int label : truth.labels()) {
      if ((label < 0 || label >= classes()) && label != ignore) {
        strange.merge(label, 1L, Long::sum);
      }
    }
    return strange;
  }

  @Override
  public String toString() {
    return name + ": " + size() + " pictures, " + vocabulary.size() + " categories";
  }
}
