package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.ClipConfig;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.PatchEncoder;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.dino.Dino;
import picocli.CommandLine.Option;

/** Options of the commands that can replace the attention of a CLIP's last block. */
final class AttentionOptions {

  @Option(
      names = "--attention",
      paramLabel = "NAME",
      description =
          "What replaces the last attention of a CLIP with a vision transformer: value (MaskCLIP),"
              + " sclip, clearclip, naclip, proxyclip, resclip, scclip, pearl, segearth or gem."
              + " With the demo all but value ask its transformer, which knows fewer drawings than"
              + " its ResNet.")
  private Optional<String> name;

  @Option(
      names = "--dino",
      paramLabel = "ID|PATH",
      description =
          "The DINO of --attention proxyclip. Default: the demo's with the demo, else"
              + " facebook/dino-vitb8.")
  private Optional<String> dino;

  boolean isChosen() {
    return name.isPresent();
  }

  /** An option that is of no use, or has no meaning. */
  Optional<String> useless() {
    if (name.isPresent()) {
      try {
        Attention.preset(name.get());
      } catch (IllegalArgumentException e) {
        return Optional.of("--attention: " + e.getMessage());
      }
    }
    return dino.isPresent() && !needsDino()
        ? Optional.of("--dino is for --attention proxyclip")
        : Optional.empty();
  }

  private boolean needsDino() {
    return name.isPresent() && Attention.preset(name.get()).equals(Attention.PROXY_CLIP);
  }

  /** What was chosen, else the given one if the CLIP can have it. */
  Attention of(Clip clip, Attention usual) {
    boolean transformer = clip.config().image() instanceof ClipConfig.Vit;
    return name.map(Attention::preset).orElse(transformer ? usual : Attention.VALUE);
  }

  /** Whether a ResNet cannot do what was chosen. */
  boolean needsTransformer() {
    return name.isPresent() && !Attention.preset(name.get()).equals(Attention.VALUE);
  }

  /** How the authors of what was chosen evaluate on a data set, if that is known. */
  Optional<PublishedProtocol> published(String dataSet) {
    return PublishedProtocol.of(Attention.preset(name.orElseThrow()), dataSet);
  }

  /** The segmenter on a CLIP, for a data set's protocol if there is one; the CLIP stays open. */
  Segmenter open(
      String model,
      Clip clip,
      Attention usual,
      Optional<PublishedProtocol> published,
      TileOption tiles,
      double presence,
      Progress progress)
      throws IOException {
    Optional<Demo> demo = Demo.of(model);
    Attention chosen = of(clip, usual);
    Optional<Dino> second =
        chosen.equals(Attention.PROXY_CLIP) ? Optional.of(dino(demo, progress)) : Optional.empty();
    try {
      MaskClipBuilder builder =
          demo.isPresent()
              ? demo.get().maskClip(clip, chosen)
              : Models.builder(model, clip, chosen);
      second.ifPresent(
          network -> builder.encoder(PatchEncoder.of(network.config().patch(), network::patches)));
      published.ifPresent(
          protocol ->
              builder
                  .attention(protocol.attention().forLayers(layers(clip)))
                  .protocol(protocol.around())
                  .normalization(Normalization.CLIP)
                  .templates(demo.map(Demo::templates).orElse(PromptTemplates.IMAGENET)));
      MaskClip segmenter = tiles.on(builder.presence(presence).progress(progress)).build();
      return new Segmenter() {
        @Override
        public List<Segmentation> segment(List<Picture> pictures, Vocabulary words) {
          return segmenter.segment(pictures, words);
        }

        @Override
        public void close() {
          segmenter.close();
          second.ifPresent(Dino::close);
        }
      };
    } catch (IOException | RuntimeException e) {
      second.ifPresent(Dino::close);
      throw e;
    }
  }

  private static int layers(Clip clip) {
    return clip.config().image() instanceof ClipConfig.Vit vit ? vit.layers() : 0;
  }

  private Dino dino(Optional<Demo> demo, Progress progress) throws IOException {
    if (demo.isPresent() && dino.isEmpty()) {
      return demo.get().dino();
    }
    ModelHub hub = ModelHub.fromEnvironment().withProgress(progress);
    return Dino.load(dino.orElse("facebook/dino-vitb8"), hub, TorchEngine.defaultDevice());
  }
}
