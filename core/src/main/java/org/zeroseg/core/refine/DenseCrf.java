package org.zeroseg.core.refine;

import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A fully connected conditional random field over the pixels of one picture, with Gaussian edge
 * potentials and mean-field inference (Kraehenbuehl and Koltun 2011, Alg. 1).
 *
 * <p>The lattices are built once and serve any number of inferences over any number of labels. As
 * in the reference implementation, a pixel's own score takes part in its message, which the paper's
 * sum leaves out. Immutable and thread-safe.
 */
public final class DenseCrf {

  /** What the filtered scores are divided by: the filter's response to ones, {@code norm}. */
  public enum Normalization {
    /** Nothing. */
    NONE,
    /** The scores, by {@code norm}, before filtering. */
    BEFORE,
    /** The filtered scores, by {@code norm}. */
    AFTER,
    /** Both, by the square root of {@code norm}: the default. */
    SYMMETRIC
  }

  /** Pixels of the largest picture whose positions are kept: they take 80 bytes each. */
  private static final int MOST_KEPT = 1 << 20;

  private static final float LEAST_NORM = 1e-20f;

  /** exp of anything less is below the least normal float32, and taken for 0. */
  private static final float LEAST_EXPONENT = -87;

  private static final float LOG2_E = 1.442695f;

  /** ln 2 in two parts, of which the first has so few bits that its multiples are exact. */
  private static final float LN_2_HIGH = 355f / 512;

  private static final float LN_2_LOW = -0x1.bd0106p-13f;

  private record Kernel(
      PermutohedralLattice lattice,
      Compatibility compatibility,
      Normalization normalization,
      Scale scale) {}

  /** One factor a pixel, and what scores are multiplied by before they are filtered. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Scale(float[] factors, float[] before) {}

  /** A lattice and its response to ones. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Filter(PermutohedralLattice lattice, float[] ones) {

    static Filter of(float[] features, int dimension) {
      PermutohedralLattice lattice = new PermutohedralLattice(features, dimension);
      float[] ones = new float[features.length / dimension];
      Arrays.fill(ones, 1);
      return new Filter(lattice, lattice.filter(ones, 1, false));
    }
  }

  /** The filter of a kernel of position, which depends on nothing but these. */
  private record Positions(int width, int height, float deviation, Filter filter) {

    boolean fit(int newWidth, int newHeight, float newDeviation) {
      return width == newWidth && height == newHeight && deviation == newDeviation;
    }
  }

  /** The last one made: pictures of one size, as a data set's or a video's, share it. */
  private static volatile SoftReference<Positions> lastPositions = new SoftReference<>(null);

  private final int width;
  private final int height;
  private final List<Kernel> kernels;

  private DenseCrf(int width, int height, List<Kernel> kernels) {
    this.width = width;
    this.height = height;
    this.kernels = List.copyOf(kernels);
  }

  /**
   * A field over the pixels of a picture, yet without edges.
   *
   * @param width width in pixels
   * @param height height in pixels
   * @return a builder
   */
  public static Builder builder(int width, int height) {
    return new Builder(width, height);
  }

  /** Adds kernels, one lattice each. */
  public static final class Builder {
    private final int width;
    private final int height;
    private final List<Kernel> kernels = new ArrayList<>();
    private Normalization normalization = Normalization.SYMMETRIC;

    private Builder(int width, int height) {
      if (width < 1 || height < 1 || (long) width * height > Integer.MAX_VALUE / 8) {
        throw new IllegalArgumentException("A CRF of " + width + " x " + height + " pixels");
      }
      this.width = width;
      this.height = height;
    }

    /**
     * Sets the normalisation of the kernels added after it.
     *
     * @param normalization the normalisation
     * @return this builder
     */
    public Builder normalization(Normalization normalization) {
      this.normalization = normalization;
      return this;
    }

    /**
     * Adds a kernel of position.
     *
     * @param deviation its standard deviation in pixels
     * @param compatibility its weight or weights
     * @return this builder
     */
    public Builder gaussian(float deviation, Compatibility compatibility) {
      Positions known = lastPositions.get();
      if (known == null || !known.fit(width, height, positive(deviation))) {
        float[] features = new float[2 * width * height];
        for (int i = 0; i < width * height; i++) {
          position(features, 2 * i, i, deviation);
        }
        known = new Positions(width, height, deviation, Filter.of(features, 2));
        if (width * height <= MOST_KEPT) {
          lastPositions = new SoftReference<>(known);
        }
      }
      return add(known.filter, compatibility);
    }

    /**
     * Adds a kernel of position and colour.
     *
     * @param colours three bytes a pixel, {@code [height, width, 3]}; their order changes the
     *     lattice a little, so keep a method's own
     * @param deviation standard deviation of the position in pixels
     * @param colourDeviation standard deviation of each colour in levels
     * @param compatibility its weight or weights
     * @return this builder
     * @throws IllegalArgumentException if the picture has another size than the field
     */
    public Builder bilateral(
        byte[] colours, float deviation, float colourDeviation, Compatibility compatibility) {
      if (colours.length != 3 * width * height) {
        throw new IllegalArgumentException(
            width + " x " + height + " pixels of 3 bytes expected, found " + colours.length);
      }
      float[] features = new float[5 * width * height];
      for (int i = 0; i < width * height; i++) {
        position(features, 5 * i, i, positive(deviation));
        for (int c = 0; c < 3; c++) {
          features[5 * i + 2 + c] = (colours[3 * i + c] & 0xff) / positive(colourDeviation);
        }
      }
      return add(Filter.of(features, 5), compatibility);
    }

    private void position(float[] features, int at, int pixel, float deviation) {
      int x = pixel % width;
      int y = pixel / width;
      features[at] = x / deviation;
      features[at + 1] = y / deviation;
    }

    private static float positive(float deviation) {
      if (!(deviation > 0)) {
        throw new IllegalArgumentException("Standard deviation " + deviation + " is not above 0");
      }
      return deviation;
    }

    private Builder add(Filter filter, Compatibility compatibility) {
      float[] factors = new float[width * height];
      if (normalization != Normalization.NONE) {
        for (int i = 0; i < factors.length; i++) {
          float norm = filter.ones[i] + LEAST_NORM;
          factors[i] =
              normalization == Normalization.SYMMETRIC ? (float) (1 / Math.sqrt(norm)) : 1 / norm;
        }
      }
      float[] before = factors;
      if (normalization == Normalization.NONE || normalization == Normalization.AFTER) {
        before = new float[factors.length];
        Arrays.fill(before, 1);
      }
      kernels.add(
          new Kernel(filter.lattice, compatibility, normalization, new Scale(factors, before)));
      return this;
    }

    /**
     * The field.
     *
     * @return an immutable field over the kernels added so far
     */
    public DenseCrf build() {
      return new DenseCrf(width, height, kernels);
    }
  }

  /**
   * Mean-field inference.
   *
   * @param unary energies, lower is likelier, {@code [labels, height, width]}
   * @param labels number of labels, at least 1
   * @param iterations parallel updates of all pixels; 0 gives the softmax of the negative energies
   * @return scores that sum to 1 at every pixel, {@code [labels, height, width]}
   * @throws IllegalArgumentException if the energies have another size than the field or a
   *     compatibility another number of labels, or an energy is NaN or negative infinity
   */
  public float[] infer(float[] unary, int labels, int iterations) {
    int pixels = width * height;
    if (labels < 1 || (long) labels * pixels != unary.length) {
      throw new IllegalArgumentException(
          "Unary energies of "
              + labels
              + " labels for "
              + width
              + " x "
              + height
              + " pixels expected, found "
              + unary.length);
    }
    for (int i = 0; i < unary.length; i++) {
      if (!(unary[i] > Float.NEGATIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "Unary energy of label " + i / pixels + ", pixel " + i % pixels + " is " + unary[i]);
      }
    }
    kernels.forEach(kernel -> kernel.compatibility.check(labels));
    float[] negative = new float[unary.length];
    float[] scores = new float[unary.length];
    float[] energies = new float[unary.length];
    PermutohedralLattice.chunks(
        pixels,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            for (int l = 0; l < labels; l++) {
              negative[i * labels + l] = -unary[l * pixels + i];
            }
          }
          softmax(negative, scores, labels, from, to);
        });
    PermutohedralLattice.Space space = new PermutohedralLattice.Space();
    float[] filtered = new float[unary.length];
    for (int iteration = 0; iteration < iterations; iteration++) {
      System.arraycopy(negative, 0, energies, 0, energies.length);
      for (Kernel kernel : kernels) {
        addMessage(kernel, scores, space, filtered, energies, labels);
      }
      PermutohedralLattice.chunks(
          pixels, (from, to) -> softmax(energies, scores, labels, from, to));
    }
    float[] result = new float[unary.length];
    PermutohedralLattice.chunks(
        pixels,
        (from, to) -> {
          for (int l = 0; l < labels; l++) {
            for (int i = from; i < to; i++) {
              result[l * pixels + i] = scores[i * labels + l];
            }
          }
        });
    return result;
  }

  private static void addMessage(
      Kernel kernel,
      float[] scores,
      PermutohedralLattice.Space space,
      float[] filtered,
      float[] energies,
      int labels) {
    float[] factors = kernel.scale.factors;
    boolean after =
        kernel.normalization == Normalization.SYMMETRIC
            || kernel.normalization == Normalization.AFTER;
    kernel.lattice.filter(scores, kernel.scale.before, labels, false, space, filtered);
    PermutohedralLattice.chunks(
        factors.length,
        (from, to) -> {
          if (after) {
            scale(filtered, factors, labels, from, to);
          }
          for (int i = from; i < to; i++) {
            kernel.compatibility.add(filtered, energies, i * labels, labels);
          }
        });
  }

  private static void scale(float[] values, float[] factors, int labels, int from, int to) {
    for (int i = from; i < to; i++) {
      float factor = factors[i];
      for (int j = i * labels; j < (i + 1) * labels; j++) {
        values[j] *= factor;
      }
    }
  }

  private static void softmax(float[] energies, float[] scores, int labels, int from, int to) {
    for (int start = from * labels; start < to * labels; start += labels) {
      int end = start + labels;
      float greatest = energies[start];
      for (int i = start + 1; i < end; i++) {
        greatest = Math.max(greatest, energies[i]);
      }
      float sum = 0;
      for (int i = start; i < end; i++) {
        float exponent = energies[i] - greatest;
        float e = exponent < LEAST_EXPONENT ? 0 : exp(exponent);
        scores[i] = e;
        sum += e;
      }
      for (int i = start; i < end; i++) {
        scores[i] /= sum;
      }
    }
  }

  /**
   * exp in float32 to about one unit in the last place, for {@code -87 <= x <= 0}: the polynomial
   * of the Cephes library. Softmax takes most of its time here, and this is several times as fast
   * as the double one.
   */
  static float exp(float x) {
    int n = (int) (x * LOG2_E - 0.5f);
    float r = x - n * LN_2_HIGH - n * LN_2_LOW;
    float p = 1.9875691e-4f;
    p = p * r + 0.0013981999f;
    p = p * r + 0.008333452f;
    p = p * r + 0.041665796f;
    p = p * r + 0.16666666f;
    p = p * r + 0.5f;
    return (p * r * r + r + 1) * Float.intBitsToFloat((n + 127) << 23);
  }

  /**
   * The likeliest label of every pixel.
   *
   * @param scores {@code [labels, pixels]}
   * @param labels number of labels
   * @return labels by pixel, the first one on a tie
   */
  public static int[] labels(float[] scores, int labels) {
    int pixels = scores.length / labels;
    int[] best = new int[pixels];
    for (int l = 1; l < labels; l++) {
      for (int i = 0; i < pixels; i++) {
        if (scores[l * pixels + i] > scores[best[i] * pixels + i]) {
          best[i] = l;
        }
      }
    }
    return best;
  }
}
