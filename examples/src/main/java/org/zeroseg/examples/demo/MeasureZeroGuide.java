package org.zeroseg.examples.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoZeroGuide;
import org.zeroseg.demo.DemoZeroGuide.Variant;
import org.zeroseg.demo.EverydayModels;
import org.zeroseg.dino.Dino;
import org.zeroseg.eval.naming.NamingEvaluator;
import org.zeroseg.eval.naming.NamingEvaluator.Background;
import org.zeroseg.eval.naming.NamingEvaluator.Mode;
import org.zeroseg.eval.naming.NamingEvaluator.Score;
import org.zeroseg.eval.naming.TextEmbedder;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Everyday;
import org.zeroseg.examples.everyday.Part;
import org.zeroseg.examples.scenes.LabelledScene;
import org.zeroseg.examples.scenes.World;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zeroguide.DiscoveredSegment;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.ZeroGuideBuilder;
import org.zeroseg.zeroguide.caption.Namer;

/**
 * Repeats the ablation of Zero-guidance segmentation (Rewatbowornwong et al. 2023, Table 3) on
 * held-out scenes: {@code MeasureZeroGuide [SCENES [WORDS PACKAGES]]}. The classes are all that
 * ShapeWorld has names for, 64 kinds of objects and 6 backgrounds, so that every pixel has one; or,
 * with a list of words and packages, the everyday things of held-out drawings, whose backgrounds
 * have no class.
 *
 * <p>Departure from the paper: texts are compared by the demo CLIP's words in place of Sentence-
 * BERT, which knows more words than this world has. To that space names that share a word are half
 * the same already, so names that are the very ones are counted, too.
 *
 * @param variant what is left of the method
 * @param segments mean number of segments in a scene
 * @param looks segments given the class that their embedding is nearest to
 * @param names segments given the class that their name is nearest to
 * @param textQuality share of true segments with a name near enough to the true one
 * @param exact share of true segments with the very name
 */
public record MeasureZeroGuide(
    Variant variant, double segments, Score looks, Score names, double textQuality, double exact) {

  private static final long SEED = 20231002;
  private static final int SIZE = 64;

  /** Above the rows of {@link #row}. */
  public static final String HEAD =
      """
      | method | segments | IoU by look | recall | IoU by name | recall | text quality | named exactly |
      | --- | --- | --- | --- | --- | --- | --- | --- |\
      """;

  /**
   * Scenes and models that know them.
   *
   * @param world one to three objects a scene
   * @param classes by id, from 1
   * @param background whether it has classes
   * @param truth the classes of a scene, 0 for none
   * @param templates the sentences that texts are compared in
   * @param guide the method, or less, by a DINO and a CLIP
   */
  public record Task(
      World world,
      Map<Integer, String> classes,
      Background background,
      Function<LabelledScene, LabelMap> truth,
      PromptTemplates templates,
      Function<Variant, ZeroGuideBuilder> guide) {

    /**
     * ShapeWorld's 64 combinations on grounds that have names, too.
     *
     * @param dino cuts
     * @param clip embeds
     * @return the task
     */
    public static Task shapes(Dino dino, Clip clip) {
      return new Task(
          new ShapeWorld(SEED, SIZE, 1, 3, Split.ALL),
          numbered(DemoModels.names()),
          Background.COUNTED,
          MeasureZeroGuide::onGround,
          DemoModels.TEMPLATES,
          variant -> DemoZeroGuide.builder(dino, clip, variant));
    }

    /** Everyday things. */
    static Task everyday(CutOuts pictures, Dino dino, Clip clip) {
      Everyday world = new Everyday(SEED, SIZE, 1, 3, Everyday.Variety.NATURAL, pictures);
      return new Task(
          world,
          numbered(world.names()),
          Background.EXCUSED,
          scene -> LabelMap.of(scene.size(), scene.size(), scene.labels()),
          EverydayModels.TEMPLATES,
          variant -> EverydayModels.zeroGuideBuilder(dino, clip, variant));
    }

    private static Map<Integer, String> numbered(List<String> names) {
      Map<Integer, String> classes = new LinkedHashMap<>();
      names.forEach(name -> classes.put(classes.size() + 1, name));
      return classes;
    }
  }

  /**
   * Prints the table.
   *
   * @param arguments the number of scenes, 200 by default; for everyday things the list of words
   *     and the folder of packages, too
   * @throws IOException if a file cannot be read, or no temporary file can be written
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length == 2) {
      System.err.println("Usage: MeasureZeroGuide [SCENES [WORDS PACKAGES]]");
      System.exit(2);
    }
    int scenes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
    boolean everyday = arguments.length > 1;
    try (Dino dino = everyday ? EverydayModels.dino() : DemoModels.dino();
        Clip clip = everyday ? EverydayModels.vitClip() : DemoModels.vitClip();
        Namer namer = everyday ? EverydayModels.namer(clip) : DemoModels.zeroCap(clip)) {
      Task task =
          everyday
              ? Task.everyday(
                  CutOuts.read(Path.of(arguments[1]), Path.of(arguments[2]), Part.TEST, false),
                  dino,
                  clip)
              : Task.shapes(dino, clip);
      System.out.println(scenes + " held-out scenes");
      System.out.println(HEAD);
      for (Variant variant : Variant.values()) {
        System.out.println(of(variant, task, clip, namer, scenes, Progress.SILENT).row());
      }
    }
  }

  /**
   * Measures a variant.
   *
   * @param variant what is left of the method
   * @param task what is shown, to whom
   * @param clip compares texts
   * @param namer of that CLIP
   * @param count how many scenes
   * @param progress told of the scenes
   * @return the figures
   * @throws IOException never, since the models are loaded
   */
  public static MeasureZeroGuide of(
      Variant variant, Task task, Clip clip, Namer namer, int count, Progress progress)
      throws IOException {
    TextEmbedder words = texts -> clip.textEmbeddings().classifier(texts, task.templates());
    NamingEvaluator evaluator =
        new NamingEvaluator(task.classes(), task.background(), words, Optional.of(words));
    long found = 0;
    long named = 0;
    long right = 0;
    try (ZeroGuide guide = task.guide().apply(variant).namer(namer).build()) {
      for (int i = 0; i < count; i++) {
        progress.update("discovering", i, count);
        LabelledScene scene = task.world().scene(i);
        Picture picture = Picture.of(scene.image());
        LabelMap truth = task.truth().apply(scene);
        List<Segment> segments = plain(guide.discover(picture).segments());
        evaluator.add(truth, segments);
        found += segments.size();
        List<Segment> trueSegments = evaluator.trueSegments(truth);
        List<Segment> given =
            plain(guide.describe(picture, trueSegments.stream().map(Segment::mask).toList()));
        evaluator.addNames(trueSegments, given);
        named += given.size();
        right +=
            IntStream.range(0, given.size())
                .filter(k -> given.get(k).name().equals(trueSegments.get(k).name()))
                .count();
      }
    }
    return new MeasureZeroGuide(
        variant,
        (double) found / count,
        evaluator.score(Mode.SEGMENT_TO_TEXT).orElseThrow(),
        evaluator.score(Mode.TEXT_TO_TEXT).orElseThrow(),
        evaluator.textQuality(),
        (double) right / named);
  }

  private static List<Segment> plain(List<DiscoveredSegment> segments) {
    return segments.stream().map(DiscoveredSegment::segment).toList();
  }

  /** Objects under their categories' ids, the background behind all of these. */
  private static LabelMap onGround(LabelledScene scene) {
    int ground = 1 + DemoModels.names().indexOf(((Scene) scene).background().word());
    int[] labels = Arrays.stream(scene.labels()).map(id -> id == 0 ? ground : id).toArray();
    return LabelMap.of(scene.size(), scene.size(), labels);
  }

  /**
   * The figures as a line of a Markdown table.
   *
   * @return below {@link #HEAD}
   */
  public String row() {
    return String.format(
        Locale.ROOT,
        "| %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |",
        variant.toString().replace('-', ' '),
        segments,
        100 * looks.iou(),
        100 * looks.recall(),
        100 * names.iou(),
        100 * names.recall(),
        100 * textQuality,
        100 * exact);
  }
}
