package org.zeroseg.namedmask;

import org.zeroseg.core.supervision.PastedScenes;

/**
 * What a NamedMask, or a category expert of it, is made of besides a backbone and pictures.
 *
 * @param network sizes; its number of classes counts for nothing, since the archives tell it
 * @param scenes how training pictures are pasted; their seed is that of the first weights, too.
 *     Scenes of {@link PastedScenes.Labels#OBJECT} make an expert
 * @param batch scenes of a step
 * @param options hyper-parameters of the optimiser
 */
public record NamedMaskRecipe(
    DeepLabConfig network,
    PastedScenes.Options scenes,
    int batch,
    NamedMaskTrainer.Options options) {

  /** The paper's, but for ImageNet-S: a ResNet-50, batches of 16, at most two pictures a scene. */
  public static final NamedMaskRecipe DEFAULT =
      new NamedMaskRecipe(
          DeepLabConfig.resNet50(2),
          ArchiveSamples.NAMED_MASK,
          16,
          NamedMaskTrainer.Options.DEFAULT);

  /** The paper's for experts, but for ImageNet-S: batches of 8, nothing pasted. */
  public static final NamedMaskRecipe EXPERT =
      new NamedMaskRecipe(
          DeepLabConfig.resNet50(2), ArchiveSamples.EXPERT, 8, NamedMaskTrainer.Options.DEFAULT);

  /**
   * This recipe with another network.
   *
   * @param sizes of it; the number of classes counts for nothing
   * @return the recipe
   */
  public NamedMaskRecipe withNetwork(DeepLabConfig sizes) {
    return new NamedMaskRecipe(sizes, scenes, batch, options);
  }

  /**
   * This recipe with other scenes.
   *
   * @param pasted how training pictures are made
   * @return the recipe
   */
  public NamedMaskRecipe withScenes(PastedScenes.Options pasted) {
    return new NamedMaskRecipe(network, pasted, batch, options);
  }

  /**
   * This recipe with batches of another size.
   *
   * @param count scenes of a step
   * @return the recipe
   */
  public NamedMaskRecipe withBatch(int count) {
    return new NamedMaskRecipe(network, scenes, count, options);
  }

  /**
   * This recipe with other hyper-parameters.
   *
   * @param chosen of the optimiser
   * @return the recipe
   */
  public NamedMaskRecipe withOptions(NamedMaskTrainer.Options chosen) {
    return new NamedMaskRecipe(network, scenes, batch, chosen);
  }

  /** Whether objects are told from background alone, whatever their category. */
  boolean isExpert() {
    return scenes.labels() == PastedScenes.Labels.OBJECT;
  }
}
