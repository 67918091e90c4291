package org.zeroseg.dino;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.zeroseg.core.augment.Draws;
import org.zeroseg.core.augment.PhotometricAugmentation;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.image.Window;

/**
 * DINO's crops of a picture (Caron et al. 2021, App. B): two large ones and several small ones,
 * each flipped, discoloured and blurred at random.
 *
 * <p>Departure from the released code: saturation is drawn as widely as brightness, and the blur is
 * OpenCV's with a kernel that follows the crop's size.
 *
 * @param globalSize side of the large crops in pixels
 * @param localSize side of the small crops in pixels
 * @param locals small crops a picture
 * @param least share of the picture's area that a small crop covers at least; 0.05 in the paper
 * @param middle share that a small crop covers at most and a large one at least; 0.4 in the paper
 */
public record MultiCrop(int globalSize, int localSize, int locals, double least, double middle) {

  /** Beginnings of the colour changes: first and second large crop, small crops. */
  private static final PhotometricAugmentation FIRST =
      new PhotometricAugmentation(0.8, 0.4, 0.1, 0.2, 1, 0.1, 2);

  private static final PhotometricAugmentation SECOND =
      new PhotometricAugmentation(0.8, 0.4, 0.1, 0.2, 0.1, 0.1, 2);
  private static final PhotometricAugmentation LOCAL =
      new PhotometricAugmentation(0.8, 0.4, 0.1, 0.2, 0.5, 0.1, 2);

  private static final double SOLARISED = 0.2;
  private static final double WIDEST = 4.0 / 3;
  private static final int TRIES = 10;

  /**
   * Crops a batch.
   *
   * @param pictures at least one, of any sizes
   * @param seed of the draws; the same seed gives the same crops
   * @return normalised with the statistics of ImageNet
   */
  public DinoTrainer.Views of(List<Picture> pictures, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Picture> global = new ArrayList<>();
    List<Picture> local = new ArrayList<>();
    for (int view = 0; view < 2 + locals; view++) {
      for (Picture picture : pictures) {
        Draws draws = Draws.of(random.split());
        if (view < 2) {
          Picture crop = crop(picture, middle, 1, globalSize, draws);
          crop = (view == 0 ? FIRST : SECOND).apply(crop, draws);
          global.add(view == 1 && draws.uniform() < SOLARISED ? solarised(crop) : crop);
        } else {
          local.add(LOCAL.apply(crop(picture, least, middle, localSize, draws), draws));
        }
      }
    }
    return new DinoTrainer.Views(
        pixels(global, globalSize),
        globalSize,
        pixels(local, localSize),
        localSize,
        pictures.size());
  }

  private static float[] pixels(List<Picture> crops, int size) {
    float[] pixels = new float[crops.size() * 3 * size * size];
    int at = 0;
    for (Picture crop : crops) {
      float[] one = crop.toPixels(Normalization.IMAGENET);
      System.arraycopy(one, 0, pixels, at, one.length);
      at += one.length;
    }
    return pixels;
  }

  /** A window of random area and aspect ratio, resized to a square, maybe mirrored. */
  private static Picture crop(Picture picture, double from, double to, int size, Draws draws) {
    Window window =
        window(picture.width(), picture.height(), from, to, draws)
            .orElseGet(() -> middle(picture.width(), picture.height()));
    Picture crop = picture.rgb().crop(window).resize(size, size, Filter.BICUBIC);
    return draws.uniform() < 0.5 ? mirrored(crop) : crop;
  }

  private static Optional<Window> window(
      int width, int height, double from, double to, Draws draws) {
    for (int attempt = 0; attempt < TRIES; attempt++) {
      double area = draws.uniform(from, to) * width * height;
      double aspect = Math.exp(draws.uniform(-Math.log(WIDEST), Math.log(WIDEST)));
      int w = (int) Math.rint(Math.sqrt(area * aspect));
      int h = (int) Math.rint(Math.sqrt(area / aspect));
      if (w > 0 && h > 0 && w <= width && h <= height) {
        int top = draws.integer(0, height - h);
        return Optional.of(new Window(draws.integer(0, width - w), top, w, h));
      }
    }
    return Optional.empty();
  }

  private static Window middle(int width, int height) {
    int side = Math.min(width, height);
    return new Window((width - side) / 2, (height - side) / 2, side, side);
  }

  private static Picture mirrored(Picture picture) {
    byte[] rgb = picture.samples();
    int width = picture.width();
    byte[] mirrored = new byte[rgb.length];
    for (int i = 0; i < rgb.length / 3; i++) {
      int x = i % width;
      System.arraycopy(rgb, 3 * i, mirrored, 3 * (i - x + width - 1 - x), 3);
    }
    return Picture.of(PixelFormat.RGB, width, picture.height(), mirrored);
  }

  /** Bright values become dark: Pillow's solarize with its threshold of 128. */
  private static Picture solarised(Picture picture) {
    byte[] rgb = picture.samples();
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = rgb[i] < 0 ? (byte) ~rgb[i] : rgb[i];
    }
    return Picture.of(PixelFormat.RGB, picture.width(), picture.height(), rgb);
  }
}
