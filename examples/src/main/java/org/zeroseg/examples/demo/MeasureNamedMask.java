package org.zeroseg.examples.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.ReCo;

/**
 * Measures what NamedMask comes to on ShapeWorld, as Tables 3 and 5 to 9 of its paper do; {@link
 * MeasureExperts} does the others.
 *
 * <ul>
 *   <li>{@code segmenters SCENES MODEL...}: mIoU on held-out scenes, of one object, of several and
 *       of all, by all words that the models know and by those for what a scene shows (Tables 3 and
 *       5 to 9); {@code demo} is the model that is shipped.
 *   <li>{@code others SCENES ARCHIVES PICTURES}: the same of MaskCLIP, of SelfMask's mask named by
 *       CLIP, and of ReCo, by the words of the archives.
 * </ul>
 *
 * <p>Words name combinations, looks or shapes.
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
      case "segmenters" -> segmenters(Integer.parseInt(rest.get(0)), rest.subList(1, rest.size()));
      case "others" ->
          others(Integer.parseInt(rest.get(0)), Path.of(rest.get(1)), Path.of(rest.get(2)));
      default -> throw new IllegalArgumentException("segmenters or others");
    }
  }

  private static void segmenters(int scenes, List<String> models) throws IOException {
    head(scenes);
    for (String model : models) {
      try (NamedMask segmenter =
          model.equals("demo")
              ? DemoModels.namedMask()
              : NamedMask.builder().model(model).longerSide(DemoModels.NAMED_MASK_SIDE).build()) {
        measure("`NamedMask`, " + model, segmenter, segmenter.vocabulary().names(), scenes);
      }
    }
  }

  private static void others(int scenes, Path file, Path pictures) throws IOException {
    head(scenes);
    Archives archives = Archives.read(file);
    List<String> words = archives.categories();
    try (Clip clip = DemoModels.clip();
        MaskClip maskClip = DemoModels.maskClip(clip);
        SelfMask selfMask = DemoModels.selfMask(true);
        ReCo reCo =
            DemoModels.reCo(ReCo.builder())
                .archives(archives, pictures)
                .textAttention(clip)
                .build()) {
      measure("SelfMask + CLIP", named(selfMask, clip), words, scenes);
      measure("`MaskClip`", withBackground(maskClip), words, scenes);
      for (double threshold : new double[] {0.7, 0.9}) {
        Segmenter cut = withThreshold(reCo, threshold);
        measure("`ReCo`, background below " + threshold, cut, words, scenes);
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

  /** What stands out, called by the word that is nearest to the whole picture. */
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
      float[] seen = clip.encodeImages(List.of(Preprocessing.clip(SIZE).square(picture)))[0];
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

  private static void measure(String name, Segmenter segmenter, List<String> names, int scenes) {
    ShapeWorld world = new ShapeWorld(MeasureZutis.SEED, SIZE, 1, 3, Split.ALL);
    int[] classes = classes(names);
    for (boolean all : new boolean[] {true, false}) {
      ConfusionMatrix single = new ConfusionMatrix(names.size() + 1);
      ConfusionMatrix several = new ConfusionMatrix(names.size() + 1);
      for (int i = 0; i < scenes; i++) {
        Scene scene = world.scene(i);
        int[] truth = Arrays.stream(scene.labels()).map(id -> classes[id]).toArray();
        List<String> words = all ? names : shown(truth, names);
        int[] labels = new int[truth.length];
        if (!words.isEmpty()) {
          Vocabulary vocabulary = Vocabulary.of(words.toArray(String[]::new));
          int[] answer = segmenter.segment(scene.image(), vocabulary).labels();
          for (int pixel = 0; pixel < labels.length; pixel++) {
            labels[pixel] =
                answer[pixel] == 0 ? 0 : names.indexOf(words.get(answer[pixel] - 1)) + 1;
          }
        }
        (scene.objects().size() == 1 ? single : several).add(truth, labels);
      }
      ConfusionMatrix together = new ConfusionMatrix(names.size() + 1);
      together.merge(single);
      together.merge(several);
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %.1f | %.1f | %.1f |%n",
          name,
          all ? "all " + names.size() : "named",
          100 * meanIou(single),
          100 * meanIou(several),
          100 * meanIou(together));
    }
  }

  /** The class of each of ShapeWorld's labels: the place of its word, or background. */
  private static int[] classes(List<String> names) {
    int[] classes = new int[Category.all().size() + 1];
    for (Category category : Category.all()) {
      for (int i = 0; i < names.size(); i++) {
        if (MeasureExperts.isCalled(category, names.get(i))) {
          classes[category.id()] = i + 1;
        }
      }
    }
    return classes;
  }

  private static List<String> shown(int[] truth, List<String> names) {
    return Arrays.stream(truth)
        .filter(label -> label > 0)
        .distinct()
        .sorted()
        .mapToObj(label -> names.get(label - 1))
        .toList();
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
