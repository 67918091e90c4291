package org.zeroseg.namedmask;

import org.zeroseg.core.image.Picture;
import org.zeroseg.core.refine.Compatibility;
import org.zeroseg.core.refine.DenseCrf;
import org.zeroseg.core.refine.UnaryEnergies;

/** The conditional random field of ReCo and ReCo+, with the released code's parameters. */
final class Crf {

  private Crf() {}

  /**
   * The label of every pixel.
   *
   * @param probabilities {@code [labels, height, width]}
   * @param picture of this size
   * @param labels how many compete
   * @return row-major
   */
  static int[] labels(float[] probabilities, Picture picture, int labels) {
    byte[] colours = picture.rgb().samples();
    for (int i = 0; i < colours.length; i += 3) { // blue first, as published
      byte red = colours[i];
      colours[i] = colours[i + 2];
      colours[i + 2] = red;
    }
    DenseCrf field =
        DenseCrf.builder(picture.width(), picture.height())
            .gaussian(1, Compatibility.potts(3))
            .bilateral(colours, 67, 3, Compatibility.potts(4))
            .build();
    float[] posterior = field.infer(UnaryEnergies.fromSoftmax(probabilities, 1e-5f), labels, 10);
    return DenseCrf.labels(posterior, labels);
  }
}
