package org.zeroseg.namedmask;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * What {@link ReCo} has found that pictures of each word have in common. Kept in one safetensors
 * file: {@code embeddings [K, C]} with the words and the settings in the metadata.
 *
 * @param vectors word to unit vector, in order; all of one length
 * @param settings what they were found with, such as the encoder's name; may be empty
 */
public record ReferenceEmbeddings(Map<String, float[]> vectors, Map<String, String> settings) {

  private static final String TENSOR = "embeddings";

  /**
   * Copies the map, in its order.
   *
   * @throws IllegalArgumentException if vectors differ in length
   */
  public ReferenceEmbeddings {
    Map<String, float[]> copy = new LinkedHashMap<>();
    int length = vectors.values().stream().mapToInt(vector -> vector.length).findFirst().orElse(0);
    vectors.forEach(
        (word, vector) -> {
          if (vector.length != length) {
            throw new IllegalArgumentException(
                "the embedding of \"%s\" has %d numbers, others %d"
                    .formatted(word, vector.length, length));
          }
          copy.put(word, vector.clone());
        });
    vectors = Collections.unmodifiableMap(copy);
    settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
  }

  /**
   * Embeddings without a note of what they were found with.
   *
   * @param vectors word to unit vector, in order; all of one length
   * @throws IllegalArgumentException if vectors differ in length
   */
  public ReferenceEmbeddings(Map<String, float[]> vectors) {
    this(vectors, Map.of());
  }

  /**
   * These and others.
   *
   * @param more words that are not here; those that are stay as they are
   * @return all words, these first, with the settings of both, these before others
   * @throws IllegalArgumentException if vectors differ in length
   */
  public ReferenceEmbeddings and(ReferenceEmbeddings more) {
    Map<String, float[]> all = new LinkedHashMap<>(vectors);
    more.vectors.forEach(all::putIfAbsent);
    Map<String, String> notes = new LinkedHashMap<>(settings);
    more.settings.forEach(notes::putIfAbsent);
    return new ReferenceEmbeddings(all, notes);
  }

  /**
   * Reads embeddings.
   *
   * @param file as {@link #write} makes it, or as published: a pickled dictionary of words and
   *     tensors, in the order of the classes
   * @return the embeddings
   * @throws CheckpointException if the file cannot be read or holds something else
   */
  public static ReferenceEmbeddings read(Path file) {
    try (Checkpoint stored = Checkpoints.open(file);
        NDManager call = TorchEngine.newManager(Device.cpu())) {
      if (!stored.tensors().containsKey(TENSOR)) {
        return published(stored, call);
      }
      Shape shape = stored.tensors().get(TENSOR).shape();
      List<String> words = Categories.of(stored).map(Categories::names).orElse(List.of());
      if (shape.dimension() != 2 || shape.get(0) != words.size()) {
        throw new CheckpointException(
            "%s should hold %s [K, C] and K words in its metadata, found %s and %d words"
                .formatted(file, TENSOR, shape, words.size()));
      }
      float[] values = Weights.load(stored, Map.of(TENSOR, shape), call).get(TENSOR).toFloatArray();
      int length = (int) shape.get(1);
      Map<String, float[]> vectors = new LinkedHashMap<>();
      for (int i = 0; i < words.size(); i++) {
        vectors.put(words.get(i), Arrays.copyOfRange(values, i * length, (i + 1) * length));
      }
      Map<String, String> settings = new LinkedHashMap<>(stored.metadata());
      settings.keySet().removeAll(new Categories(List.of()).metadata().keySet());
      return new ReferenceEmbeddings(vectors, settings);
    }
  }

  /** A vector for each word, and nothing else. */
  private static ReferenceEmbeddings published(Checkpoint stored, NDManager call) {
    Map<String, Shape> shapes = new LinkedHashMap<>();
    stored.tensors().forEach((word, tensor) -> shapes.put(word, tensor.shape()));
    Set<Shape> distinct = new LinkedHashSet<>(shapes.values());
    if (distinct.size() != 1 || distinct.iterator().next().dimension() != 1) {
      throw new CheckpointException(
          "%s holds neither %s [K, C] nor a vector [C] for each of its words: found shapes %s"
              .formatted(stored.source(), TENSOR, distinct.stream().limit(5).toList()));
    }
    Weights weights = Weights.load(stored, shapes, call);
    Map<String, float[]> vectors = new LinkedHashMap<>();
    shapes.keySet().forEach(word -> vectors.put(word, weights.get(word).toFloatArray()));
    return new ReferenceEmbeddings(vectors);
  }

  /**
   * Writes the embeddings.
   *
   * @param file replaced if it exists
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    int length = vectors.values().stream().mapToInt(vector -> vector.length).findFirst().orElse(0);
    float[] all = new float[vectors.size() * length];
    int row = 0;
    for (float[] vector : vectors.values()) {
      System.arraycopy(vector, 0, all, length * row++, length);
    }
    try (NDManager call = TorchEngine.newManager(Device.cpu())) {
      NDArray matrix = call.create(all, new Shape(vectors.size(), length));
      Map<String, String> metadata = new LinkedHashMap<>(settings);
      metadata.putAll(new Categories(List.copyOf(vectors.keySet())).metadata());
      SafetensorsWriter.write(
          file, Checkpoints.of(Map.of(TENSOR, matrix), "reference embeddings"), metadata);
    }
  }
}
