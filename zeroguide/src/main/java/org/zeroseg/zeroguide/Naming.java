package org.zeroseg.zeroguide;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.ClipTokenizer;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.zeroguide.caption.Caption;
import org.zeroseg.zeroguide.caption.Namer;

/**
 * Makes captions into labels: of a segment's captions the one nearest to its embedding names it
 * (Rewatbowornwong et al. 2023, Sec. 3.3).
 *
 * @param cutsLastLetter whether the last letter goes whatever it is, as in the published code, or
 *     only a full stop
 * @param prompt the sentence around a caption, which has its blank and full stop already
 */
record Naming(boolean cutsLastLetter, PromptTemplates prompt) {

  private static final int BATCH = 64;

  Naming {
    if (prompt.templates().size() != 1) {
      throw new IllegalArgumentException("one prompt expected, found " + prompt);
    }
  }

  /**
   * Names segments.
   *
   * @param embeddings of the segments
   * @return the labels of each, nearest first
   */
  List<List<SegmentLabel>> labels(List<float[]> embeddings, Namer namer, Clip clip) {
    List<List<Caption>> captions = namer.captions(embeddings);
    Map<String, float[]> texts =
        encode(clip, captions.stream().flatMap(List::stream).map(Caption::text).toList());
    return IntStream.range(0, embeddings.size())
        .mapToObj(i -> labels(embeddings.get(i), captions.get(i), texts))
        .toList();
  }

  /** Embeddings of texts in the prompt, the longest cut to CLIP's context: {@code [D]} each. */
  Map<String, float[]> encode(Clip clip, Collection<String> captions) {
    // As generated: captions were scored without fixing their text.
    ClipTokenizer tokenizer = clip.tokenizer().withoutTextFixing().truncating();
    List<String> all = List.copyOf(new LinkedHashSet<>(captions));
    Map<String, float[]> embeddings = new LinkedHashMap<>();
    for (int start = 0; start < all.size(); start += BATCH) {
      List<String> batch = all.subList(start, Math.min(all.size(), start + BATCH));
      long[][] ids =
          tokenizer.tokenize(
              batch.stream().map(caption -> prompt.prompts(caption).get(0)).toList());
      // What stands after the end of the longest text changes nothing.
      int length = Arrays.stream(ids).mapToInt(row -> length(row, tokenizer)).max().orElseThrow();
      long[] flat =
          Arrays.stream(ids).flatMapToLong(row -> Arrays.stream(row, 0, length)).toArray();
      float[] values =
          clip.compute(
              (model, call) -> {
                NDArray rows = call.create(flat, new Shape(ids.length, length));
                return model.text().encode(rows).toFloatArray();
              });
      int width = values.length / batch.size();
      for (int i = 0; i < batch.size(); i++) {
        embeddings.put(batch.get(i), Arrays.copyOfRange(values, i * width, (i + 1) * width));
      }
    }
    return embeddings;
  }

  /** Up to the first end token, at which CLIP reads a text off. */
  private static int length(long[] ids, ClipTokenizer tokenizer) {
    int length = 1;
    while (length < ids.length && ids[length - 1] != tokenizer.endToken()) {
      length++;
    }
    return length;
  }

  /**
   * The labels of a segment, nearest first; of equally near ones the namer's favourite.
   *
   * @param embeddings of the captions' texts
   */
  List<SegmentLabel> labels(
      float[] segment, List<Caption> captions, Map<String, float[]> embeddings) {
    List<SegmentLabel> labels = new ArrayList<>();
    for (Caption caption : captions) {
      float[] text = embeddings.get(caption.text());
      labels.add(
          new SegmentLabel(
              trim(caption.text()),
              SegmentMerging.cosine(text, segment),
              caption.logProbability(),
              text));
    }
    labels.sort(Comparator.comparingDouble(SegmentLabel::confidence).reversed());
    return List.copyOf(labels);
  }

  private String trim(String caption) {
    boolean cut = !caption.isEmpty() && (cutsLastLetter || caption.endsWith("."));
    String kept = cut ? caption.substring(0, caption.length() - 1) : caption;
    return kept.toLowerCase(Locale.ROOT).replace(".", "").strip();
  }
}
