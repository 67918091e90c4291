package org.zeroseg.examples.shapeworld;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import org.zeroseg.examples.scenes.World;

/**
 * An endless sequence of scenes. Scene {@code i} is a pure function of this record and {@code i}:
 * only integers, IEEE arithmetic and {@link StrictMath} take part, so it is the same to the bit on
 * every platform, in any order and on any thread.
 *
 * @param seed names the sequence; worlds of different seeds share no scene
 * @param size side of the square pictures in pixels, 64 to 512
 * @param fewest the smallest number of objects asked for, at least 1
 * @param most the largest, at most 6; where a picture is full a scene holds fewer
 * @param split which combinations of look and shape may occur
 */
public record ShapeWorld(long seed, int size, int fewest, int most, Split split) implements World {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException naming what is out of range
   */
  public ShapeWorld {
    if (size < 64 || size > 512) {
      throw new IllegalArgumentException("size must be 64 to 512 pixels, found " + size);
    }
    if (fewest < 1 || most > 6 || fewest > most) {
      throw new IllegalArgumentException(
          "the number of objects must be 1 to 6, found " + fewest + " to " + most);
    }
  }

  @Override
  public List<String> names() {
    return Category.all().stream().map(Category::words).toList();
  }

  @Override
  public Scene scene(long index) {
    return scene(index, split.categories());
  }

  /**
   * One scene of some of the things.
   *
   * @param index any number
   * @param categories what may occur; need not be of this world's split
   * @return the scene
   */
  public Scene scene(long index, List<Category> categories) {
    SplittableRandom random = new SplittableRandom(World.mix(World.mix(seed) + index));
    int count = random.nextInt(fewest, most + 1);
    Painter painter = new Painter(size, random);
    for (int i = 0; i < count; i++) {
      painter.add(categories.get(random.nextInt(categories.size())), count);
    }
    return painter.scene();
  }

  /**
   * A scene that shows one given thing, alone.
   *
   * @param index any number
   * @param category what to show; need not be of this world's split
   * @return the scene
   */
  public Scene scene(long index, Category category) {
    Painter painter =
        new Painter(
            size,
            new SplittableRandom(World.mix(World.mix(World.mix(seed) + category.id()) + index)));
    painter.add(category, 1);
    return painter.scene();
  }

  @Override
  public Scene alone(long index, int id) {
    return scene(index, Category.all().get(id - 1));
  }

  @Override
  public boolean seen(int id) {
    return Category.all().get(id - 1).seen();
  }

  @Override
  public String kind(int id) {
    return Category.all().get(id - 1).shape().word();
  }

  /**
   * Scenes in which few words tell things apart. In a batch of random scenes most captions differ
   * in their looks, and a model gets far without ever telling shapes apart. So all things of a
   * group have one of two looks, drawn for each group.
   *
   * @param batch scenes of a batch
   * @param group scenes of a group, of which the first of a batch is the first
   * @return the scene of each index
   */
  public LongFunction<Scene> ofTwoLooks(int batch, int group) {
    return index -> {
      long first = index - index % batch % group;
      SplittableRandom random = new SplittableRandom(seed * 1_000_003 + first);
      Look one = Look.ALL.get(random.nextInt(Look.ALL.size()));
      Look other = Look.ALL.get(random.nextInt(Look.ALL.size()));
      List<Category> categories =
          split.categories().stream()
              .filter(category -> category.look() == one || category.look() == other)
              .toList();
      return scene(index, categories);
    };
  }
}
