package org.zeroseg.zutis;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;

/**
 * Runs the network on pictures of one size, only as far as the answer takes.
 *
 * @param model for inference
 * @param answer what is wanted
 * @param maskThreshold a cell belongs to a query's mask above this probability
 */
record Inference(ZutisModel model, Zutis.Answer answer, double maskThreshold) {

  Inference withAnswer(Zutis.Answer other) {
    return new Inference(model, other, maskThreshold);
  }

  /** What the network says of each picture. */
  List<Output> run(NDManager call, List<Picture> inputs, float[][] vectors) {
    // ImageNet's statistics, although CLIP was trained with its own: as published.
    NDArray pixels = Normalization.IMAGENET.pixels(call, inputs);
    NDArray words = call.create(vectors);
    ZutisModel.Features features = model.features(pixels);
    NDArray patches = model.patchTokens(features);
    Optional<float[][]> cosines =
        answer == Zutis.Answer.INSTANCES
            ? Optional.empty()
            : Optional.of(rows(model.cosines(patches, words)));
    Optional<List<Instances.Queries>> queries =
        answer == Zutis.Answer.REGIONS
            ? Optional.empty()
            : Optional.of(queries(features, patches, words));
    return IntStream.range(0, inputs.size())
        .mapToObj(
            i ->
                new Output(
                    features.height(),
                    features.width(),
                    cosines.map(each -> each[i]),
                    queries.map(each -> each.get(i))))
        .toList();
  }

  private List<Instances.Queries> queries(
      ZutisModel.Features features, NDArray patches, NDArray words) {
    NDArray masks = model.proposals(model.decode(features, false), 0);
    ZutisModel.Inside inside = ZutisModel.inside(masks, patches, words, maskThreshold);
    float[][] probabilities = rows(masks);
    float[][] objectness = rows(inside.objectness());
    float[][] cosines = rows(inside.cosines());
    return IntStream.range(0, probabilities.length)
        .mapToObj(
            i ->
                new Instances.Queries(
                    probabilities[i],
                    features.height(),
                    features.width(),
                    objectness[i],
                    cosines[i]))
        .toList();
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
}
