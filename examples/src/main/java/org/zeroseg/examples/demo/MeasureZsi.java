package org.zeroseg.examples.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.CocoScores;
import org.zeroseg.eval.coco.Overlap;
import org.zeroseg.eval.coco.ZeroShotScores;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zsi.Zsi;

/**
 * Measures ZSI as the paper does, on scenes of a seed that is not used in training. Every scene
 * shows at least one of the unseen combinations, as the paper's test pictures do, and is searched
 * for all 64.
 *
 * @param boxes detection: ZSD of the unseen combinations alone, GZSD of all
 * @param masks instance segmentation: ZSI and GZSI
 */
public record MeasureZsi(Scores boxes, Scores masks) {

  private static final long SEED = 1_000_003;

  private static final String WITHOUT = "without-background";

  /**
   * By boxes or by masks, in percent.
   *
   * @param recalls Recall@100 of unseen combinations at IoU 0.4, 0.5 and 0.6
   * @param generalised seen and unseen combinations at 0.5, and the harmonic means
   */
  public record Scores(List<Double> recalls, ZeroShotScores generalised) {

    /**
     * Mean average precision of unseen combinations at IoU 0.5, the same whether seen ones are
     * looked for or not, since they do not compete.
     *
     * @return percent
     */
    public double map() {
      return generalised.unseen().ap();
    }
  }

  /**
   * Prints the figures of networks.
   *
   * @param arguments the number of scenes, 500 by default, and files of networks; without any, the
   *     shipped one is measured. In the scores of those after {@code without-background}, likeness
   *     to background has no part
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    int scenes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 500;
    Map<String, MeasureZsi> table = new LinkedHashMap<>();
    if (arguments.length < 2) {
      try (Zsi zsi = DemoModels.zsi(Zsi.builder())) {
        table.put("demo", of(zsi, scenes, Progress.SILENT));
      }
    }
    boolean background = true;
    for (int i = 1; i < arguments.length; i++) {
      if (arguments[i].equals(WITHOUT)) {
        background = false;
        continue;
      }
      Path file = Path.of(arguments[i]).toAbsolutePath();
      try (Zsi zsi =
          Zsi.builder()
              .model(file)
              .precision(Precision.FLOAT32)
              .inputWithin(TrainZsi.SIDE, TrainZsi.SIDE)
              .backgroundInScores(background)
              .build()) {
        String name = file.getParent().getFileName() + (background ? "" : " " + WITHOUT);
        table.put(name, of(zsi, scenes, Progress.SILENT));
      }
    }
    System.out.println(scenes + " held-out scenes");
    System.out.println(table(table));
  }

  /**
   * Measures a network.
   *
   * @param zsi looks for all classes
   * @param scenes how many, each with one to four objects
   * @param progress told of the scenes that are searched
   * @return the figures
   */
  public static MeasureZsi of(Zsi zsi, int scenes, Progress progress) {
    List<Scene> chosen = scenes(scenes);
    CocoGroundTruth truth = truth(chosen);
    CocoDetections.Builder boxes = CocoDetections.builder(truth);
    CocoDetections.Builder masks = CocoDetections.builder(truth);
    List<Category> all = Category.all();
    Vocabulary words = Vocabulary.of(all.stream().map(Category::words).toArray(String[]::new));
    for (int i = 0; i < scenes; i++) {
      List<Picture> picture = List.of(Picture.of(chosen.get(i).image()));
      for (Zsi.Detection found : zsi.detect(picture, words).get(0)) {
        int category = all.get(found.label() - 1).id();
        boxes.add(i, category, found.score(), found.box());
        masks.add(i, category, found.score(), found.mask().orElseThrow());
      }
      progress.update("searching scenes", i + 1, scenes);
    }
    return new MeasureZsi(scores(boxes.build(), Overlap.BOX), scores(masks.build(), Overlap.MASK));
  }

  /** The first scenes of the world that show an unseen combination. */
  static List<Scene> scenes(int count) {
    ShapeWorld world = new ShapeWorld(SEED, TrainZsi.SIDE, 1, 4, Split.ALL);
    List<Scene> scenes = new ArrayList<>();
    for (long i = 0; scenes.size() < count; i++) {
      Scene scene = world.scene(i);
      if (TrainZsi.visible(scene).anyMatch(object -> !scene.objects().get(object).seen())) {
        scenes.add(scene);
      }
    }
    return scenes;
  }

  private static CocoGroundTruth truth(List<Scene> scenes) {
    CocoGroundTruth.Builder truth = CocoGroundTruth.builder();
    Category.all().forEach(category -> truth.category(category.id(), category.words()));
    for (int i = 0; i < scenes.size(); i++) {
      Scene scene = scenes.get(i);
      truth.image(i, scene.size(), scene.size());
      for (int object : TrainZsi.visible(scene).toArray()) {
        Mask mask = scene.mask(object);
        truth.annotation(i, scene.objects().get(object).id(), false, mask.rle());
      }
    }
    return truth.build();
  }

  private static Scores scores(CocoDetections found, Overlap overlap) {
    CocoScores scores = new CocoEvaluator(ZeroShotScores.protocol(overlap)).evaluate(found);
    Collection<Long> seen =
        Split.SEEN.categories().stream().map(category -> (long) category.id()).toList();
    int limit = scores.maxDetections().length - 1;
    List<Double> recalls =
        IntStream.range(0, scores.iouThresholds().length)
            .mapToObj(
                iou ->
                    IntStream.range(0, scores.categories().size())
                        .filter(k -> !seen.contains(scores.categories().get(k).id()))
                        .mapToDouble(k -> 100 * scores.recall(iou, k, 0, limit))
                        .filter(recall -> recall >= 0)
                        .average()
                        .orElse(-1))
            .toList();
    return new Scores(recalls, ZeroShotScores.of(scores, seen));
  }

  /**
   * The figures of several networks for people.
   *
   * @param networks by their names
   * @return lines of Markdown: first the unseen combinations alone, then all
   */
  public static String table(Map<String, MeasureZsi> networks) {
    StringBuilder table = new StringBuilder();
    table.append("| network | task | R@100, IoU 0.4 | 0.5 | 0.6 | mAP |\n");
    table.append("| --- | --- | --- | --- | --- | --- |\n");
    networks.forEach(
        (name, found) -> {
          alone(table, name, "ZSD", found.boxes());
          alone(table, name, "ZSI", found.masks());
        });
    table.append("\n| network | task | seen mAP | R | unseen mAP | R | HM mAP | R |\n");
    table.append("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    networks.forEach(
        (name, found) -> {
          together(table, name, "GZSD", found.boxes().generalised());
          together(table, name, "GZSI", found.masks().generalised());
        });
    return table.toString();
  }

  private static void alone(StringBuilder table, String name, String task, Scores scores) {
    table.append(String.format(Locale.ROOT, "| %s | %s |", name, task));
    scores.recalls().forEach(recall -> table.append(String.format(Locale.ROOT, " %.1f |", recall)));
    table.append(String.format(Locale.ROOT, " %.1f |%n", scores.map()));
  }

  private static void together(
      StringBuilder table, String name, String task, ZeroShotScores scores) {
    table.append(String.format(Locale.ROOT, "| %s | %s |", name, task));
    for (ZeroShotScores.GroupScore group :
        List.of(scores.seen(), scores.unseen(), scores.harmonicMean())) {
      table.append(String.format(Locale.ROOT, " %.1f | %.1f |", group.ap(), group.recall()));
    }
    table.append('\n');
  }
}
