package org.zeroseg.zutis;

import org.zeroseg.core.supervision.PastedScenes;
import org.zeroseg.core.train.Batches;

/**
 * Batches of pasted scenes for {@link ZutisTrainer} (Shin et al. 2023, Sec. 3.2). What a step gets
 * depends on the scenes' seed and its number alone. Thread-safe.
 *
 * @param scenes pasted of retrieved pictures and their pseudo-masks; their label to ignore is that
 *     of the {@link Criterion}
 * @param batch scenes of a step
 */
public record SyntheticScenes(PastedScenes scenes, int batch)
    implements Batches<ZutisTrainer.Samples> {

  /**
   * The released configuration: 384 pixels, up to 10 objects of 0.1 to 1, half of the scenes of one
   * category.
   */
  public static final PastedScenes.Options DEFAULT =
      PastedScenes.Options.DEFAULT
          .withMostObjects(10)
          .withOneCategory(0.5)
          .withLabels(PastedScenes.Labels.OF_LAST_ARCHIVE);

  /** Checks the number. */
  public SyntheticScenes {
    if (batch < 1) {
      throw new IllegalArgumentException("batches of " + batch + " scenes");
    }
  }

  @Override
  public ZutisTrainer.Samples batch(long step) {
    int size = scenes.options().size();
    int area = size * size;
    float[] pixels = new float[3 * area * batch];
    long[] labels = new long[area * batch];
    long[] instances = new long[area * batch];
    int[] counts = new int[batch];
    for (int slot = 0; slot < batch; slot++) {
      PastedScenes.Scene scene = scenes.scene(step * batch + slot);
      System.arraycopy(scene.pixels().pixels(), 0, pixels, 3 * area * slot, 3 * area);
      for (int i = 0; i < area; i++) {
        labels[area * slot + i] = scene.pixels().semantic()[i];
        instances[area * slot + i] = scene.pixels().instances()[i];
      }
      counts[slot] = scene.objects();
    }
    return new ZutisTrainer.Samples(pixels, size, size, labels, instances, counts);
  }
}
