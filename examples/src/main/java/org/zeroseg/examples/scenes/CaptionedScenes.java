package org.zeroseg.examples.scenes;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.zeroseg.clip.ClipTrainer.Pairs;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.train.Batches;

/**
 * Scenes with their captions, to train CLIP on. No scene comes twice.
 *
 * @param scenes the scene of each index
 * @param size side of their pictures in pixels
 * @param tokenizer of the captions
 * @param count pairs of a batch
 */
public record CaptionedScenes(
    LongFunction<? extends LabelledScene> scenes, int size, ClipTokenizer tokenizer, int count)
    implements Batches<Pairs> {

  private static final float[] SCALE = new float[3];
  private static final float[] SHIFT = new float[3];

  static {
    Normalization clip = Normalization.CLIP;
    double[] mean = {clip.mean().red(), clip.mean().green(), clip.mean().blue()};
    double[] std = {clip.std().red(), clip.std().green(), clip.std().blue()};
    for (int c = 0; c < 3; c++) {
      SCALE[c] = (float) (1 / (255 * std[c]));
      SHIFT[c] = (float) (-mean[c] / std[c]);
    }
  }

  @Override
  public Pairs batch(long step) {
    float[] pixels = new float[count * 3 * size * size];
    List<String> captions = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      LabelledScene scene = scenes.apply(step * count + i);
      put(scene, pixels, i);
      captions.add(scene.caption());
    }
    return new Pairs(pixels, size, tokenizer.tokenize(captions));
  }

  /**
   * Writes a scene's normalised pixels into a batch.
   *
   * @param scene the picture
   * @param pixels {@code [B, 3, S, S]}
   * @param index which of the batch it is to be
   */
  public static void put(LabelledScene scene, float[] pixels, int index) {
    scene.planes(pixels, index * 3 * scene.size() * scene.size(), SCALE, SHIFT);
  }
}
