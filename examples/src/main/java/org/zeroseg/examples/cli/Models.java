package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.Optional;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.tensor.TorchEngine;

/** Models by the names that the command line takes. */
final class Models {

  /** The default: the models that come with the program. */
  static final String DEMO = "demo";

  /** The default where everyday things have no model of the kind. */
  static final String SHAPES = "demo-shapes";

  private Models() {}

  /** CLIP by the name of a {@link Demo}, a path, or an id of the hub. */
  static Clip clip(String model, Progress progress) throws IOException {
    Optional<Demo> demo = Demo.of(model);
    if (demo.isPresent()) {
      return demo.get().clip();
    }
    ModelHub hub = ModelHub.fromEnvironment().withProgress(progress);
    return Clip.load(model, hub, Precision.AUTO, TorchEngine.defaultDevice());
  }

  /** A segmenter on a CLIP, with the settings that suit it. */
  static MaskClipBuilder builder(String model, Clip clip, Attention attention) {
    return MaskClip.builder().model(clip).textEmbeddings(texts(model, clip)).attention(attention);
  }

  /** What indices and training runs note of a model. */
  static String noted(String model) {
    return Demo.of(model).map(Demo::noted).orElse(model);
  }

  /** The vectors of words, kept between runs but for a demo's, which is quick. */
  static TextEmbeddings texts(String model, Clip clip) {
    return texts(model, clip, Precision.AUTO);
  }

  /** The same for a CLIP that was loaded in a precision of its own. */
  static TextEmbeddings texts(String model, Clip clip, Precision precision) {
    return Demo.is(model) ? clip.textEmbeddings() : WordVectors.of(model, clip, precision);
  }

  /** The sentences that a model knows. */
  static PromptTemplates templates(String model) {
    return Demo.of(model).map(Demo::templates).orElse(PromptTemplates.ENSEMBLE);
  }
}
