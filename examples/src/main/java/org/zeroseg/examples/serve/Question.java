package org.zeroseg.examples.serve;

import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Vocabulary;

/**
 * What a request looks for.
 *
 * @param categories at least one
 * @param background what counts as background, in place of what usually does
 * @param not what must not be taken for one of the categories
 * @param allPixels whether every pixel gets a category
 * @param threshold from 0 to 1, in place of the server's
 */
public record Question(
    List<Vocabulary.Category> categories,
    Optional<List<String>> background,
    List<String> not,
    boolean allPixels,
    Optional<Double> threshold) {

  /** Copies the lists. */
  public Question {
    categories = List.copyOf(categories);
    background = background.map(List::copyOf);
    not = List.copyOf(not);
  }

  /**
   * Categories alone, with the usual background.
   *
   * @param categories at least one
   * @return the question
   */
  public static Question of(List<Vocabulary.Category> categories) {
    return new Question(categories, Optional.empty(), List.of(), false, Optional.empty());
  }
}
