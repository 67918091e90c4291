package org.zeroseg.zutis;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.segment.Labelling;
import org.zeroseg.core.tensor.LinearTaps;

/**
 * What the network says of one picture, as plain values.
 *
 * @param height rows of the grid
 * @param width columns of the grid
 * @param cosines {@code [words, height width]}, if regions are wanted
 * @param proposals if instances are wanted
 */
record Output(
    int height, int width, Optional<float[]> cosines, Optional<Instances.Proposals> proposals) {

  /** Runs the network on pixels {@code [B, 3, H, W]}, only as far as the answer takes. */
  static List<Output> of(
      ZutisModel model, NDArray pixels, NDArray words, Zutis.Answer answer, double threshold) {
    ZutisModel.Features features = model.features(pixels);
    NDArray patches = model.patchTokens(features);
    Optional<float[][]> cosines =
        answer == Zutis.Answer.INSTANCES
            ? Optional.empty()
            : Optional.of(rows(model.cosines(patches, words)));
    Optional<Instances.Proposals[]> proposals =
        answer == Zutis.Answer.REGIONS
            ? Optional.empty()
            : Optional.of(proposals(model, features, patches, words, threshold));
    return IntStream.range(0, (int) pixels.getShape().get(0))
        .mapToObj(
            i ->
                new Output(
                    features.height(),
                    features.width(),
                    cosines.map(each -> each[i]),
                    proposals.map(each -> each[i])))
        .toList();
  }

  private static Instances.Proposals[] proposals(
      ZutisModel model,
      ZutisModel.Features features,
      NDArray patches,
      NDArray words,
      double threshold) {
    NDArray proposals = model.proposals(model.decode(features, false), 0);
    ZutisModel.Inside inside = ZutisModel.inside(proposals, patches, words, threshold);
    float[][] probabilities = rows(proposals);
    float[][] objectness = rows(inside.objectness());
    float[][] cosines = rows(inside.cosines());
    return IntStream.range(0, probabilities.length)
        .mapToObj(
            i ->
                new Instances.Proposals(
                    probabilities[i],
                    features.height(),
                    features.width(),
                    objectness[i],
                    cosines[i]))
        .toArray(Instances.Proposals[]::new);
  }

  /** The numbers of each picture of a batch. */
  private static float[][] rows(NDArray batch) {
    float[] all = batch.toFloatArray();
    int count = (int) batch.getShape().get(0);
    int length = all.length / count;
    return IntStream.range(0, count)
        .mapToObj(i -> Arrays.copyOfRange(all, i * length, (i + 1) * length))
        .toArray(float[][]::new);
  }

  /** The regions of a picture of a size. */
  Labelling.Labels labels(Words words, Vocabulary vocabulary, int width, int height) {
    int cells = this.height * this.width;
    float[] best = words.best(cosines.orElseThrow(), 0, cells);
    // Background comes last here: what has no name behind what has.
    boolean background = IntStream.of(words.labels()).anyMatch(label -> label == 0);
    float[] map = new float[(words.categories() + (background ? 1 : 0)) * cells];
    System.arraycopy(best, cells, map, 0, words.categories() * cells);
    if (background) {
      System.arraycopy(best, 0, map, words.categories() * cells, cells);
    }
    Labelling labelling =
        new Labelling(
            LinearTaps.of(this.height, height),
            LinearTaps.of(this.width, width),
            Labelling.Values.INDEPENDENT_COSINES,
            vocabulary.backgroundThreshold());
    return labelling.apply(map, map.length / cells, words.categories(), this.width);
  }
}
