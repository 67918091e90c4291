package org.zeroseg.core.cluster;

import com.google.gson.JsonObject;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;

class SpectralGoldenTest {

  @TestFactory
  Stream<DynamicTest> cases() {
    return Golden.tests("selfmask", Map.of("spectral_clustering", this::spectralClustering));
  }

  private void spectralClustering(GoldenCase golden) {
    JsonObject config = golden.config();
    int height = config.get("height").getAsInt();
    int width = config.get("width").getAsInt();
    int dimension = config.get("dim").getAsInt();
    int count = height * width;
    float[] planes = golden.input("features").floats();
    float[] features = new float[planes.length];
    for (int k = 0; k < dimension; k++) {
      for (int i = 0; i < count; i++) {
        features[i * dimension + k] = planes[k * count + i];
      }
    }
    CosineAffinity affinity = CosineAffinity.of(features, dimension).orElseThrow();
    golden.check(
        "affinity_row0",
        GoldenTensor.of(
            IntStream.range(0, count).mapToDouble(j -> affinity.get(0, j)).toArray(), count));
    golden.check(
        "affinity_diag",
        GoldenTensor.of(
            IntStream.range(0, count).mapToDouble(i -> affinity.get(i, i)).toArray(), count));
    golden.check("degree", GoldenTensor.of(affinity.degrees(), count));
    int values = golden.output("eigenvalues").size();
    CosineAffinity.Spectrum spectrum = affinity.spectrum(values);
    golden.check("eigenvalues", GoldenTensor.of(spectrum.values(), values));
    int columns = (int) golden.output("eigenvectors").shape()[1];
    double[] vectors = new double[count * columns];
    for (int i = 0; i < count; i++) {
      System.arraycopy(spectrum.vectors(), i * values, vectors, i * columns, columns);
    }
    golden.check("eigenvectors", GoldenTensor.of(vectors, count, columns));
    config
        .getAsJsonArray("k")
        .forEach(
            k ->
                golden.check(
                    "labels_k" + k.getAsInt(),
                    GoldenTensor.of(
                        SpectralClustering.labels(spectrum, k.getAsInt(), 0), height, width)));
  }
}
