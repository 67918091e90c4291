package org.zeroseg.clip;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * What replaces the attention of the last block of CLIP's vision transformer, so that every patch
 * can be compared with words. Nothing is trained, and all weights stay. The constants are the
 * published methods; parts of them combine freely:
 *
 * <pre>{@code
 * Attention mine = Attention.PROXY_CLIP.withGlobalBias(-0.3).named("mine");
 * }</pre>
 *
 * <p>Constants that name blocks do so for the twelve of a ViT-B; {@link #forLayers} moves them to
 * another depth.
 *
 * @param name what messages and tables call it
 * @param terms what tokens are compared with; each has its own softmax
 * @param combine how the terms' results become one
 * @param neighbourhood sigma, in patches, of a Gaussian of the distance that is added to the scaled
 *     scores (Hajimiri et al. 2025); 0 for none
 * @param residual whether the block's input is added to what its attention finds
 * @param feedForward whether the block's MLP follows
 * @param globalBias how many times the class token's cosines are added to every patch's (Li et al.
 *     2025)
 * @param procrustes of {@link Term#PROCRUSTES}
 * @param proxy of {@link Term#PROXY}, where the likeness comes from a second network
 * @param correlation attention of earlier blocks that is mixed in
 * @param feedback a second pass that attends within the labels of the first
 * @param calibration the steps of SC-CLIP, which take the likeness for {@link Term#PROXY} from
 *     CLIP's own earlier features
 * @param smoothing GEM's smoothed self attention, beside which there are no terms
 */
public record Attention(
    String name,
    List<Term> terms,
    Combine combine,
    double neighbourhood,
    boolean residual,
    boolean feedForward,
    double globalBias,
    Procrustes procrustes,
    Proxy proxy,
    Optional<Correlation> correlation,
    Optional<Feedback> feedback,
    Optional<Calibration> calibration,
    Optional<Smoothing> smoothing) {

  /** What is compared with what. */
  public enum Term {
    /** Queries with keys: CLIP's own. */
    QUERY_KEY,
    /** Queries with queries. */
    QUERY_QUERY,
    /** Keys with keys. */
    KEY_KEY,
    /** Values with values. */
    VALUE_VALUE,
    /** Every token with itself alone. */
    IDENTITY,
    /** Nothing but the distance between patches; an ablation of NACLIP. */
    NEIGHBOURS,
    /**
     * Features of another network, or of an earlier block: patches only, one matrix for all heads.
     */
    PROXY,
    /** Queries with keys that were rotated towards them. */
    PROCRUSTES
  }

  /** How several terms become one. */
  public enum Combine {
    /** Their sum, as SCLIP has it. */
    SUM,
    /** Their mean. */
    MEAN
  }

  /**
   * Procrustes attention (PEARL). Five steps are not enough to make the rotation orthogonal where
   * queries and keys are nearly degenerate: the count belongs to the method.
   *
   * @param steps of the Newton-Schulz iteration; 0 takes the singular vectors instead
   * @param keyWeight weight of centred keys compared with themselves; 0.3 on ADE20K and Cityscapes
   */
  public record Procrustes(int steps, double keyWeight) {}

  /**
   * Proxy attention (Lan et al. 2024): {@code gamma (cosine - beta mean)}, where what is below zero
   * is hidden. A patch that is like none attends to itself alone.
   *
   * @param beta good from 1.0 to 1.6
   * @param gamma good from 2 to 5
   */
  public record Proxy(double beta, double gamma) {}

  /**
   * Residual cross-correlation (Yang et al. 2025): {@code tau ((1 - share) A + share mean)} of the
   * plain attention of earlier blocks.
   *
   * @param layers the blocks, from 0
   * @param tau 2.0 in the release; the paper has none
   * @param share from 0 to 1; 0.2 to 0.6 by data set
   */
  public record Correlation(List<Integer> layers, double tau, double share) {

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if it is empty
     */
    public Correlation {
      layers = List.copyOf(layers);
      if (layers.isEmpty()) {
        throw new IllegalArgumentException("a cross-correlation of no blocks");
      }
    }
  }

  /**
   * Semantic feedback (Yang et al. 2025): patches attend more to those that the first pass gave the
   * same label, the nearer and the better connected the more.
   *
   * @param tau factor of the scores, 1.8 to 2.2 by data set
   * @param share of the labels in the scores, from 0 to 1
   * @param threshold a pixel of the first pass that is less probable has the label 0
   * @param sigma of the smoothing, in patches
   * @param scale of the first pass's cosines before their softmax
   * @param wholePath whether all of the way between two patches must have their label, as the
   *     release's comment says, or only its beginning, as the release does
   */
  public record Feedback(
      double tau, double share, double threshold, double sigma, double scale, boolean wholePath) {}

  /**
   * Self-calibration (SC-CLIP): anomalous tokens are repaired, and patches are averaged with those
   * that are like them in earlier blocks.
   *
   * @param neighbours of the local outlier factor; repair is left out for grids that have no more
   *     patches
   * @param contamination the share of tokens that are anomalous
   * @param earlyLayer the block whose output says how alike patches are
   * @param lateLayer the block by whose output the result is averaged
   * @param fusedFrom the first block whose outputs are summed to a second stream
   * @param fusedTo the block after the last of these
   * @param classResidual how many times the class token is added
   * @param similarity cosines below count nothing in an average
   */
  public record Calibration(
      int neighbours,
      double contamination,
      int earlyLayer,
      int lateLayer,
      int fusedFrom,
      int fusedTo,
      double classResidual,
      double similarity) {}

  /**
   * Smoothed self attention (GEM, Bousselham et al. 2024).
   *
   * @param blocks how many of the last ones take part
   * @param iterations of the smoothing
   */
  public record Smoothing(int blocks, int iterations) {}

  private static final Procrustes ALIGNED = new Procrustes(5, 0.08);
  private static final Proxy LIKENESS = new Proxy(1.2, 3);

  /** The value path of MaskCLIP (Zhou et al. 2022), which also serves CLIP's ResNets. */
  public static final Attention VALUE = of("value", Term.IDENTITY).withBlock(true, true);

  /** CLIP's own last block, unchanged. */
  public static final Attention PLAIN = of("plain", Term.QUERY_KEY).withBlock(true, true);

  /** SCLIP (Wang et al. 2024): the sum of two softmaxes. */
  public static final Attention SCLIP =
      of("sclip", Term.QUERY_QUERY, Term.KEY_KEY).withBlock(true, true);

  /** ClearCLIP (Lan et al. 2024): no residual, no MLP. */
  public static final Attention CLEAR_CLIP = of("clearclip", Term.QUERY_QUERY);

  /** NACLIP (Hajimiri et al. 2025). */
  public static final Attention NACLIP = of("naclip", Term.KEY_KEY).withNeighbourhood(5);

  /** ProxyCLIP (Lan et al. 2024), which needs a DINO. */
  public static final Attention PROXY_CLIP = of("proxyclip", Term.PROXY);

  /** ResCLIP on NACLIP (Yang et al. 2025), with the settings of PASCAL VOC with background. */
  public static final Attention RES_CLIP =
      NACLIP
          .withCorrelation(new Correlation(List.of(5, 6, 7, 8), 2, 0.3))
          .withFeedback(new Feedback(2, 0.7, 0.25, 5, 40, false))
          .named("resclip");

  /** SC-CLIP (Bai et al. 2024). */
  public static final Attention SC_CLIP =
      new Attention(
          "scclip",
          List.of(Term.PROXY, Term.KEY_KEY),
          Combine.MEAN,
          0,
          false,
          false,
          0,
          ALIGNED,
          new Proxy(1, 3),
          Optional.empty(),
          Optional.empty(),
          Optional.of(new Calibration(30, 0.05, 8, 3, 3, 10, 0.3, 0.4)),
          Optional.empty());

  /** PEARL. */
  public static final Attention PEARL = of("pearl", Term.PROCRUSTES);

  /** SegEarth-OV (Li et al. 2025), for pictures from above; without its trained upsampler. */
  public static final Attention SEG_EARTH =
      of("segearth", Term.QUERY_QUERY, Term.KEY_KEY, Term.VALUE_VALUE).withGlobalBias(-0.3);

  /** GEM (Bousselham et al. 2024). */
  public static final Attention GEM =
      new Attention(
          "gem",
          List.of(),
          Combine.SUM,
          0,
          true,
          false,
          0,
          ALIGNED,
          LIKENESS,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.of(new Smoothing(6, 1)));

  /** All constants but {@link #PLAIN}, which says nothing of patches. */
  public static final List<Attention> PRESETS =
      List.of(
          VALUE, SCLIP, CLEAR_CLIP, NACLIP, PROXY_CLIP, RES_CLIP, SC_CLIP, PEARL, SEG_EARTH, GEM);

  /**
   * Checks that the parts go together.
   *
   * @throws IllegalArgumentException if they do not, naming them
   */
  public Attention {
    terms = List.copyOf(terms);
    boolean patchesOnly = terms.contains(Term.PROXY);
    require(
        terms.isEmpty() == smoothing.isPresent(), name, "needs terms, or smoothing without terms");
    require(
        !patchesOnly || calibration.isPresent() || terms.equals(List.of(Term.PROXY)),
        name,
        "compares by a proxy, beside which there are no other terms");
    require(
        calibration.isEmpty() || terms.equals(List.of(Term.PROXY, Term.KEY_KEY)),
        name,
        "calibrates itself by the terms proxy and key_key");
    require(
        !terms.contains(Term.PROCRUSTES) || terms.size() == 1,
        name,
        "rotates keys, beside which there are no other terms");
    boolean plain = !patchesOnly && !terms.contains(Term.PROCRUSTES) && smoothing.isEmpty();
    require(plain || correlation.isEmpty(), name, "cannot borrow from earlier blocks");
    require(plain || neighbourhood == 0, name, "knows no neighbourhood");
    require(
        feedback.isEmpty() || (plain && correlation.isPresent()),
        name,
        "feeds back without a cross-correlation");
    require(
        feedback.isEmpty() || (!terms.contains(Term.IDENTITY) && !terms.contains(Term.NEIGHBOURS)),
        name,
        "feeds back into scores that it does not have");
    require(
        globalBias == 0 || !patchesOnly, name, "has no class token whose cosines could be added");
    require(!patchesOnly || (!residual && !feedForward), name, "has no residual and no MLP");
    require(neighbourhood >= 0, name, "has a neighbourhood of " + neighbourhood + " patches");
    require(!terms.contains(Term.NEIGHBOURS) || neighbourhood > 0, name, "needs a neighbourhood");
  }

  private static void require(boolean condition, String name, String complaint) {
    if (!condition) {
      throw new IllegalArgumentException("Attention '" + name + "' " + complaint);
    }
  }

  /**
   * Terms without residual and MLP, summed.
   *
   * @param name what messages and tables call it
   * @param terms at least one
   * @return the attention
   */
  public static Attention of(String name, Term... terms) {
    return new Attention(
        name,
        List.of(terms),
        Combine.SUM,
        0,
        false,
        false,
        0,
        ALIGNED,
        LIKENESS,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * A preset by its name, as of the command line; case, blanks, hyphens and underscores do not
   * matter.
   *
   * @param name such as {@code naclip} or {@code SC-CLIP}
   * @return the preset
   * @throws IllegalArgumentException naming the presets, if there is none of this name
   */
  public static Attention preset(String name) {
    Map<String, Attention> known = new TreeMap<>();
    PRESETS.forEach(preset -> known.put(preset.name(), preset));
    known.put("maskclip", VALUE);
    Attention found = known.get(name.toLowerCase(Locale.ROOT).replaceAll("[\\s_-]", ""));
    if (found == null) {
      throw new IllegalArgumentException(
          "no attention is called '%s': it is one of %s"
              .formatted(name, String.join(", ", PRESETS.stream().map(Attention::name).toList())));
    }
    return found;
  }

  /**
   * The same under another name.
   *
   * @param changed the name
   * @return a copy
   */
  public Attention named(String changed) {
    return copy(changed, neighbourhood, residual, feedForward, globalBias, procrustes);
  }

  /**
   * With or without the rest of the block.
   *
   * @param input whether the block's input is added
   * @param mlp whether the block's MLP follows
   * @return a copy
   */
  public Attention withBlock(boolean input, boolean mlp) {
    return copy(name, neighbourhood, input, mlp, globalBias, procrustes);
  }

  /**
   * With another neighbourhood.
   *
   * @param sigma in patches; 0 for none
   * @return a copy
   */
  public Attention withNeighbourhood(double sigma) {
    return copy(name, sigma, residual, feedForward, globalBias, procrustes);
  }

  /**
   * With the class token's cosines added.
   *
   * @param factor -0.3 in SegEarth-OV; 0 for none
   * @return a copy
   */
  public Attention withGlobalBias(double factor) {
    return copy(name, neighbourhood, residual, feedForward, factor, procrustes);
  }

  /**
   * With other settings of the rotation.
   *
   * @param changed the settings
   * @return a copy
   */
  public Attention withProcrustes(Procrustes changed) {
    return copy(name, neighbourhood, residual, feedForward, globalBias, changed);
  }

  private Attention copy(
      String newName, double sigma, boolean input, boolean mlp, double bias, Procrustes rotation) {
    return new Attention(
        newName,
        terms,
        combine,
        sigma,
        input,
        mlp,
        bias,
        rotation,
        proxy,
        correlation,
        feedback,
        calibration,
        smoothing);
  }

  /**
   * With attention of earlier blocks mixed in.
   *
   * @param changed which, and how much
   * @return a copy
   */
  public Attention withCorrelation(Correlation changed) {
    return copy(Optional.of(changed), feedback, calibration, smoothing);
  }

  /**
   * With a second pass.
   *
   * @param changed its settings
   * @return a copy
   */
  public Attention withFeedback(Feedback changed) {
    return copy(correlation, Optional.of(changed), calibration, smoothing);
  }

  private Attention copy(
      Optional<Correlation> borrowed,
      Optional<Feedback> second,
      Optional<Calibration> calibrated,
      Optional<Smoothing> smoothed) {
    return new Attention(
        name,
        terms,
        combine,
        neighbourhood,
        residual,
        feedForward,
        globalBias,
        procrustes,
        proxy,
        borrowed,
        second,
        calibrated,
        smoothed);
  }

  /**
   * The same for a transformer of another depth than twelve. With 24 blocks SC-CLIP takes its own
   * settings for ViT-L/14, and cross-correlation keeps its blocks, as released; otherwise numbers
   * of blocks are scaled.
   *
   * @param layers blocks of the transformer
   * @return this, if it names no block or there are twelve
   */
  public Attention forLayers(int layers) {
    if (layers == 12) {
      return this;
    }
    UnaryOperator<Correlation> moved =
        c ->
            c.layers().stream().allMatch(layer -> layer < layers - 1) && layers > 12
                ? c
                : new Correlation(
                    c.layers().stream().map(layer -> scaled(layer, layers)).distinct().toList(),
                    c.tau(),
                    c.share());
    return copy(
        correlation.map(moved),
        feedback,
        calibration.map(c -> calibrated(c, layers)),
        smoothing.map(s -> new Smoothing(Math.max(1, s.blocks() * layers / 12), s.iterations())));
  }

  private static Calibration calibrated(Calibration c, int layers) {
    boolean large = layers == 24 && c.equals(SC_CLIP.calibration().orElseThrow());
    int early = large ? 16 : scaled(c.earlyLayer(), layers);
    int late = large ? 6 : scaled(c.lateLayer(), layers);
    int from = large ? 8 : scaled(c.fusedFrom(), layers);
    int to = large ? 19 : 1 + scaled(c.fusedTo() - 1, layers);
    double residual = large ? 0.1 : c.classResidual();
    return new Calibration(
        c.neighbours(), c.contamination(), early, late, from, to, residual, c.similarity());
  }

  /** A block before the last one. */
  private static int scaled(int layer, int layers) {
    return Math.max(0, Math.min(layers - 2, (layer + 1) * layers / 12 - 1));
  }

  /** Whether a second network is needed. */
  boolean needsEncoder() {
    return terms.contains(Term.PROXY) && calibration.isEmpty();
  }

  /** How the position table is resampled. */
  PositionResampling positions() {
    return smoothing.isPresent()
        ? PositionResampling.ANTIALIASED
        : PositionResampling.CELL_COUNT_BY_FACTOR;
  }

  /**
   * The blocks whose outputs, or inputs, are read; the largest must exist before the last block.
   */
  void requireLayers(int layers) {
    List<Integer> named = new ArrayList<>();
    correlation.ifPresent(c -> named.addAll(c.layers()));
    calibration.ifPresent(
        c -> {
          named.add(c.earlyLayer());
          named.add(c.lateLayer());
          named.addAll(IntStream.range(c.fusedFrom(), c.fusedTo()).boxed().toList());
        });
    List<Integer> absent =
        named.stream().filter(layer -> layer < 0 || layer > layers - 2).distinct().toList();
    if (!absent.isEmpty()) {
      throw new IllegalArgumentException(
          "Attention '%s' reads the blocks %s before the last one, of which a transformer of %d has none: take forLayers(%d)"
              .formatted(name, absent, layers, layers));
    }
    smoothing.ifPresent(
        s ->
            require(
                s.blocks() >= 1 && s.blocks() <= layers,
                name,
                "smooths the last %d of %d blocks: take forLayers(%d)"
                    .formatted(s.blocks(), layers, layers)));
  }
}
