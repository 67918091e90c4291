package org.zeroseg.namedmask;

import java.util.SplittableRandom;
import org.zeroseg.core.augment.LabelledPixels;
import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.train.Batches;

/**
 * Batches of scenes that are pasted of archive pictures and their masks (Shin et al. 2023, Sec.
 * 3.3). A batch depends on the seed and the step alone. Thread-safe.
 *
 * @param scenes of the archives
 * @param batch scenes of a step; 16 for NamedMask and 8 for experts, as published. One alone is
 *     never learnt from
 */
public record ArchiveSamples(PastedScenes scenes, int batch)
    implements Batches<NamedMaskTrainer.Samples> {

  /** NamedMask's published scenes: 384 pixels, one picture or two. */
  public static final PastedScenes.Options NAMED_MASK = PastedScenes.Options.DEFAULT;

  /** The published scenes of experts: nothing is pasted, and objects are objects. */
  public static final PastedScenes.Options EXPERT =
      NAMED_MASK.withMostObjects(1).withLabels(PastedScenes.Labels.OBJECT);

  /**
   * Checks the number.
   *
   * @throws IllegalArgumentException if there would be no scene in a batch
   */
  public ArchiveSamples {
    if (batch < 1) {
      throw new IllegalArgumentException("batches of " + batch + " scenes");
    }
  }

  @Override
  public NamedMaskTrainer.Samples batch(long step) {
    int size = scenes.options().size();
    int area = size * size;
    float[] pixels = new float[3 * area * batch];
    long[] labels = new long[area * batch];
    for (int slot = 0; slot < batch; slot++) {
      LabelledPixels scene = scenes.scene(step * batch + slot).pixels();
      System.arraycopy(scene.pixels(), 0, pixels, 3 * area * slot, 3 * area);
      for (int i = 0; i < area; i++) {
        labels[area * slot + i] = scene.semantic()[i];
      }
    }
    // Scenes have numbers from 0, so that what is dropped has draws of its own.
    long dropout =
        new SplittableRandom(scenes.options().seed()).nextLong()
            ^ new SplittableRandom(-1 - step).nextLong();
    return new NamedMaskTrainer.Samples(pixels, size, size, labels, dropout);
  }
}
