package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Precision;
import org.zeroseg.dino.Dino;
import org.zeroseg.examples.demo.DemoModels;
import org.zeroseg.examples.shapeworld.Background;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.zeroguide.Oversegmentation;
import org.zeroseg.zeroguide.SegmentEncoder;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.caption.Namer;
import org.zeroseg.zeroguide.caption.WordList;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zeroguide.caption.ZeroCapSettings;
import picocli.CommandLine.Option;

/** Options of the commands that find segments by themselves: by which DINO, named by whom. */
final class GuideModel {

  /** The demo's DINO has patches of a few pixels, and scenes of 64. */
  private static final Oversegmentation DEMO_CANDIDATES =
      new Oversegmentation(96, 384, 4, 20, 10, 0.9, true);

  private static final PromptTemplates DEMO_PROMPT = PromptTemplates.of("a {}");
  private static final PromptTemplates PROMPT = PromptTemplates.of(ZeroCap.PROMPT + " {}.");

  /** The rows of the paper's Table 3. */
  enum Variant {
    FULL,
    WITHOUT_MERGING,
    WITHOUT_SUBTRACTION,
    CROP_AND_MASK;

    /** As it is typed. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Option(
      names = "--dino",
      defaultValue = "facebook/dino-vits8",
      paramLabel = "ID|PATH",
      description = "DINO, if the model is not the demo. Default: ${DEFAULT-VALUE}.")
  private String dino;

  @Option(
      names = "--gpt2",
      paramLabel = "DIR",
      description = "GPT-2's folder: segments are named by captions.")
  private Optional<Path> gpt2;

  @Option(
      names = "--names",
      paramLabel = "FILE",
      description = "Words or phrases, one a line: segments are named by the nearest.")
  private Optional<Path> names;

  @Option(
      names = "--variant",
      defaultValue = "FULL",
      paramLabel = "VARIANT",
      description = "The method or less: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Variant variant;

  /**
   * The method with its models, but for CLIP.
   *
   * @param namer who names segments, if anybody does
   * @param prompt the sentence around names
   */
  record Guide(ZeroGuide zeroGuide, Dino dino, Optional<Namer> namer, PromptTemplates prompt)
      implements AutoCloseable {
    @Override
    public void close() {
      zeroGuide.close();
      namer.ifPresent(Namer::close);
      dino.close();
    }
  }

  /**
   * Opens the models.
   *
   * @param model what the CLIP is called
   * @param clip stays open when the guide is closed
   */
  Guide guide(String model, Clip clip) throws IOException {
    boolean demo = model.equals(Models.DEMO);
    PromptTemplates prompt = demo ? DEMO_PROMPT : PROMPT;
    Dino eyes = demo ? DemoModels.dino() : Dino.load(dino);
    Optional<Namer> namer = Optional.empty();
    try {
      namer = namer(demo, clip, prompt);
      ZeroGuide.Builder builder = ZeroGuide.builder().models(eyes, clip).prompt(prompt);
      namer.ifPresent(builder::namer);
      if (demo) {
        builder.candidates(DEMO_CANDIDATES).embedding(ZeroGuide.Embedding.CROP_AND_MASK);
      }
      switch (variant) {
        case FULL -> {}
        case WITHOUT_MERGING -> builder.withoutMerging();
        case WITHOUT_SUBTRACTION ->
            builder.encoder(SegmentEncoder.Settings.DEFAULT.withoutGlobalSubtraction());
        case CROP_AND_MASK -> builder.embedding(ZeroGuide.Embedding.CROP_AND_MASK);
      }
      return new Guide(builder.build(), eyes, namer, prompt);
    } catch (IOException | RuntimeException e) {
      namer.ifPresent(Namer::close);
      eyes.close();
      throw e;
    }
  }

  private Optional<Namer> namer(boolean demo, Clip clip, PromptTemplates prompt)
      throws IOException {
    if (gpt2.isPresent()) {
      return Optional.of(
          ZeroCap.load(gpt2.get(), clip, ZeroCapSettings.ZERO_GUIDANCE, Precision.AUTO));
    }
    if (names.isPresent()) {
      return Optional.of(WordList.read(names.get(), clip, prompt, 5));
    }
    if (!demo) {
      return Optional.empty();
    }
    List<String> words =
        Stream.concat(
                Category.all().stream().map(Category::words),
                Arrays.stream(Background.values()).map(Background::word))
            .toList();
    return Optional.of(WordList.of(words, clip, prompt, 5));
  }
}
