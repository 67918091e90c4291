package org.zeroseg.zeroguide;

import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDManager;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
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
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.segment.WordRows;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.caption.Namer;

/**
 * Segments a picture and names the segments, without being told any words and without training
 * (Rewatbowornwong et al. 2023, Zero-guidance segmentation using zero segment labels).
 *
 * <p>DINO cuts the picture into candidates, CLIP embeds each with masked attention, a namer finds
 * texts for the embeddings, and siblings that look and are named alike become one. Without a namer
 * segments stay unnamed and merge by sight alone. Thread-safe.
 *
 * <pre>{@code
 * try (ZeroGuide guide =
 *     ZeroGuide.builder()
 *         .dino("facebook/dino-vits8")
 *         .clip("openai/clip-vit-large-patch14-336")
 *         .build()) {
 *   Discovery found = guide.discover(Path.of("photo.jpg"));
 * }
 * }</pre>
 */
public final class ZeroGuide implements Segmenter {

  /** How a segment becomes a vector. */
  public enum Embedding {
    /** Attention masked in CLIP's last blocks: the method. */
    MASKED_ATTENTION,
    /** The segment cut out of the picture, black around it: the baseline of Table 3. */
    CROP_AND_MASK
  }

  /** What the builder chose. */
  record Settings(
      Oversegmentation candidates,
      SegmentEncoder.Settings encoder,
      Embedding embedding,
      SegmentMerging merging,
      Naming naming) {}

  private final Dino dino;
  private final Clip clip;
  private final Optional<Namer> namer;
  private final Settings settings;
  private final Optional<Tiles> tiles;
  private final Progress progress;

  ZeroGuide(
      Dino dino,
      Clip clip,
      Optional<Namer> namer,
      Settings settings,
      Optional<Tiles> tiles,
      Progress progress) {
    this.dino = dino;
    this.clip = clip;
    this.namer = namer;
    this.settings = settings;
    this.tiles = tiles;
    this.progress = progress;
  }

  /**
   * Creates a builder, on which models and settings are chosen.
   *
   * @return a builder with the settings that made the published numbers, but for the label's last
   *     letter, which is cut only if it is a full stop
   */
  public static ZeroGuideBuilder builder() {
    return new ZeroGuideBuilder();
  }

  /**
   * The published code to the letter, its trimming of labels included.
   *
   * @return a builder
   */
  public static ZeroGuideBuilder reference() {
    return builder().cutsLastLetter();
  }

  /**
   * The paper's text where the code departs from it: all 19 splits of the tree are looked at, and
   * the saliency compares outputs of attention.
   *
   * @return a builder
   */
  public static ZeroGuideBuilder paper() {
    Oversegmentation d = Oversegmentation.DEFAULT;
    return new ZeroGuideBuilder()
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

  /**
   * Finds and names segments.
   *
   * @param file a picture, taken upright
   * @return segments that share out all pixels of the upright picture
   * @throws IOException if the file cannot be read, or is no whole picture
   */
  public Discovery discover(Path file) throws IOException {
    return discover(Picture.read(file));
  }

  /**
   * Finds and names segments.
   *
   * @param image DJL's picture, of any size
   * @return segments that share out all pixels
   */
  public Discovery discover(Image image) {
    return discover(Picture.of(image));
  }

  /**
   * Finds and names segments.
   *
   * @param image Java's picture, of any size and type
   * @return segments that share out all pixels
   */
  public Discovery discover(BufferedImage image) {
    return discover(Picture.of(image));
  }

  /**
   * Finds and names segments.
   *
   * @param picture of any mode and size
   * @return segments that share out all pixels
   */
  public Discovery discover(Picture picture) {
    return tiles.isPresent() && tiles.get().split(picture.width(), picture.height())
        ? new TiledDiscovery(tiles.get(), settings.merging())
            .of(picture, quiet()::discover, progress)
        : whole(picture);
  }

  /** The same for a tile, the stages of which nobody needs to be told of. */
  private ZeroGuide quiet() {
    return new ZeroGuide(dino, clip, namer, settings, Optional.empty(), Progress.SILENT);
  }

  private Discovery whole(Picture picture) {
    Oversegmentation.Candidates candidates = settings.candidates().cut(dino, picture, progress);
    Picture rgb = picture.rgb();
    SegmentMerging.Result merged = merge(rgb, candidates, namer);
    Map<Long, Mask> masks = new HashMap<>();
    List<Mask> leaves = candidates.masks(rgb.width(), rgb.height());
    merged
        .nodes()
        .forEach(
            node ->
                masks.put(
                    node.id(),
                    Mask.union(Arrays.stream(node.leaves()).mapToObj(leaves::get).toList())));
    return new Discovery(rgb.width(), rgb.height(), segments(merged, masks), tree(merged, masks));
  }

  /** What remains after merging, by falling area. */
  private static List<DiscoveredSegment> segments(
      SegmentMerging.Result merged, Map<Long, Mask> masks) {
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
    return segments;
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
   * Embeds and names given segments, without segmentation or merging.
   *
   * @param picture of any mode and size
   * @param masks all of one size, which need not be the picture's; none may be empty
   * @return one for each mask, in that order; of no tree: node -1, no leaves
   */
  public List<DiscoveredSegment> describe(Picture picture, List<Mask> masks) {
    return clip.compute(
        (model, call) -> {
          Described found = embedAndName(vectors(model, call, picture.rgb()), masks, namer);
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

  /**
   * As {@link #describe(Picture, List)}.
   *
   * @param file a picture, taken upright
   * @param masks all of one size; none may be empty
   * @return one for each mask, in that order
   * @throws IOException if the file cannot be read, or is no whole picture
   */
  public List<DiscoveredSegment> describe(Path file, List<Mask> masks) throws IOException {
    return describe(Picture.read(file), masks);
  }

  /**
   * As {@link #describe(Picture, List)}.
   *
   * @param image DJL's picture
   * @param masks all of one size; none may be empty
   * @return one for each mask, in that order
   */
  public List<DiscoveredSegment> describe(Image image, List<Mask> masks) {
    return describe(Picture.of(image), masks);
  }

  /**
   * As {@link #describe(Picture, List)}.
   *
   * @param image Java's picture
   * @param masks all of one size; none may be empty
   * @return one for each mask, in that order
   */
  public List<DiscoveredSegment> describe(BufferedImage image, List<Mask> masks) {
    return describe(Picture.of(image), masks);
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
                    return nodes(ids, leaves, embedAndName(vectors, masks, by));
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

  private Described embedAndName(SegmentVectors vectors, List<Mask> masks, Optional<Namer> by) {
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
   * Finds segments and gives each the nearest of the given words: {@link #discover(Picture)}, then
   * {@link #reassign}.
   */
  @Override
  public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
    return pictures.stream().map(picture -> reassign(discover(picture), vocabulary)).toList();
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
    WordRows words = WordRows.of(vocabulary);
    float[][] vectors =
        clip.textEmbeddings().classifier(words.words(), settings.naming().prompt(), progress);
    List<Segment> segments =
        found.segments().stream()
            .flatMap(segment -> reassign(segment, vocabulary, vectors, words).stream())
            .toList();
    return Segmentation.ofSegments(found.width(), found.height(), vocabulary.names(), segments);
  }

  private static Optional<Segment> reassign(
      DiscoveredSegment segment, Vocabulary vocabulary, float[][] vectors, WordRows words) {
    double[] cosines = Arrays.stream(vectors).mapToDouble(segment::similarity).toArray();
    int best = 0;
    for (int i = 1; i < cosines.length; i++) {
      best = cosines[i] > cosines[best] ? i : best;
    }
    OptionalDouble threshold = vocabulary.backgroundThreshold();
    int label = words.label(best);
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
