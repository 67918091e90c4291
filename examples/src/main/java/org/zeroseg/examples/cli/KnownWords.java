package org.zeroseg.examples.cli;

import java.util.List;
import java.util.Locale;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.demo.EverydayModels;
import org.zeroseg.eval.data.Vocabularies;
import org.zeroseg.examples.shapeworld.Category;
import org.zeroseg.examples.shapeworld.Split;

/** Lists of categories that trainings of the papers begin with, in the order of their labels. */
enum KnownWords {
  COCO,
  /** The seen ones of the split 65/15: what is trained with to find the 15 unseen ones. */
  COCO_SEEN_65,
  COCA,
  IMAGENET_S50,
  IMAGENET_S300,
  IMAGENET_S919,
  VOC2012,
  CITYSCAPES_OBJECTS,
  /** ReCo's. */
  CITYSCAPES_27,
  /** Cityscapes' official ones. */
  KITTI_STEP,
  /** All 171, whose coarse classes ReCo is measured on. */
  COCO_STUFF,
  /** What the demo models of everyday things know. */
  EVERYDAY,
  /** The combinations of look and shape that the demo models are trained with. */
  SHAPEWORLD_SEEN,
  /** All combinations of look and shape. */
  SHAPEWORLD;

  List<String> words() {
    return switch (this) {
      case COCO -> Vocabularies.coco().names();
      case COCO_SEEN_65 -> {
        List<Long> ids = Vocabularies.cocoIds();
        yield Vocabularies.cocoSeen("65/15").stream()
            .map(id -> Vocabularies.coco().names().get(ids.indexOf(id)))
            .toList();
      }
      case COCA -> Vocabularies.coca().names();
      case IMAGENET_S50 -> Vocabularies.imageNetS(50).names();
      case IMAGENET_S300 -> Vocabularies.imageNetS(300).names();
      case IMAGENET_S919 -> Vocabularies.imageNetS(919).names();
      case VOC2012 -> Vocabularies.voc2012().names();
      case CITYSCAPES_OBJECTS -> Vocabularies.cityscapesObjects().names();
      case CITYSCAPES_27 -> Vocabularies.cityscapes27().names();
      case KITTI_STEP -> Vocabularies.cityscapes19().names();
      case COCO_STUFF -> Vocabularies.cocoStuff().names();
      case EVERYDAY -> EverydayModels.things().stream().map(Vocabulary.Category::name).toList();
      case SHAPEWORLD -> Category.all().stream().map(Category::words).toList();
      case SHAPEWORLD_SEEN -> Split.SEEN.categories().stream().map(Category::words).toList();
    };
  }

  /** As it is typed. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
