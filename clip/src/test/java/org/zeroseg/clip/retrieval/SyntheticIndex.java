package org.zeroseg.clip.retrieval;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.zeroseg.clip.text.TextEmbeddings;

/** Indexes of random unit vectors, of any size. */
final class SyntheticIndex {

  private SyntheticIndex() {}

  static void write(Path folder, int rows, int dimension, DataType type) throws IOException {
    int block = 8192;
    try (IndexWriter writer = IndexWriter.open(folder, dimension, type, "synthetic")) {
      for (int start = 0; start < rows; start += block) {
        int first = start;
        List<Integer> numbers =
            IntStream.range(start, Math.min(rows, start + block)).boxed().toList();
        List<float[]> vectors =
            numbers.parallelStream().map(row -> vector(row, dimension)).toList();
        writer.append(
            numbers.stream().map(row -> "folder" + first + "/" + row + ".JPEG").toList(), vectors);
      }
    }
  }

  private static float[] vector(int row, int dimension) {
    SplittableRandom random = new SplittableRandom(row);
    float[] vector = new float[dimension];
    for (int i = 0; i < dimension; i++) {
      // The sum of three uniform numbers is near enough to a normal one, and quick.
      vector[i] = (float) (random.nextDouble() + random.nextDouble() + random.nextDouble() - 1.5);
    }
    return TextEmbeddings.unit(vector);
  }
}
