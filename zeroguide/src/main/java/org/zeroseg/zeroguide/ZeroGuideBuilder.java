package org.zeroseg.zeroguide;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.hub.ModelBuilder;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.caption.Namer;

/**
 * Builder of {@link ZeroGuide}. The precision is CLIP's, DINO computes in float32. A watcher is
 * told of downloads, and of each stage as it begins: looking at the picture, clustering, snapping
 * to edges, and as often as segments merge embedding, naming and merging.
 */
public final class ZeroGuideBuilder extends ModelBuilder<ZeroGuideBuilder> {

  /** Around captions and class names; the published code calls it "mini". */
  private static final PromptTemplates PROMPT = PromptTemplates.of("Image of a {}.");

  private Source<Dino> dino = Source.missing("choose a DINO to cut: builder().dino(...)");
  private Source<Clip> clip = Source.missing("choose a CLIP to embed: builder().clip(...)");
  private Optional<Namer> namer = Optional.empty();
  private Oversegmentation candidates = Oversegmentation.DEFAULT;
  private SegmentEncoder.Settings encoder = SegmentEncoder.Settings.DEFAULT;
  private ZeroGuide.Embedding embedding = ZeroGuide.Embedding.MASKED_ATTENTION;
  private double mergeThreshold = 0.8;
  private double visualWeight = 0.5;
  private boolean cutsLastLetter;
  private PromptTemplates templates = PROMPT;
  private Optional<Tiles> tiles = Optional.empty();

  ZeroGuideBuilder() {}

  ZeroGuideBuilder cutsLastLetter() {
    cutsLastLetter = true;
    return this;
  }

  @Override
  protected ZeroGuideBuilder self() {
    return this;
  }

  /**
   * The DINO that cuts; loaded by {@link #build} and closed with the result.
   *
   * @param pathOrId such as {@code facebook/dino-vits8}
   * @return this
   */
  public ZeroGuideBuilder dino(String pathOrId) {
    return dino(named(pathOrId));
  }

  /**
   * The DINO that cuts; loaded by {@link #build} and closed with the result.
   *
   * @param path a file or folder
   * @return this
   */
  public ZeroGuideBuilder dino(Path path) {
    return dino(named(path));
  }

  private ZeroGuideBuilder dino(Source<String> name) {
    dino = () -> Dino.load(name.open(), hub(), device());
    return this;
  }

  /**
   * A DINO that is loaded already; it stays open when the result is closed.
   *
   * @param model shared with others
   * @return this
   */
  public ZeroGuideBuilder dino(Dino model) {
    dino = model::lent;
    return this;
  }

  /**
   * The CLIP that embeds, with a vision transformer; loaded by {@link #build} and closed with the
   * result.
   *
   * @param pathOrId such as {@code openai/clip-vit-large-patch14-336}
   * @return this
   */
  public ZeroGuideBuilder clip(String pathOrId) {
    return clip(named(pathOrId));
  }

  /**
   * The CLIP that embeds; loaded by {@link #build} and closed with the result.
   *
   * @param path as {@link Clip#load(Path)} takes it
   * @return this
   */
  public ZeroGuideBuilder clip(Path path) {
    return clip(named(path));
  }

  private ZeroGuideBuilder clip(Source<String> name) {
    clip = () -> Clip.load(name.open(), hub(), precision(), device());
    return this;
  }

  /**
   * A CLIP that is loaded already; it stays open when the result is closed.
   *
   * @param model shared with others
   * @return this
   */
  public ZeroGuideBuilder clip(Clip model) {
    clip = model::lent;
    return this;
  }

  /**
   * Who names segments; nobody by default. Stays open when the result is closed.
   *
   * @param chosen of the same CLIP
   * @return this
   */
  public ZeroGuideBuilder namer(Namer chosen) {
    namer = Optional.of(chosen);
    return this;
  }

  /**
   * How candidates are cut.
   *
   * @param chosen {@link Oversegmentation#DEFAULT} by default
   * @return this
   */
  public ZeroGuideBuilder candidates(Oversegmentation chosen) {
    candidates = chosen;
    return this;
  }

  /**
   * How segments are embedded by masked attention.
   *
   * @param chosen {@link SegmentEncoder.Settings#DEFAULT} by default
   * @return this
   */
  public ZeroGuideBuilder encoder(SegmentEncoder.Settings chosen) {
    encoder = chosen;
    return this;
  }

  /**
   * Masked attention, or the baseline.
   *
   * @param chosen {@link ZeroGuide.Embedding#MASKED_ATTENTION} by default
   * @return this
   */
  public ZeroGuideBuilder embedding(ZeroGuide.Embedding chosen) {
    embedding = chosen;
    return this;
  }

  /**
   * The sentence around names, in which they are compared with segments.
   *
   * @param chosen a single one; {@code Image of a {}.} by default
   * @return this
   */
  public ZeroGuideBuilder templates(PromptTemplates chosen) {
    templates = chosen;
    return this;
  }

  /**
   * When siblings become one segment.
   *
   * @param threshold mixed similarity from which they do; 0.8 by default
   * @param weightOfSight weight of the embeddings' cosine, 0.5 by default; names have the rest
   * @return this
   */
  public ZeroGuideBuilder merging(double threshold, double weightOfSight) {
    mergeThreshold = threshold;
    visualWeight = weightOfSight;
    return this;
  }

  /**
   * Keeps all candidates: an ablation of Table 3.
   *
   * @return this
   */
  public ZeroGuideBuilder withoutMerging() {
    mergeThreshold = Double.POSITIVE_INFINITY;
    return this;
  }

  /**
   * Looks at large pictures in overlapping tiles, each of which is segmented and named as a picture
   * of its own; segments of neighbouring tiles that overlap, look and are named alike are one. What
   * is found is of no tree then. A picture that fits into a tile is looked at as without them.
   *
   * @param side of a tile in pixels of the picture
   * @param overlap of neighbours in pixels; without any, nothing is joined
   * @return this
   * @throws IllegalArgumentException unless the overlap is at least 0 and at most half the side
   */
  public ZeroGuideBuilder tiles(int side, int overlap) {
    tiles = Optional.of(Tiles.overlapping(side, overlap));
    return this;
  }

  /**
   * Loads the models, if they are not given.
   *
   * @return the segmenter
   * @throws IOException if a model cannot be fetched or read
   * @throws IllegalStateException if no models were chosen
   * @throws IllegalArgumentException if CLIP has no vision transformer of enough blocks, or a
   *     number is out of range
   */
  public ZeroGuide build() throws IOException {
    ZeroGuide.Settings settings =
        new ZeroGuide.Settings(
            candidates,
            encoder,
            embedding,
            new SegmentMerging(mergeThreshold, visualWeight),
            new Naming(cutsLastLetter, templates));
    Dino cutter = dino.open();
    try {
      return build(cutter, clip.open(), settings);
    } catch (IOException | RuntimeException e) {
      cutter.close();
      throw e;
    }
  }

  private ZeroGuide build(Dino cutter, Clip embedder, ZeroGuide.Settings settings) {
    try {
      if (settings.embedding() == ZeroGuide.Embedding.MASKED_ATTENTION) {
        embedder.compute((model, call) -> SegmentEncoder.of(model, settings.encoder()).grid());
      }
      return new ZeroGuide(cutter, embedder, namer, settings, tiles, progress());
    } catch (RuntimeException e) {
      embedder.close();
      throw e;
    }
  }
}
