package org.zeroseg.examples.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.PatchEncoder;
import org.zeroseg.clip.Protocol;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.dino.Dino;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/**
 * Measures the attentions of {@link MaskClip} on scenes of a seed that is not used in training: by
 * the words for what a scene shows, by all 64 words, and by those for what it shows and as many
 * others, where absent words must not be found.
 *
 * @param name of the model and its attention
 * @param named mean IoU by the words for what a scene shows
 * @param open mean IoU by all words
 * @param before which words are found, if all compete everywhere
 * @param after which words are found, if those are left out that are probably absent
 */
public record MeasureAttention(String name, double named, double open, Found before, Found after) {

  /**
   * Which words are found when half of those asked for are absent.
   *
   * @param precision share of the found words that are there
   * @param recall share of the words that are there that are found
   * @param meanIou with these words
   */
  public record Found(double precision, double recall, double meanIou) {

    /**
     * Both as one number.
     *
     * @return the harmonic mean
     */
    public double f1() {
      return precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall);
    }
  }

  /**
   * Prints the figures of the shipped models with every attention.
   *
   * @param arguments the number of scenes, 500 by default
   * @throws IOException if no temporary file can be written
   */
  public static void main(String[] arguments) throws IOException {
    int scenes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 500;
    System.out.println(scenes + " held-out scenes");
    System.out.println(
        "| model | named | all 64 | P | R | F1 | mIoU | P | R | F1 | mIoU |\n"
            + "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    try (Clip resNet = DemoModels.clip();
        Clip transformer = DemoModels.vitClip();
        Dino dino = DemoModels.dino()) {
      print(of("ResNet, value", DemoModels.maskClipBuilder(resNet, Attention.VALUE), scenes));
      PatchEncoder encoder = PatchEncoder.of(dino.config().patch(), dino::patches);
      for (Attention attention : Attention.PRESETS) {
        MaskClipBuilder builder =
            DemoModels.maskClipBuilder(transformer, attention).encoder(encoder);
        print(of("ViT, " + attention.name(), builder, scenes));
        Protocol around = Protocol.of(attention);
        if (around.pamr().isPresent() || around.propagation().isPresent()) {
          builder.protocol(around.withWindows(64, 32, 0).unrefined()).inputWithin(64, 1024);
          print(of("ViT, " + attention.name() + ", not refined", builder, scenes));
        }
      }
    }
  }

  private static void print(MeasureAttention measured) {
    System.out.println(measured.row());
  }

  /**
   * Measures a segmenter.
   *
   * @param name what the row is called
   * @param builder with a demo model
   * @param scenes how many, each with one to three objects of all 64 combinations
   * @return the figures
   * @throws IOException if the model cannot be read
   */
  public static MeasureAttention of(String name, MaskClipBuilder builder, int scenes)
      throws IOException {
    ShapeWorld world = new ShapeWorld(MeasureZutis.SEED, 64, 1, 3, Split.ALL);
    try (MaskClip lenient = builder.presence(0).build();
        MaskClip strict = builder.presence(MaskClip.PRESENT).build()) {
      Tally named = new Tally();
      Tally open = new Tally();
      Tally before = new Tally();
      Tally after = new Tally();
      for (int i = 0; i < scenes; i++) {
        Scene scene = world.scene(i);
        named.add(lenient, scene, scene.categories());
        open.add(lenient, scene, Category.all());
        List<Category> asked = half(scene, i);
        before.add(lenient, scene, asked);
        after.add(strict, scene, asked);
      }
      return new MeasureAttention(
          name, named.found().meanIou(), open.found().meanIou(), before.found(), after.found());
    }
  }

  /** What the scene shows, and as many categories that it does not, in no order. */
  private static List<Category> half(Scene scene, int seed) {
    Random random = new Random(seed);
    List<Category> absent =
        Category.all().stream()
            .filter(category -> !scene.categories().contains(category))
            .collect(Collectors.toCollection(ArrayList::new));
    Collections.shuffle(absent, random);
    List<Category> asked = new ArrayList<>(scene.categories());
    asked.addAll(absent.subList(0, asked.size()));
    Collections.shuffle(asked, random);
    return asked;
  }

  /** Counts over scenes. */
  private static final class Tally {
    private final ConfusionMatrix confusion = new ConfusionMatrix(Category.all().size() + 1);
    private int right;
    private int found;
    private int there;

    void add(MaskClip segmenter, Scene scene, List<Category> categories) {
      Vocabulary words = DemoModels.vocabulary(categories.stream().map(Category::words).toList());
      Segmentation answer = segmenter.segment(Picture.of(scene.image()), words);
      confusion.add(
          scene.labels(),
          Arrays.stream(answer.labels())
              .map(label -> label == 0 ? 0 : categories.get(label - 1).id())
              .toArray());
      for (Segment segment : answer.segments()) {
        found++;
        right += scene.categories().contains(categories.get(segment.label() - 1)) ? 1 : 0;
      }
      there += scene.categories().size();
    }

    Found found() {
      return new Found(
          right / (double) Math.max(1, found),
          right / (double) Math.max(1, there),
          confusion.meanIou());
    }
  }

  /**
   * The figures for people, in percent.
   *
   * @return a row of a Markdown table
   */
  public String row() {
    return String.format(
        Locale.ROOT,
        "| %s | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |",
        name,
        100 * named,
        100 * open,
        100 * before.precision(),
        100 * before.recall(),
        100 * before.f1(),
        100 * before.meanIou(),
        100 * after.precision(),
        100 * after.recall(),
        100 * after.f1(),
        100 * after.meanIou());
  }
}
