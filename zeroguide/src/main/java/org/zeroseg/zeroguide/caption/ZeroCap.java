package org.zeroseg.zeroguide.caption;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.ByteLevelTokenizer;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.zeroguide.gpt2.Gpt2;

/**
 * Texts for vectors of CLIP's joint space, by steering GPT-2 towards them without any training
 * (Tewel et al. 2022, ZeroCap). Deterministic: there is no sampling.
 *
 * <pre>{@code
 * try (Clip clip = Clip.load("openai/clip-vit-large-patch14");
 *     ZeroCap namer =
 *         ZeroCap.load(
 *             "openai-community/gpt2-medium",
 *             clip,
 *             ZeroCapSettings.ZERO_GUIDANCE,
 *             Precision.AUTO)) {
 *   List<Caption> texts = namer.captions(List.of(clip.encodeImage(Path.of("photo.jpg")))).get(0);
 * }
 * }</pre>
 *
 * <p>Several vectors are captioned at once and share what they have in common. An interrupted
 * thread stops before the next token with a {@link java.util.concurrent.CancellationException}.
 */
public final class ZeroCap implements Namer {

  /** The beginning of every text in Zero-guidance segmentation. */
  public static final String PROMPT = "Image of a";

  private final Gpt2 model;
  private final ByteLevelTokenizer tokenizer;
  private final SpecialTokens special;
  private final Clip clip;
  private final ZeroCapSettings settings;
  private final int[] prompt;
  private final ModelMemory memory;
  private final String[] spelling;

  /**
   * Targets in lockstep. More would share little, the first token's texts being kept for all, and
   * the language model's memory grows with them: two copies of 4 MB a beam of GPT-2 medium at 15
   * tokens.
   */
  private static final int AT_ONCE = 4;

  /** The features of the first token's candidates, which all captions share. */
  private final Map<String, Map<Integer, float[]>> first = new ConcurrentHashMap<>();

  private final LongAdder texts = new LongAdder();
  private final LongAdder positions = new LongAdder();
  private final LongAdder referencePositions = new LongAdder();
  private final LongAdder languageTokens = new LongAdder();

  private ZeroCap(
      Gpt2 model,
      ByteLevelTokenizer tokenizer,
      Clip clip,
      ZeroCapSettings settings,
      String prompt,
      NDManager manager) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.special = SpecialTokens.of(tokenizer);
    this.clip = clip;
    this.settings = settings;
    this.memory = new ModelMemory(manager, "this namer");
    int[] words = tokenizer.encode(prompt);
    this.prompt =
        IntStream.concat(IntStream.of(tokenizer.boundary()), Arrays.stream(words)).toArray();
    if (words.length == 0) {
      throw new IllegalArgumentException("the prompt is empty; there would be nothing to steer");
    }
    this.spelling =
        IntStream.range(0, tokenizer.vocabularySize())
            .mapToObj(tokenizer::decode)
            .toArray(String[]::new);
    first.put(tokenizer.decode(words), new ConcurrentHashMap<>());
  }

  /**
   * Loads GPT-2 onto CLIP's device, with {@link #PROMPT} for the beginning of every text.
   *
   * @param model a folder, or an id on the Hugging Face hub such as {@code
   *     openai-community/gpt2-medium}
   * @param clip whose joint space the vectors are of; stays open when this is closed
   * @param settings the numbers
   * @param precision of GPT-2's products
   * @return the namer
   * @throws IOException if a file cannot be fetched or read
   * @throws org.zeroseg.core.checkpoint.CheckpointException if there is no GPT-2
   */
  public static ZeroCap load(String model, Clip clip, ZeroCapSettings settings, Precision precision)
      throws IOException {
    return load(model, ModelHub.fromEnvironment(), clip, settings, PROMPT, precision);
  }

  /**
   * Loads GPT-2 onto CLIP's device, its files fetched from a hub of the caller's choice.
   *
   * @param model a folder or an id
   * @param hub where ids are looked up
   * @param clip whose joint space the vectors are of; stays open when this is closed
   * @param settings the numbers
   * @param prompt the beginning of every text, which captions leave out
   * @param precision of GPT-2's products
   * @return the namer
   * @throws IOException if a file cannot be fetched or read
   * @throws org.zeroseg.core.checkpoint.CheckpointException if there is no GPT-2
   * @throws IllegalArgumentException if vocabulary and model do not belong together, or the prompt
   *     is empty
   */
  public static ZeroCap load(
      String model,
      ModelHub hub,
      Clip clip,
      ZeroCapSettings settings,
      String prompt,
      Precision precision)
      throws IOException {
    return load(Gpt2.folder(model, hub), clip, settings, prompt, precision);
  }

  /**
   * Loads GPT-2 onto CLIP's device.
   *
   * @param path a folder with a checkpoint and its vocabulary under the hub's usual names
   * @param clip whose joint space the vectors are of; stays open when this is closed
   * @param settings the numbers
   * @param precision of GPT-2's products
   * @return the namer
   * @throws IOException if the vocabulary or the configuration cannot be read
   * @throws org.zeroseg.core.checkpoint.CheckpointException if there is no GPT-2
   */
  public static ZeroCap load(Path path, Clip clip, ZeroCapSettings settings, Precision precision)
      throws IOException {
    return load(path, clip, settings, PROMPT, precision);
  }

  /**
   * Loads GPT-2 onto CLIP's device.
   *
   * @param path a folder with a checkpoint and its vocabulary under the hub's usual names
   * @param clip whose joint space the vectors are of; stays open when this is closed
   * @param settings the numbers
   * @param prompt the beginning of every text, which captions leave out
   * @param precision of GPT-2's products
   * @return the namer
   * @throws IOException if the vocabulary or the configuration cannot be read
   * @throws org.zeroseg.core.checkpoint.CheckpointException if there is no GPT-2
   * @throws IllegalArgumentException if vocabulary and model do not belong together, or the prompt
   *     is empty
   */
  public static ZeroCap load(
      Path path, Clip clip, ZeroCapSettings settings, String prompt, Precision precision)
      throws IOException {
    ByteLevelTokenizer tokenizer = ByteLevelTokenizer.read(path);
    NDManager manager = clip.compute((model, call) -> TorchEngine.newManager(call.getDevice()));
    try {
      Gpt2 model = Gpt2.load(path, precision, manager);
      return of(model, tokenizer, clip, settings, prompt, manager);
    } catch (IllegalArgumentException e) {
      manager.close();
      throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
    } catch (IOException | RuntimeException e) {
      manager.close();
      throw e;
    }
  }

  /**
   * A namer of models that exist.
   *
   * @param model GPT-2
   * @param tokenizer its vocabulary
   * @param clip whose joint space the vectors are of; stays open when this is closed
   * @param settings the numbers
   * @param prompt the beginning of every text, which captions leave out
   * @param manager owns GPT-2's weights; closed with the result
   * @return the namer
   * @throws IllegalArgumentException if the vocabulary has another size than the model's, or no
   *     full stop, or the prompt is empty
   */
  public static ZeroCap of(
      Gpt2 model,
      ByteLevelTokenizer tokenizer,
      Clip clip,
      ZeroCapSettings settings,
      String prompt,
      NDManager manager) {
    if (tokenizer.vocabularySize() != model.config().vocabulary()) {
      throw new IllegalArgumentException(
          "the tokenizer knows "
              + tokenizer.vocabularySize()
              + " tokens, the model "
              + model.config().vocabulary());
    }
    return new ZeroCap(model, tokenizer, clip, settings, prompt, manager);
  }

  @Override
  public List<List<Caption>> captions(List<float[]> targets) {
    return captions(targets, Generation.Observer.NONE);
  }

  List<List<Caption>> captions(List<float[]> targets, Generation.Observer observer) {
    List<float[]> unit = targets.stream().map(TextEmbeddings::unit).toList();
    if (unit.isEmpty()) {
      return List.of();
    }
    return memory.during(own -> captionsOf(unit, observer));
  }

  private List<List<Caption>> captionsOf(List<float[]> unit, Generation.Observer observer) {
    return clip.compute(
        (towers, call) -> {
          SharedPrefixTexts scorer =
              new SharedPrefixTexts(towers, call, clip.tokenizer(), tokenizer, spelling, first);
          Generation generation = new Generation(model, special, settings, scorer, observer);
          List<List<BeamSearch.Sequence>> sequences = new ArrayList<>();
          for (int start = 0; start < unit.size(); start += AT_ONCE) {
            int end = Math.min(unit.size(), start + AT_ONCE);
            sequences.addAll(generation.generate(call, prompt, unit.subList(start, end)));
          }
          count(generation, scorer);
          return sequences.stream().map(this::captionsOf).toList();
        });
  }

  private List<Caption> captionsOf(List<BeamSearch.Sequence> sequences) {
    return sequences.stream()
        .map(sequence -> new Caption(tokenizer.decode(sequence.tokens()), sequence.score()))
        .toList();
  }

  private void count(Generation generation, SharedPrefixTexts scorer) {
    texts.add(scorer.texts());
    positions.add(scorer.positions());
    referencePositions.add(generation.referenceTexts() * clip.tokenizer().contextLength());
    languageTokens.add(generation.languageTokens());
  }

  /**
   * What all captions of this namer have cost so far.
   *
   * @return sums
   */
  public CaptionWork work() {
    return new CaptionWork(
        texts.sum(), positions.sum(), referencePositions.sum(), languageTokens.sum());
  }

  @Override
  public void close() {
    memory.close();
  }
}
