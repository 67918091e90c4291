package org.zeroseg.examples.demo;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.eval.report.TrainingCurves;
import org.zeroseg.namedmask.ArchiveSamples;
import org.zeroseg.namedmask.DeepLabConfig;
import org.zeroseg.namedmask.Duplicates;
import org.zeroseg.namedmask.NamedMaskPipeline;
import org.zeroseg.namedmask.NamedMaskRecipe;
import org.zeroseg.namedmask.NamedMaskTrainer;

/** NamedMask in minutes, for scenes of ShapeWorld and the demo models. */
public final class SmallNamedMask {

  /** A narrow network, which needs no pretrained backbone. */
  private static final DeepLabConfig NETWORK =
      new DeepLabConfig(
          DeepLabConfig.dilated(ResNetConfig.of(ResNetConfig.Block.BASIC, 16, 1, 1, 1)),
          32,
          16,
          List.of(2, 4),
          2);

  private SmallNamedMask() {}

  /**
   * Distils a segmenter.
   *
   * @param pictures a folder of scenes, of 96 pixels or so
   * @param words looks or things of ShapeWorld
   * @param out where everything goes
   * @param progress told of every stage
   * @return what there is
   * @throws IOException if a file cannot be read or written
   */
  public static NamedMaskPipeline.Outcome distil(
      Path pictures, Vocabulary words, Path out, Progress progress) throws IOException {
    NamedMaskPipeline.Settings settings =
        new NamedMaskPipeline.Settings(
            24,
            0,
            Duplicates.APART,
            recipe(NamedMaskRecipe.EXPERT, 8),
            Optional.of(plan(out, 60)),
            recipe(NamedMaskRecipe.DEFAULT, 12),
            plan(out, 300),
            DataType.FLOAT16);
    try (Clip clip = DemoModels.clip();
        SelfMask selfMask = DemoModels.selfMask(true)) {
      NamedMaskPipeline.Models models =
          new NamedMaskPipeline.Models(
              clip.imageEncoder("demo"),
              clip.textEmbeddings(),
              DemoModels.TEMPLATES,
              selfMask,
              "demo",
              Optional.empty());
      return new NamedMaskPipeline(models, settings).run(pictures, words, out, progress);
    }
  }

  /** Colours stay as they are, since the words name them. */
  private static NamedMaskRecipe recipe(NamedMaskRecipe published, int batch) {
    boolean expert = published.scenes().labels() == PastedScenes.Labels.OBJECT;
    PastedScenes.Options scenes =
        (expert ? ArchiveSamples.EXPERT : ArchiveSamples.NAMED_MASK)
            .withSize(64)
            .withScales(0.6, 1)
            .withPhotometric(false);
    return published
        .withNetwork(NETWORK)
        .withScenes(scenes)
        .withBatch(batch)
        .withOptions(NamedMaskTrainer.Options.DEFAULT.withLearningRate(3e-3, 1));
  }

  private static TrainingPlan plan(Path out, long steps) {
    return TrainingPlan.of(out, steps).withSaveEvery(100).withReport(TrainingCurves::write);
  }
}
