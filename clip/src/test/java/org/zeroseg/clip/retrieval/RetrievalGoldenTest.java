package org.zeroseg.clip.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.reflect.TypeToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.supervision.Archives;

class RetrievalGoldenTest {

  @TestFactory
  Stream<DynamicTest> clip() {
    return Golden.tests("clip", Map.of("retrieval", RetrievalGoldenTest::retrieval));
  }

  @TestFactory
  Stream<DynamicTest> zutis() {
    return Golden.tests("zutis", Map.of("image_retrieval", RetrievalGoldenTest::imageRetrieval));
  }

  @TestFactory
  Stream<DynamicTest> namedmask() {
    return Golden.tests(
        "namedmask",
        Map.of(
            "archive_retrieval", RetrievalGoldenTest::archiveRetrieval,
            "archive_labels", RetrievalGoldenTest::archiveLabels));
  }

  private static void retrieval(GoldenCase golden) {
    ImageIndex index = index(golden);
    float[][] queries = rows(golden.input("text_embeddings"));
    golden.check("similarity", similarity(index, queries));
    golden.check("indices", best(index, queries, golden.config().get("k").getAsInt()));
  }

  private static void imageRetrieval(GoldenCase golden) {
    ImageIndex index = index(golden);
    float[][] queries = rows(golden.input("text_embeddings"));
    int k = golden.config().get("n_images").getAsInt();
    golden.check("similarity", similarity(index, queries));
    golden.check("top", best(index, queries, k));

    List<String> categories = new ArrayList<>();
    golden
        .config()
        .getAsJsonArray("categories")
        .forEach(name -> categories.add(name.getAsString()));
    categories.remove("background");
    Map<String, Integer> labels = index.archives(categories, queries, k).lastLabels();
    golden.check(
        "label_of_image",
        GoldenTensor.of(
            IntStream.range(0, index.size())
                .map(row -> labels.getOrDefault(index.name(row), 0))
                .toArray(),
            index.size()));
  }

  private static void archiveRetrieval(GoldenCase golden) {
    ImageIndex index = index(golden);
    GoldenTensor prompts = golden.input("template_embeddings");
    int templates = (int) prompts.shape()[1];
    float[][] flat = rows(prompts);
    float[][] classifier = new float[flat.length / templates][];
    for (int i = 0; i < classifier.length; i++) {
      classifier[i] =
          TextEmbeddings.ensemble(Arrays.copyOfRange(flat, i * templates, (i + 1) * templates));
    }
    int k = golden.config().get("k").getAsInt();
    golden.check(
        "text_embeddings", GoldenTensor.of(join(classifier), classifier.length, index.dimension()));
    golden.check("indices", best(index, classifier, k));
    float[] scores = new float[classifier.length * k];
    List<List<Match>> found = index.search(classifier, k);
    for (int i = 0; i < scores.length; i++) {
      scores[i] = found.get(i / k).get(i % k).score();
    }
    golden.check("similarity_of_indices", GoldenTensor.of(scores, classifier.length, k));
  }

  private static void archiveLabels(GoldenCase golden) {
    Map<String, List<String>> pictures =
        new Gson()
            .fromJson(
                golden.config().get("archives"),
                new TypeToken<LinkedHashMap<String, List<String>>>() {}.getType());
    Archives archives = new Archives(pictures);
    JsonObject expected = golden.json().getAsJsonObject("expected");
    JsonArray list = new JsonArray();
    archives.entries().forEach(entry -> list.add(entry.picture()));
    assertEquals(expected.get("training_list"), list);
    assertEquals(expected.get("label_of_image"), new Gson().toJsonTree(archives.lastLabels()));
  }

  private static ImageIndex index(GoldenCase golden) {
    float[][] embeddings = rows(golden.input("image_embeddings"));
    return ImageIndex.of(
        IntStream.range(0, embeddings.length).mapToObj(row -> "picture " + row).toList(),
        embeddings);
  }

  /** All scores, put back in the order of the rows. */
  private static GoldenTensor similarity(ImageIndex index, float[][] queries) {
    float[] scores = new float[queries.length * index.size()];
    List<List<Match>> all = index.search(queries, index.size());
    for (int q = 0; q < queries.length; q++) {
      for (Match match : all.get(q)) {
        scores[q * index.size() + match.row()] = match.score();
      }
    }
    return GoldenTensor.of(scores, queries.length, index.size());
  }

  private static GoldenTensor best(ImageIndex index, float[][] queries, int k) {
    int[] rows =
        index.search(queries, k).stream().flatMap(List::stream).mapToInt(Match::row).toArray();
    return GoldenTensor.of(rows, queries.length, k);
  }

  private static float[] join(float[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * rows[0].length, rows[0].length);
    }
    return flat;
  }

  /** Vectors along the last dimension. */
  private static float[][] rows(GoldenTensor tensor) {
    int width = (int) tensor.shape()[tensor.shape().length - 1];
    float[] flat = tensor.floats();
    float[][] rows = new float[flat.length / width][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
    }
    return rows;
  }
}
