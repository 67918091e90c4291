package org.zeroseg.zutis;

import org.zeroseg.core.supervision.PastedScenes;

/**
 * What a ZUTIS is made of besides a CLIP and pictures.
 *
 * @param sizes of the part that is not CLIP's
 * @param scenes how training pictures are pasted; their seed is that of the first weights, too
 * @param batch scenes of a step
 * @param options hyper-parameters of the optimiser and the loss
 */
public record ZutisRecipe(
    Sizes sizes, PastedScenes.Options scenes, int batch, ZutisTrainer.Options options) {

  /**
   * Sizes of decoder and perceptrons.
   *
   * @param queries proposals for each picture
   * @param decoderLayers layers of the query decoder
   * @param feedForward inner width of the decoder's layers
   * @param hidden inner width of the two multi-layer perceptrons
   */
  public record Sizes(int queries, int decoderLayers, int feedForward, int hidden) {

    /** Those of the published models: 100 queries, 6 layers of 2048, perceptrons of 256. */
    public static final Sizes DEFAULT = new Sizes(100, 6, 2048, 256);
  }

  /** The paper's, for COCO's 80 categories: batches of 8. */
  public static final ZutisRecipe DEFAULT =
      new ZutisRecipe(Sizes.DEFAULT, SyntheticScenes.DEFAULT, 8, ZutisTrainer.Options.DEFAULT);

  /**
   * This recipe with other sizes.
   *
   * @param chosen of decoder and perceptrons
   * @return the recipe
   */
  public ZutisRecipe withSizes(Sizes chosen) {
    return new ZutisRecipe(chosen, scenes, batch, options);
  }

  /**
   * This recipe with other scenes.
   *
   * @param pasted how training pictures are made
   * @return the recipe
   */
  public ZutisRecipe withScenes(PastedScenes.Options pasted) {
    return new ZutisRecipe(sizes, pasted, batch, options);
  }

  /**
   * This recipe with batches of another size.
   *
   * @param count scenes of a step
   * @return the recipe
   */
  public ZutisRecipe withBatch(int count) {
    return new ZutisRecipe(sizes, scenes, count, options);
  }

  /**
   * This recipe with other hyper-parameters.
   *
   * @param chosen of the optimiser and the loss
   * @return the recipe
   */
  public ZutisRecipe withOptions(ZutisTrainer.Options chosen) {
    return new ZutisRecipe(sizes, scenes, batch, chosen);
  }
}
