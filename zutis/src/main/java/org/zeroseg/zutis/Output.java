package org.zeroseg.zutis;

import java.util.Optional;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.segment.ScoreMap;
import org.zeroseg.core.segment.Scoring;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * What the network says of one picture, as plain values.
 *
 * @param height rows of the grid
 * @param width columns of the grid
 * @param cosines {@code [words, height width]}, if regions are wanted
 * @param queries what the instance branch says, if instances are wanted
 */
record Output(
    int height, int width, Optional<float[]> cosines, Optional<Instances.Queries> queries) {

  /** With the temperature of the released code. */
  static final Scoring SCORING = Scoring.sigmoid(5);

  /** The cosines of each category and, if there is one, of background. */
  ScoreMap map(Words words) {
    return new ScoreMap(words.best(cosines.orElseThrow(), 0, height * width), height, width);
  }

  /** The regions of a picture of a size. */
  Labelling.Labels labels(Words words, Vocabulary vocabulary, int pictureWidth, int pictureHeight) {
    ScoreMap map = map(words);
    Labelling labelling =
        new Labelling(
            LinearTaps.of(height, pictureHeight),
            LinearTaps.of(width, pictureWidth),
            SCORING,
            vocabulary.backgroundThreshold());
    return labelling.apply(map.values(), map.count(), words.rows().categories(), width);
  }
}
