package org.zeroseg.eval.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.data.SemanticDataset;

/** Where predicted label maps come from: a model, or files that a model wrote before. */
@FunctionalInterface
public interface SemanticPredictor {

  /**
   * The predicted labels of a picture.
   *
   * @param item the picture
   * @return labels of the truth's size, in the data set's numbering
   * @throws IOException if something cannot be read
   */
  LabelMap predict(SemanticDataset.Item item) throws IOException;

  /**
   * Label pictures in a folder, named as the data set's items: {@code <name>.png}, grey or palette
   * by raw value, RGB as red + 256 green.
   *
   * @param folder of predictions
   * @return a predictor that reads them; a missing one is an error that names it
   */
  static SemanticPredictor ofFolder(Path folder) {
    return item -> LabelMap.readAny(file(folder, item));
  }

  /**
   * Grey pictures in a folder, such as masks and saliency maps, named as the data set's items:
   * {@code <name>.png}; of several samples a pixel the first.
   *
   * @param folder of predictions
   * @return a predictor that reads them; a missing one is an error that names it
   */
  static SemanticPredictor ofGreyFolder(Path folder) {
    return item -> LabelMap.readGrey(file(folder, item));
  }

  private static Path file(Path folder, SemanticDataset.Item item) {
    Path file = folder.resolve(item.name() + ".png");
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(file, "there is no prediction for " + item.image());
    }
    return file;
  }

  /**
   * A model that is asked picture by picture, for the data set's categories or for a picture's own
   * words for them.
   *
   * @param segmenter the model
   * @param dataset whose words it is given, and whose numbering results follow
   * @return a predictor
   */
  static SemanticPredictor of(Segmenter segmenter, SemanticDataset dataset) {
    return of(segmenter, dataset, UnaryOperator.identity());
  }

  /**
   * A model that is asked picture by picture, for the data set's categories or for a picture's own
   * words for them.
   *
   * @param segmenter the model
   * @param dataset whose words it is given, and whose numbering results follow
   * @param settings adds what the model takes for background, and may say other words; keeps the
   *     number of categories
   * @return a predictor
   */
  static SemanticPredictor of(
      Segmenter segmenter, SemanticDataset dataset, UnaryOperator<Vocabulary> settings) {
    int shift = dataset.hasBackground() ? 0 : 1;
    return item -> {
      Vocabulary words = settings.apply(item.words().orElse(dataset.vocabulary()));
      if (words.size() != dataset.vocabulary().size()) {
        throw new IllegalArgumentException(
            words.size() + " categories for a set of " + dataset.vocabulary().size());
      }
      return LabelMap.of(segmenter.segment(item.picture(), words)).map(label -> label - shift);
    };
  }
}
