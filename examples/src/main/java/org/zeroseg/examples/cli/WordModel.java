package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.Optional;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.examples.demo.DemoModels;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisBuilder;
import picocli.CommandLine.Option;

/** Options of the commands that segment by words: which model, and from where on it is sure. */
final class WordModel {

  @Option(
      names = {"-m", "--model"},
      defaultValue = Models.DEMO,
      paramLabel = "ID|PATH",
      description =
          "A CLIP: 'demo', a file or folder, or an id of the hub such as "
              + "openai/clip-vit-base-patch16. Default: ${DEFAULT-VALUE}.")
  private String name;

  @Option(
      names = "--zutis",
      paramLabel = "ID|PATH",
      description =
          "A ZUTIS network, such as coco_vit_b_16.pt: single instances, too. "
              + "--model is then the CLIP that it was trained from, for the words. "
              + "Default: the demo's, if the CLIP is.")
  private Optional<String> zutis;

  @Option(names = "--mask-clip", description = "Ask the demo's CLIP alone, without its ZUTIS.")
  private boolean maskClip;

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description = "Pixels whose best word has a lower probability are background.")
  private Optional<Double> threshold;

  @Option(
      names = "--longer-side",
      paramLabel = "PIXELS",
      description = "ZUTIS: shrinks larger pictures for the network, 1024 on ImageNet-S.")
  private Optional<Integer> longerSide;

  String name() {
    return name;
  }

  boolean isDemo() {
    return name.equals(Models.DEMO);
  }

  Clip clip(Progress progress) throws IOException {
    return Models.clip(name, progress);
  }

  /** The segmenter on the model's CLIP, which stays open when it is closed. */
  Segmenter segmenter(Zutis.Answer answer, Clip clip) throws IOException {
    if (zutis.isPresent()) {
      ZutisBuilder builder = Zutis.builder().model(zutis.get()).clip(clip).answer(answer);
      longerSide.ifPresent(pixels -> builder.input(InputSize.own().longerWithin(pixels)));
      return builder.build();
    }
    return asksZutis() ? DemoModels.zutis(clip, answer) : Models.maskClip(name, clip);
  }

  private boolean asksZutis() {
    return zutis.isPresent() || (isDemo() && !maskClip);
  }

  /** Words with what is background to the model, unless they or the options say otherwise. */
  Vocabulary words(Vocabulary words) {
    if (threshold.isPresent()) {
      return words.withBackgroundThreshold(threshold.get());
    }
    // ZUTIS has learnt the word for background itself.
    return asksZutis() || !words.backgroundWords().isEmpty()
        ? words
        : Models.withBackground(name, words);
  }
}
