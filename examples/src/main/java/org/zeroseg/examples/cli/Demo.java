package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoZeroGuide;
import org.zeroseg.demo.DemoZeroGuide.Variant;
import org.zeroseg.demo.EverydayModels;
import org.zeroseg.dino.Dino;
import org.zeroseg.dino.SelfMask;
import org.zeroseg.dino.SelfMaskBuilder;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.zeroguide.ZeroGuideBuilder;
import org.zeroseg.zeroguide.caption.Namer;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisBuilder;

/** The worlds whose models come with the program, by the names that {@code --model} takes. */
enum Demo {
  /** Everyday things: a ResNet, and a vision transformer where one is needed. */
  EVERYDAY(Models.DEMO),
  /** Looks and shapes: a ResNet with a ZUTIS, and a vision transformer where one is needed. */
  SHAPES(Models.SHAPES),
  /** The same words by the vision transformer alone. */
  SHAPES_VIT("demo-shapes-vit");

  private final String model;

  Demo(String model) {
    this.model = model;
  }

  /** The one that a model's name stands for. */
  static Optional<Demo> of(String model) {
    return Stream.of(values()).filter(demo -> demo.model.equals(model)).findFirst();
  }

  /** Whether a model comes with the program. */
  static boolean is(String model) {
    return of(model).isPresent();
  }

  Clip clip() throws IOException {
    return switch (this) {
      case EVERYDAY -> EverydayModels.clip();
      case SHAPES -> DemoModels.clip();
      case SHAPES_VIT -> DemoModels.vitClip();
    };
  }

  /** The CLIP with a vision transformer, whose attention can be replaced and masked. */
  Clip transformer() throws IOException {
    return this == EVERYDAY ? EverydayModels.vitClip() : DemoModels.vitClip();
  }

  Dino dino() throws IOException {
    return this == EVERYDAY ? EverydayModels.dino() : DemoModels.dino();
  }

  MaskClipBuilder maskClip(Clip clip, Attention attention) {
    return this == EVERYDAY
        ? EverydayModels.maskClipBuilder(clip, attention)
        : DemoModels.maskClipBuilder(clip, attention);
  }

  SelfMask selfMask(boolean refined, UnaryOperator<SelfMaskBuilder> choices) throws IOException {
    return this == EVERYDAY
        ? EverydayModels.selfMask(refined, choices)
        : DemoModels.selfMask(refined, choices);
  }

  /** From where on a word is in a picture. */
  double present() {
    return this == EVERYDAY ? EverydayModels.PRESENT : MaskClip.PRESENT;
  }

  /** Whether a ZUTIS belongs to it. */
  boolean hasZutis() {
    return this == SHAPES;
  }

  Zutis zutis(ZutisBuilder words, Zutis.Answer answer) throws IOException {
    return DemoModels.zutis(words, answer);
  }

  /** Zero-guidance, still without a namer. */
  ZeroGuideBuilder guide(Dino dino, Clip clip, Variant variant) {
    return this == EVERYDAY
        ? EverydayModels.zeroGuideBuilder(dino, clip, variant)
        : DemoZeroGuide.builder(dino, clip, variant);
  }

  Namer namer(Clip clip) throws IOException {
    return this == EVERYDAY ? EverydayModels.namer(clip) : DemoModels.zeroCap(clip);
  }

  /** The sentences that it knows. */
  PromptTemplates templates() {
    return this == EVERYDAY ? EverydayModels.TEMPLATES : DemoModels.TEMPLATES;
  }

  /** Words with the grounds that it knows as background. */
  Vocabulary withBackground(Vocabulary words) {
    return this == EVERYDAY
        ? EverydayModels.withBackground(words)
        : DemoModels.withBackground(words);
  }

  /** All things that it was made to know. */
  List<Vocabulary.Category> everything() {
    if (this == EVERYDAY) {
      return EverydayModels.things();
    }
    return Category.all().stream()
        .map(category -> Vocabulary.Category.of(category.words()))
        .toList();
  }

  /** The words that it does not know. */
  List<String> unknown(Vocabulary vocabulary) {
    if (this == EVERYDAY) {
      return EverydayModels.unknown(vocabulary);
    }
    Set<String> known =
        DemoModels.names().stream()
            .flatMap(name -> Stream.of(name.split(" ", -1)))
            .collect(Collectors.toSet());
    return vocabulary.categories().stream()
        .flatMap(category -> category.words().stream())
        .filter(words -> !known.containsAll(List.of(words.split(" ", -1))))
        .toList();
  }

  /** What it knows, in a sentence. */
  String knows() {
    return this == EVERYDAY
        ? "the demo knows these words: "
            + everything().stream()
                .map(Vocabulary.Category::name)
                .sorted(String.CASE_INSENSITIVE_ORDER)
                .collect(Collectors.joining(", "))
        : "the demo knows coloured and striped shapes only, such as \"red star, striped ring\"";
  }

  /** What indices and training runs note, which ShapeWorld's did before there were others. */
  String noted() {
    return this == SHAPES ? Models.DEMO : this == EVERYDAY ? "everyday" : model;
  }

  /** As it is typed. */
  @Override
  public String toString() {
    return model;
  }
}
