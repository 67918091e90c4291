package org.zeroseg.examples.shapeworld;

import ai.djl.modality.cv.Image;
import ai.djl.modality.cv.ImageFactory;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Objects;
import org.zeroseg.core.mask.Mask;

/**
 * A picture and everything that is true of it. Immutable.
 *
 * <p>Maps are row-major, {@code size * size} entries.
 */
public final class Scene {

  private final int size;
  private final int[] rgb;
  private final byte[] owners;
  private final List<Category> objects;
  private final Background background;
  private final String caption;

  Scene(
      int size,
      int[] rgb,
      byte[] owners,
      List<Category> objects,
      Background background,
      String caption) {
    this.size = size;
    this.rgb = rgb;
    this.owners = owners;
    this.objects = List.copyOf(objects);
    this.background = background;
    this.caption = caption;
  }

  /**
   * The side of the square picture.
   *
   * @return pixels
   */
  public int size() {
    return size;
  }

  /**
   * The colours.
   *
   * @return {@code 0xRRGGBB} per pixel; a copy
   */
  public int[] rgb() {
    return rgb.clone();
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
   * An English description of the objects, and in some scenes of the background.
   *
   * @return the caption
   */
  public String caption() {
    return caption;
  }

  /**
   * The categories present, without repetition.
   *
   * @return in the order of their ids
   */
  public List<Category> categories() {
    return Category.all().stream().filter(objects::contains).toList();
  }

  /**
   * Which object each pixel shows. Of overlapping objects the one in front owns the pixel; a pixel
   * at an edge belongs to the object that covers at least half of it.
   *
   * @return 0 for the background, {@code i + 1} for {@code objects().get(i)}
   */
  public int[] instances() {
    int[] instances = new int[owners.length];
    for (int i = 0; i < owners.length; i++) {
      instances[i] = owners[i];
    }
    return instances;
  }

  /**
   * Which category each pixel shows.
   *
   * @return 0 for the background, else {@link Category#id()}
   */
  public int[] labels() {
    int[] labels = new int[owners.length];
    for (int i = 0; i < owners.length; i++) {
      labels[i] = owners[i] == 0 ? 0 : objects.get(owners[i] - 1).id();
    }
    return labels;
  }

  /**
   * The picture in the form that segmenters take.
   *
   * @return a new image
   */
  public Image image() {
    return ImageFactory.getInstance().fromImage(buffered());
  }

  /**
   * The visible part of one object.
   *
   * @param object its index in {@link #objects()}
   * @return its mask
   */
  public Mask mask(int object) {
    Objects.checkIndex(object, objects.size());
    return Mask.of(size, size, (x, y) -> owners[y * size + x] == object + 1);
  }

  BufferedImage labelPicture() {
    BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setSamples(0, 0, size, size, 0, labels());
    return image;
  }

  BufferedImage buffered() {
    BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, size, size, rgb, 0, size);
    return image;
  }

  /** Writes the picture as planes of red, green and blue, each channel scaled and shifted. */
  void planes(float[] out, int offset, float[] scale, float[] shift) {
    int area = rgb.length;
    for (int i = 0; i < area; i++) {
      int colour = rgb[i];
      out[offset + i] = (colour >> 16 & 0xff) * scale[0] + shift[0];
      out[offset + area + i] = (colour >> 8 & 0xff) * scale[1] + shift[1];
      out[offset + 2 * area + i] = (colour & 0xff) * scale[2] + shift[2];
    }
  }
}
