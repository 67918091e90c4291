package org.zeroseg.examples.demo;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.SegmenterBuilder;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.examples.demo.MeasureZutis.Shown;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;
import org.zeroseg.zutis.Zutis;

/**
 * Measures what tiles change: on scenes that the demo models were made for, where tiles only cut
 * things, and on quilts of such scenes, where the models see nothing without tiles.
 */
public final class MeasureTiles {

  /** Pixels of a scene. */
  private static final int SIDE = 64;

  /** Scenes of a quilt along a side. */
  private static final int PATCHES = 4;

  private MeasureTiles() {}

  /** Side and overlap of tiles, or none. */
  private record Cut(int side, int overlap) {

    <B extends SegmenterBuilder<B>> B on(B builder) {
      return side == 0 ? builder : builder.tiles(side, overlap);
    }

    @Override
    public String toString() {
      return side == 0 ? "whole" : side + ", " + overlap;
    }
  }

  /**
   * Prints a table.
   *
   * @param arguments how many scenes, 200 by default, and how many quilts, 12 by default
   * @throws IOException if no temporary file can be written
   */
  public static void main(String[] arguments) throws IOException {
    int scenes = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
    int quilts = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 12;
    ShapeWorld world = new ShapeWorld(MeasureZutis.SEED, SIDE, 1, 3, Split.ALL);
    System.out.println(
        "| pictures | tiles | MaskClip mIoU | Zutis mIoU | AP | AP50 | SelfMask IoU |");
    System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
    try (Clip clip = DemoModels.clip()) {
      IntFunction<Shown> single = i -> Shown.of(world.scene(i));
      for (Cut cut : List.of(new Cut(0, 0), new Cut(48, 24), new Cut(32, 8))) {
        row(clip, scenes + " scenes", cut, single, scenes);
      }
      IntFunction<Shown> sewn = i -> quilt(world, i);
      for (Cut cut :
          List.of(
              new Cut(0, 0),
              new Cut(64, 0),
              new Cut(64, 8),
              new Cut(64, 16),
              new Cut(64, 32),
              new Cut(48, 16))) {
        row(clip, quilts + " quilts", cut, sewn, quilts);
      }
    }
  }

  private static void row(Clip clip, String what, Cut cut, IntFunction<Shown> pictures, int count)
      throws IOException {
    MeasureZutis.Group regions;
    try (MaskClip maskClip = cut.on(DemoModels.maskClipBuilder(clip, Attention.VALUE)).build()) {
      regions = MeasureZutis.of(maskClip, pictures, count, Progress.SILENT).named().all();
    }
    MeasureZutis.Group both;
    try (Zutis zutis = DemoModels.zutis(cut.on(Zutis.builder().clip(clip)), Zutis.Answer.BOTH)) {
      both = MeasureZutis.of(zutis, pictures, count, Progress.SILENT).named().all();
    }
    double iou = 0;
    try (SelfMask selfMask = DemoModels.selfMask(true, cut::on)) {
      for (int i = 0; i < count; i++) {
        Shown shown = pictures.apply(i);
        iou += selfMask.detect(shown.picture()).mask().iou(Mask.union(shown.masks())) / count;
      }
    }
    System.out.printf(
        Locale.ROOT,
        "| %s | %s | %.1f | %.1f | %.1f | %.1f | %.1f |%n",
        what,
        cut,
        100 * regions.meanIou(),
        100 * both.meanIou(),
        100 * both.ap(),
        100 * both.ap50(),
        100 * iou);
  }

  /** Scenes side by side. */
  private static Shown quilt(ShapeWorld world, int index) {
    int side = PATCHES * SIDE;
    byte[] samples = new byte[3 * side * side];
    int[] labels = new int[side * side];
    List<Integer> ids = new ArrayList<>();
    List<Mask> masks = new ArrayList<>();
    for (int patch = 0; patch < PATCHES * PATCHES; patch++) {
      Scene scene = world.scene((long) index * PATCHES * PATCHES + patch);
      int left = patch % PATCHES * SIDE;
      int top = patch / PATCHES * SIDE;
      int[] rgb = scene.rgb();
      int[] own = scene.labels();
      for (int i = 0; i < rgb.length; i++) {
        int at = (top + i / SIDE) * side + left + i % SIDE;
        labels[at] = own[i];
        samples[3 * at] = (byte) (rgb[i] >> 16);
        samples[3 * at + 1] = (byte) (rgb[i] >> 8);
        samples[3 * at + 2] = (byte) rgb[i];
      }
      for (int i = 0; i < scene.objects().size(); i++) {
        ids.add(scene.objects().get(i).id());
        masks.add(scene.mask(i).crop(-left, -top, side, side));
      }
    }
    return new Shown(Picture.of(PixelFormat.RGB, side, side, samples), labels, ids, masks);
  }
}
