package org.zeroseg.zeroguide;

import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.hub.ModelBuilder;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.caption.Namer;

/**
 * Segments a picture and names the segments, without being told any words and without training
 * (Rewatbowornwong et al. 2023, Zero-guidance segmentation using zero segment labels).
 *
 * <p>DINO cuts the picture into candidates, CLIP embeds each with masked attention, a namer finds
 * texts for the embeddings, and siblings that look and are named alike become one. Without a namer
 * segments stay unnamed and merge by sight alone. Thread-safe.
 */
public final class ZeroGuide implements Segmenter {

  /** Around captions and class names; the published code calls it "mini". */
  private static final PromptTemplates PROMPT = PromptTemplates.of("Image of a {}.");

  /** How a segment becomes a vector. */
  public enum Embedding {
    /** Attention masked in CLIP's last blocks: the method. */
    MASKED_ATTENTION,
    /** The segment cut out of the picture, black around it: the baseline of Table 3. */
    CROP_AND_MASK
  }

  private record Settings(
      Oversegmentation candidates,
      SegmentEncoder.Settings encoder,
      Embedding embedding,
      SegmentMerging merging,
      Naming naming) {}

  private final Dino dino;
  private final Clip clip;
  private final Optional<Namer> namer;
  private final Settings settings;
  private final Progress progress;

  private ZeroGuide(
      Dino dino, Clip clip, Optional<Namer> namer, Settings settings, Progress progress) {
    this.dino = dino;
    this.clip = clip;
    this.namer = namer;
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Begins to choose models and settings.
   *
   * @return a builder with the settings that made the published numbers, but for the label's last
   *     letter, which is cut only if it is a full stop
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The published code to the letter, its trimming of labels included.
   *
   * @return a builder
   */
  public static Builder reference() {
    Builder builder = new Builder();
    builder.cutsLastLetter = true;
    return builder;
  }

  /**
   * The paper's text where the code departs from it: all 19 splits of the tree are looked at, and
   * the saliency compares outputs of attention.
   *
   * @return a builder
   */
  public static Builder paper() {
    Oversegmentation d = Oversegmentation.DEFAULT;
    return new Builder()
        .candidates(
            new Oversegmentation(
                d.shorterSide(),
                d.longestSide(),
                d.stride(),
                d.clusters(),
                d.clusters() - 1,
                d.threshold(),
                d.crf()))
        .encoder(new SegmentEncoder.Settings(4, 5, Saliency.OUTPUTS));
  }

  /** Choices of a {@link ZeroGuide}; the precision is CLIP's, DINO computes in float32. */
  public static final class Builder extends ModelBuilder<Builder> {
    private static final String MISSING = "choose models: builder().models(dino, clip)";
    private Source<Dino> dino = Source.missing(MISSING);
    private Source<Clip> clip = Source.missing(MISSING);
    private Optional<Namer> namer = Optional.empty();
    private Oversegmentation candidates = Oversegmentation.DEFAULT;
    private SegmentEncoder.Settings encoder = SegmentEncoder.Settings.DEFAULT;
    private Embedding embedding = Embedding.MASKED_ATTENTION;
    private double mergeThreshold = 0.8;
    private double visualWeight = 0.5;
    private boolean cutsLastLetter;
    private PromptTemplates prompt = PROMPT;
    private Progress progress = Progress.SILENT;

    private Builder() {}

    @Override
    protected Builder self() {
      return this;
    }

    /**
     * Models by path or hub id; loaded by {@link #build} and closed with the result.
     *
     * @param dinoModel such as {@code facebook/dino-vits8}
     * @param clipModel such as {@code openai/clip-vit-large-patch14-336}
     * @return this
     */
    public Builder models(String dinoModel, String clipModel) {
      dino = () -> Dino.load(dinoModel, hub(), device());
      clip = () -> Clip.load(clipModel, hub(), precision(), device());
      return this;
    }

    /**
     * Models that are loaded already; they stay open when the result is closed.
     *
     * @param dinoModel cuts
     * @param clipModel embeds; with a vision transformer
     * @return this
     */
    public Builder models(Dino dinoModel, Clip clipModel) {
      dino = dinoModel::lent;
      clip = clipModel::lent;
      return this;
    }

    /**
     * Who names segments; nobody by default. Stays open when the result is closed.
     *
     * @param chosen of the same CLIP
     * @return this
     */
    public Builder namer(Namer chosen) {
      namer = Optional.of(chosen);
      return this;
    }

    /**
     * How candidates are cut.
     *
     * @param chosen {@link Oversegmentation#DEFAULT} by default
     * @return this
     */
    public Builder candidates(Oversegmentation chosen) {
      candidates = chosen;
      return this;
    }

    /**
     * How segments are embedded by masked attention.
     *
     * @param chosen {@link SegmentEncoder.Settings#DEFAULT} by default
     * @return this
     */
    public Builder encoder(SegmentEncoder.Settings chosen) {
      encoder = chosen;
      return this;
    }

    /**
     * Masked attention, or the baseline.
     *
     * @param chosen {@link Embedding#MASKED_ATTENTION} by default
     * @return this
     */
    public Builder embedding(Embedding chosen) {
      embedding = chosen;
      return this;
    }

    /**
     * The sentence around names, in which they are compared with segments.
     *
     * @param chosen a single one; {@code Image of a {}.} by default
     * @return this
     */
    public Builder prompt(PromptTemplates chosen) {
      prompt = chosen;
      return this;
    }

    /**
     * When siblings become one segment.
     *
     * @param threshold mixed similarity from which they do; 0.8 by default
     * @param weightOfSight weight of the embeddings' cosine, 0.5 by default; names have the rest
     * @return this
     */
    public Builder merging(double threshold, double weightOfSight) {
      mergeThreshold = threshold;
      visualWeight = weightOfSight;
      return this;
    }

    /**
     * Keeps all candidates: an ablation of Table 3.
     *
     * @return this
     */
    public Builder withoutMerging() {
      mergeThreshold = Double.POSITIVE_INFINITY;
      return this;
    }

    /**
     * Is told of each stage as it begins: looking at the picture, clustering, snapping to edges,
     * and as often as segments merge embedding, naming and merging.
     *
     * @param watcher silent by default
     * @return this
     */
    public Builder progress(Progress watcher) {
      progress = watcher;
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
      Settings settings =
          new Settings(
              candidates,
              encoder,
              embedding,
              new SegmentMerging(mergeThreshold, visualWeight),
              new Naming(cutsLastLetter, prompt));
      Dino cutter = dino.open();
      try {
        return build(cutter, clip.open(), settings);
      } catch (IOException | RuntimeException e) {
        cutter.close();
        throw e;
      }
    }

    private ZeroGuide build(Dino cutter, Clip embedder, Settings settings) {
      try {
        if (settings.embedding() == Embedding.MASKED_ATTENTION) {
          embedder.compute((model, call) -> SegmentEncoder.of(model, settings.encoder()).grid());
        }
        return new ZeroGuide(cutter, embedder, namer, settings, progress);
      } catch (RuntimeException e) {
        embedder.close();
        throw e;
      }
    }
  }

  /**
   * Finds and names segments.
   *
   * @param image of any size
   * @return segments that share out all pixels
   */
  public Discovery discover(Image image) {
    return discover(Picture.of(image));
  }

  /**
   * Finds and names segments.
   *
   * @param picture of any mode and size
   * @return segments that share out all pixels
   */
  public Discovery discover(Picture picture) {
    return discover(picture, namer);
  }

  private Discovery discover(Picture picture, Optional<Namer> by) {
    Oversegmentation.Candidates candidates = settings.candidates().cut(dino, picture, progress);
    return describe(picture.rgb(), candidates, by);
  }

  /** Everything behind the candidates. */
  private Discovery describe(
      Picture rgb, Oversegmentation.Candidates candidates, Optional<Namer> by) {
    SegmentMerging.Result merged = merge(rgb, candidates, by);
    Oversegmentation.Candidates whole = candidates.enlarged(rgb.width(), rgb.height());
    Map<Long, Mask> masks = new HashMap<>();
    merged.nodes().forEach(node -> masks.put(node.id(), whole.mask(node.leaves())));
    List<SegmentMerging.Node> remaining =
        merged.segments().stream()
            .filter(node -> !masks.get(node.id()).isEmpty())
            .sorted(
                Comparator.<SegmentMerging.Node>comparingInt(node -> masks.get(node.id()).area())
                    .reversed()
                    .thenComparingLong(SegmentMerging.Node::id))
            .toList();
    List<DiscoveredSegment> segments = new ArrayList<>();
    for (SegmentMerging.Node node : remaining) {
      segments.add(
          new DiscoveredSegment(
              segments.size(),
              node.id(),
              Arrays.stream(node.leaves()).boxed().toList(),
              masks.get(node.id()),
              node.labels(),
              TextEmbeddings.unit(node.embedding()),
              node.saliency()));
    }
    return new Discovery(rgb.width(), rgb.height(), segments, tree(merged, masks));
  }

  private static List<Discovery.TreeNode> tree(
      SegmentMerging.Result merged, Map<Long, Mask> masks) {
    Map<Long, Double> similarities =
        merged.comparisons().stream()
            .collect(
                Collectors.toMap(
                    SegmentMerging.Comparison::parent, SegmentMerging.Comparison::similarity));
    Set<Long> remaining =
        merged.segments().stream().map(SegmentMerging.Node::id).collect(Collectors.toSet());
    return merged.nodes().stream()
        .map(
            node ->
                new Discovery.TreeNode(
                    node.id(),
                    node.labels().isEmpty() ? "" : node.labels().get(0).text(),
                    Arrays.stream(node.leaves()).boxed().toList(),
                    masks.get(node.id()),
                    node.leaves().length == 1 ? 1 : similarities.get(node.id()),
                    remaining.contains(node.id())))
        .toList();
  }

  /**
   * Embeds and names segments of one's own, without looking for any and without merging.
   *
   * @param picture of any mode and size
   * @param masks all of one size, which need not be the picture's; none may be empty
   * @return one for each mask, in that order; of no tree: node -1, no leaves
   */
  public List<DiscoveredSegment> describe(Picture picture, List<Mask> masks) {
    return clip.compute(
        (model, call) -> {
          Described found = describe(vectors(model, call, picture.rgb()), masks, namer);
          return IntStream.range(0, masks.size())
              .mapToObj(
                  i ->
                      new DiscoveredSegment(
                          i,
                          -1,
                          List.of(),
                          masks.get(i),
                          found.labels().get(i),
                          TextEmbeddings.unit(found.vectors().get(i).embedding()),
                          found.vectors().get(i).saliency()))
              .toList();
        });
  }

  /** Embeds, names and merges. */
  SegmentMerging.Result merge(
      Picture rgb, Oversegmentation.Candidates candidates, Optional<Namer> by) {
    return clip.compute(
        (model, call) -> {
          SegmentVectors vectors = vectors(model, call, rgb);
          return settings
              .merging()
              .merge(
                  candidates.treeIds(),
                  (ids, leaves) -> {
                    List<Mask> masks = leaves.stream().map(candidates::mask).toList();
                    return nodes(ids, leaves, describe(vectors, masks, by));
                  });
        });
  }

  private SegmentVectors vectors(ClipModel model, NDManager call, Picture rgb) {
    progress.update("embedding segments", 0, -1);
    return settings.embedding() == Embedding.MASKED_ATTENTION
        ? SegmentVectors.masked(SegmentEncoder.of(model, settings.encoder()), call, rgb)
        : SegmentVectors.cropped(model, call, rgb);
  }

  private record Described(List<SegmentVectors.Vector> vectors, List<List<SegmentLabel>> labels) {}

  private Described describe(SegmentVectors vectors, List<Mask> masks, Optional<Namer> by) {
    progress.update("embedding segments", 0, masks.size());
    List<SegmentVectors.Vector> found = vectors.of(masks);
    if (by.isEmpty()) {
      return new Described(found, Collections.nCopies(masks.size(), List.of()));
    }
    progress.update("naming segments", 0, masks.size());
    List<float[]> embeddings = found.stream().map(SegmentVectors.Vector::embedding).toList();
    return new Described(found, settings.naming().labels(embeddings, by.get(), clip));
  }

  private List<SegmentMerging.Node> nodes(List<Long> ids, List<int[]> leaves, Described found) {
    progress.update("merging segments", 0, -1);
    return IntStream.range(0, ids.size())
        .mapToObj(
            i ->
                new SegmentMerging.Node(
                    ids.get(i),
                    leaves.get(i),
                    found.vectors().get(i).embedding(),
                    found.vectors().get(i).saliency(),
                    found.labels().get(i)))
        .toList();
  }

  /**
   * Finds segments and gives each the nearest of the given words: {@link #discover(Image)}, then
   * {@link #reassign}.
   */
  @Override
  public List<Segmentation> segment(List<Image> images, Vocabulary vocabulary) {
    return images.stream().map(image -> reassign(discover(image), vocabulary)).toList();
  }

  /**
   * Gives segments that were found the nearest of the given words: the paper's segment-to-text
   * assignment (Sec. 4.1). Scores are cosines; a segment is background if a background word is
   * nearer, or if no word exceeds the vocabulary's threshold, 0.1 in the paper. Another vocabulary
   * costs no more than its words' embeddings.
   *
   * @param found by this CLIP
   * @param vocabulary the words
   * @return segments by falling area, several of which may have one word
   */
  public Segmentation reassign(Discovery found, Vocabulary vocabulary) {
    List<String> words = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    int label = 0;
    for (Vocabulary.Category category : vocabulary.categories()) {
      label++;
      words.addAll(category.words());
      owners.addAll(Collections.nCopies(category.words().size(), label));
    }
    words.addAll(vocabulary.backgroundWords());
    owners.addAll(Collections.nCopies(vocabulary.backgroundWords().size(), 0));
    float[][] vectors = clip.textEmbeddings().classifier(words, settings.naming().prompt());
    List<Segment> segments =
        found.segments().stream()
            .flatMap(segment -> reassign(segment, vocabulary, vectors, owners).stream())
            .toList();
    return Segmentation.ofSegments(found.width(), found.height(), vocabulary.names(), segments);
  }

  private static Optional<Segment> reassign(
      DiscoveredSegment segment, Vocabulary vocabulary, float[][] vectors, List<Integer> owners) {
    double[] cosines = Arrays.stream(vectors).mapToDouble(segment::similarity).toArray();
    int best = 0;
    for (int i = 1; i < cosines.length; i++) {
      best = cosines[i] > cosines[best] ? i : best;
    }
    OptionalDouble threshold = vocabulary.backgroundThreshold();
    int label = owners.get(best);
    if (label == 0 || cosines[best] < threshold.orElse(-1)) {
      return Optional.empty();
    }
    return Optional.of(
        Segment.of(label, vocabulary.names().get(label - 1), cosines[best], segment.mask())
            .withEmbedding(segment.embedding()));
  }

  /** Frees the models that this loaded. */
  @Override
  public void close() {
    dino.close();
    clip.close();
  }
}
