package org.zeroseg.examples.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.MaskClipBuilder;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.demo.DemoZeroGuide;
import org.zeroseg.demo.DemoZeroGuide.Variant;
import org.zeroseg.dino.Dino;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.zeroguide.ZeroGuideBuilder;
import org.zeroseg.zeroguide.caption.ZeroCap;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisBuilder;

/** The worlds whose models come with the program, by the names that {@code --model} takes. */
enum Demo {
  /** Looks and shapes: a ResNet with a ZUTIS, and a vision transformer where one is needed. */
  SHAPES("demo-shapes"),
  /** The same words by the vision transformer alone. */
  SHAPES_VIT("demo-shapes-vit");

  private final String model;

  Demo(String model) {
    this.model = model;
  }

  /** The one that a model's name stands for. */
  static Optional<Demo> of(String model) {
    if (model.equals(Models.DEMO)) {
      return Optional.of(SHAPES);
    }
    return Stream.of(values()).filter(demo -> demo.model.equals(model)).findFirst();
  }

  /** Whether a model comes with the program. */
  static boolean is(String model) {
    return of(model).isPresent();
  }

  Clip clip() throws IOException {
    return this == SHAPES ? DemoModels.clip() : DemoModels.vitClip();
  }

  /** A CLIP whose attention can be replaced and masked. */
  Clip transformer() throws IOException {
    return DemoModels.vitClip();
  }

  MaskClipBuilder maskClip(Clip clip, Attention attention) {
    return DemoModels.maskClipBuilder(clip, attention);
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
    return DemoZeroGuide.builder(dino, clip, variant);
  }

  ZeroCap namer(Clip clip) throws IOException {
    return DemoModels.zeroCap(clip);
  }

  /** The sentences that it knows. */
  PromptTemplates templates() {
    return DemoModels.TEMPLATES;
  }

  /** Words with the grounds that it knows as background. */
  Vocabulary withBackground(Vocabulary words) {
    return DemoModels.withBackground(words);
  }

  /** All things that it was made to know. */
  List<Vocabulary.Category> everything() {
    return Category.all().stream()
        .map(category -> Vocabulary.Category.of(category.words()))
        .toList();
  }

  /** Whether it knows all words. */
  boolean knows(Vocabulary vocabulary) {
    Set<String> known =
        DemoModels.names().stream()
            .flatMap(name -> Stream.of(name.split(" ", -1)))
            .collect(Collectors.toSet());
    return vocabulary.categories().stream()
        .flatMap(category -> category.words().stream())
        .flatMap(words -> Stream.of(words.split(" ", -1)))
        .allMatch(known::contains);
  }

  /** As it is typed. */
  @Override
  public String toString() {
    return model;
  }
}
