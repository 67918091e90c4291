package org.zeroseg.core.refine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The dense CRF straight from its formulas, over all pairs of pixels, in double precision. */
final class BruteForceCrf {

  private final int pixels;
  private final List<double[]> kernels = new ArrayList<>();
  private final List<Double> weights = new ArrayList<>();

  BruteForceCrf(int pixels) {
    this.pixels = pixels;
  }

  /** Adds a symmetrically normalised kernel with a Potts weight. */
  void add(double[][] features, double weight) {
    double[] kernel = new double[pixels * pixels];
    double[] norm = new double[pixels];
    for (int i = 0; i < pixels; i++) {
      for (int j = 0; j < pixels; j++) {
        double squared = 0;
        for (int d = 0; d < features[i].length; d++) {
          double difference = features[i][d] - features[j][d];
          squared += difference * difference;
        }
        kernel[i * pixels + j] = Math.exp(-squared / 2);
        norm[i] += kernel[i * pixels + j];
      }
    }
    for (int i = 0; i < pixels; i++) {
      for (int j = 0; j < pixels; j++) {
        kernel[i * pixels + j] /= Math.sqrt(norm[i] * norm[j]);
      }
    }
    kernels.add(kernel);
    weights.add(weight);
  }

  static double[][] positions(int width, int height, double deviation) {
    double[][] features = new double[width * height][];
    for (int i = 0; i < features.length; i++) {
      int y = i / width;
      features[i] = new double[] {i % width / deviation, y / deviation};
    }
    return features;
  }

  static double[][] colours(int width, byte[] rgb, double deviation, double colourDeviation) {
    double[][] features = positions(width, rgb.length / 3 / width, deviation);
    for (int i = 0; i < features.length; i++) {
      features[i] = Arrays.copyOf(features[i], 5);
      for (int c = 0; c < 3; c++) {
        features[i][2 + c] = (rgb[3 * i + c] & 0xff) / colourDeviation;
      }
    }
    return features;
  }

  float[] infer(float[] unary, int labels, int iterations) {
    double[] scores = softmax(negative(unary), labels);
    for (int iteration = 0; iteration < iterations; iteration++) {
      double[] energies = negative(unary);
      for (int k = 0; k < weights.size(); k++) {
        for (int l = 0; l < labels; l++) {
          for (int i = 0; i < pixels; i++) {
            double sum = 0;
            for (int j = 0; j < pixels; j++) {
              sum += kernels.get(k)[i * pixels + j] * scores[l * pixels + j];
            }
            energies[l * pixels + i] += weights.get(k) * sum;
          }
        }
      }
      scores = softmax(energies, labels);
    }
    float[] result = new float[scores.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) scores[i];
    }
    return result;
  }

  private static double[] negative(float[] unary) {
    double[] negative = new double[unary.length];
    for (int i = 0; i < negative.length; i++) {
      negative[i] = -unary[i];
    }
    return negative;
  }

  private double[] softmax(double[] energies, int labels) {
    double[] scores = new double[energies.length];
    for (int i = 0; i < pixels; i++) {
      double greatest = Double.NEGATIVE_INFINITY;
      for (int l = 0; l < labels; l++) {
        greatest = Math.max(greatest, energies[l * pixels + i]);
      }
      double sum = 0;
      for (int l = 0; l < labels; l++) {
        scores[l * pixels + i] = Math.exp(energies[l * pixels + i] - greatest);
        sum += scores[l * pixels + i];
      }
      for (int l = 0; l < labels; l++) {
        scores[l * pixels + i] /= sum;
      }
    }
    return scores;
  }
}
