package org.zeroseg.eval.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.zeroseg.core.supervision.InvalidDataException;

/**
 * The data sets of the papers by name, below one root folder laid out as the reference repositories
 * have it. A set that is not there is an error that says where to put it and where it comes from.
 */
public final class Catalog {

  /** Opens a set in its folder. */
  private interface Opener {
    SemanticDataset open(Path folder) throws IOException;
  }

  /** Where a set lies below the root, and who publishes it. */
  private record Entry(String folder, String source, Opener opener) {}

  /**
   * A set for instance evaluation.
   *
   * @param annotations an {@code instances_*.json}
   * @param images the folder that its file names are relative to
   */
  public record Instances(Path annotations, Path images) {}

  /** Where the annotations and images of a set lie below the root. */
  private record InstanceEntry(String annotations, String images, String source) {}

  private static final String VOC_SOURCE = "VOCtrainval_11-May-2012.tar of host.robots.ox.ac.uk";
  private static final String COCO_SOURCE = "cocodataset.org: images and annotations_trainval";
  private static final String STUFF_SOURCE =
      "cocodataset.org: val2017; github.com/nightrome/cocostuff: stuffthingmaps_trainval2017.zip";
  private static final String ADE_SOURCE = "sceneparsing.csail.mit.edu: ADEChallengeData2016.zip";
  private static final String CITYSCAPES_SOURCE =
      "cityscapes-dataset.com: leftImg8bit_trainvaltest and gtFine_trainvaltest";
  private static final String KITTI_SOURCE =
      "cvlibs.net/datasets/kitti/eval_step.php: images and panoptic_maps";
  private static final String CURATED_SOURCE =
      "github.com/mhamilton723/STEGO: cocostuff, with its folder curated";
  private static final String STUFF_10K_SOURCE = "github.com/nightrome/cocostuff10k";
  private static final String IMAGENET_S_SOURCE =
      "github.com/LUSSeg/ImageNet-S, made from ImageNet 2012";
  private static final String CONTEXT_SOURCE =
      "cs.stanford.edu/~roozbeh/pascal-context: trainval.tar.gz; pictures of VOC 2010";

  private static final String CUB_SOURCE =
      "vision.caltech.edu: CUB_200_2011.tgz, and segmentations.tgz beside it";

  private static final String SHAPEWORLD_SOURCE = "'zeroseg shapeworld'";

  private static final Map<String, Entry> SEMANTIC = new LinkedHashMap<>();
  private static final Map<String, InstanceEntry> INSTANCES = new LinkedHashMap<>();

  static {
    for (String split : new String[] {"val", "train", "trainval"}) {
      add("voc2012-" + split, "VOCdevkit/VOC2012", VOC_SOURCE, at -> Voc2012.open(at, split));
    }
    add("coco2017-val", "coco2017", COCO_SOURCE, Catalog::coco2017);
    add(
        "voc2012-20-val",
        "VOCdevkit/VOC2012",
        VOC_SOURCE,
        at -> DenseSets.withoutBackground(Voc2012.open(at, "val"), "VOC2012 20 val"));
    add("coco-object-val", "coco2017", STUFF_SOURCE, DenseSets::cocoObject);
    add("coco-stuff-val", "coco2017", STUFF_SOURCE, DenseSets::cocoStuff);
    add("ade20k-val", "ADEChallengeData2016", ADE_SOURCE, DenseSets::ade20k);
    add("coca", "coca", "zhaozhang.net/coca.html", Coca::open);
    for (String split : new String[] {"val", "train"}) {
      add(
          "cityscapes-objects-" + split,
          "cityscapes",
          CITYSCAPES_SOURCE,
          at -> Cityscapes.objects(at, split));
      add(
          "cityscapes-27-" + split,
          "cityscapes",
          CITYSCAPES_SOURCE,
          at -> Cityscapes.classes27(at, split));
      add(
          "cityscapes-19-" + split,
          "cityscapes",
          CITYSCAPES_SOURCE,
          at -> Cityscapes.classes19(at, split));
    }
    for (String split : new String[] {"val", "train"}) {
      add(
          "reco-cityscapes-" + split,
          "cityscapes",
          CITYSCAPES_SOURCE,
          at -> ReCoSets.cityscapes(at, split));
      add("kitti-step-" + split, "kitti_step", KITTI_SOURCE, at -> ReCoSets.kittiStep(at, split));
    }
    add("reco-coco-stuff-val", "cocostuff", CURATED_SOURCE, ReCoSets::cocoStuff);
    add("reco-coco-stuff-train", "cocostuff10k", STUFF_10K_SOURCE, ReCoSets::cocoStuff10k);
    for (int classes : new int[] {50, 300, 919}) {
      for (String split : new String[] {"validation", "test"}) {
        add(
            "imagenet-s" + classes + "-" + split,
            "ImageNet-S/ImageNetS" + classes,
            IMAGENET_S_SOURCE,
            at -> ImageNetS.open(at, classes, split));
      }
    }
    add("pascal-context-59", "VOCdevkit/VOC2010", CONTEXT_SOURCE, Catalog::pascalContext59);
    add(
        "pascal-context-59-only",
        "VOCdevkit/VOC2010",
        CONTEXT_SOURCE,
        at -> DenseSets.withoutBackground(pascalContext59(at), "PASCAL Context 59, no background"));
    add(
        "pascal-context-459",
        "VOCdevkit/VOC2010",
        CONTEXT_SOURCE,
        at -> PascalContext.classes459(at.resolve("JPEGImages"), at.resolve("trainval"), val(at)));
    add(
        "cub-200-2011",
        "CUB_200_2011",
        CUB_SOURCE,
        at -> Cub.dataset(birds(at), Optional.of(false)));
    add(
        "cub-200-2011-breeds",
        "CUB_200_2011",
        CUB_SOURCE,
        at -> Cub.breeds(birds(at), Optional.of(false)));
    add("shapeworld", "shapeworld", SHAPEWORLD_SOURCE, Coco::exported);
    INSTANCES.put(
        "coco2017-val",
        new InstanceEntry(
            "coco2017/annotations/instances_val2017.json", "coco2017/val2017", COCO_SOURCE));
    INSTANCES.put(
        "coco-20k",
        new InstanceEntry(
            "coco/annotations/instances_train2014_sel20k.json",
            "coco/train2014",
            COCO_SOURCE
                + "; the 20,000 are chosen with coco_20k_filenames.txt of valeoai/LOST by"
                + " 'zeroseg coco-20k'"));
    INSTANCES.put(
        "shapeworld",
        new InstanceEntry("shapeworld/instances.json", "shapeworld/images", SHAPEWORLD_SOURCE));
  }

  private Catalog() {}

  private static void add(String name, String folder, String source, Opener opener) {
    SEMANTIC.put(name, new Entry(folder, source, opener));
  }

  private static SemanticDataset coco2017(Path folder) throws IOException {
    return Files.isDirectory(folder.resolve("annotations/semantic_segmentation_masks"))
        ? Coco.semantic2017(folder, "val")
        : Coco.painted(
            folder.resolve("annotations/instances_val2017.json"), folder.resolve("val2017"));
  }

  private static List<Cub.Bird> birds(Path folder) throws IOException {
    return Cub.open(folder, folder.resolveSibling("segmentations"), Cub.Agreement.MOST);
  }

  private static SemanticDataset pascalContext59(Path folder) throws IOException {
    Path images = folder.resolve("JPEGImages");
    Path converted = folder.resolve("SegmentationClassContext");
    return Files.isDirectory(converted)
        ? PascalContext.converted59(images, converted, val(folder))
        : PascalContext.classes59(images, folder.resolve("trainval"), val(folder));
  }

  /** The validation split of PASCAL Context, which is that of VOC 2010. */
  private static Optional<Path> val(Path folder) {
    Path converted = folder.resolve("ImageSets/SegmentationContext/val.txt");
    return Optional.of(
        Files.isRegularFile(converted) ? converted : folder.resolve("ImageSets/Main/val.txt"));
  }

  /**
   * The sets for semantic evaluation.
   *
   * @return their names
   */
  public static Set<String> semantic() {
    return Collections.unmodifiableSet(SEMANTIC.keySet());
  }

  /**
   * The sets for instance evaluation.
   *
   * @return their names
   */
  public static Set<String> instances() {
    return Collections.unmodifiableSet(INSTANCES.keySet());
  }

  /**
   * Opens a set for semantic evaluation.
   *
   * @param name out of {@link #semantic}
   * @param root the folder that holds all data sets
   * @return the set
   * @throws IOException if it cannot be read
   * @throws InvalidDataException if it is not there, saying where to put it and where it comes
   *     from, or is not complete
   * @throws IllegalArgumentException if there is no set of that name
   */
  public static SemanticDataset open(String name, Path root) throws IOException {
    Entry entry = SEMANTIC.get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          "there is no data set '"
              + name
              + "' with label pictures; there are "
              + String.join(", ", SEMANTIC.keySet()));
    }
    Path folder = root.resolve(entry.folder());
    if (!Files.isDirectory(folder)) {
      throw new InvalidDataException(
          folder, name + " is expected here and comes from " + entry.source());
    }
    return entry.opener().open(folder);
  }

  /**
   * Finds a set for instance evaluation.
   *
   * @param name out of {@link #instances}
   * @param root the folder that holds all data sets
   * @return where it lies
   * @throws InvalidDataException if it is not there, saying where to put it and where it comes from
   * @throws IllegalArgumentException if there is no set of that name
   */
  public static Instances find(String name, Path root) {
    InstanceEntry entry = INSTANCES.get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          "there is no data set '"
              + name
              + "' with instances; there are "
              + String.join(", ", INSTANCES.keySet()));
    }
    Path annotations = root.resolve(entry.annotations());
    if (!Files.isRegularFile(annotations)) {
      throw new InvalidDataException(
          annotations, name + " is expected here and comes from " + entry.source());
    }
    return new Instances(annotations, root.resolve(entry.images()));
  }
}
