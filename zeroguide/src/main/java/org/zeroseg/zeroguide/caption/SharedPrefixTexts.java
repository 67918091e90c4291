package org.zeroseg.zeroguide.caption;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.zeroseg.clip.ClipModel;
import org.zeroseg.clip.TextTower;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.network.Transformer;
import org.zeroseg.core.tensor.Kernels;

/**
 * CLIP's text features of many continuations of few texts, computed only where they differ: the
 * keys and values of a text's beginning are kept, each continuation runs its own few tokens behind
 * the part of the beginning that its tokens share, equal texts are encoded once, and a feature is
 * kept as long as its context is in use. All of it is exact, since attention is causal.
 *
 * <p>One instance serves one captioning. Not thread-safe.
 */
final class SharedPrefixTexts implements ContinuationScorer {

  /** Tails that run at once. More are no faster, and each takes the keys of its beginning along. */
  private static final int BATCH = 64;

  /** Features that a lasting context is given, by about; 50 MB of 768 numbers each. */
  private static final int LASTING = 1 << 14;

  private final TextTower clip;
  private final NDManager call;
  private final ClipTokenizer clipTokenizer;
  private final ByteLevelTokenizer language;
  private final String[] spelling;
  private final Map<String, Map<Integer, float[]>> lasting;
  private final Transformer blocks;
  private Map<String, Context> contexts = Map.of();
  private NDManager prefixes;
  private long texts;
  private long positions;

  /**
   * A scorer.
   *
   * @param call owns what the scorer keeps
   * @param spelling the text of each token of the language model on its own
   * @param lasting features by context and token that outlive this instance; those of contexts that
   *     it has as keys are read and, when the context is left, added to
   */
  SharedPrefixTexts(
      ClipModel clip,
      NDManager call,
      ClipTokenizer clipTokenizer,
      ByteLevelTokenizer language,
      String[] spelling,
      Map<String, Map<Integer, float[]>> lasting) {
    this.clip = clip.text();
    this.blocks = this.clip.blocks();
    this.call = call;
    // The reference fails on a longer text, which one odd token of dashes is enough for.
    // Its texts are not fixed either: a control character that GPT-2 proposes stays a token.
    this.clipTokenizer = clipTokenizer.withoutTextFixing().truncating();
    this.language = language;
    this.spelling = spelling;
    this.lasting = lasting;
    this.prefixes = call.newSubManager();
  }

  /** Texts encoded so far. */
  long texts() {
    return texts;
  }

  /** Token positions that went through the blocks so far. */
  long positions() {
    return positions;
  }

  /** A text that is continued. */
  private static final class Context {
    final String text;

    /** Without the end token. */
    final int[] ids;

    final Prefix prefix;
    final int row;
    final Map<Integer, float[]> features;

    Context(String text, int[] ids, Prefix prefix, int row, Map<Integer, float[]> features) {
      this.text = text;
      this.ids = ids;
      this.prefix = prefix;
      this.row = row;
      this.features = features;
    }
  }

  /** Keys and values {@code [B, H, P, d]} of each layer, for texts of one length. */
  private static final class Prefix {
    final List<NDArray> keys = new ArrayList<>();
    final List<NDArray> values = new ArrayList<>();
  }

  /** A continuation: how many tokens it shares with its context, and those behind. */
  private record Tail(Context context, int shared, IntBuffer ids) {}

  private record Sizes(Prefix prefix, int shared, int length) {}

  @Override
  public float[][] cosines(List<int[]> contextIds, int[][] candidates, List<float[]> targets) {
    List<Context> rows = open(contextIds);
    encode(rows, candidates);
    float[][] cosines = new float[candidates.length][];
    IntStream.range(0, candidates.length)
        .parallel()
        .forEach(row -> cosines[row] = compare(rows.get(row), candidates[row], targets.get(row)));
    return cosines;
  }

  private static float[] compare(Context context, int[] candidates, float[] target) {
    float[] cosines = new float[candidates.length];
    for (int i = 0; i < candidates.length; i++) {
      float[] feature = context.features.get(candidates[i]);
      float dot = 0;
      for (int k = 0; k < target.length; k++) {
        dot += target[k] * feature[k];
      }
      cosines[i] = dot;
    }
    return cosines;
  }

  /** The contexts by rows; those of the last call stay, others are forgotten. */
  private List<Context> open(List<int[]> contextIds) {
    List<String> spelled = contextIds.stream().map(this::withoutStart).toList();
    Set<String> wanted = new LinkedHashSet<>(spelled);
    if (!contexts.keySet().equals(wanted)) {
      keepLasting();
      prefixes.close();
      prefixes = call.newSubManager();
      contexts = read(wanted);
    }
    return spelled.stream().map(contexts::get).toList();
  }

  private void keepLasting() {
    lasting.forEach(
        (text, features) -> {
          Context context = contexts.get(text);
          if (context != null && features.size() < LASTING) {
            features.putAll(context.features);
          }
        });
  }

  private String withoutStart(int[] context) {
    return language.decode(
        Arrays.stream(context).filter(id -> id != language.boundary()).toArray());
  }

  private Map<String, Context> read(Set<String> wanted) {
    Map<Integer, List<String>> byLength =
        wanted.stream()
            .collect(
                Collectors.groupingBy(
                    text -> ids(text).length, LinkedHashMap::new, Collectors.toList()));
    Map<String, Context> opened = new HashMap<>();
    byLength.forEach(
        (length, same) -> {
          List<int[]> ids = same.stream().map(text -> beginning(ids(text))).toList();
          Prefix prefix = read(ids);
          for (int row = 0; row < same.size(); row++) {
            String text = same.get(row);
            Map<Integer, float[]> features = new HashMap<>(lasting.getOrDefault(text, Map.of()));
            opened.put(text, new Context(text, ids.get(row), prefix, row, features));
          }
        });
    return opened;
  }

  /** Up to the first end token, at which CLIP reads a text off; a text may hold several. */
  private int[] ids(String text) {
    int[] ids = clipTokenizer.encode(text);
    int length = 1;
    while (ids[length - 1] != clipTokenizer.endToken()) {
      length++;
    }
    return Arrays.copyOf(ids, length);
  }

  private static int[] beginning(int[] ids) {
    return Arrays.copyOf(ids, ids.length - 1);
  }

  private Prefix read(List<int[]> ids) {
    int length = ids.get(0).length;
    positions += (long) ids.size() * length;
    Prefix prefix = new Prefix();
    try (NDManager reading = call.newSubManager()) {
      NDArray x = embed(reading, ids, 0);
      for (int layer = 0; layer < blocks.layers(); layer++) {
        NDList qkv = blocks.queriesKeysValues(layer, x);
        prefix.keys.add(blocks.heads(qkv.get(1)));
        prefix.values.add(blocks.heads(qkv.get(2)));
        x = blocks.forward(x, layer, layer + 1);
      }
      prefix.keys.forEach(array -> array.attach(prefixes));
      prefix.values.forEach(array -> array.attach(prefixes));
    }
    return prefix;
  }

  private NDArray embed(NDManager manager, List<int[]> rows, int start) {
    int length = rows.get(0).length;
    long[] ids = new long[rows.size() * length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = rows.get(i / length)[i % length];
    }
    return clip.tokens(manager.create(ids, new Shape(rows.size(), length)), start);
  }

  /** Sees to it that every candidate's feature is known. */
  private void encode(List<Context> rows, int[][] candidates) {
    record Question(Context context, int token) {}
    List<Question> unknown = new ArrayList<>();
    Set<Question> asked = new HashSet<>();
    for (int row = 0; row < candidates.length; row++) {
      Context context = rows.get(row);
      for (int token : candidates[row]) {
        if (!context.features.containsKey(token)) {
          Question question = new Question(context, token);
          if (asked.add(question)) {
            unknown.add(question);
          }
        }
      }
    }
    List<int[]> spelled =
        unknown.parallelStream()
            .map(question -> ids(question.context().text + spelling[question.token()]))
            .toList();
    Map<IntBuffer, Tail> distinct = new LinkedHashMap<>();
    for (int i = 0; i < unknown.size(); i++) {
      Context context = unknown.get(i).context();
      int[] ids = spelled.get(i);
      distinct.computeIfAbsent(IntBuffer.wrap(ids), key -> tail(context, ids));
    }
    IdentityHashMap<Tail, float[]> features = run(List.copyOf(distinct.values()));
    for (int i = 0; i < unknown.size(); i++) {
      Tail tail = distinct.get(IntBuffer.wrap(spelled.get(i)));
      unknown.get(i).context().features.put(unknown.get(i).token(), features.get(tail));
    }
  }

  /** A token may join the context's last word, so the lists are compared. */
  private static Tail tail(Context context, int[] ids) {
    int shared = Arrays.mismatch(context.ids, ids);
    int common = shared < 0 ? context.ids.length : shared;
    // The end token is never shared: something must run.
    int kept = Math.min(common, ids.length - 1);
    return new Tail(context, kept, IntBuffer.wrap(ids, kept, ids.length - kept).slice());
  }

  /** Features of tails, those alike in their sizes at once. */
  private IdentityHashMap<Tail, float[]> run(List<Tail> tails) {
    IdentityHashMap<Tail, float[]> features = new IdentityHashMap<>();
    Map<Sizes, List<Tail>> alike =
        tails.stream()
            .collect(
                Collectors.groupingBy(
                    tail -> new Sizes(tail.context().prefix, tail.shared(), tail.ids().remaining()),
                    LinkedHashMap::new,
                    Collectors.toList()));
    alike.forEach(
        (shape, same) -> {
          for (int start = 0; start < same.size(); start += BATCH) {
            List<Tail> batch = same.subList(start, Math.min(same.size(), start + BATCH));
            float[][] rows = run(shape, batch);
            for (int i = 0; i < rows.length; i++) {
              features.put(batch.get(i), rows[i]);
            }
          }
        });
    return features;
  }

  private float[][] run(Sizes shape, List<Tail> batch) {
    texts += batch.size();
    positions += (long) batch.size() * shape.length();
    List<int[]> ids = new ArrayList<>();
    long[] index = new long[batch.size()];
    for (int i = 0; i < index.length; i++) {
      int[] own = new int[shape.length()];
      batch.get(i).ids().duplicate().get(own);
      ids.add(own);
      index[i] = batch.get(i).context().row;
    }
    try (NDManager running = call.newSubManager()) {
      NDArray x = embed(running, ids, shape.shared());
      NDArray rows = running.create(index);
      NDArray shared = Kernels.numbers(running, shape.shared());
      for (int layer = 0; layer < blocks.layers(); layer++) {
        NDList qkv = blocks.queriesKeysValues(layer, x);
        List<NDArray> attention = blocks.attentionWeights(layer, x);
        NDArray attended =
            Steering.KERNELS.call(
                "tail_attention",
                qkv.get(0),
                qkv.get(1),
                qkv.get(2),
                shape.prefix().keys.get(layer),
                shape.prefix().values.get(layer),
                rows,
                shared,
                attention.get(4),
                attention.get(5));
        qkv.close();
        NDArray half = x.add(attended);
        new NDList(x, attended).close();
        x = blocks.feedForward(layer, half);
        half.close();
      }
      return unit(clip.project(x.get(":, -1")));
    }
  }

  private static float[][] unit(NDArray matrix) {
    float[] values = matrix.toFloatArray();
    int width = (int) matrix.getShape().get(1);
    return IntStream.range(0, values.length / width)
        .mapToObj(i -> TextEmbeddings.unit(Arrays.copyOfRange(values, i * width, (i + 1) * width)))
        .toArray(float[][]::new);
  }
}
