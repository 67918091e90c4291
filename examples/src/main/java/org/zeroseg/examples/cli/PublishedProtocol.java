package org.zeroseg.examples.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Protocol;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.refine.LaplacianPropagation;
import org.zeroseg.eval.data.Vocabularies;

/**
 * What an attention's authors ran on a data set: their words, windows and thresholds, which the
 * published numbers depend on.
 *
 * @param attention with the data set's own numbers
 * @param around windows, refinement and scale
 * @param words of the classes and the background, with the threshold
 */
record PublishedProtocol(Attention attention, Protocol around, Vocabulary words) {

  /** The lists of words by the names of data sets. */
  private static final Map<String, String> LISTS =
      Map.of(
          "voc2012-val", "voc21",
          "voc2012-20-val", "voc20",
          "pascal-context-59", "context60",
          "pascal-context-59-only", "context59",
          "coco-object-val", "coco-object",
          "coco-stuff-val", "coco-stuff",
          "cityscapes-19-val", "cityscapes",
          "ade20k-val", "ade20k");

  private static final int VOC21 = 0;

  /** The order of the columns below. */
  private static final List<String> SETS =
      List.of(
          "voc21",
          "context60",
          "coco-object",
          "voc20",
          "context59",
          "coco-stuff",
          "cityscapes",
          "ade20k");

  private static final double[] FEEDBACK_THRESHOLD = {0.5, 0.3, 0.11, 0.1, 0.25, 0.11, 0.1, 0.25};
  private static final double[] CORRELATION = {0.3, 0.3, 0.4, 0.6, 0.4, 0.4, 0.2, 0.3};
  private static final double[] FEEDBACK_TAU = {2.2, 1.8, 1.8, 2.1, 1.8, 1.8, 2.1, 2.1};
  private static final double[] FEEDBACK_SHARE = {0.7, 0.7, 0.7, 0.6, 0.7, 0.7, 0.6, 0.7};

  /** That of a preset on a data set, if the set is one of the eight that all report. */
  static Optional<PublishedProtocol> of(Attention preset, String dataSet) {
    return Optional.ofNullable(LISTS.get(dataSet))
        .map(list -> of(preset, list, SETS.indexOf(list)));
  }

  private static PublishedProtocol of(Attention preset, String list, int set) {
    String family =
        switch (preset.name()) {
          case "clearclip", "proxyclip" -> preset.name();
          default -> "sclip";
        };
    Vocabulary words = Vocabularies.dense(list, family);
    boolean background = set < 3;
    if (background) {
      words = words.withBackgroundThreshold(threshold(preset, set));
    }
    return new PublishedProtocol(attention(preset, set), protocol(preset, set), words);
  }

  private static double threshold(Attention preset, int set) {
    double[] thresholds =
        switch (preset.name()) {
          case "clearclip" -> new double[] {0.5, 0.15, 0.4};
          case "proxyclip" -> new double[] {0.2, 0.15, 0.25};
          case "scclip" -> new double[] {0.15, 0.15, 0.35};
          default -> new double[] {0.1, 0.1, 0.1};
        };
    return thresholds[set];
  }

  private static Attention attention(Attention preset, int set) {
    boolean streets = set >= SETS.indexOf("cityscapes");
    return switch (preset.name()) {
      case "pearl" -> preset.withProcrustes(new Attention.Procrustes(5, streets ? 0.3 : 0.08));
      case "resclip" ->
          preset
              .withCorrelation(
                  new Attention.Correlation(
                      preset.correlation().orElseThrow().layers(), 2, CORRELATION[set]))
              .withFeedback(
                  new Attention.Feedback(
                      FEEDBACK_TAU[set],
                      FEEDBACK_SHARE[set],
                      FEEDBACK_THRESHOLD[set],
                      5,
                      40,
                      false));
      default -> preset;
    };
  }

  private static Protocol protocol(Attention preset, int set) {
    Protocol usual = Protocol.of(preset);
    boolean voc = set == VOC21 || SETS.get(set).equals("voc20");
    boolean city = SETS.get(set).equals("cityscapes");
    boolean stuff = SETS.get(set).equals("coco-stuff");
    return switch (preset.name()) {
      case "clearclip" -> city ? usual.withWindows(224, 224, Protocol.TO_PATCHES) : usual;
      case "proxyclip" -> {
        Protocol input = set >= SETS.indexOf("cityscapes") ? usual.withInput(448, 2048) : usual;
        yield city ? input.withWindows(224, 112, 56) : input;
      }
      case "naclip", "resclip", "pearl" -> {
        Protocol input = city ? usual.withInput(560, 2048) : usual;
        Protocol windows = voc ? input.withWindows(0, 112, 0) : input;
        yield preset.name().equals("pearl") && city
            ? windows.withPropagation(new LaplacianPropagation(224, 25, false))
            : windows;
      }
      case "scclip" -> {
        double[] scales = {50, 40, 55};
        Protocol input = city ? usual.withInput(560, 2048) : usual;
        Protocol scaled = set < scales.length ? input.withScale(scales[set]) : input;
        yield set == VOC21 ? scaled.withLeastArea(0.1) : scaled;
      }
      case "segearth" -> usual;
      default -> {
        double[] scales = {65, 50, 50};
        Protocol input = city ? usual.withInput(560, 2048) : usual;
        Protocol sized = stuff ? input.withInput(448, 2048) : input;
        Protocol scaled = set < scales.length ? sized.withScale(scales[set]) : sized;
        yield set == VOC21 ? scaled.withLeastArea(0.1) : scaled;
      }
    };
  }
}
