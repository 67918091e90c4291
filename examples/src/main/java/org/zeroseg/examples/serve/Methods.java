package org.zeroseg.examples.serve;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;

/**
 * What a server answers with. All of it is called from several threads at once.
 *
 * @param model what the page calls the model
 * @param note a sentence for people about what the model knows; may be empty
 * @param words what is looked for where a request names nothing; may be empty
 * @param segmenter segments by words; stays the caller's to close
 * @param vocabulary a request's words, with what is background to the model
 * @param discover segments and names without words, if the server can
 * @param saliency the salient object, if the server can
 */
public record Methods(
    String model,
    String note,
    List<Vocabulary.Category> words,
    Segmenter segmenter,
    Function<Question, Vocabulary> vocabulary,
    Optional<Function<Picture, Segmentation>> discover,
    Optional<Function<Picture, Segmentation>> saliency) {

  /** Copies the words. */
  public Methods {
    words = List.copyOf(words);
  }
}
