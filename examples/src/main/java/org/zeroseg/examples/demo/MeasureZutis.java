package org.zeroseg.examples.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
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
import org.zeroseg.examples.scenes.LabelledScene;
import org.zeroseg.examples.scenes.World;
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

  private static final ShapeWorld SHAPES = new ShapeWorld(SEED, SIZE, 1, 3, Split.ALL);

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
    return of(segmenter, i -> Shown.of(SHAPES.scene(i)), scenes, progress);
  }

  static MeasureZutis of(
      MaskClip segmenter, IntFunction<Shown> pictures, int count, Progress progress) {
    return of(segmenter, DemoModels::withBackground, SHAPES, pictures, count, progress);
  }

  /**
   * Measures MaskCLIP on pictures of some world.
   *
   * @param background adds the words for what is behind things
   * @param world whose names the pictures have
   */
  static MeasureZutis of(
      MaskClip segmenter,
      UnaryOperator<Vocabulary> background,
      World world,
      IntFunction<Shown> pictures,
      int count,
      Progress progress) {
    Segmenter known = with(segmenter, background);
    return new MeasureZutis(
        scores(known, Instances.COMPONENTS, world, pictures, count, true, progress),
        scores(known, Instances.COMPONENTS, world, pictures, count, false, progress));
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
    return of(segmenter, SHAPES, scenes, progress);
  }

  static MeasureZutis of(Zutis segmenter, World world, int scenes, Progress progress) {
    return of(segmenter, world, i -> Shown.of(world.scene(i)), scenes, progress);
  }

  static MeasureZutis of(
      Zutis segmenter, IntFunction<Shown> pictures, int count, Progress progress) {
    return of(segmenter, SHAPES, pictures, count, progress);
  }

  private static MeasureZutis of(
      Zutis segmenter, World world, IntFunction<Shown> pictures, int count, Progress progress) {
    return new MeasureZutis(
        scores(segmenter, Instances.SEGMENTS, world, pictures, count, true, progress),
        scores(segmenter, Instances.SEGMENTS, world, pictures, count, false, progress));
  }

  /**
   * A picture and what is true of it.
   *
   * @param labels of its pixels: 0 or a category's id
   * @param ids category of each object in it
   * @param masks of the objects
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Shown(Picture picture, int[] labels, List<Integer> ids, List<Mask> masks) {

    static Shown of(LabelledScene scene) {
      return new Shown(
          Picture.of(scene.image()),
          scene.labels(),
          scene.ids(),
          IntStream.range(0, scene.ids().size()).mapToObj(scene::mask).toList());
    }

    List<Integer> categories() {
      return ids.stream().distinct().sorted().toList();
    }
  }

  /** MaskCLIP knows words for backgrounds; ZUTIS has learnt what none of the others is. */
  private static Segmenter with(MaskClip segmenter, UnaryOperator<Vocabulary> background) {
    return new Segmenter() {
      @Override
      public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
        return segmenter.segment(pictures, background.apply(vocabulary));
      }

      @Override
      public void close() {}
    };
  }

  private static Scores scores(
      Segmenter segmenter,
      Instances instances,
      World world,
      IntFunction<Shown> pictures,
      int count,
      boolean named,
      Progress progress) {
    List<Integer> all = IntStream.rangeClosed(1, world.names().size()).boxed().toList();
    ConfusionMatrix confusion = new ConfusionMatrix(all.size() + 1);
    CocoGroundTruth truth = truth(world, pictures, count);
    CocoDetections.Builder found = CocoDetections.builder(truth);
    for (int i = 0; i < count; i++) {
      Shown shown = pictures.apply(i);
      List<Integer> categories = named ? shown.categories() : all;
      String[] words =
          categories.stream().map(id -> world.names().get(id - 1)).toArray(String[]::new);
      Segmentation answer = segmenter.segment(shown.picture(), Vocabulary.of(words));
      confusion.add(
          shown.labels(),
          Arrays.stream(answer.labels())
              .map(label -> label == 0 ? 0 : categories.get(label - 1))
              .toArray());
      for (Segment instance : instances.of(answer)) {
        found.add(i, categories.get(instance.label() - 1), instance.score(), instance.mask().rle());
      }
      progress.update("segmenting scenes", i + 1, count);
    }
    CocoDetections detections = found.build();
    return new Scores(
        group(confusion, detections, all),
        group(confusion, detections, all.stream().filter(world::seen).toList()),
        group(confusion, detections, all.stream().filter(id -> !world.seen(id)).toList()));
  }

  private static CocoGroundTruth truth(World world, IntFunction<Shown> pictures, int count) {
    CocoGroundTruth.Builder truth = CocoGroundTruth.builder();
    for (int id = 1; id <= world.names().size(); id++) {
      truth.category(id, world.names().get(id - 1));
    }
    for (int i = 0; i < count; i++) {
      Shown shown = pictures.apply(i);
      truth.image(i, shown.picture().width(), shown.picture().height());
      for (int object = 0; object < shown.ids().size(); object++) {
        int category = shown.ids().get(object);
        truth.annotation(i, category, false, shown.masks().get(object).rle());
      }
    }
    return truth.build();
  }

  private static Group group(ConfusionMatrix confusion, CocoDetections found, List<Integer> ids) {
    if (ids.isEmpty()) {
      return new Group(Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }
    List<Long> categories = ids.stream().map(Integer::longValue).toList();
    double iou =
        IntStream.concat(IntStream.of(0), ids.stream().mapToInt(Integer::intValue))
            .mapToDouble(confusion::iou)
            .filter(value -> !Double.isNaN(value))
            .average()
            .orElse(Double.NaN);
    Map<String, Double> summary =
        new CocoEvaluator(CocoProtocol.coco().categories(categories)).evaluate(found).summary();
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
