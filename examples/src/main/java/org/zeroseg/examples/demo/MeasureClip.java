package org.zeroseg.examples.demo;

import ai.djl.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.eval.naming.Similarities;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import org.zeroseg.examples.scenes.LabelledScene;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/**
 * Measures a demo CLIP on scenes of a seed that is not used in training.
 *
 * @param imageToText share of scenes whose own caption is among the 1 and the 5 best of all
 * @param textToImage share of captions whose own scene is among the 1 and the 5 best of all; scenes
 *     with the same caption count as its own
 * @param seen share of single objects named right among all 64, of the combinations in training
 * @param unseen the same for those that training never showed
 * @param namedMiou mean IoU over the background and the 64 categories, when each scene is segmented
 *     by the words for what it shows
 * @param openMiou the same when each scene is segmented by all 64 words
 */
public record MeasureClip(
    Recall imageToText,
    Recall textToImage,
    double seen,
    double unseen,
    double namedMiou,
    double openMiou) {

  private static final long SEED = 1_000_003;

  /**
   * Recall of a retrieval.
   *
   * @param at1 share found at rank 1
   * @param at5 share found at rank 5 or better
   */
  public record Recall(double at1, double at5) {}

  /**
   * Prints the figures of the shipped models, or of one in training.
   *
   * @param arguments the number of scenes, 500 by default, and a model's folder
   * @throws IOException if a model cannot be read or no temporary file be written
   */
  public static void main(String[] arguments) throws IOException {
    int scenes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 500;
    System.out.println(scenes + " held-out scenes");
    if (arguments.length > 1) {
      Path folder = Path.of(arguments[1]);
      try (Clip clip = Clip.load(folder, Precision.FLOAT32, Device.cpu())) {
        print(folder.toString(), clip, scenes);
      }
      return;
    }
    try (Clip resNet = DemoModels.clip();
        Clip vit = DemoModels.vitClip()) {
      print("clip-resnet", resNet, scenes);
      print("clip-vit", vit, scenes);
    }
  }

  private static void print(String name, Clip clip, int scenes) throws IOException {
    System.out.println(name);
    System.out.println(of(clip, scenes, Progress.SILENT).table());
  }

  /**
   * Measures a model.
   *
   * @param clip a demo model
   * @param scenes how many held-out scenes, each with one to three objects of all 64 combinations
   * @param progress told of the scenes that are segmented
   * @return the figures
   * @throws IOException never, since the model is loaded
   */
  public static MeasureClip of(Clip clip, int scenes, Progress progress) throws IOException {
    int size = clip.config().image().inputSize();
    ShapeWorld world = new ShapeWorld(SEED, size, 1, 3, Split.ALL);
    List<Scene> heldOut = IntStream.range(0, scenes).mapToObj(world::scene).toList();
    double[][] cosines = cosines(clip, heldOut, heldOut.stream().map(Scene::caption).toList());
    List<Integer> ranks = ranks(cosines, heldOut);
    List<Integer> reverse = ranks(transpose(cosines), heldOut);
    double[] right = classification(clip, world, scenes);
    try (MaskClip segmenter = DemoModels.maskClip(clip)) {
      return new MeasureClip(
          recall(ranks),
          recall(reverse),
          right[0],
          right[1],
          meanIou(segmenter, heldOut, true, progress),
          meanIou(segmenter, heldOut, false, progress));
    }
  }

  /** Cosines of all scenes with all texts. */
  static double[][] cosines(Clip clip, List<? extends LabelledScene> scenes, List<String> texts) {
    return Similarities.between(
        clip.encodeImages(scenes.stream().map(s -> Picture.of(s.image())).toList()),
        clip.encode(texts));
  }

  static double[][] transpose(double[][] matrix) {
    double[][] transposed = new double[matrix[0].length][matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      for (int j = 0; j < matrix[i].length; j++) {
        transposed[j][i] = matrix[i][j];
      }
    }
    return transposed;
  }

  /** For each row the rank of the best entry whose caption is the row's own. */
  static List<Integer> ranks(double[][] cosines, List<? extends LabelledScene> scenes) {
    List<Integer> ranks = new ArrayList<>();
    for (int i = 0; i < cosines.length; i++) {
      double own = -1;
      for (int j = 0; j < cosines.length; j++) {
        if (scenes.get(i).caption().equals(scenes.get(j).caption())) {
          own = Math.max(own, cosines[i][j]);
        }
      }
      int better = 0;
      for (double other : cosines[i]) {
        better += other > own ? 1 : 0;
      }
      ranks.add(better + 1);
    }
    return ranks;
  }

  static Recall recall(List<Integer> ranks) {
    double count = ranks.size();
    return new Recall(
        ranks.stream().filter(rank -> rank <= 1).count() / count,
        ranks.stream().filter(rank -> rank <= 5).count() / count);
  }

  /** Shares of right names: of seen combinations, of unseen ones. */
  private static double[] classification(Clip clip, ShapeWorld world, int scenes) {
    List<String> words = Category.all().stream().map(c -> "a " + c.words()).toList();
    int each = (scenes + words.size() - 1) / words.size();
    double[] right = new double[2];
    int[] all = new int[2];
    for (Category category : Category.all()) {
      List<Scene> shown = IntStream.range(0, each).mapToObj(i -> world.scene(i, category)).toList();
      int part = category.seen() ? 0 : 1;
      for (int named : Similarities.assign(cosines(clip, shown, words), -1)) {
        all[part]++;
        right[part] += named == category.id() - 1 ? 1 : 0;
      }
    }
    return new double[] {right[0] / all[0], right[1] / all[1]};
  }

  private static double meanIou(
      MaskClip segmenter, List<Scene> scenes, boolean named, Progress progress) {
    ConfusionMatrix confusion = new ConfusionMatrix(Category.all().size() + 1);
    for (int i = 0; i < scenes.size(); i++) {
      Scene scene = scenes.get(i);
      List<Category> categories = named ? scene.categories() : Category.all();
      Segmentation result =
          segmenter.segment(
              scene.image(),
              DemoModels.vocabulary(categories.stream().map(Category::words).toList()));
      int[] ids =
          Arrays.stream(result.labels())
              .map(label -> label == 0 ? 0 : categories.get(label - 1).id())
              .toArray();
      confusion.add(scene.labels(), ids);
      progress.update("segmenting scenes", i + 1, scenes.size());
    }
    return confusion.meanIou();
  }

  /**
   * The figures for people.
   *
   * @return lines of text
   */
  public String table() {
    return Stream.of(
            line("zero-shot caption retrieval, picture to text, R@1", imageToText.at1()),
            line("zero-shot caption retrieval, picture to text, R@5", imageToText.at5()),
            line("zero-shot caption retrieval, text to picture, R@1", textToImage.at1()),
            line("zero-shot caption retrieval, text to picture, R@5", textToImage.at5()),
            line("single objects named right, 48 seen combinations", seen),
            line("single objects named right, 16 unseen combinations", unseen),
            line("MaskClip mIoU, background and the words named", namedMiou),
            line("MaskClip mIoU, background and all 64 words", openMiou))
        .reduce((a, b) -> a + System.lineSeparator() + b)
        .orElseThrow();
  }

  private static String line(String what, double share) {
    return String.format(Locale.ROOT, "%-52s %5.1f %%", what, 100 * share);
  }
}
