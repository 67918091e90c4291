package org.zeroseg.examples.everyday;

import java.util.List;
import java.util.SplittableRandom;
import org.zeroseg.examples.scenes.LabelledScene;
import org.zeroseg.examples.scenes.World;

/**
 * An endless sequence of scenes of everyday things. Scene {@code i} is a pure function of this
 * record and {@code i}, in any order and on any thread.
 *
 * @param seed names the sequence
 * @param size side of the square pictures in pixels, 64 to 512
 * @param fewest the smallest number of things, at least 1
 * @param most the largest, at most 6; where a picture is full a scene holds fewer
 * @param variety how much a thing may be changed
 * @param pictures what the scenes are made of
 */
public record Everyday(long seed, int size, int fewest, int most, Variety variety, CutOuts pictures)
    implements World {

  /** How much things and light differ from picture to picture. */
  public enum Variety {
    /** As much as they do in pictures that one would look at. */
    NATURAL,
    /** More than that, to learn from few pictures. */
    STRONG
  }

  /** With this chance a thing is of the same word as the one before. */
  private static final double AGAIN = 0.18;

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException naming what is out of range
   */
  public Everyday {
    if (size < 64 || size > 512) {
      throw new IllegalArgumentException("size must be 64 to 512 pixels, found " + size);
    }
    if (fewest < 1 || most > 6 || fewest > most) {
      throw new IllegalArgumentException(
          "the number of things must be 1 to 6, found " + fewest + " to " + most);
    }
  }

  @Override
  public List<String> names() {
    return pictures.words();
  }

  @Override
  public LabelledScene scene(long index) {
    SplittableRandom random = new SplittableRandom(World.mix(World.mix(seed) + index));
    int count = random.nextInt(fewest, most + 1);
    List<Integer> shown = pictures.shown();
    int[] ids = new int[count];
    if (pictures.further() > 0 && random.nextBoolean()) {
      ids[0] = pictures.words().size() + 1 + random.nextInt(pictures.further());
    }
    for (int i = ids[0] > 0 ? 1 : 0; i < count; i++) {
      boolean again = i > 0 && random.nextDouble() < AGAIN;
      ids[i] = again ? ids[i - 1] : shown.get(random.nextInt(shown.size()));
    }
    return new Stage(size, variety, pictures, random).scene(ids);
  }

  @Override
  public LabelledScene alone(long index, int id) {
    SplittableRandom random =
        new SplittableRandom(World.mix(World.mix(World.mix(seed) + id) + index));
    return new Stage(size, variety, pictures, random).scene(id);
  }
}
