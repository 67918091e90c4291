package org.zeroseg.examples.cli;

import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.zeroseg.eval.data.Vocabularies;

/** Lists of categories that trainings of the papers begin with, in the order of their labels. */
enum KnownWords {
  COCO(() -> Vocabularies.coco().names()),
  /** The seen ones of the split 65/15: what is trained with to find the 15 unseen ones. */
  COCO_SEEN_65(
      () -> {
        List<Long> ids = Vocabularies.cocoIds();
        return Vocabularies.cocoSeen("65/15").stream()
            .map(id -> Vocabularies.coco().names().get(ids.indexOf(id)))
            .toList();
      }),
  COCA(() -> Vocabularies.coca().names()),
  IMAGENET_S50(() -> Vocabularies.imageNetS(50).names()),
  IMAGENET_S300(() -> Vocabularies.imageNetS(300).names()),
  IMAGENET_S919(() -> Vocabularies.imageNetS(919).names()),
  VOC2012(() -> Vocabularies.voc2012().names());

  private final Supplier<List<String>> words;

  KnownWords(Supplier<List<String>> words) {
    this.words = words;
  }

  List<String> words() {
    return words.get();
  }

  /** As it is typed. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
