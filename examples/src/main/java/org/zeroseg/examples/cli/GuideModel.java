package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoZeroGuide;
import org.zeroseg.demo.DemoZeroGuide.Variant;
import org.zeroseg.demo.EverydayModels;
import org.zeroseg.dino.Dino;
import org.zeroseg.zeroguide.SegmentEncoder;
import org.zeroseg.zeroguide.ZeroGuide;
import org.zeroseg.zeroguide.ZeroGuideBuilder;
import org.zeroseg.zeroguide.caption.Namer;
import org.zeroseg.zeroguide.caption.WordList;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zeroguide.caption.ZeroCapSettings;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of the commands that find segments by themselves: by which DINO, named by whom. */
final class GuideModel {

  private static final String DINO = "facebook/dino-vits8";

  private static final PromptTemplates PROMPT = PromptTemplates.of(ZeroCap.PROMPT + " {}.");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description =
          "CLIP with a vision transformer: 'demo', a folder, or an id of the hub such as "
              + "openai/clip-vit-large-patch14-336. Default: ${DEFAULT-VALUE}.")
  private String model;

  @Option(
      names = "--dino",
      paramLabel = "ID|PATH",
      description = "DINO, if the model is not the demo. Default: " + DINO + ".")
  private Optional<String> dino;

  @Option(
      names = "--gpt2",
      paramLabel = "ID|PATH",
      description =
          "A GPT-2, by folder or id such as openai-community/gpt2-medium: segments are named by "
              + "captions. demo-shapes has its own.")
  private Optional<String> gpt2;

  @Option(
      names = "--names",
      paramLabel = "FILE",
      description =
          "Words or phrases, one a line: segments are named by the nearest, in place of captions. "
              + "'everyday' and 'shapeworld' stand for the words of the demos.")
  private Optional<Path> names;

  @Option(
      names = "--variant",
      defaultValue = "FULL",
      paramLabel = "VARIANT",
      description =
          "The whole method, or an ablation of it: ${COMPLETION-CANDIDATES}. Default:"
              + " ${DEFAULT-VALUE}.")
  private Variant variant;

  @Mixin private TileOption tiles;

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

  boolean isDemo() {
    return Demo.is(model);
  }

  /** Refuses options that contradict each other, or that the chosen model would ignore. */
  void check() {
    if (isDemo() && dino.isPresent()) {
      throw misuse("--dino is for another --model than the demo, which has its own");
    }
    if (names.isPresent() && gpt2.isPresent()) {
      throw misuse("--names and --gpt2 exclude each other: segments are named by one of them");
    }
  }

  private CommandLine.ParameterException misuse(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  /** The CLIP that looks at segments: of the demo's two the vision transformer. */
  Clip clip(Progress progress) throws IOException {
    Optional<Demo> demo = Demo.of(model);
    return demo.isPresent() ? demo.get().transformer() : Models.clip(model, progress);
  }

  /** The vectors of words. */
  TextEmbeddings texts(Clip clip) {
    return Models.texts(model, clip);
  }

  /**
   * Opens the models.
   *
   * @param clip stays open when the guide is closed
   * @param progress told of downloads and stages
   */
  Guide guide(Clip clip, Progress progress) throws IOException {
    Optional<Demo> demo = Demo.of(model);
    PromptTemplates prompt = demo.map(Demo::templates).orElse(PROMPT);
    Dino eyes = demo.isPresent() ? demo.get().dino() : Dino.load(dino.orElse(DINO));
    Optional<Namer> namer = Optional.empty();
    try {
      namer = namer(clip, prompt, progress);
      ZeroGuideBuilder builder =
          demo.isPresent()
              ? demo.get().guide(eyes, clip, variant)
              : variant.of(
                  ZeroGuide.builder().dino(eyes).clip(clip), SegmentEncoder.Settings.DEFAULT);
      namer.ifPresent(builder::namer);
      tiles.on(builder.progress(progress));
      return new Guide(builder.build(), eyes, namer, prompt);
    } catch (IOException | RuntimeException e) {
      namer.ifPresent(Namer::close);
      eyes.close();
      throw e;
    }
  }

  private Optional<Namer> namer(Clip clip, PromptTemplates prompt, Progress progress)
      throws IOException {
    Optional<Demo> demo = Demo.of(model);
    if (names.isPresent()) {
      TextEmbeddings texts = texts(clip);
      return Optional.of(
          switch (names.get().toString()) {
            case "everyday" -> WordList.of(EverydayModels.names(), texts, prompt, 5);
            case "shapeworld" -> WordList.of(DemoModels.names(), texts, prompt, 5);
            default -> WordList.read(names.get(), texts, prompt, 5);
          });
    }
    if (gpt2.isPresent()) {
      ModelHub hub = ModelHub.fromEnvironment().withProgress(progress);
      return Optional.of(
          ZeroCap.load(
              gpt2.get(),
              hub,
              clip,
              demo.isPresent() ? DemoZeroGuide.CAPTIONS : ZeroCapSettings.ZERO_GUIDANCE,
              demo.isPresent() ? DemoZeroGuide.CAPTION_PROMPT : ZeroCap.PROMPT,
              Precision.AUTO));
    }
    return demo.isPresent() ? Optional.of(demo.get().namer(clip)) : Optional.empty();
  }
}
