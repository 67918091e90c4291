package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.core.segment.Batches;
import org.zeroseg.core.segment.TileParts;
import org.zeroseg.core.segment.Tiles;
import org.zeroseg.core.tensor.ModelMemory;

/**
 * Finds instances of classes not seen in training, by their word vectors (Zheng et al. 2021,
 * "Zero-Shot Instance Segmentation").
 *
 * <p>The words of a vocabulary that name seen classes are found as such. Any other word is found by
 * its vector alone: one of the split's unseen classes, or a word that the builder's {@link
 * ZsiBuilder#words} knows. A category goes by its name, and by the first of its synonyms that has a
 * vector if the name has none. Scores of unseen classes are no probabilities and stay below 0.6;
 * seen and unseen instances do not compete, as in the released code. Background words are ignored,
 * because background is learnt; a background threshold of the vocabulary raises the least score.
 *
 * <pre>{@code
 * try (Zsi zsi = Zsi.builder().model(Path.of("zsi.safetensors")).build()) {
 *   Segmentation found = zsi.segment(Path.of("photo.jpg"), Vocabulary.of("dog", "skateboard"));
 * }
 * }</pre>
 *
 * <p>Thread-safe; {@link #close} waits for calls that run.
 */
public final class Zsi implements Segmenter {

  /** Which classes are looked for. */
  public enum Classes {
    /** Those of training alone. */
    SEEN,
    /** Unseen ones alone: ZSD and ZSI. */
    UNSEEN,
    /** All: GZSD and GZSI. */
    GENERALISED
  }

  /**
   * An instance.
   *
   * @param label of its category in the vocabulary, from 1
   * @param name of the category
   * @param seen whether the category is one of training
   * @param score the higher the surer
   * @param box around it, in pixels of the picture
   * @param mask its pixels, in the picture's size; absent if the network finds boxes alone or masks
   *     were not wanted
   */
  public record Detection(
      int label, String name, boolean seen, double score, Box box, Optional<Rle> mask) {}

  /**
   * A part of a picture that may show something.
   *
   * @param box in pixels of the picture
   * @param objectness probability that it is not background
   */
  public record Proposal(Box box, double objectness) {}

  /** Pixels that go through the network at once, unless a single picture has more. */
  private static final long MOST_PIXELS = 4L << 20;

  /** Vocabularies whose filters are kept. */
  private static final int KEPT = 8;

  /**
   * What the builder chose.
   *
   * @param classes which are looked for
   * @param masks whether instances have masks
   * @param maskThreshold probability that a mask's pixels exceed
   * @param detector what stays
   * @param distinct whether a thing has one name alone
   * @param proposals of a picture
   * @param frame how pictures are resized
   * @param batch pictures that go through the network together
   * @param tiles that large pictures are looked at in
   * @param progress told of tiles
   */
  record Settings(
      Classes classes,
      boolean masks,
      float maskThreshold,
      Detector.Options detector,
      boolean distinct,
      Proposals.Rules proposals,
      FrameRule frame,
      int batch,
      Optional<Tiles> tiles,
      Progress progress) {}

  /**
   * The vectors of background, learnt ones or the split's.
   *
   * @param boxes of the detector
   * @param masks of the mask head
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Background(float[] boxes, float[] masks) {}

  /** How a picture of a size lies in the network's input. */
  interface FrameRule {
    Frame of(int width, int height);
  }

  private final Inference inference;
  private final ModelMemory memory;
  private final ClassVectors classes;
  private final Background background;
  private final WordVectors words;
  private final Settings settings;
  private final Map<Vocabulary, Request> requests =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Vocabulary, Request> eldest) {
          return size() > KEPT;
        }
      };

  Zsi(
      ZsiModel folded,
      NDManager manager,
      ClassVectors classes,
      Background background,
      WordVectors words,
      Settings settings) {
    this.inference = new Inference(folded);
    this.memory = new ModelMemory(manager, "this ZSI");
    this.classes = classes;
    this.background = background;
    this.words = words;
    this.settings = settings;
  }

  /**
   * Creates a builder, on which a model and settings are chosen.
   *
   * @return a builder with the published settings
   */
  public static ZsiBuilder builder() {
    return new ZsiBuilder();
  }

  /**
   * The classes of the network's split.
   *
   * @return seen and unseen ones, with their vectors
   */
  public ClassVectors classes() {
    return classes;
  }

  /**
   * All classes of the split, as a vocabulary.
   *
   * @return the seen ones, then the unseen ones
   */
  public Vocabulary vocabulary() {
    List<String> names = new ArrayList<>(classes.seen());
    names.addAll(classes.unseen());
    return Vocabulary.of(names.toArray(String[]::new));
  }

  @Override
  public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
    List<List<Detection>> detections = detect(pictures, vocabulary);
    List<Segmentation> results = new ArrayList<>();
    for (int i = 0; i < detections.size(); i++) {
      int width = pictures.get(i).width();
      int height = pictures.get(i).height();
      List<Segment> segments =
          detections.get(i).stream().map(one -> segment(one, width, height)).toList();
      results.add(Segmentation.ofSegments(width, height, vocabulary.names(), segments));
    }
    return results;
  }

  private static Segment segment(Detection one, int width, int height) {
    Mask mask = one.mask().orElseGet(() -> Rle.ofBox(width, height, one.box())).mask();
    return Segment.of(one.label(), one.name(), one.score(), mask).withBox(one.box());
  }

  /**
   * Instances, with masks encoded as they are found: of seen classes first, at most a hundred of
   * either kind, as evaluation wants them; or one for each thing, if the builder was asked for
   * {@link ZsiBuilder#distinct}. Of a picture that takes several tiles these limits are a tile's.
   *
   * @param pictures of any modes and sizes
   * @param vocabulary the words
   * @return the instances of each picture
   * @throws IllegalArgumentException if a word has no vector, naming it, or a picture is so narrow
   *     that a side would have no pixel
   */
  public List<List<Detection>> detect(List<Picture> pictures, Vocabulary vocabulary) {
    Request request = request(vocabulary);
    return Batches.tiled(
        pictures,
        settings.tiles(),
        large -> tiled(large, request),
        others -> detect(others, request));
  }

  /** A picture that takes several tiles. */
  private List<Detection> tiled(Picture picture, Request request) {
    int width = picture.width();
    int height = picture.height();
    List<TileParts.Part<Segment>> parts = new ArrayList<>();
    settings
        .tiles()
        .orElseThrow()
        .forEach(
            picture,
            settings.batch(),
            settings.progress(),
            tiles -> detect(tiles, request),
            (windows, found) -> {
              for (int i = 0; i < windows.size(); i++) {
                Window tile = windows.get(i);
                for (Detection one : found.get(i)) {
                  Segment segment = segment(one, tile.width(), tile.height());
                  parts.add(new TileParts.Part<>(tile, segment.mask(), segment));
                }
              }
            });
    Set<Integer> seen = request.seen().stream().map(Asked::label).collect(Collectors.toSet());
    return TileParts.segments(parts, width, height).stream()
        .map(
            one ->
                new Detection(
                    one.label(),
                    one.name(),
                    seen.contains(one.label()),
                    one.score(),
                    one.box(),
                    settings.masks() ? Optional.of(one.mask().rle()) : Optional.empty()))
        .sorted(
            Comparator.comparing(Detection::seen).thenComparingDouble(Detection::score).reversed())
        .toList();
  }

  private List<List<Detection>> detect(List<Picture> pictures, Request request) {
    return map(
        pictures,
        (levels, frames) -> {
          List<Proposals> proposals = inference.proposals(levels, frames, settings.proposals());
          List<Inference.Classified> answers = inference.classify(levels, proposals);
          List<List<Detection>> found = new ArrayList<>();
          for (int i = 0; i < frames.size(); i++) {
            found.add(detect(levels, i, frames.get(i), proposals.get(i), answers.get(i), request));
          }
          return found;
        });
  }

  /**
   * What the background-aware proposal network sees in a picture, whatever it may be.
   *
   * @param picture of any mode and size
   * @return by falling objectness
   */
  public List<Proposal> proposals(Picture picture) {
    return map(
            List.of(picture),
            (levels, frames) ->
                inference.proposals(levels, frames, settings.proposals()).stream()
                    .map(found -> proposals(found, frames.get(0)))
                    .toList())
        .get(0);
  }

  private static List<Proposal> proposals(Proposals found, Frame frame) {
    float[] boxes = found.boxes().clone();
    for (int i = 0; i < boxes.length; i++) {
      boxes[i] /= (float) frame.scale();
    }
    List<Proposal> proposals = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      proposals.add(new Proposal(box(boxes, i), found.scores()[i]));
    }
    return proposals;
  }

  private interface Use<R> {
    List<R> of(NDList levels, List<Frame> frames);
  }

  /** Runs the network on pictures whose inputs are of one size. */
  private <R> List<R> map(List<Picture> pictures, Use<R> use) {
    return Batches.map(
        pictures,
        picture -> settings.frame().of(picture.width(), picture.height()).sizes(),
        this::together,
        (some, sizes) -> {
          Frame frame = settings.frame().of(sizes.width(), sizes.height());
          List<Picture> resized = some.stream().map(frame::resize).toList();
          List<Frame> frames = some.stream().map(picture -> frame).toList();
          return memory.during(
              call -> {
                NDList levels;
                try (NDArray pixels = Inference.pixels(resized, call)) {
                  levels = inference.levels(pixels);
                }
                return use.of(levels, frames);
              });
        });
  }

  private int together(Sizes sizes) {
    long pixels = (long) sizes.newWidth() * sizes.newHeight();
    return (int) Math.max(1, Math.min(settings.batch(), MOST_PIXELS / pixels));
  }

  private List<Detection> detect(
      NDList levels,
      int index,
      Frame frame,
      Proposals proposals,
      Inference.Classified answer,
      Request request) {
    Detector.Boxes boxes =
        request
            .detector()
            .boxes(
                proposals.boxes(),
                answer.logits(),
                answer.deltas(),
                answer.semantic(),
                frame.width(),
                frame.height(),
                (float) frame.scale());
    int seen = request.seen().size();
    Detections found =
        settings.distinct() ? request.detector().distinct(boxes) : request.detector().select(boxes);
    List<Optional<Rle>> masks = masks(levels, index, frame, found, request);
    List<Detection> detections = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      int c = found.classes()[i] - 1;
      Asked asked = c < seen ? request.seen().get(c) : request.unseen().get(c - seen);
      detections.add(
          new Detection(
              asked.label(),
              asked.name(),
              c < seen,
              found.scores()[i],
              box(found.boxes(), i),
              masks.get(i)));
    }
    return List.copyOf(detections);
  }

  /** From the last pixel included to a width. */
  private static Box box(float[] boxes, int i) {
    double x = boxes[4 * i];
    double y = boxes[4 * i + 1];
    return new Box(
        x, y, Math.max(0, boxes[4 * i + 2] - x + 1), Math.max(0, boxes[4 * i + 3] - y + 1));
  }

  private List<Optional<Rle>> masks(
      NDList levels, int index, Frame frame, Detections found, Request request) {
    List<Optional<Rle>> masks = new ArrayList<>();
    if (request.filters().isEmpty()) {
      for (int i = 0; i < found.size(); i++) {
        masks.add(Optional.empty());
      }
      return masks;
    }
    float[] boxes = found.boxes().clone();
    for (int i = 0; i < boxes.length; i++) {
      boxes[i] *= (float) frame.scale();
    }
    int[] rows = found.classes().clone();
    for (int i = 0; i < rows.length; i++) {
      rows[i]--;
    }
    // A probability above the threshold is a logit above another; but they are resized as the
    // reference does it, as probabilities.
    inference.masks(
        levels,
        index,
        boxes,
        rows,
        request.filters().get(),
        (first, logits) -> {
          for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (1 / (1 + Math.exp(-logits[i])));
          }
          int area = PastedMask.SIDE * PastedMask.SIDE;
          for (int i = 0; i < logits.length / area; i++) {
            masks.add(
                Optional.of(
                    PastedMask.of(
                        logits,
                        i * area,
                        found.boxes(),
                        first + i,
                        frame.sizes().width(),
                        frame.sizes().height(),
                        settings.maskThreshold())));
          }
        });
    return masks;
  }

  /** A category that is asked for. */
  private record Asked(int label, String name) {}

  /** What a vocabulary asks of the network. */
  private record Request(
      List<Asked> seen,
      List<Asked> unseen,
      Detector detector,
      Optional<MaskHead.Filters> filters) {}

  private Request request(Vocabulary vocabulary) {
    synchronized (requests) {
      Request kept = requests.get(vocabulary);
      if (kept != null) {
        return kept;
      }
    }
    // Arrays of the model are read here, so it must stay open.
    Request made = memory.during(call -> make(vocabulary));
    synchronized (requests) {
      requests.put(vocabulary, made);
    }
    return made;
  }

  private Request make(Vocabulary vocabulary) {
    List<Asked> seen = new ArrayList<>();
    List<Integer> places = new ArrayList<>();
    List<Asked> unseen = new ArrayList<>();
    List<float[]> vectors = new ArrayList<>();
    for (int i = 0; i < vocabulary.size(); i++) {
      Vocabulary.Category category = vocabulary.categories().get(i);
      Asked asked = new Asked(i + 1, category.name());
      int place =
          category.words().stream()
              .mapToInt(word -> ClassVectors.index(classes.seen(), word))
              .filter(index -> index >= 0)
              .findFirst()
              .orElse(-1);
      if (place >= 0) {
        if (settings.classes() != Classes.UNSEEN) {
          seen.add(asked);
          places.add(place);
        }
      } else if (settings.classes() != Classes.SEEN) {
        unseen.add(asked);
        vectors.add(vector(category));
      }
    }
    float[][] learnt = classes.seenRows(background.boxes());
    int[] wanted = places.stream().mapToInt(Integer::intValue).toArray();
    Detections.Rules rules = settings.detector().rules();
    double least = Math.max(rules.score(), vocabulary.backgroundThreshold().orElse(rules.score()));
    Detector.Options options =
        new Detector.Options(
            new Detections.Rules(least, rules.overlap(), rules.most()),
            settings.detector().deltas(),
            settings.detector().calibration(),
            settings.detector().direct(),
            settings.detector().background());
    Detector detector =
        Detector.of(learnt, wanted, withBackground(background.boxes(), vectors), options);
    return new Request(List.copyOf(seen), List.copyOf(unseen), detector, filters(wanted, vectors));
  }

  private static float[][] withBackground(float[] background, List<float[]> vectors) {
    List<float[]> rows = new ArrayList<>(vectors);
    rows.add(0, background);
    return rows.toArray(float[][]::new);
  }

  private float[] vector(Vocabulary.Category category) {
    for (String word : category.words()) {
      Optional<float[]> own = classes.vector(word);
      if (own.isPresent()) {
        return own.get();
      }
      Optional<float[]> found = words.vector(word);
      if (found.isPresent()) {
        if (found.get().length != classes.dimensions()) {
          throw new IllegalArgumentException(
              "The vector of '%s' has %d numbers, the network's have %d"
                  .formatted(word, found.get().length, classes.dimensions()));
        }
        return ClassVectors.scaled(found.get(), classes.length());
      }
    }
    throw new IllegalArgumentException(
        "There is no word vector of '%s': it is no class of the split, and builder().words(...) does not know it"
            .formatted(category.name()));
  }

  /** Filters of the seen classes that are asked for, then of the unseen ones. */
  private Optional<MaskHead.Filters> filters(int[] seen, List<float[]> unseen) {
    int count = seen.length + unseen.size();
    if (!settings.masks() || count == 0) {
      return Optional.empty();
    }
    MaskHead head = inference.model().masks().orElseThrow();
    float[][] words = classes.seenRows(background.masks());
    List<float[]> rows = new ArrayList<>();
    for (int place : seen) {
      float[] alone = new float[words.length];
      alone[1 + place] = 1;
      rows.add(head.encodes() ? words[1 + place] : alone);
    }
    if (!unseen.isEmpty()) {
      float[][] asked = unseen.toArray(float[][]::new);
      Matrix vectors;
      if (!head.encodes()) {
        vectors = MaskWords.shares(words, asked);
      } else if (settings.detector().direct()) {
        vectors = Matrix.rows(asked);
      } else {
        vectors = MaskWords.unseen(words, asked);
      }
      for (int i = 0; i < asked.length; i++) {
        rows.add(vectors.row(i));
      }
    }
    return Optional.of(head.filters(Matrix.rows(rows.toArray(float[][]::new))));
  }

  /** Frees the network after the calls that run. */
  @Override
  public void close() {
    memory.close();
  }
}
