package org.zeroseg.examples.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.MatrixUtils;
import org.apache.commons.math3.linear.RealMatrix;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.zsi.WordVectors;

/**
 * Vectors of the words in captions by latent semantic analysis (Deerwester et al. 1990): words that
 * occur in the same captions have similar vectors.
 *
 * @param vectors of every word that occurs, in alphabetical order
 */
record CaptionVectors(Map<String, float[]> vectors) {

  /** A word in fewer captions says too little. */
  private static final int FEWEST = 5;

  /** Of the captions of a world's first scenes. */
  static CaptionVectors of(ShapeWorld world, int scenes, int dimensions) {
    List<Set<String>> captions = new ArrayList<>();
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < scenes; i++) {
      Set<String> words = new LinkedHashSet<>();
      for (String word : world.scene(i).caption().toLowerCase(Locale.ROOT).split("[^a-z]+", -1)) {
        if (!word.isEmpty() && words.add(word)) {
          counts.merge(word, 1, Integer::sum);
        }
      }
      captions.add(words);
    }
    counts.values().removeIf(count -> count < FEWEST);
    List<String> words = new ArrayList<>(new TreeSet<>(counts.keySet()));
    int n = words.size();
    double[] weights =
        words.stream().mapToDouble(word -> Math.log((double) scenes / counts.get(word))).toArray();
    RealMatrix together = MatrixUtils.createRealMatrix(n, n);
    for (Set<String> caption : captions) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          if (caption.contains(words.get(i)) && caption.contains(words.get(j))) {
            together.addToEntry(i, j, weights[i] * weights[j] / scenes);
          }
        }
      }
    }
    // Eigenvalues of a symmetric matrix come falling.
    EigenDecomposition eigen = new EigenDecomposition(together);
    Map<String, float[]> vectors = new LinkedHashMap<>();
    for (int i = 0; i < n; i++) {
      float[] vector = new float[dimensions];
      for (int d = 0; d < Math.min(dimensions, n); d++) {
        double sigma = Math.sqrt(Math.max(0, eigen.getRealEigenvalue(d)));
        vector[d] = (float) (sigma * eigen.getEigenvector(d).getEntry(i));
      }
      vectors.put(words.get(i), vector);
    }
    return new CaptionVectors(vectors);
  }

  /** Writes them as GloVe's text: a word a line, and its numbers. */
  void write(Path file) throws IOException {
    StringBuilder text = new StringBuilder();
    vectors.forEach(
        (word, vector) -> {
          text.append(word);
          for (float value : vector) {
            text.append(' ').append(value);
          }
          text.append('\n');
        });
    WholeFile.write(file, text.toString());
  }

  WordVectors words() {
    return WordVectors.of(vectors);
  }
}
