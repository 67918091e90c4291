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
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.dino.DinoConfig;
import org.zeroseg.dino.DinoTrainer;
import org.zeroseg.dino.MultiCrop;
import org.zeroseg.eval.report.TrainingCurves;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.scenes.World;

/**
 * Trains the demo DINO on a world's pictures, without labels, and writes its weights in float16.
 *
 * <p>{@code TrainDino FOLDER STEPS [WORDS PACKAGES [START]]}: the folder to work in, and the number
 * of steps; the scenes are ShapeWorld's unless the list and the packages of everyday things are
 * given, and the weights random unless they are what another DINO has learnt. A run that was
 * stopped there goes on.
 */
public final class TrainDino {

  static final DinoConfig CONFIG = new DinoConfig(8, 128, 4, 4, 8);

  private static final long SEED = 20210429;
  private static final int BATCH = 32;

  private TrainDino() {}

  /**
   * Trains.
   *
   * @param args what the class tells
   * @throws IOException if the folder cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    if (args.length < 2 || args.length == 3) {
      System.err.println("Usage: TrainDino FOLDER STEPS [WORDS PACKAGES [START]]");
      System.exit(2);
    }
    Path folder = Path.of(args[0]);
    int steps = Integer.parseInt(args[1]);
    World world = TrainingWorld.of(args, 2, CutOuts::toTrain).of(SEED, 96, 3);
    MultiCrop crops = new MultiCrop(64, 32, 4, 0.06, 0.3);
    DinoTrainer.Head head = new DinoTrainer.Head(256, 64, 512);
    DinoTrainer.Options options = new DinoTrainer.Options(5e-4, steps / 10, 0.04, 0.99, steps / 12);
    Map<String, String> provenance = new LinkedHashMap<>();
    provenance.put("data", world.toString());
    provenance.put("crops", crops.toString());
    provenance.put("model", CONFIG.toString());
    provenance.put("head", head.toString());
    provenance.put("options", options.toString());
    provenance.put("batch", Integer.toString(BATCH));
    provenance.put("steps", Integer.toString(steps));
    if (args.length > 4) {
      provenance.put("start", Path.of(args[4]).getFileName().toString());
    }
    TrainingPlan plan =
        TrainingPlan.of(folder, steps)
            .withSaveEvery(50)
            .withProvenance(provenance)
            .withReport(TrainingCurves::write);
    try (NDManager manager = TorchEngine.newManager()) {
      Map<String, NDArray> weights = weights(args, head, manager);
      DinoTrainer trainer = DinoTrainer.of(CONFIG, weights, options);
      trainer.run(step -> views(world, crops, step), plan, progress());
      Map<String, String> metadata = new LinkedHashMap<>(provenance);
      metadata.put("heads", Integer.toString(CONFIG.heads()));
      Checkpoint backbone = Checkpoints.of(trainer.backbone(), "demo DINO");
      SafetensorsWriter.write(
          folder.resolve("dino.safetensors"), backbone.as(DataType.FLOAT16), metadata);
    }
  }

  private static Map<String, NDArray> weights(
      String[] args, DinoTrainer.Head head, NDManager manager) throws IOException {
    SplittableRandom random = new SplittableRandom(SEED);
    if (args.length < 5) {
      return DinoTrainer.initialWeights(CONFIG, head, random, manager);
    }
    try (Checkpoint start = Checkpoints.open(Path.of(args[4]));
        NDManager scratch = manager.newSubManager()) {
      Weights backbone = Weights.load(start, CONFIG.shapes(), scratch);
      return DinoTrainer.initialWeights(CONFIG, backbone, head, random, manager);
    }
  }

  private static DinoTrainer.Views views(World world, MultiCrop crops, long step) {
    List<Picture> pictures = new ArrayList<>();
    for (int i = 0; i < BATCH; i++) {
      pictures.add(Picture.of(world.scene(step * BATCH + i).image()));
    }
    return crops.of(pictures, SEED + step);
  }

  static Progress progress() {
    return (task, done, total) -> {
      if (done % 10 == 0 || done == total) {
        System.out.println(task + ", " + done + " of " + total);
      }
    };
  }
}
