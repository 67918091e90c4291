package org.zeroseg.zeroguide.caption;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.zeroseg.zeroguide.gpt2.Gpt2;
import org.zeroseg.zeroguide.gpt2.Memory;

/**
 * ZeroCap on ids: several targets at once, their beams in lockstep. Beams that have ended are not
 * steered; the targets' results do not depend on each other.
 */
final class Generation {

  /** Sees each step before its tokens are chosen. */
  interface Observer extends Steering.Observer {

    Observer NONE = new Observer() {};

    /**
     * A step's distributions, those of running beams alone.
     *
     * @param contexts of all targets, the first one's beams first
     */
    default void step(int step, List<int[]> contexts, List<float[]> probabilities) {}
  }

  private final Gpt2 model;
  private final SpecialTokens special;
  private final ZeroCapSettings settings;
  private final Steering steering;
  private final Observer observer;
  private long languageTokens;
  private long referenceTexts;

  Generation(
      Gpt2 model,
      SpecialTokens special,
      ZeroCapSettings settings,
      ContinuationScorer scorer,
      Observer observer) {
    this.model = model;
    this.special = special;
    this.settings = settings;
    this.steering = new Steering(model, special, settings, scorer, observer);
    this.observer = observer;
    int vocabulary = model.config().vocabulary();
    if (settings.beams() > vocabulary) {
      throw new IllegalArgumentException(
          settings.beams() + " beams in a vocabulary of " + vocabulary);
    }
  }

  /** Tokens that went through the language model. */
  long languageTokens() {
    return languageTokens;
  }

  /** Texts that the reference encodes for the same captions. */
  long referenceTexts() {
    return referenceTexts;
  }

  /** The running beams of all targets, as rows of one batch. */
  private record Row(int target, int beam) {}

  /**
   * Generates texts.
   *
   * @param prompt start token and at least one more
   * @param targets unit vectors
   * @return the beams of each target, best first
   */
  List<List<BeamSearch.Sequence>> generate(NDManager call, int[] prompt, List<float[]> targets) {
    if (prompt.length < 2) {
      throw new IllegalArgumentException("the prompt is empty; there would be nothing to steer");
    }
    if (prompt.length + settings.tokens() > model.config().positions()) {
      throw new IllegalArgumentException(
          "a prompt of "
              + prompt.length
              + " tokens and "
              + settings.tokens()
              + " more; the model has "
              + model.config().positions()
              + " positions");
    }
    List<BeamSearch> searches =
        Stream.generate(() -> new BeamSearch(settings.beams(), special.end()))
            .limit(targets.size())
            .toList();
    NDManager owner = call.newSubManager();
    try {
      Memory memory = read(owner, prompt, targets.size());
      List<Row> rows = running(searches);
      for (int step = 0; step < settings.tokens() && !rows.isEmpty(); step++) {
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException("captioning was interrupted");
        }
        List<int[]> contexts = rows.stream().map(row -> context(prompt, searches, row)).toList();
        List<float[]> wanted = rows.stream().map(row -> targets.get(row.target())).toList();
        count(rows, searches);
        Steering.Step result = steering.next(owner, memory, contexts, step, wanted);
        memory.close();
        List<Row> next = advance(searches, rows, result.fused(), step, contexts);
        // Copied into the next step's manager, so that closing this one frees all of this step.
        NDManager nextOwner = call.newSubManager();
        if (!next.isEmpty()) {
          int[] sources = next.stream().mapToInt(Row::beam).toArray();
          memory = result.memory().pick(nextOwner, sources);
        }
        owner.close();
        owner = nextOwner;
        rows = running(searches);
      }
    } finally {
      owner.close();
    }
    return searches.stream().map(BeamSearch::ranked).toList();
  }

  /** The memory of the prompt without its last token, read once for all targets. */
  private Memory read(NDManager call, int[] prompt, int targets) {
    long[] ids = Arrays.stream(prompt, 0, prompt.length - 1).asLongStream().toArray();
    try (NDManager reading = call.newSubManager();
        NDArray once = reading.create(ids, new Shape(1, ids.length))) {
      languageTokens += ids.length;
      return model.read(once).memory().pick(call, new int[targets]);
    }
  }

  private static List<Row> running(List<BeamSearch> searches) {
    List<Row> rows = new ArrayList<>();
    for (int target = 0; target < searches.size(); target++) {
      for (int beam : searches.get(target).running()) {
        rows.add(new Row(target, beam));
      }
    }
    return rows;
  }

  private static int[] context(int[] prompt, List<BeamSearch> searches, Row row) {
    int[] generated = searches.get(row.target()).generated(row.beam());
    int[] context = Arrays.copyOf(prompt, prompt.length + generated.length);
    System.arraycopy(generated, 0, context, prompt.length, generated.length);
    return context;
  }

  private void count(List<Row> rows, List<BeamSearch> searches) {
    languageTokens += (2L * settings.iterations() + 1) * rows.size();
    int candidates = Math.min(settings.candidates(), model.config().vocabulary());
    // The reference goes on with stopped beams until the last of a target's stops.
    rows.stream()
        .mapToInt(Row::target)
        .distinct()
        .forEach(
            target ->
                referenceTexts +=
                    (long) settings.iterations() * candidates * searches.get(target).size());
  }

  /**
   * Chooses tokens, target by target.
   *
   * @return for each row of the next step its target and the row of this step that it continues
   */
  private List<Row> advance(
      List<BeamSearch> searches,
      List<Row> rows,
      List<float[]> fused,
      int step,
      List<int[]> contexts) {
    List<float[]> probabilities = new ArrayList<>();
    List<Row> next = new ArrayList<>();
    for (int first = 0; first < rows.size(); ) {
      int target = rows.get(first).target();
      BeamSearch search = searches.get(target);
      int[] running = search.running();
      List<float[]> own = normalize(fused.subList(first, first + running.length), search.size());
      probabilities.addAll(own);
      int[] sources = search.advance(own);
      for (int beam : search.running()) {
        next.add(new Row(target, first + Arrays.binarySearch(running, sources[beam])));
      }
      first += running.length;
    }
    observer.step(step, contexts, probabilities);
    return next;
  }

  /**
   * Divides by the sum over all beams, as the reference does, not row by row. A stopped beam's sum,
   * just below 1, is taken for 1.
   */
  static List<float[]> normalize(List<float[]> fused, int beams) {
    double sum = beams - fused.size();
    for (float[] row : fused) {
      for (float value : row) {
        sum += value;
      }
    }
    List<float[]> normalized = new ArrayList<>();
    for (float[] row : fused) {
      float[] divided = new float[row.length];
      for (int i = 0; i < row.length; i++) {
        divided[i] = (float) (row[i] / sum);
      }
      normalized.add(divided);
    }
    return normalized;
  }
}
