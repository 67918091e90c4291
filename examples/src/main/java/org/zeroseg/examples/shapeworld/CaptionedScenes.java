package org.zeroseg.examples.shapeworld;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.zeroseg.clip.ClipTrainer.Pairs;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.train.Batches;

/**
 * Scenes with their captions, to train CLIP on. No scene comes twice.
 *
 * <p>In a batch of random scenes most captions differ in their looks, and a model gets far without
 * ever telling shapes apart. So a batch can be made of groups in which all things have one of two
 * looks, drawn for each group.
 *
 * @param world where they come from
 * @param tokenizer of the captions
 * @param count pairs of a batch
 * @param group pairs of a group; the same as {@code count} for random scenes
 */
public record CaptionedScenes(ShapeWorld world, ClipTokenizer tokenizer, int count, int group)
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
    int size = world.size();
    float[] pixels = new float[count * 3 * size * size];
    List<String> captions = new ArrayList<>();
    List<Category> categories = world.split().categories();
    for (int i = 0; i < count; i++) {
      long index = step * count + i;
      if (group < count && i % group == 0) {
        categories = ofTwoLooks(index);
      }
      Scene scene = world.scene(index, categories);
      put(scene, pixels, i);
      captions.add(scene.caption());
    }
    return new Pairs(pixels, size, tokenizer.tokenize(captions));
  }

  private List<Category> ofTwoLooks(long index) {
    SplittableRandom random = new SplittableRandom(world.seed() * 1_000_003 + index);
    Look one = Look.ALL.get(random.nextInt(Look.ALL.size()));
    Look other = Look.ALL.get(random.nextInt(Look.ALL.size()));
    return world.split().categories().stream()
        .filter(category -> category.look() == one || category.look() == other)
        .toList();
  }

  /**
   * Writes a scene's normalised pixels into a batch.
   *
   * @param scene the picture
   * @param pixels {@code [B, 3, S, S]}
   * @param index which of the batch it is to be
   */
  public static void put(Scene scene, float[] pixels, int index) {
    scene.planes(pixels, index * 3 * scene.size() * scene.size(), SCALE, SHIFT);
  }
}
