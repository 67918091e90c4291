package org.zeroseg.demo;

import ai.djl.Device;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.Protocol;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.refine.Pamr;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.dino.SelfMaskBuilder;
import org.zeroseg.namedmask.DenseEncoder;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.NamedMaskBuilder;
import org.zeroseg.namedmask.ReCoBuilder;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zsi.WordVectors;
import org.zeroseg.zsi.Zsi;
import org.zeroseg.zsi.ZsiBuilder;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisBuilder;

/**
 * Small models that need no download. They know the words of ShapeWorld, a generated world of
 * coloured and striped shapes, and nothing else; where they come from is in the README beside the
 * weights.
 *
 * <pre>{@code
 * try (Clip clip = DemoModels.clip();
 *     MaskClip segmenter = DemoModels.maskClip(clip)) {
 *   found = segmenter.segment(image, DemoModels.vocabulary(List.of("red star", "blue circle")));
 * }
 * }</pre>
 */
public final class DemoModels {

  /** Sentences as in ShapeWorld's captions. */
  public static final PromptTemplates TEMPLATES = PromptTemplates.of("a {}");

  /** The longer side of what the demo NamedMask looks at. */
  public static final int NAMED_MASK_SIDE = 64;

  /** The sides of the pictures that the demo ZSI was trained on. */
  public static final int ZSI_SIDE = 128;

  private static final List<String> LOOKS =
      List.of("red", "green", "blue", "yellow", "purple", "striped", "dotted", "checked");

  private static final List<String> SHAPES =
      List.of("circle", "square", "triangle", "star", "cross", "ring", "diamond", "crescent");

  private static final List<String> GROUNDS =
      List.of("paper", "sand", "clouds", "waves", "tiles", "mist");

  /** A tenth of the distances for photographs. */
  private static final Pamr NEAR_COLOURS = new Pamr(10, List.of(1, 2));

  private static final String CLIP = "clip-resnet";

  /** Sides of what ReCo compares: twice those of the pictures, for a finer grid. */
  private static final int RECO_SIDE = 128;

  /**
   * What makes up for ZSI's preference for seen combinations where a thing gets one name; chosen on
   * scenes of a seed of their own.
   */
  public static final double ZSI_CALIBRATION = 0.06;

  private DemoModels() {}

  /**
   * CLIP with a small ResNet.
   *
   * @return the model, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Clip clip() throws IOException {
    return clip(CLIP);
  }

  static Clip clip(String name) throws IOException {
    return Embedded.inFolder(
        name, Embedded.CLIP_FILES, folder -> Clip.load(folder, Embedded.precision(), Device.cpu()));
  }

  /**
   * CLIP with a small vision transformer, in the same joint space as {@link #clip}. Attention can
   * be masked in it, and ZUTIS starts from it.
   *
   * @return the model, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Clip vitClip() throws IOException {
    return clip("clip-vit");
  }

  /**
   * DINO, a vision transformer of four blocks.
   *
   * @return the model, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Dino dino() throws IOException {
    return Embedded.opened("dino", Dino::load);
  }

  /**
   * SelfMask on that DINO, with the settings that it was measured with.
   *
   * @param refined whether masks are snapped to edges by the bilateral solver
   * @return the detector, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static SelfMask selfMask(boolean refined) throws IOException {
    return selfMask(refined, UnaryOperator.identity());
  }

  /**
   * The same with further choices.
   *
   * @param refined whether masks are snapped to edges by the bilateral solver
   * @param choices made on its builder
   * @return the detector, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static SelfMask selfMask(boolean refined, UnaryOperator<SelfMaskBuilder> choices)
      throws IOException {
    return selfMask("selfmask", refined, choices);
  }

  static SelfMask selfMask(String name, boolean refined, UnaryOperator<SelfMaskBuilder> choices)
      throws IOException {
    return Embedded.opened(
        name,
        file -> {
          SelfMaskBuilder builder =
              choices.apply(
                  SelfMask.builder().model(file).input(InputSize.shorterSide(DemoSaliency.SIDE)));
          return (refined ? builder.refinedBy(DemoSaliency.SOLVER) : builder).build();
        });
  }

  /**
   * ZUTIS, trained without any mask by hand, with the settings that it was measured with. It has
   * learnt the word for background itself: vocabularies need no background words.
   *
   * @param clip the words' model, such as {@link #clip}; stays open
   * @param answer what is wanted
   * @return the segmenter, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Zutis zutis(Clip clip, Zutis.Answer answer) throws IOException {
    return zutis(Zutis.builder().clip(clip), answer);
  }

  /**
   * The same with a CLIP of its own, closed with it.
   *
   * @param answer what is wanted
   * @return the segmenter, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Zutis zutis(Zutis.Answer answer) throws IOException {
    return Embedded.inFolder(
        CLIP, Embedded.CLIP_FILES, folder -> zutis(Zutis.builder().clip(folder), answer));
  }

  /**
   * The same with further choices.
   *
   * @param words a builder on which the words' model was chosen, and what else is wanted
   * @param answer what is wanted
   * @return the segmenter, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Zutis zutis(ZutisBuilder words, Zutis.Answer answer) throws IOException {
    return Embedded.opened(
        "zutis",
        file ->
            words
                .model(file)
                .precision(Embedded.precision())
                .input(InputSize.shorterSide(64))
                .backgroundMargin(0.05)
                .answer(answer)
                .build());
  }

  /**
   * NamedMask, distilled of pictures that nobody labelled, with the settings that it was measured
   * with. It knows the 64 combinations of look and shape by name.
   *
   * @return the segmenter, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static NamedMask namedMask() throws IOException {
    return namedMask(NamedMask.builder());
  }

  /**
   * As {@link #namedMask()}, with choices.
   *
   * @param choices such as {@code NamedMask.builder().tiles(512, 64)}; model and input are the
   *     demo's
   * @return the segmenter, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static NamedMask namedMask(NamedMaskBuilder choices) throws IOException {
    return Embedded.opened(
        "namedmask",
        file ->
            choices
                .model(file)
                .precision(Embedded.precision())
                .longerSide(NAMED_MASK_SIDE)
                .build());
  }

  /**
   * ZSI, trained on boxes and masks of the 48 seen combinations. It knows the words of captions one
   * by one, so it finds the 16 unseen combinations and things called by a look or a shape alone.
   *
   * @param choices such as {@code Zsi.builder().distinct(true)}; model, words and input are the
   *     demo's
   * @return the segmenter, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Zsi zsi(ZsiBuilder choices) throws IOException {
    return Embedded.inFolder(
        "zsi",
        List.of("model.safetensors", "words.txt"),
        folder ->
            choices
                .model(folder.resolve("model.safetensors"))
                .words(WordVectors.read(folder.resolve("words.txt"), names()))
                .precision(Embedded.precision())
                .inputWithin(ZSI_SIDE, ZSI_SIDE)
                .build());
  }

  /**
   * ZeroCap with a GPT-2 that has read ShapeWorld's captions.
   *
   * @param clip whose pictures it names; stays open when this is closed
   * @return the namer, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static ZeroCap zeroCap(Clip clip) throws IOException {
    return Embedded.inFolder(
        "gpt2",
        Embedded.GPT2_FILES,
        folder ->
            ZeroCap.load(
                folder,
                clip,
                DemoZeroGuide.CAPTIONS,
                DemoZeroGuide.CAPTION_PROMPT,
                Embedded.precision()));
  }

  /**
   * ReCo by the demo DINO, with the settings that suit its small pictures.
   *
   * @param builder still without sources of words
   * @return the builder
   * @throws IOException if no temporary file can be written
   */
  public static ReCoBuilder reCo(ReCoBuilder builder) throws IOException {
    return builder
        .encoder(DenseEncoder.of(dino()))
        .archiveSide(RECO_SIDE)
        .input(InputSize.shorterSide(RECO_SIDE))
        .templates(TEMPLATES)
        .contexts();
  }

  /**
   * All that ShapeWorld has names for.
   *
   * @return such as {@code "striped star"} and {@code "sand"}
   */
  public static List<String> names() {
    return Stream.concat(
            LOOKS.stream().flatMap(look -> SHAPES.stream().map(shape -> look + " " + shape)),
            GROUNDS.stream())
        .toList();
  }

  /**
   * A segmenter by a demo CLIP, with the settings that it was measured with.
   *
   * @param clip such as {@link #clip}; stays open
   * @return the segmenter
   * @throws IOException never, since the model is loaded
   */
  public static MaskClip maskClip(Clip clip) throws IOException {
    return maskClipBuilder(clip, Attention.VALUE).build();
  }

  /**
   * The same with another attention, still to be built. Windows have the size of ShapeWorld's
   * pictures, and colours are compared at distances that suit these.
   *
   * @param clip such as {@link #vitClip}; stays open
   * @param attention any; {@link Attention#PROXY_CLIP} needs {@link #dino} besides
   * @return the builder
   */
  public static MaskClipBuilder maskClipBuilder(Clip clip, Attention attention) {
    MaskClipBuilder builder = MaskClip.builder().model(clip).attention(attention);
    if (!attention.equals(Attention.VALUE)) {
      Protocol usual = Protocol.of(attention);
      Protocol around = usual.withWindows(64, 32, Math.min(usual.padTo(), 0));
      builder.protocol(usual.pamr().isPresent() ? around.withPamr(NEAR_COLOURS) : around);
    }
    return builder
        .normalization(Normalization.CLIP)
        .filter(Filter.BICUBIC)
        .templates(TEMPLATES)
        .inputWithin(64, 1024);
  }

  /**
   * A vocabulary of words, with the backgrounds of ShapeWorld as background words.
   *
   * @param words such as {@code "red star"}
   * @return the vocabulary
   */
  public static Vocabulary vocabulary(List<String> words) {
    return withBackground(Vocabulary.of(words.toArray(String[]::new)));
  }

  /**
   * A vocabulary with the backgrounds of ShapeWorld as its background words.
   *
   * @param vocabulary any
   * @return the same categories
   */
  public static Vocabulary withBackground(Vocabulary vocabulary) {
    return vocabulary.withBackground(GROUNDS.toArray(String[]::new));
  }
}
