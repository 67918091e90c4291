package org.zeroseg.eval.data;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.zeroseg.core.Vocabulary;

/**
 * The categories of the data sets, in label order: label k of the ground truth is the k-th
 * category, 0 is background. Spellings are those that the methods put into prompts.
 */
public final class Vocabularies {

  private Vocabularies() {}

  private static Vocabulary of(List<String> names) {
    return Vocabulary.of(names.toArray(String[]::new));
  }

  /**
   * PASCAL VOC 2012, with NamedMask's "dining table", "potted plant" and "tv/monitor".
   *
   * @return 20 categories
   */
  public static Vocabulary voc2012() {
    return of(lastColumn("voc2012"));
  }

  /** A name, or its prompt where the table has one. */
  private static List<String> lastColumn(String table) {
    return ClassTable.read(table).rows().stream().map(row -> row.get(row.size() - 1)).toList();
  }

  /**
   * COCO's things.
   *
   * @return 80 categories
   */
  public static Vocabulary coco() {
    return of(ClassTable.read("coco").column(1));
  }

  /**
   * The ids of COCO's things in annotation files, which have ten holes.
   *
   * @return 80 ids from 1 to 90, that of label k at index k - 1
   */
  public static List<Long> cocoIds() {
    return ClassTable.read("coco").column(0).stream().map(Long::valueOf).toList();
  }

  /**
   * CoCA, named by its folders.
   *
   * @return 80 categories
   */
  public static Vocabulary coca() {
    return of(ClassTable.read("coca").column(0));
  }

  /**
   * Cityscapes' objects, as NamedMask evaluates them.
   *
   * @return 14 categories
   */
  public static Vocabulary cityscapesObjects() {
    return of(cityscapes(1, 3));
  }

  /**
   * Cityscapes in ReCo's 27 classes; there is no background, label k - 1 is the k-th.
   *
   * @return 27 categories
   */
  public static Vocabulary cityscapes27() {
    return of(cityscapes(4, 4));
  }

  /**
   * Cityscapes' and KITTI-STEP's official classes; there is no background, label k - 1 is the k-th.
   *
   * @return 19 categories
   */
  public static Vocabulary cityscapes19() {
    return of(cityscapes(1, 2));
  }

  private static List<String> cityscapes(int column, int marked) {
    return ClassTable.read("cityscapes").rows().stream()
        .filter(row -> !row.get(marked).equals("-"))
        .map(row -> row.get(column))
        .toList();
  }

  /**
   * The 59 frequent classes of PASCAL Context, alphabetically.
   *
   * @return 59 categories
   */
  public static Vocabulary pascalContext59() {
    return of(
        ClassTable.read("pascal-context").rows().stream()
            .filter(row -> row.size() > 1)
            .map(row -> row.get(0))
            .toList());
  }

  /**
   * All classes of PASCAL Context, of which "unknown" is left out of evaluation.
   *
   * @return 459 categories
   */
  public static Vocabulary pascalContext459() {
    return of(ClassTable.read("pascal-context").column(0));
  }

  /**
   * ImageNet-S in ZUTIS's spelling: lower case, and renamed where two classes share a name.
   *
   * @param classes 50, 300 or 919
   * @return as many categories
   */
  public static Vocabulary imageNetS(int classes) {
    return of(
        imageNetSTable(classes).rows().stream()
            .map(row -> row.size() > 2 ? row.get(2) : row.get(1).toLowerCase(Locale.ROOT))
            .toList());
  }

  private static ClassTable imageNetSTable(int classes) {
    if (classes != 50 && classes != 300 && classes != 919) {
      throw new IllegalArgumentException("ImageNet-S has 50, 300 or 919 classes, not " + classes);
    }
    return ClassTable.read("imagenet-s" + classes);
  }

  /**
   * The breeds of CUB-200-2011.
   *
   * @return 200 categories
   */
  public static Vocabulary cub200() {
    return of(ClassTable.read("cub200").column(0));
  }

  /**
   * The fine classes of COCO-Stuff, which ReCo retrieves; there is no background, label k - 1 is
   * the k-th.
   *
   * @return 171 categories
   */
  public static Vocabulary cocoStuff() {
    return of(ClassTable.read("coco-stuff").column(0));
  }

  /**
   * The coarse classes of COCO-Stuff, which ReCo is scored on, in label order from 0.
   *
   * @return 27 names
   */
  public static List<String> cocoStuffCoarse() {
    return ClassTable.read("coco-stuff-coarse").column(0);
  }

  /**
   * The coarse label of every fine one.
   *
   * @return 171 labels from 0 to 26, by fine label from 0
   */
  public static int[] cocoStuffFineToCoarse() {
    List<String> coarse = cocoStuffCoarse();
    return ClassTable.read("coco-stuff").column(1).stream().mapToInt(coarse::indexOf).toArray();
  }

  /**
   * The coarse label of every label in COCO-Stuff's pictures.
   *
   * @return 182 labels from 0 to 26, by original label from 0
   */
  public static int[] cocoStuffTargetToCoarse() {
    List<String> members = ClassTable.read("coco-stuff-coarse").column(1);
    int[] coarse = new int[182];
    for (int label = 0; label < members.size(); label++) {
      for (String target : members.get(label).split(" ", -1)) {
        coarse[Integer.parseInt(target)] = label;
      }
    }
    return coarse;
  }

  /**
   * The words that methods without training ask a data set's classes by, spelling included: several
   * for a class, and those of the background. Numbers depend on them.
   *
   * @param set "voc21", "voc20", "context60", "context59", "coco-object", "coco-stuff",
   *     "cityscapes" or "ade20k"
   * @param family "sclip" for SCLIP and most later methods; "clearclip" and "proxyclip" have lists
   *     of their own for some sets, and SCLIP's for the others
   * @return categories in label order
   * @throws IllegalArgumentException if there is no such set
   */
  public static Vocabulary dense(String set, String family) {
    String own = "dense-" + set + "-" + family;
    List<List<String>> rows =
        ClassTable.read(ClassTable.exists(own) ? own : "dense-" + set + "-sclip").rows();
    List<Vocabulary.Category> categories =
        rows.stream()
            .filter(row -> !row.get(0).equals("*"))
            .map(row -> new Vocabulary.Category(row.get(0), row.subList(1, row.size())))
            .toList();
    String[] background =
        rows.stream()
            .filter(row -> row.get(0).equals("*"))
            .flatMap(row -> row.stream().skip(1))
            .toArray(String[]::new);
    Vocabulary words = Vocabulary.of(categories);
    return background.length > 0 ? words.withBackground(background) : words;
  }

  /**
   * The seen categories of a zero-shot split of COCO, in label order.
   *
   * @param split "48/17" or "65/15"
   * @return category ids
   * @throws IllegalArgumentException if it is neither
   */
  public static List<Long> cocoSeen(String split) {
    return split(split, "seen");
  }

  /**
   * The unseen categories of a zero-shot split of COCO, in label order.
   *
   * @param split "48/17" or "65/15"
   * @return category ids
   * @throws IllegalArgumentException if it is neither
   */
  public static List<Long> cocoUnseen(String split) {
    return split(split, "unseen");
  }

  private static List<Long> split(String split, String side) {
    if (!split.equals("48/17") && !split.equals("65/15")) {
      throw new IllegalArgumentException(
          "there is no split '" + split + "' of COCO; there are 48/17 and 65/15");
    }
    return ClassTable.read("coco-split-" + split.replace('/', '-')).rows().stream()
        .filter(row -> row.get(1).equals(side))
        .map(row -> Long.valueOf(row.get(0)))
        .toList();
  }

  /** The label of Cityscapes' ids 0 to 33 by a column of its table; {@code absent} for the rest. */
  static int[] cityscapesLabels(int column, int absent) {
    return ClassTable.read("cityscapes").column(column).stream()
        .mapToInt(label -> label.equals("-") ? absent : Integer.parseInt(label))
        .toArray();
  }

  /** The label among 59 of PASCAL Context's ids 0 to 459; 0 for the rest. */
  static int[] pascalContextTo59() {
    List<List<String>> rows = ClassTable.read("pascal-context").rows();
    int[] labels = new int[rows.size() + 1];
    int[] frequent = IntStream.range(0, rows.size()).filter(i -> rows.get(i).size() > 1).toArray();
    Arrays.setAll(labels, id -> Arrays.binarySearch(frequent, id - 1) + 1);
    return Arrays.stream(labels).map(label -> Math.max(label, 0)).toArray();
  }
}
