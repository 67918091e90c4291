package org.zeroseg.examples.scenes;

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
public class LabelledScene {

  private final int size;
  private final int[] rgb;
  private final byte[] owners;
  private final List<Integer> ids;
  private final String caption;

  /**
   * A scene.
   *
   * @param size side of the picture in pixels
   * @param rgb {@code 0xRRGGBB} per pixel; not copied
   * @param owners of each pixel: 0 for the background, {@code i + 1} for object i; not copied
   * @param ids category of each object, from 1; from back to front
   * @param caption an English description
   */
  public LabelledScene(int size, int[] rgb, byte[] owners, List<Integer> ids, String caption) {
    this.size = size;
    this.rgb = rgb;
    this.owners = owners;
    this.ids = List.copyOf(ids);
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
   * @return the category of each object, from 1
   */
  public List<Integer> ids() {
    return ids;
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
   * Which object each pixel shows. Of overlapping objects the one in front owns the pixel; a pixel
   * at an edge belongs to the object that covers at least half of it.
   *
   * @return 0 for the background, {@code i + 1} for object i
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
   * @return 0 for the background, else the category, from 1
   */
  public int[] labels() {
    int[] labels = new int[owners.length];
    for (int i = 0; i < owners.length; i++) {
      labels[i] = owners[i] == 0 ? 0 : ids.get(owners[i] - 1);
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
   * @param object its index in {@link #ids()}
   * @return its mask
   */
  public Mask mask(int object) {
    Objects.checkIndex(object, ids.size());
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
