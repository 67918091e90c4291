package org.zeroseg.examples.shapeworld;

import java.util.List;
import org.zeroseg.examples.scenes.LabelledScene;

/** Shapes on a background. */
public final class Scene extends LabelledScene {

  private final List<Category> objects;
  private final Background background;

  Scene(
      int size,
      int[] rgb,
      byte[] owners,
      List<Category> objects,
      Background background,
      String caption) {
    super(size, rgb, owners, objects.stream().map(Category::id).toList(), caption);
    this.objects = List.copyOf(objects);
    this.background = background;
  }

  /**
   * What the scene shows, from back to front; a category may occur twice.
   *
   * @return one category an object
   */
  public List<Category> objects() {
    return objects;
  }

  /**
   * What the objects lie on.
   *
   * @return the background
   */
  public Background background() {
    return background;
  }

  /**
   * The categories present, without repetition.
   *
   * @return in the order of their ids
   */
  public List<Category> categories() {
    return Category.all().stream().filter(objects::contains).toList();
  }
}
