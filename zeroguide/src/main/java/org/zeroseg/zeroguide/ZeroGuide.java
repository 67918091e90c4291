package org.zeroseg.zeroguide;

import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
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
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Framing;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.caption.Caption;
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

  /** Segments that go through CLIP's masked blocks at once. */
  private static final int SEGMENTS_AT_ONCE = 16;

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
      Labelling labelling) {}

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
     * Is told of each stage.
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
              new Labelling(cutsLastLetter, prompt));
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
    progress.update("cutting", 0, -1);
    Oversegmentation.Candidates candidates = settings.candidates().cut(dino, picture);
    return describe(picture.rgb(), candidates, by);
  }

  /** Everything behind the candidates. */
  Discovery describe(Picture rgb, Oversegmentation.Candidates candidates, Optional<Namer> by) {
    SegmentMerging.Result merged = merge(rgb, candidates, by);
    int[] whole = toPicture(candidates, rgb);
    List<SegmentMerging.Node> nodes = merged.segments();
    List<Mask> masks =
        nodes.stream()
            .map(
                node ->
                    Mask.union(
                        Arrays.stream(node.leaves())
                            .mapToObj(leaf -> Mask.ofLabel(rgb.width(), rgb.height(), whole, leaf))
                            .toList()))
            .toList();
    List<Integer> order =
        IntStream.range(0, nodes.size())
            .boxed()
            .filter(i -> !masks.get(i).isEmpty())
            .sorted(
                Comparator.<Integer>comparingInt(i -> masks.get(i).area())
                    .reversed()
                    .thenComparingLong(i -> nodes.get(i).id()))
            .toList();
    List<DiscoveredSegment> segments = new ArrayList<>();
    for (int i : order) {
      SegmentMerging.Node node = nodes.get(i);
      segments.add(
          new DiscoveredSegment(
              segments.size(),
              node.id(),
              Arrays.stream(node.leaves()).boxed().toList(),
              masks.get(i),
              node.labels(),
              TextEmbeddings.unit(node.embedding()),
              node.saliency()));
    }
    return new Discovery(rgb.width(), rgb.height(), segments, tree(merged));
  }

  private static List<Discovery.TreeNode> tree(SegmentMerging.Result merged) {
    Map<Long, Double> similarities =
        merged.comparisons().stream()
            .collect(
                Collectors.toMap(
                    SegmentMerging.Comparison::parent, SegmentMerging.Comparison::similarity));
    List<Long> remaining = merged.segments().stream().map(SegmentMerging.Node::id).toList();
    return merged.nodes().stream()
        .map(
            node ->
                new Discovery.TreeNode(
                    node.id(),
                    node.labels().isEmpty() ? "" : node.labels().get(0).text(),
                    Arrays.stream(node.leaves()).boxed().toList(),
                    node.leaves().length == 1 ? 1 : similarities.get(node.id()),
                    remaining.contains(node.id())))
        .toList();
  }

  /** The label map at the picture's size, each pixel its nearest. */
  private static int[] toPicture(Oversegmentation.Candidates candidates, Picture picture) {
    Sizes sizes =
        new Sizes(picture.width(), picture.height(), candidates.width(), candidates.height());
    return Framing.whole(sizes).toPicture(candidates.labels(), 0);
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
          List<Vector> vectors = embedding(model, call, picture.rgb()).apply(masks);
          List<List<SegmentLabel>> labels = labels(vectors, namer);
          return IntStream.range(0, masks.size())
              .mapToObj(
                  i ->
                      new DiscoveredSegment(
                          i,
                          -1,
                          List.of(),
                          masks.get(i),
                          labels.get(i),
                          TextEmbeddings.unit(vectors.get(i).embedding()),
                          vectors.get(i).saliency()))
              .toList();
        });
  }

  /** Embeds, names and merges. */
  SegmentMerging.Result merge(
      Picture rgb, Oversegmentation.Candidates candidates, Optional<Namer> by) {
    return clip.compute(
        (model, call) -> {
          Function<List<Mask>, List<Vector>> embedding = embedding(model, call, rgb);
          return settings
              .merging()
              .merge(
                  candidates.treeIds(),
                  (ids, leaves) -> {
                    progress.update("describing segments", 0, ids.size());
                    List<Vector> vectors =
                        embedding.apply(leaves.stream().map(set -> mask(candidates, set)).toList());
                    return named(ids, leaves, vectors, by);
                  });
        });
  }

  /** From masks to vectors, with what all segments of the picture share computed once. */
  private Function<List<Mask>, List<Vector>> embedding(
      ClipModel model, NDManager call, Picture rgb) {
    int side = model.config().image().inputSize();
    if (settings.embedding() == Embedding.CROP_AND_MASK) {
      return masks -> cropped(model, call, rgb, masks, side);
    }
    SegmentEncoder encoder = SegmentEncoder.of(model, settings.encoder());
    NDArray shared = encoder.shared(pixels(call, List.of(rgb.resize(side, side, Filter.BICUBIC))));
    return masks -> masked(encoder, shared, masks);
  }

  private static NDArray pixels(NDManager call, List<Picture> pictures) {
    int side = pictures.get(0).width();
    float[] pixels = new float[pictures.size() * 3 * side * side];
    for (int i = 0; i < pictures.size(); i++) {
      float[] own = pictures.get(i).toPixels(Normalization.CLIP);
      System.arraycopy(own, 0, pixels, i * own.length, own.length);
    }
    return call.create(pixels, new Shape(pictures.size(), 3, side, side));
  }

  private static Mask mask(Oversegmentation.Candidates candidates, int... leaves) {
    return Mask.union(
        Arrays.stream(leaves)
            .mapToObj(
                leaf ->
                    Mask.ofLabel(
                        candidates.width(), candidates.height(), candidates.labels(), leaf))
            .toList());
  }

  /** An embedding and the saliency of its masked blocks. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Vector(float[] embedding, double[] saliency) {}

  private static List<Vector> masked(SegmentEncoder encoder, NDArray shared, List<Mask> masks) {
    List<Vector> vectors = new ArrayList<>();
    for (int start = 0; start < masks.size(); start += SEGMENTS_AT_ONCE) {
      List<Mask> batch = masks.subList(start, Math.min(masks.size(), start + SEGMENTS_AT_ONCE));
      try (NDManager embedding = shared.getManager().newSubManager()) {
        NDArray own = shared.duplicate();
        own.attach(embedding);
        SegmentEncoder.Embeddings found =
            encoder.embed(own, SegmentGrids.of(embedding, batch, encoder.grid()));
        float[] embeddings = found.embeddings().toFloatArray();
        float[] saliency = found.saliency().toFloatArray();
        int width = embeddings.length / batch.size();
        int layers = saliency.length / batch.size();
        for (int i = 0; i < batch.size(); i++) {
          int from = i * layers;
          vectors.add(
              new Vector(
                  Arrays.copyOfRange(embeddings, i * width, (i + 1) * width),
                  IntStream.range(from, from + layers).mapToDouble(k -> saliency[k]).toArray()));
        }
      }
    }
    return vectors;
  }

  private static List<Vector> cropped(
      ClipModel model, NDManager call, Picture rgb, List<Mask> masks, int size) {
    List<Vector> vectors = new ArrayList<>();
    for (Mask mask : masks) {
      try (NDManager embedding = call.newSubManager()) {
        NDArray input = pixels(embedding, List.of(CropAndMask.input(rgb, mask, size)));
        vectors.add(new Vector(model.image().encode(input).toFloatArray(), new double[0]));
      }
    }
    return vectors;
  }

  private List<SegmentMerging.Node> named(
      List<Long> ids, List<int[]> leaves, List<Vector> vectors, Optional<Namer> by) {
    List<List<SegmentLabel>> labels = labels(vectors, by);
    return IntStream.range(0, ids.size())
        .mapToObj(
            i ->
                new SegmentMerging.Node(
                    ids.get(i),
                    leaves.get(i),
                    vectors.get(i).embedding(),
                    vectors.get(i).saliency(),
                    labels.get(i)))
        .toList();
  }

  private List<List<SegmentLabel>> labels(List<Vector> vectors, Optional<Namer> by) {
    if (by.isEmpty() || vectors.isEmpty()) {
      return vectors.stream().map(vector -> List.<SegmentLabel>of()).toList();
    }
    List<List<Caption>> captions =
        by.get().captions(vectors.stream().map(Vector::embedding).toList());
    Map<String, float[]> texts =
        settings
            .labelling()
            .encode(
                clip, captions.stream().flatMap(Collection::stream).map(Caption::text).toList());
    return IntStream.range(0, vectors.size())
        .mapToObj(
            i -> settings.labelling().labels(vectors.get(i).embedding(), captions.get(i), texts))
        .toList();
  }

  /**
   * Finds segments and gives each the nearest of the given words: the paper's segment-to-text
   * assignment (Sec. 4.1). Scores are cosines; a segment is background if a background word is
   * nearer, or if no word exceeds the vocabulary's threshold, 0.1 in the paper.
   */
  @Override
  public List<Segmentation> segment(List<Image> images, Vocabulary vocabulary) {
    List<String> words = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    for (Vocabulary.Category category : vocabulary.categories()) {
      int label = owners.isEmpty() ? 1 : owners.get(owners.size() - 1) + 1;
      category
          .words()
          .forEach(
              word -> {
                words.add(word);
                owners.add(label);
              });
    }
    vocabulary
        .backgroundWords()
        .forEach(
            word -> {
              words.add(word);
              owners.add(0);
            });
    float[][] vectors = clip.textEmbeddings().classifier(words, settings.labelling().prompt());
    List<Segmentation> results = new ArrayList<>();
    for (Image image : images) {
      Discovery found = discover(image);
      List<Segment> segments = new ArrayList<>();
      for (DiscoveredSegment segment : found.segments()) {
        reassign(segment, vocabulary, vectors, owners).ifPresent(segments::add);
      }
      results.add(
          Segmentation.ofSegments(found.width(), found.height(), vocabulary.names(), segments));
    }
    return results;
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
