package org.zeroseg.examples.demo;

import ai.djl.Device;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.demo.EverydayModels;
import org.zeroseg.eval.naming.Similarities;
import org.zeroseg.examples.demo.MeasureZutis.Shown;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Everyday;
import org.zeroseg.examples.everyday.Ground;
import org.zeroseg.examples.everyday.Part;
import org.zeroseg.examples.scenes.LabelledScene;
import org.zeroseg.zutis.Zutis;

/**
 * Measures models of everyday things on drawings that were never trained with and on photographs:
 * {@code MeasureEveryday CLIP WORDS PACKAGES [SCENES [ZUTIS]]}. Scenes are of a seed that no
 * training uses, 64 x 64 pixels, of one to three things; all words are those of the list that have
 * drawings to train with.
 *
 * @param model a CLIP trained on everyday things
 * @param pictures what the scenes show
 * @param scenes how many; two fifths of them for photographs
 */
public record MeasureEveryday(Clip model, CutOuts pictures, int scenes) {

  private static final long SEED = 1_000_003;
  private static final int SIZE = 64;

  /** Chosen on scenes of another seed: 0.05 and 0.15 are worse. */
  private static final double BACKGROUND_MARGIN = 0.1;

  /** Scenes of a single thing, for each word. */
  private static final int EACH = 10;

  /**
   * Prints the figures.
   *
   * @param arguments the CLIP's folder, the list of words, the folder of packages, and perhaps the
   *     number of scenes of drawings (500 by default) and a ZUTIS model on that CLIP
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 3 || arguments.length > 5) {
      System.err.println("Usage: MeasureEveryday CLIP WORDS PACKAGES [SCENES [ZUTIS]]");
      System.exit(2);
    }
    int scenes = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 500;
    Path folder = Path.of(arguments[0]);
    try (Clip clip = Clip.load(folder, Precision.FLOAT32, Device.cpu())) {
      for (Part part : Part.values()) {
        CutOuts pictures = CutOuts.read(Path.of(arguments[1]), Path.of(arguments[2]), part, false);
        pictures.problems().forEach(problem -> System.out.println("Left out: " + problem));
        MeasureEveryday measure =
            new MeasureEveryday(clip, pictures, part == Part.PHOTOS ? 2 * scenes / 5 : scenes);
        System.out.println(pictures);
        measure.names(System.out);
        if (part != Part.TRAIN && measure.scenes() > 0) {
          measure.retrieval(System.out);
          measure.segments(System.out);
          if (arguments.length > 4) {
            measure.zutis(folder, arguments[4], System.out);
          }
        }
      }
    }
  }

  private Everyday world(int most) {
    return new Everyday(SEED, SIZE, 1, most, Everyday.Variety.NATURAL, pictures);
  }

  /**
   * The share of single things whose word is the best of all, every word counting alike.
   *
   * @return 0 to 1
   */
  public double named() {
    Everyday world = world(1);
    List<Integer> shown = pictures.shown();
    int right = 0;
    for (int id : shown) {
      List<LabelledScene> alone =
          IntStream.range(0, EACH).mapToObj(i -> world.alone(i, id)).toList();
      for (int best : Similarities.assign(MeasureClip.cosines(model, alone, world.names()), -1)) {
        right += best == id - 1 ? 1 : 0;
      }
    }
    return (double) right / (EACH * shown.size());
  }

  private void names(PrintStream out) {
    out.printf(
        Locale.ROOT,
        "  single things named right among %d words: %.1f %%%n",
        pictures.words().size(),
        100 * named());
  }

  private void retrieval(PrintStream out) {
    Everyday world = world(3);
    List<LabelledScene> all = IntStream.range(0, scenes).mapToObj(world::scene).toList();
    double[][] cosines =
        MeasureClip.cosines(model, all, all.stream().map(LabelledScene::caption).toList());
    MeasureClip.Recall toText = MeasureClip.recall(MeasureClip.ranks(cosines, all));
    MeasureClip.Recall toPicture =
        MeasureClip.recall(MeasureClip.ranks(MeasureClip.transpose(cosines), all));
    out.printf(
        Locale.ROOT,
        "  retrieval among %d: picture to text R@1 %.1f %%, R@5 %.1f %%; text to picture %.1f %%, "
            + "%.1f %%%n",
        scenes,
        100 * toText.at1(),
        100 * toText.at5(),
        100 * toPicture.at1(),
        100 * toPicture.at5());
  }

  /** A ResNet has one attention; a vision transformer all that need no other model. */
  private List<Attention> attentions() {
    List<Attention> attentions = new ArrayList<>(List.of(Attention.VALUE));
    if (model.config().image() instanceof ClipConfig.Vit) {
      for (Attention preset : Attention.PRESETS) {
        if (!preset.equals(Attention.VALUE) && !preset.equals(Attention.PROXY_CLIP)) {
          attentions.add(preset);
        }
      }
    }
    return attentions;
  }

  private void segments(PrintStream out) throws IOException {
    UnaryOperator<Vocabulary> grounds =
        vocabulary ->
            vocabulary.withBackground(
                Arrays.stream(Ground.values()).map(Ground::word).toArray(String[]::new));
    Everyday world = world(3);
    for (Attention attention : attentions()) {
      try (MaskClip segmenter = EverydayModels.maskClipBuilder(model, attention).build()) {
        print(
            "MaskClip, " + attention.name(),
            MeasureZutis.of(
                segmenter, grounds, world, i -> Shown.of(world.scene(i)), scenes, Progress.SILENT),
            out);
      }
    }
  }

  private void zutis(Path clip, String file, PrintStream out) throws IOException {
    try (Zutis segmenter =
        Zutis.builder()
            .clip(clip)
            .templates(EverydayModels.TEMPLATES)
            .model(file)
            .precision(Precision.FLOAT32)
            .input(InputSize.shorterSide(SIZE))
            .backgroundMargin(BACKGROUND_MARGIN)
            .answer(Zutis.Answer.BOTH)
            .build()) {
      print("Zutis", MeasureZutis.of(segmenter, world(3), scenes, Progress.SILENT), out);
    }
  }

  private static void print(String name, MeasureZutis measured, PrintStream out) {
    row(name, "words named", measured.named().all(), out);
    row(name, "all words", measured.open().all(), out);
  }

  private static void row(String name, String words, MeasureZutis.Group group, PrintStream out) {
    out.printf(
        Locale.ROOT,
        "  %s, %s: mIoU %.1f, AP %.1f, AP50 %.1f, AP75 %.1f%n",
        name,
        words,
        100 * group.meanIou(),
        100 * group.ap(),
        100 * group.ap50(),
        100 * group.ap75());
  }
}
