package org.zeroseg.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.Protocol;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.refine.Pamr;
import org.zeroseg.demo.DemoZeroGuide.Variant;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.dino.SelfMaskBuilder;
import org.zeroseg.zeroguide.ZeroGuideBuilder;
import org.zeroseg.zeroguide.caption.WordList;

/**
 * Small models of everyday things that need no download. They know the {@linkplain #things words}
 * of 62 things, from freely licensed drawings, and nothing else; where they come from is in the
 * README beside the weights.
 *
 * <pre>{@code
 * try (Clip clip = EverydayModels.clip();
 *     MaskClip segmenter = EverydayModels.maskClip(clip)) {
 *   found = segmenter.segment(image, EverydayModels.vocabulary(List.of("cat", "apple")));
 * }
 * }</pre>
 */
public final class EverydayModels {

  /** Words as the captions have them that are lists. */
  public static final PromptTemplates TEMPLATES = PromptTemplates.of("{}");

  /**
   * Where words count as present, in place of {@link MaskClip#PRESENT}; chosen on scenes of a seed
   * of their own.
   */
  public static final double PRESENT = 0.55;

  private static final String CLIP = "everyday/clip-resnet";

  /** Of the pictures that the models learnt from. */
  private static final int SIDE = 64;

  /** A picture as a whole; cells of 8 pixels are refined by colours, up to a seventh of it away. */
  private static final Protocol WHOLE =
      Protocol.SCLIP
          .withInput(SIDE, 1024)
          .withWindows(0, 0, 0)
          .withTwoResizes()
          .withScale(100)
          .withPamr(new Pamr(10, List.of(1, 3, 9), SIDE * SIDE));

  private static final List<String> GROUNDS =
      List.of("wood", "grass", "sand", "tiles", "stone", "snow", "water", "cloth");

  private EverydayModels() {}

  /**
   * CLIP with a small ResNet.
   *
   * @return the model, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Clip clip() throws IOException {
    return DemoModels.clip(CLIP);
  }

  /**
   * CLIP with a small vision transformer, in the same joint space as {@link #clip}. Attention can
   * be replaced and masked in it; it knows fewer drawings than the ResNet.
   *
   * @return the model, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Clip vitClip() throws IOException {
    return DemoModels.clip("everyday/clip-vit");
  }

  /**
   * A segmenter by a CLIP of everyday things, as the command line has it: words whose presence is
   * below {@link #PRESENT} are left out.
   *
   * @param clip such as {@link #clip}; stays open
   * @return the segmenter
   * @throws IOException never, since the model is loaded
   */
  public static MaskClip maskClip(Clip clip) throws IOException {
    return maskClipBuilder(clip, Attention.VALUE).presence(PRESENT).build();
  }

  /**
   * The same with all words, present or not, and any attention: still to be built, with the
   * settings that it was measured with. With {@link Attention#VALUE} regions follow colours ({@link
   * Pamr}); other attentions have their own protocol.
   *
   * @param clip such as {@link #clip}, or {@link #vitClip} for other attentions than the value
   *     path; stays open
   * @param attention any that the CLIP can have
   * @return the builder
   */
  public static MaskClipBuilder maskClipBuilder(Clip clip, Attention attention) {
    MaskClipBuilder builder = DemoModels.maskClipBuilder(clip, attention).templates(TEMPLATES);
    return attention.equals(Attention.VALUE) ? builder.protocol(WHOLE) : builder;
  }

  /**
   * DINO, a vision transformer of four blocks.
   *
   * @return the model, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static Dino dino() throws IOException {
    return Embedded.opened("everyday/dino", Dino::load);
  }

  /**
   * SelfMask on that DINO, with the settings that it was measured with.
   *
   * @param refined whether masks are snapped to edges by the bilateral solver
   * @param choices made on its builder
   * @return the detector, to be closed
   * @throws IOException if no temporary file can be written
   */
  public static SelfMask selfMask(boolean refined, UnaryOperator<SelfMaskBuilder> choices)
      throws IOException {
    return DemoModels.selfMask("everyday/selfmask", refined, choices);
  }

  /**
   * Zero-guidance segmentation, or one of its ablations, on demo models.
   *
   * @param dino cuts, such as {@link #dino}; stays open
   * @param clip embeds, such as {@link #vitClip}; stays open
   * @param variant the full method, or one with a part left out
   * @return a builder, to which a namer may be added
   */
  public static ZeroGuideBuilder zeroGuideBuilder(Dino dino, Clip clip, Variant variant) {
    return DemoZeroGuide.builder(dino, clip, variant).templates(TEMPLATES);
  }

  /**
   * Names segments by the nearest of {@link #names}. ZeroCap, which writes captions, finds none of
   * these things with a GPT-2 and a CLIP as small as these.
   *
   * @param clip whose vectors it compares, such as {@link #vitClip}; stays open
   * @return the namer, to be closed
   */
  public static WordList namer(Clip clip) {
    return WordList.of(names(), clip.textEmbeddings(), TEMPLATES, 5);
  }

  /**
   * The things that the models know, with other words for them.
   *
   * @return such as "cat" with the synonym "kitten"
   */
  public static List<Vocabulary.Category> things() {
    List<Vocabulary.Category> things = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(Embedded.resource(CLIP, "words.txt"), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        List<String> words = List.of(line.split("\\|", -1));
        things.add(new Vocabulary.Category(words.get(0), words.subList(1, words.size())));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return things;
  }

  /**
   * Everything by a name: things, and what they lie on.
   *
   * @return such as {@code "cat"} and {@code "sand"}
   */
  public static List<String> names() {
    return Stream.concat(things().stream().map(Vocabulary.Category::name), GROUNDS.stream())
        .toList();
  }

  /**
   * The words of a vocabulary that the models do not know, background included.
   *
   * @param vocabulary any
   * @return in its order; empty if they know all
   */
  public static List<String> unknown(Vocabulary vocabulary) {
    Set<String> known =
        Stream.concat(things().stream().flatMap(thing -> thing.words().stream()), GROUNDS.stream())
            .map(EverydayModels::plain)
            .collect(Collectors.toSet());
    return Stream.concat(
            vocabulary.categories().stream().flatMap(category -> category.words().stream()),
            vocabulary.backgroundWords().stream())
        .filter(word -> !known.contains(plain(word)))
        .toList();
  }

  private static String plain(String word) {
    return word.strip().toLowerCase(Locale.ROOT);
  }

  /**
   * A vocabulary of words, with what things lie on as background words.
   *
   * @param words such as {@code "cat"}
   * @return the vocabulary
   */
  public static Vocabulary vocabulary(List<String> words) {
    return withBackground(Vocabulary.of(words.toArray(String[]::new)));
  }

  /**
   * A vocabulary with what things lie on as its background words, in place of those that it has,
   * but for words that name a category.
   *
   * @param vocabulary any
   * @return the same categories
   */
  public static Vocabulary withBackground(Vocabulary vocabulary) {
    Set<String> named =
        vocabulary.categories().stream()
            .flatMap(category -> category.words().stream())
            .map(EverydayModels::plain)
            .collect(Collectors.toSet());
    return vocabulary.withBackground(
        GROUNDS.stream().filter(ground -> !named.contains(ground)).toArray(String[]::new));
  }
}
