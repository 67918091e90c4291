package org.zeroseg.core.augment;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.image.Picture;

/**
 * Random colour jitter, greyscale and Gaussian blur, in this order (NamedMask, ZUTIS, SelfMask and
 * ReCo, released code).
 *
 * @param jitterProbability of jitter
 * @param strength brightness, contrast and saturation are drawn from {@code 1 - strength} to {@code
 *     1 + strength}
 * @param hueStrength hue is turned by up to this part of the circle
 * @param greyProbability of greyscale
 * @param blurProbability of blur
 * @param leastSigma least standard deviation of the blur in pixels
 * @param greatestSigma greatest standard deviation of the blur in pixels
 */
public record PhotometricAugmentation(
    double jitterProbability,
    double strength,
    double hueStrength,
    double greyProbability,
    double blurProbability,
    double leastSigma,
    double greatestSigma) {

  /** The values of NamedMask and ZUTIS. */
  public static final PhotometricAugmentation DEFAULT =
      new PhotometricAugmentation(0.8, 0.8, 0.2, 0.2, 0.5, 0.1, 2);

  enum Operation {
    BRIGHTNESS,
    CONTRAST,
    SATURATION,
    HUE
  }

  /** One change of colour by a factor. */
  record Change(Operation operation, double factor) {
    Picture apply(Picture picture) {
      return switch (operation) {
        case BRIGHTNESS -> Colour.brightness(picture, factor);
        case CONTRAST -> Colour.contrast(picture, factor);
        case SATURATION -> Colour.saturation(picture, factor);
        case HUE -> Colour.hue(picture, factor);
      };
    }
  }

  /** What was drawn: changes of colour in the order in which they apply, none without jitter. */
  record Changes(List<Change> changes, boolean grey, Optional<GaussianBlur> blur) {

    Picture apply(Picture picture) {
      Picture result = picture.rgb();
      for (Change change : changes) {
        result = change.apply(result);
      }
      if (grey) {
        result = Colour.greyscale(result);
      }
      return blur.isPresent() ? blur.get().apply(result) : result;
    }
  }

  /**
   * Changes a picture at random.
   *
   * @param picture any mode; its colours count
   * @param draws where numbers come from
   * @return an RGB picture
   */
  public Picture apply(Picture picture, Draws draws) {
    return draw(picture.width(), picture.height(), draws).apply(picture);
  }

  private Changes draw(int width, int height, Draws draws) {
    List<Change> changes = new ArrayList<>();
    if (draws.uniform() < jitterProbability) {
      List<Operation> operations = new ArrayList<>(List.of(Operation.values()));
      while (!operations.isEmpty()) {
        Operation operation = operations.remove(draws.integer(0, operations.size() - 1));
        double factor =
            operation == Operation.HUE
                ? draws.uniform(-hueStrength, hueStrength)
                : draws.uniform(1 - strength, 1 + strength);
        changes.add(new Change(operation, factor));
      }
    }
    boolean grey = draws.uniform() < greyProbability;
    Optional<GaussianBlur> blur =
        draws.uniform() < blurProbability
            ? Optional.of(
                new GaussianBlur(
                    GaussianBlur.kernelSize(width, height),
                    draws.uniform(leastSigma, greatestSigma)))
            : Optional.empty();
    return new Changes(changes, grey, blur);
  }
}
