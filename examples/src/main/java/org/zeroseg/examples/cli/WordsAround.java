package org.zeroseg.examples.cli;

import java.util.Optional;
import java.util.function.Supplier;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.demo.EverydayModels;
import picocli.CommandLine.Option;

/** Options of what surrounds the words looked for, and from where on a word is in the picture. */
final class WordsAround {

  @Option(
      names = {"-b", "--background"},
      paramLabel = "A,B",
      description = "What counts as background, separated by commas, in place of the common.")
  private Optional<String> background;

  @Option(
      names = "--not",
      paramLabel = "A,B",
      description =
          "What must not be taken for one of the words, separated by commas, such as \"fox\" where "
              + "dogs are looked for; compared with like background, and besides it.")
  private Optional<String> negatives;

  @Option(
      names = "--all-pixels",
      description = "No background words: every pixel gets one of the words, however little alike.")
  private boolean allPixels;

  @Option(
      names = "--presence",
      paramLabel = "P",
      description =
          "A CLIP alone: words that are less probably in the picture are not found, and how likely"
              + " each is is told; 0 finds all. Default: 0.5, with the demo "
              + EverydayModels.PRESENT
              + ".")
  private Optional<Double> presence;

  /** Refuses what contradicts itself, and tells the model from where on a word is present. */
  double presence(WordModel model) {
    double present = presence.orElse(model.demo().map(Demo::present).orElse(MaskClip.PRESENT));
    if (!(present >= 0 && present <= 1)) {
      throw model.misuse("--presence " + present + ": from 0 to 1");
    }
    if (presence.isPresent() && !model.asksClipAlone()) {
      throw model.misuse("--presence is for a CLIP alone");
    }
    if (allPixels && background.isPresent()) {
      throw model.misuse("--all-pixels and --background exclude each other");
    }
    model.forPhotographs(present);
    return present;
  }

  /** The words with what surrounds them. */
  Vocabulary around(Vocabulary words, WordModel model) {
    Vocabulary surrounded;
    if (background.isPresent()) {
      surrounded =
          model.wordsOfPhotographs(
              parsed(
                  model,
                  "--background",
                  () -> words.withBackground(words(model, "--background", background))));
    } else {
      surrounded = allPixels ? model.wordsAlone(words) : model.wordsOfPhotographs(words);
    }
    return negatives.isPresent()
        ? parsed(model, "--not", () -> surrounded.excluding(words(model, "--not", negatives)))
        : surrounded;
  }

  private static String[] words(WordModel model, String option, Optional<String> list) {
    return parsed(model, option, () -> CategoryList.parse(list.orElseThrow())).stream()
        .flatMap(category -> category.words().stream())
        .toArray(String[]::new);
  }

  /** What is made of an option's value; what is wrong with that is the option's. */
  static <T> T parsed(WordModel model, String option, Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      throw model.misuse(option + ": " + e.getMessage());
    }
  }
}
