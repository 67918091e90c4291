package org.zeroseg.examples.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Components;
import org.zeroseg.core.mask.Connectivity;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.CocoProtocol;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;

/**
 * Measures a segmenter of regions and instances on scenes of a seed that is not used in training.
 * Each scene is segmented twice: by the words for what it shows, and by all 64 words.
 *
 * @param named by the words for what a scene shows
 * @param open by all 64 words
 */
public record MeasureZutis(Scores named, Scores open) {

  /** The scenes that {@link MeasureClip} segments. */
  static final long SEED = 1_000_003;

  private static final int SIZE = 64;

  /**
   * Of one kind of vocabulary.
   *
   * @param all of the 64 combinations
   * @param seen of the 48 that training showed
   * @param unseen of the others
   */
  public record Scores(Group all, Group seen, Group unseen) {}

  /**
   * Means over some of the categories.
   *
   * @param meanIou of the background and the categories
   * @param ap of instances, over IoU thresholds from 0.5 to 0.95
   * @param ap50 at 0.5
   * @param ap75 at 0.75
   */
  public record Group(double meanIou, double ap, double ap50, double ap75) {}

  /** What a picture's answer counts as instances. */
  private enum Instances {
    /** Segments are. */
    SEGMENTS {
      @Override
      List<Segment> of(Segmentation answer) {
        return answer.segments();
      }
    },
    /** The connected parts of segments are, each with the score of the whole. */
    COMPONENTS {
      @Override
      List<Segment> of(Segmentation answer) {
        List<Segment> parts = new ArrayList<>();
        for (Segment segment : answer.segments()) {
          Components components = segment.mask().components(Connectivity.EIGHT);
          for (int i = 0; i < components.count(); i++) {
            parts.add(
                Segment.of(segment.label(), segment.name(), segment.score(), components.mask(i)));
          }
        }
        return parts;
      }
    };

    abstract List<Segment> of(Segmentation answer);
  }

  /**
   * Prints the figures of the shipped models.
   *
   * @param arguments the number of scenes, 500 by default
   * @throws IOException if no temporary file can be written
   */
  public static void main(String[] arguments) throws IOException {
    int scenes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 500;
    Map<String, MeasureZutis> table = new LinkedHashMap<>();
    try (Clip resNet = DemoModels.clip();
        Clip vit = DemoModels.vitClip();
        MaskClip ofResNet = DemoModels.maskClip(resNet);
        MaskClip ofVit = DemoModels.maskClip(vit);
        Zutis zutis = DemoModels.zutis(resNet, Zutis.Answer.BOTH)) {
      table.put("`MaskClip`, ResNet", of(ofResNet, scenes, Progress.SILENT));
      table.put("`MaskClip`, ViT", of(ofVit, scenes, Progress.SILENT));
      table.put("`Zutis`", of(zutis, scenes, Progress.SILENT));
    }
    System.out.println(scenes + " held-out scenes");
    System.out.println(table(table));
  }

  /**
   * Measures MaskCLIP, whose connected components count as instances.
   *
   * @param segmenter with a demo model
   * @param scenes how many, each with one to three objects of all 64 combinations
   * @param progress told of the scenes that are segmented
   * @return the figures
   */
  public static MeasureZutis of(MaskClip segmenter, int scenes, Progress progress) {
    ShapeWorld world = new ShapeWorld(SEED, SIZE, 1, 3, Split.ALL);
    return of(segmenter, i -> Shown.of(world.scene(i)), scenes, progress);
  }

  static MeasureZutis of(
      MaskClip segmenter, IntFunction<Shown> pictures, int count, Progress progress) {
    return new MeasureZutis(
        scores(withBackground(segmenter), Instances.COMPONENTS, pictures, count, true, progress),
        scores(withBackground(segmenter), Instances.COMPONENTS, pictures, count, false, progress));
  }

  /**
   * Measures ZUTIS.
   *
   * @param segmenter with a demo model; gives regions and instances
   * @param scenes how many, each with one to three objects of all 64 combinations
   * @param progress told of the scenes that are segmented
   * @return the figures
   */
  public static MeasureZutis of(Zutis segmenter, int scenes, Progress progress) {
    return of(segmenter, new ShapeWorld(SEED, SIZE, 1, 3, Split.ALL), scenes, progress);
  }

  static MeasureZutis of(Zutis segmenter, ShapeWorld world, int scenes, Progress progress) {
    return of(segmenter, i -> Shown.of(world.scene(i)), scenes, progress);
  }

  static MeasureZutis of(
      Zutis segmenter, IntFunction<Shown> pictures, int count, Progress progress) {
    return new MeasureZutis(
        scores(segmenter, Instances.SEGMENTS, pictures, count, true, progress),
        scores(segmenter, Instances.SEGMENTS, pictures, count, false, progress));
  }

  /**
   * A picture and what is true of it.
   *
   * @param labels of its pixels: 0 or a category's id
   * @param objects in it
   * @param masks of the objects
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Shown(Picture picture, int[] labels, List<Category> objects, List<Mask> masks) {

    static Shown of(Scene scene) {
      return new Shown(
          Picture.of(scene.image()),
          scene.labels(),
          scene.objects(),
          IntStream.range(0, scene.objects().size()).mapToObj(scene::mask).toList());
    }

    List<Category> categories() {
      return Category.all().stream().filter(objects::contains).toList();
    }
  }

  /** MaskCLIP knows words for backgrounds; ZUTIS has learnt what none of the others is. */
  private static Segmenter withBackground(MaskClip segmenter) {
    return new Segmenter() {
      @Override
      public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
        return segmenter.segment(pictures, DemoModels.withBackground(vocabulary));
      }

      @Override
      public void close() {}
    };
  }

  private static Scores scores(
      Segmenter segmenter,
      Instances instances,
      IntFunction<Shown> pictures,
      int count,
      boolean named,
      Progress progress) {
    ConfusionMatrix confusion = new ConfusionMatrix(Category.all().size() + 1);
    CocoGroundTruth truth = truth(pictures, count);
    CocoDetections.Builder found = CocoDetections.builder(truth);
    for (int i = 0; i < count; i++) {
      Shown shown = pictures.apply(i);
      List<Category> categories = named ? shown.categories() : Category.all();
      String[] words = categories.stream().map(Category::words).toArray(String[]::new);
      Segmentation answer = segmenter.segment(shown.picture(), Vocabulary.of(words));
      confusion.add(
          shown.labels(),
          Arrays.stream(answer.labels())
              .map(label -> label == 0 ? 0 : categories.get(label - 1).id())
              .toArray());
      for (Segment instance : instances.of(answer)) {
        found.add(
            i, categories.get(instance.label() - 1).id(), instance.score(), instance.mask().rle());
      }
      progress.update("segmenting scenes", i + 1, count);
    }
    CocoDetections detections = found.build();
    return new Scores(
        group(confusion, detections, Split.ALL),
        group(confusion, detections, Split.SEEN),
        group(confusion, detections, Split.UNSEEN));
  }

  private static CocoGroundTruth truth(IntFunction<Shown> pictures, int count) {
    CocoGroundTruth.Builder truth = CocoGroundTruth.builder();
    Category.all().forEach(category -> truth.category(category.id(), category.words()));
    for (int i = 0; i < count; i++) {
      Shown shown = pictures.apply(i);
      truth.image(i, shown.picture().width(), shown.picture().height());
      for (int object = 0; object < shown.objects().size(); object++) {
        int category = shown.objects().get(object).id();
        truth.annotation(i, category, false, shown.masks().get(object).rle());
      }
    }
    return truth.build();
  }

  private static Group group(ConfusionMatrix confusion, CocoDetections found, Split split) {
    Collection<Long> ids = split.categories().stream().map(c -> (long) c.id()).toList();
    double iou =
        IntStream.concat(IntStream.of(0), ids.stream().mapToInt(Long::intValue))
            .mapToDouble(confusion::iou)
            .filter(value -> !Double.isNaN(value))
            .average()
            .orElse(Double.NaN);
    Map<String, Double> summary =
        new CocoEvaluator(CocoProtocol.coco().categories(ids)).evaluate(found).summary();
    return new Group(iou, summary.get("AP"), summary.get("AP50"), summary.get("AP75"));
  }

  /**
   * The figures of several models for people.
   *
   * @param models by their names
   * @return lines of Markdown
   */
  public static String table(Map<String, MeasureZutis> models) {
    StringBuilder table = new StringBuilder();
    table.append("| | words | combinations | mIoU | AP | AP50 | AP75 |\n");
    table.append("| --- | --- | --- | --- | --- | --- | --- |\n");
    models.forEach(
        (name, model) -> {
          rows(table, name, "named", model.named());
          rows(table, name, "all 64", model.open());
        });
    return table.toString();
  }

  private static void rows(StringBuilder table, String name, String words, Scores scores) {
    row(table, name, words, "all", scores.all());
    row(table, name, words, "seen", scores.seen());
    row(table, name, words, "unseen", scores.unseen());
  }

  private static void row(
      StringBuilder table, String name, String words, String which, Group group) {
    table.append(
        String.format(
            Locale.ROOT,
            "| %s | %s | %s | %.1f | %.1f | %.1f | %.1f |%n",
            name,
            words,
            which,
            100 * group.meanIou(),
            100 * group.ap(),
            100 * group.ap50(),
            100 * group.ap75()));
  }
}
