package org.zeroseg.examples.demo;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.demo.DemoSaliency;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.dino.SpectralVoting;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Part;
import org.zeroseg.examples.scenes.LabelledScene;
import org.zeroseg.examples.scenes.World;

/**
 * Measures on held-out scenes how well the object finders agree with what the scenes show (the mean
 * IoU with all objects together), before and after the bilateral solver. Prints a table.
 *
 * <p>{@code MeasureSaliency DINO SELFMASK SCENES [WORDS PACKAGES]}: the demo DINO's weights, the
 * demo SelfMask's or {@code -}, the number of scenes; they are ShapeWorld's, or show drawings of
 * everyday things that no model is trained with.
 */
public final class MeasureSaliency {

  private static final long SEED = 20261121;

  private MeasureSaliency() {}

  /** Sums over scenes: all, and those of one object. */
  private static final class Tally {
    private double all;
    private double refined;
    private double single;
    private double singleRefined;

    void add(Mask mask, Mask snapped, Mask truth, boolean one) {
      all += mask.iou(truth);
      refined += snapped.iou(truth);
      single += one ? mask.iou(truth) : 0;
      singleRefined += one ? snapped.iou(truth) : 0;
    }
  }

  /**
   * Measures.
   *
   * @param args weights of DINO, weights of SelfMask or a dash, scenes, and perhaps the list and
   *     the packages of everyday things
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 3 && args.length != 5) {
      System.err.println("Usage: MeasureSaliency DINO SELFMASK|- SCENES [WORDS PACKAGES]");
      System.exit(2);
    }
    int count = Integer.parseInt(args[2]);
    Optional<String> trained = Optional.of(args[1]).filter(path -> !path.equals("-"));
    World world =
        TrainingWorld.of(
                args, 3, (list, packages) -> CutOuts.read(list, packages, Part.TEST, false))
            .of(SEED, 96, 3);
    Map<String, Function<Picture, Mask>> finders = new LinkedHashMap<>();
    try (Dino dino = Dino.load(args[0])) {
      SpectralVoting voting = DemoSaliency.voting(dino);
      finders.put("spectral voting", picture -> voting.detect(picture).mask());
      finders.put("LOST", picture -> DemoSaliency.lost(dino, picture, false));
      finders.put("LOST, keys centred", picture -> DemoSaliency.lost(dino, picture, true));
      finders.put("TokenCut", picture -> DemoSaliency.tokenCut(dino, picture, false));
      finders.put("TokenCut, keys centred", picture -> DemoSaliency.tokenCut(dino, picture, true));
      if (trained.isPresent()) {
        try (SelfMask selfMask =
            SelfMask.builder()
                .model(trained.get())
                .input(InputSize.shorterSide(DemoSaliency.SIDE))
                .build()) {
          finders.put("SelfMask", picture -> selfMask.detect(picture).mask());
          measure(world, count, finders);
        }
      } else {
        measure(world, count, finders);
      }
    }
  }

  /** All objects of a scene together. */
  static Mask truth(LabelledScene scene) {
    return Mask.ofLabel(scene.size(), scene.size(), scene.instances(), 0).not();
  }

  private static void measure(
      World world, int count, Map<String, Function<Picture, Mask>> finders) {
    Map<String, Tally> tallies = new LinkedHashMap<>();
    int singles = 0;
    for (int i = 0; i < count; i++) {
      LabelledScene scene = world.scene(i);
      Picture picture = Picture.of(scene.image());
      Mask truth = truth(scene);
      boolean one = scene.ids().size() == 1;
      singles += one ? 1 : 0;
      BilateralSolver.Guide guide = DemoSaliency.SOLVER.guide(picture);
      finders.forEach(
          (name, finder) -> {
            Mask mask = finder.apply(picture);
            tallies
                .computeIfAbsent(name, key -> new Tally())
                .add(mask, guide.refine(mask), truth, one);
          });
    }
    System.out.printf(
        "| IoU on %d scenes | all | with solver | one object | with solver |%n", count);
    System.out.println("| --- | --- | --- | --- | --- |");
    for (Map.Entry<String, Tally> entry : tallies.entrySet()) {
      Tally tally = entry.getValue();
      System.out.printf(
          "| %s | %.3f | %.3f | %.3f | %.3f |%n",
          entry.getKey(),
          tally.all / count,
          tally.refined / count,
          tally.single / singles,
          tally.singleRefined / singles);
    }
  }
}
