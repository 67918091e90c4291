package org.zeroseg.clip.retrieval;

import java.util.List;
import java.util.function.Function;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;

/** Encodes pictures as vectors, as an image tower does. */
public interface ImageEncoder {

  /**
   * What tells this encoder from others, such as a model id. It is written into indexes, and an
   * index is only ever extended by the encoder that began it.
   *
   * @return the name
   */
  String model();

  /**
   * The length of the vectors.
   *
   * @return D
   */
  int dimension();

  /**
   * The part of the work that goes picture by picture, such as cutting out the model's input.
   * Called from several threads at once, while {@link #embed} runs.
   *
   * @param picture as decoded
   * @return what {@link #embed} takes
   * @throws IllegalArgumentException if the picture cannot be an input, for instance by its shape
   */
  Picture prepare(Picture picture);

  /**
   * Encodes a batch. Called by one thread at a time.
   *
   * @param prepared B pictures from {@link #prepare}
   * @return embeddings [B, D], not necessarily normalised
   */
  float[][] embed(List<Picture> prepared);

  /**
   * An encoder from its parts.
   *
   * @param model what tells it from others
   * @param dimension D, the length of the vectors
   * @param preprocessing cuts out the model's input, in parallel
   * @param tower squares [B] to embeddings [B, D], such as {@code Clip::encodeImages}
   * @return the encoder
   */
  static ImageEncoder of(
      String model,
      int dimension,
      Preprocessing preprocessing,
      Function<List<Picture>, float[][]> tower) {
    return new ImageEncoder() {
      @Override
      public String model() {
        return model;
      }

      @Override
      public int dimension() {
        return dimension;
      }

      @Override
      public Picture prepare(Picture picture) {
        return preprocessing.square(picture);
      }

      @Override
      public float[][] embed(List<Picture> prepared) {
        return tower.apply(prepared);
      }
    };
  }
}
