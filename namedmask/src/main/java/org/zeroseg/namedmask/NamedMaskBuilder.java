package org.zeroseg.namedmask;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.SegmenterBuilder;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * Builder of {@link NamedMask}. By default the network sees pictures at their own size ({@link
 * #ownSize}), as for VOC, COCO, CoCA and Cityscapes, four of one size at a time, of large ones
 * fewer, so that a megapixel is not exceeded.
 */
public final class NamedMaskBuilder extends SegmenterBuilder<NamedMaskBuilder> {

  /** Where training keeps the weights beside the optimiser's state. */
  private static final String TRAINING = "weights";

  private Optional<Categories> categories = Optional.empty();

  private boolean crf;

  NamedMaskBuilder() {
    super(InputSize.own(), 4);
  }

  @Override
  protected NamedMaskBuilder self() {
    return this;
  }

  /**
   * The names of the network's classes from 1 on, which published files do not hold; files of this
   * library do, and need none. As many names as classes leave no background, as in ReCo+.
   *
   * @param names in the order of the training, background left out
   * @return this
   * @throws IllegalArgumentException if a name occurs twice
   */
  public NamedMaskBuilder categories(String... names) {
    return categories(List.of(names));
  }

  /**
   * As {@link #categories(String...)}.
   *
   * @param names in the order of the training, background left out
   * @return this
   * @throws IllegalArgumentException if a name occurs twice
   */
  public NamedMaskBuilder categories(List<String> names) {
    categories = Optional.of(new Categories(names));
    return this;
  }

  /**
   * Pictures as large as they are, but for huge ones.
   *
   * @return this
   */
  public NamedMaskBuilder ownSize() {
    return input(InputSize.own());
  }

  /**
   * The longer side resized to a number of pixels, up or down: 1024 for ImageNet-S's test set.
   *
   * @param pixels of the longer side
   * @return this
   */
  public NamedMaskBuilder longerSide(int pixels) {
    return input(InputSize.longerSide(pixels));
  }

  /**
   * The shorter side resized to a number of pixels, unless the longer one became too long: 384 and
   * 512 in the paper's ablations on ImageNet-S.
   *
   * @param shorter of the shorter side
   * @param longest limit of the longer side
   * @return this
   */
  public NamedMaskBuilder shorterSide(int shorter, int longest) {
    return input(InputSize.shorterSide(shorter).longerWithin(longest));
  }

  /**
   * Refines labels by ReCo's conditional random field, as ReCo+ is measured: memory then grows with
   * pixels times classes.
   *
   * @return this
   */
  public NamedMaskBuilder withCrf() {
    crf = true;
    return this;
  }

  /**
   * Loads the model.
   *
   * @return the segmenter
   * @throws IOException if the file cannot be fetched or read
   * @throws CheckpointException if it holds no DeepLabv3+
   * @throws IllegalArgumentException if there are not as many categories as classes besides the
   *     background
   * @throws IllegalStateException if no model was chosen, or no categories for a file that holds
   *     none
   */
  public NamedMask build() throws IOException {
    Path file = hub().weights(model());
    NDManager manager = TorchEngine.newManager(device());
    try (Checkpoint opened = Checkpoints.open(file)) {
      Checkpoint network = network(opened.unwrapped());
      DeepLabConfig config = DeepLabConfig.of(network);
      Categories names =
          categories
              .or(() -> Categories.of(opened))
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "%s does not name its %d categories: builder().categories(...)"
                              .formatted(file, config.classes() - 1)))
              .checked(config.classes(), file.toString());
      try (NDManager loading = manager.newSubManager()) {
        Weights weights = Weights.load(network, config.shapes(), loading);
        return build(DeepLab.of(config, weights, loading), names, manager);
      }
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /** A training run that is under way keeps its weights beside the optimiser's state. */
  private static Checkpoint network(Checkpoint opened) {
    return opened.tensors().containsKey(TRAINING + "." + DeepLabConfig.CLASSES + ".weight")
        ? opened.under(TRAINING)
        : opened;
  }

  /**
   * A segmenter of a network that exists, with its weights as they are now.
   *
   * @param network for inference; copied
   * @return the segmenter
   * @throws IllegalArgumentException if there are not as many categories as classes besides the
   *     background
   * @throws IllegalStateException if no categories were chosen
   */
  public NamedMask build(DeepLab network) {
    Categories names =
        categories
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "name the network's categories: builder().categories(...)"))
            .checked(network.config().classes(), "the network");
    NDManager manager = TorchEngine.newManager(device());
    try {
      return build(network, names, manager);
    } catch (RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  private NamedMask build(DeepLab network, Categories names, NDManager manager) {
    if (crf && tiles().isPresent()) {
      throw new IllegalStateException(
          "a conditional random field takes no tiles: it sees a picture as a whole");
    }
    NamedMask.Settings settings =
        new NamedMask.Settings(input(), batch(), tiles(), crf, progress());
    return new NamedMask(network.folded(precision(), manager), names, manager, settings);
  }
}
