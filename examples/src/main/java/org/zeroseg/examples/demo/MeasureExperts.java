package org.zeroseg.examples.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Precision;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoSaliency;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.namedmask.CategoryExperts;
import org.zeroseg.namedmask.CategoryGroups;
import org.zeroseg.namedmask.NamedMask;

/**
 * Measures what NamedMask's experts gain over SelfMask on ShapeWorld, as Tables 1 and 2 of its
 * paper do: the mean IoU of masks with what a word names, by word.
 *
 * <ul>
 *   <li>{@code scenes COUNT ARCHIVES EXPERTS...}: on held-out scenes that show the word. SelfMask
 *       before and after the bilateral solver, then each folder of experts, without the solver as
 *       in the paper and with it. {@code EXPERTS=K} is a folder of experts for K groups of words.
 *   <li>{@code archives ARCHIVES PICTURES MASKS REFINED...}: on the pictures that the experts
 *       learnt from and that show the word, masks before the experts and after them.
 * </ul>
 */
public final class MeasureExperts {

  private static final int SIZE = 64;

  private MeasureExperts() {}

  /**
   * Measures and prints a table.
   *
   * @param arguments as above
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    List<String> rest = Arrays.asList(arguments).subList(1, arguments.length);
    switch (arguments[0]) {
      case "scenes" ->
          scenes(Integer.parseInt(rest.get(0)), Path.of(rest.get(1)), rest.subList(2, rest.size()));
      case "archives" ->
          archives(Path.of(rest.get(0)), Path.of(rest.get(1)), rest.subList(2, rest.size()));
      default -> throw new IllegalArgumentException("scenes or archives");
    }
  }

  /** A table with a row for each word, which is printed as soon as it is known. */
  private static final class Table {

    private final double[] ofPictures;
    private final double[] ofWords;
    private int pictures;
    private int words;

    Table(List<String> kinds) {
      System.out.println("| word | pictures | " + String.join(" | ", kinds) + " |");
      System.out.println("| --- | --- |" + " --- |".repeat(kinds.size()));
      ofPictures = new double[kinds.size()];
      ofWords = new double[kinds.size()];
    }

    void add(String word, int count, double[] sums) {
      row(word, count, sums, count);
      if (count > 0) {
        words++;
        pictures += count;
        for (int i = 0; i < sums.length; i++) {
          ofPictures[i] += sums[i];
          ofWords[i] += sums[i] / count;
        }
      }
    }

    void end() {
      row("mean of words", words, ofWords, words);
      row("mean of pictures", pictures, ofPictures, pictures);
    }

    private static void row(String name, int count, double[] sums, int of) {
      StringBuilder line = new StringBuilder("| " + name + " | " + count + " |");
      for (double sum : sums) {
        line.append(String.format(Locale.ROOT, " %.1f |", 100 * sum / Math.max(1, of)));
      }
      System.out.println(line);
    }
  }

  private static void scenes(int count, Path file, List<String> folders) throws IOException {
    Archives archives = Archives.read(file);
    List<CategoryExperts> experts = new ArrayList<>();
    List<String> kinds = new ArrayList<>(List.of("SelfMask, no solver", "SelfMask"));
    for (String folder : folders) {
      experts.add(experts(archives, folder));
      kinds.add(folder);
      kinds.add(folder + ", solver");
    }
    ShapeWorld world = new ShapeWorld(MeasureZutis.SEED, SIZE, 1, 3, Split.ALL);
    List<Scene> scenes = IntStream.range(0, count).mapToObj(world::scene).toList();
    List<Picture> pictures = scenes.stream().map(scene -> Picture.of(scene.image())).toList();
    List<Mask> raw = selfMasks(pictures, false);
    List<Mask> refined = selfMasks(pictures, true);
    System.out.println(count + " held-out scenes");
    Table table = new Table(kinds);
    for (String word : archives.categories()) {
      List<NamedMask> networks = new ArrayList<>();
      try {
        for (CategoryExperts each : experts) {
          networks.add(expert(each, word));
        }
        double[] sums = new double[kinds.size()];
        int shown = 0;
        for (int i = 0; i < count; i++) {
          Mask truth = truth(scenes.get(i), word);
          if (truth.isEmpty()) {
            continue;
          }
          shown++;
          sums[0] += raw.get(i).iou(truth);
          sums[1] += refined.get(i).iou(truth);
          for (int j = 0; j < networks.size(); j++) {
            Mask mask = networks.get(j).detector().detect(pictures.get(i)).mask();
            sums[2 + 2 * j] += mask.iou(truth);
            sums[3 + 2 * j] += DemoSaliency.SOLVER.guide(pictures.get(i)).refine(mask).iou(truth);
          }
        }
        table.add(word, shown, sums);
      } finally {
        networks.forEach(NamedMask::close);
      }
    }
    table.end();
  }

  private static List<Mask> selfMasks(List<Picture> pictures, boolean refined) throws IOException {
    try (SelfMask selfMask = DemoModels.selfMask(refined)) {
      return pictures.stream().map(picture -> selfMask.detect(picture).mask()).toList();
    }
  }

  /** The experts in a folder: for each word, or with {@code =K} for K groups of words. */
  private static CategoryExperts experts(Archives archives, String argument) throws IOException {
    int end = argument.lastIndexOf('=');
    Path folder = Path.of(end < 0 ? argument : argument.substring(0, end));
    MaskedArchives data = new MaskedArchives(archives, Path.of(""), new PseudoMasks(folder));
    if (end < 0) {
      return CategoryExperts.each(data, folder);
    }
    try (Clip clip = DemoModels.clip()) {
      float[][] vectors =
          clip.textEmbeddings().classifier(archives.categories(), DemoModels.TEMPLATES);
      int groups = Integer.parseInt(argument.substring(end + 1));
      return new CategoryExperts(data, CategoryGroups.of(archives, vectors, groups, 0), folder);
    }
  }

  private static NamedMask expert(CategoryExperts experts, String word) throws IOException {
    Archives group =
        experts.groups().stream()
            .filter(each -> each.categories().contains(word))
            .findFirst()
            .orElseThrow();
    return NamedMask.builder()
        .model(experts.model(group))
        .precision(Precision.FLOAT32)
        .longerSide(DemoModels.NAMED_MASK_SIDE)
        .build();
  }

  private static Mask truth(Scene scene, String word) {
    int[] labels = scene.labels();
    int size = scene.size();
    return Mask.of(size, size, (x, y) -> isCalled(labels[y * size + x], word));
  }

  private static void archives(Path file, Path pictures, List<String> folders) throws IOException {
    Archives archives = Archives.read(file);
    Table table = new Table(folders);
    for (String word : archives.categories()) {
      double[] sums = new double[folders.size()];
      int shown = 0;
      for (String name : archives.pictures().get(word)) {
        Mask truth =
            LabelMap.read(pictures.resolveSibling("labels").resolve(name))
                .map(label -> isCalled(label, word) ? 1 : 0)
                .mask(1);
        if (truth.isEmpty()) { // not what it was retrieved for
          continue;
        }
        shown++;
        for (int i = 0; i < sums.length; i++) {
          PseudoMasks made = new PseudoMasks(Path.of(folders.get(i)));
          sums[i] += (i == 0 ? made : made.of(word)).read(name).iou(truth);
        }
      }
      table.add(word, shown, sums);
    }
    table.end();
  }

  /** Whether a label of ShapeWorld is of what a word names: a combination, a look or a shape. */
  private static boolean isCalled(int label, String word) {
    return label > 0 && isCalled(Category.all().get(label - 1), word);
  }

  /** Whether a word names a category: by combination, look or shape. */
  static boolean isCalled(Category category, String word) {
    return word.equals(category.words())
        || word.equals(category.look().word())
        || word.equals(category.shape().word());
  }
}
