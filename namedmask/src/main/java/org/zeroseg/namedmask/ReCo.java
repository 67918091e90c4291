package org.zeroseg.namedmask;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.DenseClip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.segment.Batches;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.WordRows;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Segments a picture by any words, without training: retrieves pictures for each word, finds what
 * they have in common, and looks for that (Shin et al. 2022, "ReCo: Retrieve and Co-segment for
 * Zero-shot Transfer").
 *
 * <pre>{@code
 * ImageIndex index = ImageIndex.open(Path.of("index")); // made with the CLIP named below
 * try (ReCo segmenter =
 *     ReCo.builder()
 *         .encoder(Path.of("deit_s_sin_dist.pth"))
 *         .textAttention("RN50x16.pt")
 *         .archives(index, Path.of("pictures"), "ViT-L-14-336px.pt")
 *         .build()) {
 *   Segmentation found = segmenter.segment(Path.of("photo.jpg"), Vocabulary.of("road", "car"));
 * }
 * }</pre>
 *
 * <p>The first picture costs an archive for each word that is new, and one for each context; what
 * was found is remembered. Every pixel goes to one of the words. The vocabulary's background words
 * are words like others, whose pixels are background; with a threshold, pixels are background, too,
 * whose score is below that part of the picture's largest (0.9 in NamedMask's comparison). A
 * segment's score is the mean of its pixels' scores: products of two sigmoids, below 0.74.
 *
 * <p>Thread-safe; {@link #close} waits for calls that run.
 */
public final class ReCo implements Segmenter {

  /** The released code takes one word's embedding from another's. */
  private static final Map<String, String> SAME = Map.of("vegetation", "tree");

  /** CLIP's ResNets see nothing in less. */
  static final int LEAST = 32;

  /** What the builder chose. */
  record Settings(
      CoSegmentation coSegmentation,
      List<String> contexts,
      double temperature,
      Preprocessing square,
      PromptTemplates templates,
      boolean crf,
      InputSize input,
      int batch,
      Device device,
      Progress progress) {}

  /** Pictures of a word, best first. */
  interface Archive {
    /** The files' pictures; empty if there are none. */
    List<Picture> pictures(String word);
  }

  private final DenseEncoder encoder;
  private final Optional<Clip> clip;
  private final Optional<TextEmbeddings> texts;
  private final Archive archive;
  private final Runnable closing;
  private final Settings settings;
  private final Map<String, float[]> references = new LinkedHashMap<>();

  ReCo(
      DenseEncoder encoder,
      Optional<Clip> clip,
      Optional<TextEmbeddings> texts,
      Archive archive,
      Map<String, float[]> known,
      Runnable closing,
      Settings settings) {
    this.encoder = encoder;
    this.clip = clip;
    this.texts = texts;
    this.archive = archive;
    this.closing = closing;
    this.settings = settings;
    references.putAll(known);
  }

  /**
   * Creates a builder, on which models and settings are chosen.
   *
   * @return a builder with the released settings, but for {@link CoSegmentation.Rule#PAPER}
   */
  public static ReCoBuilder builder() {
    return new ReCoBuilder();
  }

  /**
   * What is taken out of the pictures of all other words.
   *
   * @return the words, in the order in which they are found
   */
  public List<String> contexts() {
    return List.copyOf(settings.contexts());
  }

  /**
   * The embeddings of words, to be kept for the next process.
   *
   * @param words any; what is not known yet is found first
   * @return one vector per word
   * @throws IllegalArgumentException if there is no picture for a word
   */
  public ReferenceEmbeddings references(List<String> words) {
    Map<String, float[]> vectors = new LinkedHashMap<>();
    for (int i = 0; i < words.size(); i++) {
      vectors.put(words.get(i), reference(words.get(i)));
      settings.progress().update("co-segmenting", i + 1L, words.size());
    }
    return new ReferenceEmbeddings(vectors);
  }

  /**
   * A picture of a word's archive, and where in it the cell is that recurs best in all of them.
   *
   * @param picture the square of the archive picture's middle that was looked at
   * @param cell in its pixels
   * @param vote the mean of the cell's best matches in all pictures, each times what that place
   *     counts; low ones everywhere tell that the pictures have nothing in common
   */
  public record Seed(Picture picture, Window cell, double vote) {}

  /**
   * What the embedding of a word is made of.
   *
   * @param word any
   * @return one seed a picture that could be read, best retrieved first
   * @throws IllegalArgumentException if there is no picture for the word, or for a context
   */
  public List<Seed> seeds(String word) {
    List<Picture> squares = squares(word);
    CoSegmentation.Found found = coSegment(squares, word, contextsOf(word));
    int cells = found.votes().length / squares.size();
    int side = (int) Math.round(Math.sqrt(cells)); // of cells along a square's side
    List<Seed> seeds = new ArrayList<>();
    for (int i = 0; i < squares.size(); i++) {
      Picture square = squares.get(i);
      int seed = found.seeds()[i];
      int size = Math.min(encoder.stride(), square.width());
      int left = Math.min(seed % side * encoder.stride(), square.width() - size);
      int top = Math.min(seed / side * encoder.stride(), square.height() - size);
      double vote = found.votes()[i * cells + seed];
      seeds.add(new Seed(square, new Window(left, top, size, size), vote));
    }
    return seeds;
  }

  /** The embedding of a word; contexts come first, each without those before it. */
  private float[] reference(String word) {
    synchronized (references) {
      float[] known = references.get(word);
      if (known != null) {
        return known;
      }
      String other = SAME.get(word);
      if (other != null && settings.contexts().contains(other)) {
        return reference(other);
      }
      float[] found = coSegment(squares(word), word, contextsOf(word)).embedding();
      references.put(word, found);
      return found;
    }
  }

  /** What is taken out of a word's pictures: all contexts, or those before it. */
  private List<float[]> contextsOf(String word) {
    List<float[]> without = new ArrayList<>();
    for (String context : settings.contexts()) {
      if (context.equals(word)) {
        break;
      }
      without.add(reference(context));
    }
    return without;
  }

  private List<Picture> squares(String word) {
    List<Picture> squares = archive.pictures(word).stream().map(settings.square()::square).toList();
    if (squares.isEmpty()) {
      throw new IllegalArgumentException(
          "there is no picture for \"%s\"%s"
              .formatted(
                  word,
                  settings.contexts().contains(word)
                      ? ", a context; retrieve some or choose other contexts"
                      : ""));
    }
    return squares;
  }

  private CoSegmentation.Found coSegment(
      List<Picture> squares, String word, List<float[]> contexts) {
    return coSegment(encoder, clip, settings, squares, text(List.of(word)), contexts);
  }

  /** Text vectors of the words, or none where the text does not count. */
  private float[][] text(List<String> words) {
    return texts
        .map(known -> known.classifier(words, settings.templates(), settings.progress()))
        .orElse(new float[0][]);
  }

  /** What pictures of one size have in common; the word's text is one vector, or none. */
  static CoSegmentation.Found coSegment(
      DenseEncoder encoder,
      Optional<Clip> clip,
      Settings settings,
      List<Picture> pictures,
      float[][] text,
      List<float[]> contexts) {
    float[] features = {};
    float[] weights = {};
    for (int from = 0; from < pictures.size(); from += settings.batch()) {
      List<Picture> some =
          pictures.subList(from, Math.min(pictures.size(), from + settings.batch()));
      List<DenseEncoder.Cells> cells = encoder.encode(some);
      List<Attention> attention = attention(clip, some, text, settings.temperature());
      for (int i = 0; i < some.size(); i++) {
        DenseEncoder.Cells own = cells.get(i);
        if (features.length == 0) {
          features = new float[pictures.size() * own.values().length];
          weights = new float[pictures.size() * own.height() * own.width()];
        }
        float[] w = weights(own, of(attention, i), contexts, settings.device());
        int picture = from + i;
        System.arraycopy(
            own.values(), 0, features, picture * own.values().length, own.values().length);
        System.arraycopy(w, 0, weights, picture * w.length, w.length);
      }
    }
    try (NDManager call = TorchEngine.newManager(settings.device())) {
      return settings.coSegmentation().find(features, weights, pictures.size(), call);
    }
  }

  private static float[] weights(
      DenseEncoder.Cells cells,
      Optional<Attention> attention,
      List<float[]> contexts,
      Device device) {
    try (NDManager call = TorchEngine.newManager(device)) {
      Optional<NDArray> known =
          contexts.isEmpty()
              ? Optional.empty()
              : Optional.of(call.create(contexts.toArray(float[][]::new)));
      return Likeness.weights(
              array(cells, call),
              cells.height(),
              cells.width(),
              attention.map(maps -> maps.array(call).expandDims(0)),
              known)
          .toFloatArray();
    }
  }

  private static NDArray array(DenseEncoder.Cells cells, NDManager call) {
    int count = cells.height() * cells.width();
    return call.create(cells.values(), new Shape(1, count, cells.values().length / count));
  }

  /**
   * How much the cells of a picture are like words, by CLIP.
   *
   * @param height of the map
   * @param width of the map
   * @param values {@code [K, height, width]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Attention(int height, int width, float[] values) {
    NDArray array(NDManager call) {
      return call.create(values, new Shape(values.length / height / width, height, width));
    }
  }

  /** One a picture, or none where the text does not count. */
  static List<Attention> attention(
      Optional<Clip> clip, List<Picture> pictures, float[][] text, double temperature) {
    if (clip.isEmpty()) {
      return List.of();
    }
    DenseClip dense = clip.get().dense();
    return clip.get()
        .compute(
            (model, call) -> {
              // ImageNet's statistics, although CLIP was trained with its own: as published.
              NDArray pixels = Normalization.IMAGENET.pixels(call, pictures);
              DenseClip.Features found = dense.features(pixels, false);
              float[] all = found.attention(call.create(text), temperature).toFloatArray();
              int length = all.length / pictures.size();
              List<Attention> maps = new ArrayList<>();
              for (int i = 0; i < pictures.size(); i++) {
                float[] own = Arrays.copyOfRange(all, i * length, (i + 1) * length);
                maps.add(new Attention(found.height(), found.width(), own));
              }
              return maps;
            });
  }

  @Override
  public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
    WordRows words = WordRows.withBackgroundApart(vocabulary);
    float[][] vectors = references(words.words()).vectors().values().toArray(float[][]::new);
    float[][] text = text(words.words());
    int cell = Math.max(LEAST, encoder.stride());
    return Batches.map(
        pictures,
        picture -> settings.input().of(picture, cell),
        sizes -> settings.batch(),
        (some, sizes) -> segment(some, sizes, vocabulary, words, vectors, text));
  }

  private List<Segmentation> segment(
      List<Picture> pictures,
      Sizes sizes,
      Vocabulary vocabulary,
      WordRows words,
      float[][] vectors,
      float[][] text) {
    List<Picture> inputs = sizes.resize(pictures, Filter.BILINEAR);
    List<DenseEncoder.Cells> cells = encoder.encode(inputs);
    requireLength(cells.get(0), vectors[0]);
    List<Attention> attention = attention(clip, inputs, text, settings.temperature());
    List<Segmentation> results = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      try (NDManager call = TorchEngine.newManager(settings.device())) {
        Likeness likeness = likeness(cells.get(i), of(attention, i), vectors, sizes, call);
        Winners winners = Winners.of(likeness);
        if (settings.crf()) {
          winners = winners.refined(likeness, pictures.get(i), vectors.length);
        }
        results.add(winners.segmentation(sizes, vocabulary, words));
      }
    }
    return results;
  }

  private static void requireLength(DenseEncoder.Cells cells, float[] vector) {
    int channels = cells.values().length / cells.height() / cells.width();
    if (channels != vector.length) {
      throw new IllegalArgumentException(
          "reference embeddings of %d numbers, but the encoder's features have %d: they were found with another"
              .formatted(vector.length, channels));
    }
  }

  private static Optional<Attention> of(List<Attention> attention, int picture) {
    return attention.isEmpty() ? Optional.empty() : Optional.of(attention.get(picture));
  }

  static Likeness likeness(
      DenseEncoder.Cells cells,
      Optional<Attention> attention,
      float[][] vectors,
      Sizes sizes,
      NDManager call) {
    return Likeness.of(
        array(cells, call),
        cells.height(),
        cells.width(),
        call.create(vectors),
        attention.map(maps -> maps.array(call)),
        sizes.height(),
        sizes.width());
  }

  /**
   * The best word of every pixel.
   *
   * @param rows numbers of words
   * @param scores of the best words
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  record Winners(int[] rows, float[] scores) {

    static Winners of(Likeness likeness) {
      int width = likeness.width();
      int[] rows = new int[width * likeness.height()];
      float[] scores = new float[rows.length];
      likeness.forEach(
          (top, bottom, some) -> {
            NDList best = DeepLab.KERNELS.callAll("best", some);
            int length = (bottom - top) * width;
            System.arraycopy(best.get(0).toIntArray(), 0, rows, top * width, length);
            System.arraycopy(best.get(1).toFloatArray(), 0, scores, top * width, length);
          });
      return new Winners(rows, scores);
    }

    /**
     * What a conditional random field makes of the scores: the softmax of scores in so small a
     * range is nearly flat, so that the picture decides much.
     */
    Winners refined(Likeness likeness, Picture picture, int words) {
      NDManager call = likeness.maps().getManager();
      NDList strips = new NDList();
      likeness.forEach(
          (top, bottom, some) -> {
            NDArray probabilities = some.softmax(0);
            probabilities.attach(call);
            strips.add(probabilities);
          });
      float[] probabilities = NDArrays.concat(strips, 1).toFloatArray();
      return new Winners(Crf.labels(probabilities, picture, words), scores);
    }

    Segmentation segmentation(Sizes sizes, Vocabulary vocabulary, WordRows words) {
      float most = 0;
      for (float score : scores) {
        most = Math.max(most, score);
      }
      double least = most * vocabulary.backgroundThreshold().orElse(0);
      int[] labels = new int[rows.length];
      double[] sums = new double[vocabulary.size()];
      int[] pixels = new int[vocabulary.size()];
      for (int i = 0; i < labels.length; i++) {
        int label = scores[i] < least ? 0 : words.label(rows[i]);
        labels[i] = label;
        if (label > 0) {
          sums[label - 1] += scores[i];
          pixels[label - 1]++;
        }
      }
      for (int i = 0; i < sums.length; i++) {
        sums[i] /= Math.max(1, pixels[i]);
      }
      return Segmentation.ofLabels(sizes.width(), sizes.height(), vocabulary.names(), labels, sums);
    }
  }

  /** Frees the models that are this segmenter's own, after the calls that run. */
  @Override
  public void close() {
    closing.run();
  }
}
