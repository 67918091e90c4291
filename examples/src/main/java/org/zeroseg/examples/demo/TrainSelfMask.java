package org.zeroseg.examples.demo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.demo.DemoSaliency;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.dino.SelfMaskConfig;
import org.zeroseg.dino.SelfMaskLoss;
import org.zeroseg.dino.SelfMaskTrainer;
import org.zeroseg.dino.SpectralVoting;
import org.zeroseg.eval.report.TrainingCurves;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.scenes.World;

/**
 * Trains the demo SelfMask on a world's pictures with the pseudo-masks that spectral voting finds
 * in them by the demo DINO: no label takes part. Writes the weights in float16.
 *
 * <p>{@code TrainSelfMask DINO FOLDER PICTURES STEPS [WORDS PACKAGES [START]]}: the demo DINO's
 * weights, the folder to work in, the number of pictures, the number of steps; the scenes are
 * ShapeWorld's unless the list and the packages of everyday things are given. The network's encoder
 * is that DINO, or all of it is what another SelfMask has learnt. A run that was stopped there goes
 * on.
 */
public final class TrainSelfMask {

  private static final long SEED = 20220323;
  private static final int BATCH = 8;
  private static final int QUERIES = 10;
  private static final int LAYERS = 2;

  /** How {@link DemoSaliency#voting} makes them. */
  private static final String PSEUDO_MASKS =
      "patches of the picture at twice its size, k = 2, 3, 4, the published vote";

  private TrainSelfMask() {}

  /**
   * Trains.
   *
   * @param args what the class tells
   * @throws IOException if a file cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    if (args.length < 4 || args.length == 5) {
      System.err.println(
          "Usage: TrainSelfMask DINO FOLDER PICTURES STEPS [WORDS PACKAGES [START]]");
      System.exit(2);
    }
    Path dino = Path.of(args[0]);
    Path folder = Path.of(args[1]);
    int count = Integer.parseInt(args[2]);
    int steps = Integer.parseInt(args[3]);
    World world = TrainingWorld.of(args, 4, CutOuts::toTrain).of(SEED, 96, 3);
    SelfMaskTrainer.Augmentation augmentation =
        new SelfMaskTrainer.Augmentation(DemoSaliency.SIDE, 0.8);
    SelfMaskTrainer.Options options =
        new SelfMaskTrainer.Options(1e-4, 0.01, 0, SelfMaskLoss.DEFAULT);
    List<Picture> pictures =
        IntStream.range(0, count).mapToObj(i -> Picture.of(world.scene(i).image())).toList();
    List<Mask> masks = pseudoMasks(dino, pictures, new PseudoMasks(folder.resolve("masks")));
    try (NDManager manager = TorchEngine.newManager();
        Checkpoint encoder = Checkpoints.open(dino)) {
      DinoConfig seen = DinoConfig.of(encoder);
      SelfMaskConfig config =
          new SelfMaskConfig(seen, QUERIES, LAYERS, seen.heads(), 4 * seen.width());
      Map<String, String> provenance = new LinkedHashMap<>();
      provenance.put("data", world.toString());
      provenance.put("pictures", Integer.toString(count));
      provenance.put("pseudo_masks", PSEUDO_MASKS);
      provenance.put("augmentation", augmentation.toString());
      provenance.put("model", config.toString());
      provenance.put("options", options.toString());
      provenance.put("batch", Integer.toString(BATCH));
      provenance.put("steps", Integer.toString(steps));
      Map<String, NDArray> weights;
      try (NDManager scratch = manager.newSubManager()) {
        weights =
            SelfMaskTrainer.initialWeights(
                config,
                Weights.load(encoder, seen.shapes(), scratch),
                new SplittableRandom(SEED),
                manager);
      }
      if (args.length > 6) {
        provenance.put("start", Path.of(args[6]).getFileName().toString());
        try (Checkpoint start = Checkpoints.open(Path.of(args[6]))) {
          Weights known = Weights.load(start, config.shapes(), manager);
          weights.replaceAll((name, array) -> known.get(name));
        }
      }
      Batches<SelfMaskTrainer.Samples> batches =
          step -> samples(pictures, masks, augmentation, step);
      SelfMaskTrainer.of(config, weights, options)
          .run(
              batches,
              TrainingPlan.of(folder, steps)
                  .withSaveEvery(50)
                  .withProvenance(provenance)
                  .withReport(TrainingCurves::write),
              TrainDino.progress());
      Map<String, String> metadata = new LinkedHashMap<>(provenance);
      metadata.put("heads", Integer.toString(seen.heads()));
      SafetensorsWriter.write(
          folder.resolve("selfmask.safetensors"),
          Checkpoints.of(weights, "demo SelfMask").as(DataType.FLOAT16),
          metadata);
    }
  }

  /** Those that a stopped training run left behind are not made again. */
  private static List<Mask> pseudoMasks(Path dino, List<Picture> pictures, PseudoMasks made)
      throws IOException {
    List<Mask> masks = new ArrayList<>();
    try (Dino encoder = Dino.load(dino.toString())) {
      SpectralVoting voting = DemoSaliency.voting(encoder);
      for (Picture picture : pictures) {
        String name = Integer.toString(masks.size());
        if (!made.contains(name)) {
          made.write(name, voting.detect(picture).mask());
        }
        masks.add(made.read(name));
        TrainDino.progress().update("pseudo-masks", masks.size(), pictures.size());
      }
    }
    return masks;
  }

  private static SelfMaskTrainer.Samples samples(
      List<Picture> pictures,
      List<Mask> masks,
      SelfMaskTrainer.Augmentation augmentation,
      long step) {
    SplittableRandom random = new SplittableRandom(SEED + step);
    int[] chosen = IntStream.generate(() -> random.nextInt(pictures.size())).limit(BATCH).toArray();
    return augmentation.of(
        IntStream.of(chosen).mapToObj(pictures::get).toList(),
        IntStream.of(chosen).mapToObj(masks::get).toList(),
        random.nextLong());
  }
}
