package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.demo.DemoModels;

/** Models by the names that the command line takes. */
final class Models {

  /** The name of the model that comes with this module. */
  static final String DEMO = "demo";

  private Models() {}

  /** CLIP by {@code demo}, a path, or an id of the hub. */
  static Clip clip(String model, Progress progress) throws IOException {
    if (model.equals(DEMO)) {
      return DemoModels.clip();
    }
    ModelHub hub = ModelHub.fromEnvironment().withProgress(progress);
    return Clip.load(model, hub, Precision.AUTO, TorchEngine.defaultDevice());
  }

  /** A segmenter on a CLIP, with the settings that suit it. */
  static MaskClipBuilder builder(String model, Clip clip, Attention attention) {
    return MaskClip.builder().model(clip).textEmbeddings(texts(model, clip)).attention(attention);
  }

  /** The vectors of words, kept between runs but for the demo, which is quick. */
  static TextEmbeddings texts(String model, Clip clip) {
    return texts(model, clip, Precision.AUTO);
  }

  /** The same for a CLIP that was loaded in a precision of its own. */
  static TextEmbeddings texts(String model, Clip clip, Precision precision) {
    return model.equals(DEMO) ? clip.textEmbeddings() : WordVectors.of(model, clip, precision);
  }

  /** The sentences that a model knows. */
  static PromptTemplates templates(String model) {
    return model.equals(DEMO) ? DemoModels.TEMPLATES : PromptTemplates.ENSEMBLE;
  }

  /** Whether words are of the demo's small world. */
  static boolean demoKnows(Vocabulary vocabulary) {
    Set<String> known =
        DemoModels.names().stream()
            .flatMap(name -> Stream.of(name.split(" ", -1)))
            .collect(Collectors.toSet());
    return vocabulary.categories().stream()
        .flatMap(category -> category.words().stream())
        .flatMap(words -> Stream.of(words.split(" ", -1)))
        .allMatch(known::contains);
  }

  /** The background that a model knows words for. */
  static Vocabulary withBackground(String model, Vocabulary vocabulary) {
    return model.equals(DEMO) ? DemoModels.withBackground(vocabulary) : vocabulary;
  }
}
