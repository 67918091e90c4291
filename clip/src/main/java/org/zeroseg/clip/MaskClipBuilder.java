package org.zeroseg.clip;

import ai.djl.ndarray.NDArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.clip.text.TextEncoder;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.SegmenterBuilder;
import org.zeroseg.core.segment.Tiles;

/**
 * Builder of {@link MaskClip}. By default pictures are resized to fit within 2048 x 512 pixels and
 * processed one at a time, because one picture of this size keeps a processor busy.
 */
public final class MaskClipBuilder extends SegmenterBuilder<MaskClipBuilder> {

  private Optional<Clip> lent = Optional.empty();
  private Optional<TextEmbeddings> texts = Optional.empty();
  private boolean asReleased;
  // OpenCV linear within 2048 x 512 and ImageNet statistics: the released configurations.
  private Filter filter = Filter.OPENCV_LINEAR;
  private Normalization normalization = Normalization.IMAGENET;
  private PromptTemplates templates = PromptTemplates.ENSEMBLE;
  private Refinement refinement = Refinement.NONE;
  private int window;
  private int step;
  private Attention attention = Attention.VALUE;
  private Optional<Protocol> protocol = Optional.empty();
  private Optional<PatchEncoder> encoder = Optional.empty();
  private double presence;

  MaskClipBuilder() {
    super(InputSize.within(512, 2048), 1);
  }

  @Override
  protected MaskClipBuilder self() {
    return this;
  }

  /**
   * A model that is loaded already, and stays open when the segmenter is closed.
   *
   * @param model shared with others
   * @return this
   */
  public MaskClipBuilder model(Clip model) {
    lent = Optional.of(model);
    return this;
  }

  /**
   * The released network in place of CLIP's: its vision transformers compute with the erf GELU and
   * an epsilon of 1e-6, although CLIP's weights were trained with QuickGELU and 1e-5, and keep the
   * position table wherever the number of patches is the native one. The published figures come
   * from that network.
   *
   * @return this
   */
  public MaskClipBuilder asReleased() {
    asReleased = true;
    return this;
  }

  /**
   * How pictures are resized.
   *
   * @param chosen {@link Filter#OPENCV_LINEAR} by default
   * @return this
   */
  public MaskClipBuilder filter(Filter chosen) {
    filter = chosen;
    return this;
  }

  /**
   * The statistics of the pixels.
   *
   * @param chosen {@link Normalization#IMAGENET} by default, as released, although CLIP was trained
   *     with {@link Normalization#CLIP}
   * @return this
   */
  public MaskClipBuilder normalization(Normalization chosen) {
    normalization = chosen;
    return this;
  }

  /**
   * The sentences around each word.
   *
   * @param chosen {@link PromptTemplates#ENSEMBLE} by default
   * @return this
   */
  public MaskClipBuilder templates(PromptTemplates chosen) {
    templates = chosen;
    return this;
  }

  /**
   * Where class vectors come from, for instance ones that are kept in files for the next process
   * ({@link TextEmbeddings#of(TextEncoder, Path, String)}). Those of a model with a joint space of
   * another width are refused when a picture is segmented.
   *
   * @param chosen the model's own by default, which are remembered while it is open
   * @return this
   */
  public MaskClipBuilder textEmbeddings(TextEmbeddings chosen) {
    texts = Optional.of(chosen);
    return this;
  }

  /**
   * Prompt denoising and key smoothing.
   *
   * @param chosen {@link Refinement#NONE} by default
   * @return this
   */
  public MaskClipBuilder refinement(Refinement chosen) {
    refinement = chosen;
    return this;
  }

  /**
   * Cuts large inputs into overlapping squares, so that attention stays local and its cost linear
   * in the picture's area. Cosines are averaged where squares overlap. Both numbers are rounded up
   * to whole cells. Pictures then go through the network one by one.
   *
   * @param side of a square in pixels of the model's input
   * @param stepBetween squares, at most the side
   * @return this
   */
  public MaskClipBuilder slidingWindow(int side, int stepBetween) {
    if (stepBetween < 1 || side < stepBetween) {
      throw new IllegalArgumentException("windows of " + side + " every " + stepBetween);
    }
    window = side;
    step = stepBetween;
    return this;
  }

  /**
   * What replaces the last block's attention. All but {@link Attention#VALUE} bring the protocol
   * that they are published with, {@link Protocol#of}, and CLIP's own statistics of pixels; later
   * calls change them. A preset that names blocks is moved to the model's depth by itself.
   *
   * @param chosen {@link Attention#VALUE} by default
   * @return this
   */
  public MaskClipBuilder attention(Attention chosen) {
    attention = chosen;
    return chosen.equals(Attention.VALUE)
        ? this
        : normalization(Normalization.CLIP)
            .templates(PromptTemplates.IMAGENET)
            .protocol(Protocol.of(chosen));
  }

  /**
   * What happens around the network, in place of what MaskCLIP does, and the input's size that goes
   * with it; {@link #inputWithin} and {@link #attention} replace these when they are called later.
   * Goes without {@link #asReleased}, {@link #slidingWindow} and {@link #refinement}.
   *
   * @param chosen that of the attention by default, none for {@link Attention#VALUE}
   * @return this
   */
  public MaskClipBuilder protocol(Protocol chosen) {
    protocol = Optional.of(chosen);
    return inputWithin(chosen.shorterSide(), chosen.longerSide());
  }

  /**
   * The second network of {@link Attention#PROXY_CLIP}.
   *
   * @param chosen stays open when the segmenter is closed
   * @return this
   */
  public MaskClipBuilder encoder(PatchEncoder chosen) {
    encoder = Optional.of(chosen);
    return this;
  }

  /**
   * Categories that are probably not in a picture win no pixel of it; how likely each is, results
   * tell ({@link org.zeroseg.core.Segmentation#presence}). The whole picture goes through the
   * network once more for that.
   *
   * @param least of {@link MaskClip#presence} that a category must reach, such as {@link
   *     MaskClip#PRESENT}; 0 by default, which leaves all in
   * @return this
   * @throws IllegalArgumentException if it is not between 0 and 1
   */
  public MaskClipBuilder presence(double least) {
    if (!(least >= 0 && least <= 1)) {
      throw new IllegalArgumentException("a presence of " + least + "; it is from 0 to 1");
    }
    presence = least;
    return this;
  }

  /**
   * Loads the model.
   *
   * @return the segmenter
   * @throws IOException if the model's files cannot be read
   * @throws IllegalArgumentException if the model is a ResNet, for which there is no other
   *     attention than {@link Attention#VALUE}, or the attention needs what is not given
   * @throws IllegalStateException if no model was chosen
   */
  public MaskClip build() throws IOException {
    Clip chosen =
        lent.isPresent() ? lent.get().lent() : Clip.load(model(), hub(), precision(), device());
    try {
      Optional<WindowedAttention> attended =
          protocol.map(
              around ->
                  chosen.compute(
                      (model, call) -> new WindowedAttention(network(model, chosen), around)));
      if (presence > 0 && !refinement.equals(Refinement.NONE)) {
        throw new IllegalArgumentException("presence is read from cosines, without refinement");
      }
      DenseClip dense = chosen.dense(asReleased);
      Optional<SlidingWindow> windows =
          window == 0
              ? Optional.empty()
              : Optional.of(new SlidingWindow(dense, Tiles.ofPixels(window, step, dense.stride())));
      return new MaskClip(
          chosen,
          dense,
          texts.orElseGet(chosen::textEmbeddings),
          new MaskClip.Settings(
              input(),
              windows.isPresent() ? 1 : batch(),
              filter,
              normalization,
              templates,
              refinement,
              windows,
              tiles(),
              attended,
              presence,
              progress()));
    } catch (RuntimeException e) {
      chosen.close();
      throw e;
    }
  }

  private DenseCosines network(ClipModel model, Clip chosen) {
    if (asReleased || window > 0 || !refinement.equals(Refinement.NONE)) {
      throw new IllegalArgumentException(
          "asReleased, slidingWindow and refinement are MaskCLIP's: with a protocol, which other"
              + " attentions have, it says what happens around the network");
    }
    if (model.image() instanceof VisionTransformer vit) {
      int layers = vit.blocks().layers();
      boolean known = Attention.PRESETS.contains(attention);
      Attention moved = known ? attention.forLayers(layers) : attention;
      return new DenseAttention(vit, moved, encoder);
    }
    if (!attention.equals(Attention.VALUE)) {
      throw new IllegalArgumentException(
          "the CLIP is a ResNet, and attention '%s' needs a vision transformer"
              .formatted(attention.name()));
    }
    return valuePath(chosen.dense());
  }

  private static DenseCosines valuePath(DenseClip dense) {
    return new DenseCosines() {
      @Override
      public int leastSide() {
        return dense.stride();
      }

      @Override
      public DenseClip.Map cosines(NDArray pixels, NDArray words) {
        return dense.features(pixels, false).compare(words);
      }
    };
  }
}
