package org.zeroseg.demo;

import java.util.Locale;
import org.zeroseg.clip.Clip;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.Oversegmentation;
import org.zeroseg.zeroguide.SegmentEncoder;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.ZeroGuideBuilder;
import org.zeroseg.zeroguide.caption.ZeroCapSettings;

/**
 * Zero-guidance segmentation with numbers that suit the demo models, which are smaller than those
 * of the paper in every respect. They were chosen on scenes of another seed than those that
 * anything is measured on.
 */
public final class DemoZeroGuide {

  /** What ZeroCap's texts begin with: as ShapeWorld's captions, not as the paper's. */
  public static final String CAPTION_PROMPT = "a";

  /** ZeroCap's numbers for the demo's GPT-2. */
  public static final ZeroCapSettings CAPTIONS =
      ZeroCapSettings.ZERO_GUIDANCE.withSearch(8, 6).withEffort(5, 64).withSteering(0.8, 1);

  /** DINO has patches of 8 pixels, and scenes have 64. */
  private static final Oversegmentation CANDIDATES =
      new Oversegmentation(96, 384, 4, 20, 10, 0.9, true);

  /** The last of CLIP's four blocks; the paper masks four of 24. */
  private static final SegmentEncoder.Settings ENCODER =
      new SegmentEncoder.Settings(1, 2, SegmentEncoder.Settings.DEFAULT.saliency());

  private static final double MERGE_THRESHOLD = 0.7;

  /** The rows of the paper's Table 3. */
  public enum Variant {
    /** The segment cut out of the picture: the baseline. */
    CROP_AND_MASK,
    /** Masked attention alone. */
    WITHOUT_SUBTRACTION,
    /** All candidates remain. */
    WITHOUT_MERGING,
    /** The method. */
    FULL;

    /** As it is typed on the command line. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Takes away what this variant does without.
     *
     * @param builder of the method
     * @param encoder how the method embeds segments
     * @return the builder
     */
    public ZeroGuideBuilder of(ZeroGuideBuilder builder, SegmentEncoder.Settings encoder) {
      return switch (this) {
        case CROP_AND_MASK -> builder.embedding(ZeroGuide.Embedding.CROP_AND_MASK);
        case WITHOUT_SUBTRACTION -> builder.encoder(encoder.withoutGlobalSubtraction());
        case WITHOUT_MERGING -> builder.encoder(encoder).withoutMerging();
        case FULL -> builder.encoder(encoder);
      };
    }
  }

  private DemoZeroGuide() {}

  /**
   * Zero-guidance segmentation, or one of its ablations, on demo models.
   *
   * @param dino cuts; stays open
   * @param clip embeds, such as {@link DemoModels#vitClip}; stays open
   * @param variant the full method, or one with a part left out
   * @return a builder, to which a namer may be added
   */
  public static ZeroGuideBuilder builder(Dino dino, Clip clip, Variant variant) {
    ZeroGuideBuilder builder =
        ZeroGuide.builder()
            .dino(dino)
            .clip(clip)
            .candidates(CANDIDATES)
            .templates(DemoModels.TEMPLATES)
            .merging(MERGE_THRESHOLD, 0.5);
    return variant.of(builder, ENCODER);
  }
}
