package org.zeroseg.examples.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.ReCo;

/**
 * Measures what NamedMask comes to on ShapeWorld, as the tables of its paper do.
 *
 * <ul>
 *   <li>{@code masks ARCHIVES PICTURES MASKS REFINED...}: how well masks of archive pictures fit
 *       what their category covers, before the experts and after them (Tables 1 and 2).
 *   <li>{@code segmenters SCENES [MODEL...]}: mIoU on held-out scenes, of one object, of several
 *       and of all, by all words and by the words for what a scene shows (Tables 3 and 5 to 9).
 *   <li>{@code reco SCENES ARCHIVES PICTURES}: the same of ReCo.
 * </ul>
 */
public final class MeasureNamedMask {

  private static final int SIZE = 64;

  private MeasureNamedMask() {}

  /**
   * Measures and prints a table.
   *
   * @param arguments as above
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    List<String> rest = Arrays.asList(arguments).subList(1, arguments.length);
    switch (arguments[0]) {
      case "masks" -> masks(rest);
      case "segmenters" -> segmenters(Integer.parseInt(rest.get(0)), rest.subList(1, rest.size()));
      case "reco" ->
          reCo(Integer.parseInt(rest.get(0)), Path.of(rest.get(1)), Path.of(rest.get(2)));
      default -> throw new IllegalArgumentException("masks, segmenters or reco");
    }
  }

  private static void masks(List<String> arguments) throws IOException {
    Archives archives = Archives.read(Path.of(arguments.get(0)));
    Path pictures = Path.of(arguments.get(1));
    List<String> folders = arguments.subList(2, arguments.size());
    StringBuilder head = new StringBuilder("| mean IoU | pictures |");
    folders.forEach(folder -> head.append(" ").append(folder).append(" |"));
    System.out.println(head);
    System.out.println("| --- | --- |" + " --- |".repeat(folders.size()));
    double[] sums = new double[folders.size()];
    int all = 0;
    for (Category category : Category.all()) {
      double[] own = new double[folders.size()];
      int count = 0;
      for (String name : archives.pictures().getOrDefault(category.words(), List.of())) {
        Mask truth = truth(pictures, name, category);
        if (!truth.isEmpty()) { // a tenth or so does not show what it was retrieved for
          count++;
          for (int i = 0; i < own.length; i++) {
            PseudoMasks made = new PseudoMasks(Path.of(folders.get(i)));
            own[i] += (i == 0 ? made : made.of(category.words())).read(name).iou(truth);
          }
        }
      }
      row(category.words(), count, own);
      all += count;
      for (int i = 0; i < own.length; i++) {
        sums[i] += own[i];
      }
    }
    row("all", all, sums);
  }

  private static Mask truth(Path pictures, String name, Category category) throws IOException {
    return LabelMap.read(pictures.resolveSibling("labels").resolve(name)).mask(category.id());
  }

  private static void row(String name, int count, double[] sums) {
    StringBuilder line = new StringBuilder("| " + name + " | " + count + " |");
    for (double sum : sums) {
      line.append(String.format(Locale.ROOT, " %.1f |", 100 * sum / Math.max(1, count)));
    }
    System.out.println(line);
  }

  private static void segmenters(int scenes, List<String> files) throws IOException {
    head(scenes);
    if (files.isEmpty()) {
      try (Clip clip = DemoModels.clip();
          MaskClip maskClip = DemoModels.maskClip(clip);
          SelfMask selfMask = DemoModels.selfMask(true)) {
        measure("`MaskClip`", withBackground(maskClip), scenes);
        measure("SelfMask + CLIP", named(selfMask, clip), scenes);
      }
      try (NamedMask segmenter = DemoModels.namedMask()) {
        measure("`NamedMask`", segmenter, scenes);
      }
    }
    for (String file : files) {
      try (NamedMask segmenter =
          NamedMask.builder().model(file).longerSide(DemoModels.NAMED_MASK_SIDE).build()) {
        measure("`NamedMask` " + file, segmenter, scenes);
      }
    }
  }

  private static void reCo(int scenes, Path archives, Path pictures) throws IOException {
    head(scenes);
    Path dino =
        Path.of("examples/src/main/resources/org/zeroseg/examples/demo/dino/model.safetensors");
    try (Clip clip = DemoModels.clip();
        ReCo reCo =
            ReCo.builder()
                .encoder(dino)
                .archives(Archives.read(archives), pictures)
                .textAttention(clip)
                .templates(DemoModels.TEMPLATES)
                .contexts()
                .archiveSide(96)
                .archiveSize(20)
                .input(InputSize.shorterSide(96))
                .build()) {
      for (double threshold : new double[] {0.5, 0.7, 0.9}) {
        measure("`ReCo`, background below " + threshold, withThreshold(reCo, threshold), scenes);
      }
    }
  }

  private interface Words {
    List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary);
  }

  private static Segmenter by(Words words) {
    return new Segmenter() {
      @Override
      public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
        return words.segment(pictures, vocabulary);
      }

      @Override
      public void close() {}
    };
  }

  private static Segmenter withBackground(Segmenter segmenter) {
    return by((pictures, words) -> segmenter.segment(pictures, DemoModels.withBackground(words)));
  }

  private static Segmenter withThreshold(Segmenter segmenter, double least) {
    return by(
        (pictures, words) -> segmenter.segment(pictures, words.withBackgroundThreshold(least)));
  }

  /** What stands out, called by the word that is nearest to its surrounding box. */
  private static Segmenter named(SelfMask selfMask, Clip clip) {
    return by(
        (pictures, words) ->
            pictures.stream().map(picture -> named(selfMask, clip, picture, words)).toList());
  }

  private static Segmentation named(
      SelfMask selfMask, Clip clip, Picture picture, Vocabulary vocabulary) {
    Mask mask = selfMask.detect(picture).mask();
    float[][] words = clip.textEmbeddings().classifier(vocabulary.names(), DemoModels.TEMPLATES);
    int label = 0;
    if (!mask.isEmpty()) {
      Box box = mask.box();
      Window window =
          new Window((int) box.x(), (int) box.y(), (int) box.width(), (int) box.height());
      Picture part = picture.crop(window);
      float[] seen = clip.encodeImages(List.of(part))[0];
      double best = Double.NEGATIVE_INFINITY;
      for (int i = 0; i < words.length; i++) {
        double score = 0;
        for (int j = 0; j < seen.length; j++) {
          score += (double) seen[j] * words[i][j];
        }
        if (score > best) {
          best = score;
          label = i + 1;
        }
      }
    }
    int[] labels = new int[picture.width() * picture.height()];
    int found = label;
    mask.forEach((x, y) -> labels[y * picture.width() + x] = found);
    double[] scores = new double[words.length];
    Arrays.fill(scores, 1);
    return Segmentation.ofLabels(
        picture.width(), picture.height(), vocabulary.names(), labels, scores);
  }

  private static void head(int scenes) {
    System.out.println(scenes + " held-out scenes");
    System.out.println("| mIoU | words | one object | several | all scenes |");
    System.out.println("| --- | --- | --- | --- | --- |");
  }

  private static void measure(String name, Segmenter segmenter, int scenes) {
    ShapeWorld world = new ShapeWorld(MeasureZutis.SEED, SIZE, 1, 3, Split.ALL);
    for (boolean all : new boolean[] {true, false}) {
      Map<Boolean, ConfusionMatrix> matrices = new LinkedHashMap<>();
      matrices.put(true, new ConfusionMatrix(Category.all().size() + 1));
      matrices.put(false, new ConfusionMatrix(Category.all().size() + 1));
      for (int i = 0; i < scenes; i++) {
        Scene scene = world.scene(i);
        List<Category> categories = all ? Category.all() : scene.categories();
        String[] words = categories.stream().map(Category::words).toArray(String[]::new);
        Segmentation answer = segmenter.segment(scene.image(), Vocabulary.of(words));
        int[] labels =
            Arrays.stream(answer.labels())
                .map(label -> label == 0 ? 0 : categories.get(label - 1).id())
                .toArray();
        matrices.get(scene.objects().size() == 1).add(scene.labels(), labels);
      }
      ConfusionMatrix together = new ConfusionMatrix(Category.all().size() + 1);
      List<Double> values = new ArrayList<>();
      matrices
          .values()
          .forEach(
              matrix -> {
                values.add(meanIou(matrix));
                together.merge(matrix);
              });
      values.add(meanIou(together));
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %.1f | %.1f | %.1f |%n",
          name,
          all ? "all 64" : "named",
          100 * values.get(0),
          100 * values.get(1),
          100 * values.get(2));
    }
  }

  /** Of the background and the categories that some scene shows. */
  private static double meanIou(ConfusionMatrix matrix) {
    return IntStream.range(0, matrix.classes())
        .filter(label -> matrix.truths(label) > 0)
        .mapToDouble(matrix::iou)
        .average()
        .orElse(Double.NaN);
  }
}
