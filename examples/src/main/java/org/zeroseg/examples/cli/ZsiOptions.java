package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.eval.coco.Overlap;
import org.zeroseg.zsi.WordVectors;
import org.zeroseg.zsi.Zsi;
import org.zeroseg.zsi.ZsiBuilder;
import picocli.CommandLine.Option;

/** Options of the commands that can ask a ZSI network. */
final class ZsiOptions {

  @Option(
      names = "--zsi",
      paramLabel = "ID|PATH",
      description =
          "A ZSI network in place of a CLIP, for instances of seen and unseen classes: 'demo', a"
              + " file, or an id of the hub.")
  private Optional<String> model;

  @Option(
      names = "--zsi-vectors",
      paramLabel = "FILE",
      description =
          "ZSI: the split's word vectors, for a published network, such as "
              + "word_w2v_withbg_48_17.txt.")
  private Optional<Path> vectors;

  @Option(
      names = "--zsi-classes",
      paramLabel = "FILE",
      description = "ZSI: the split's classes, for a published network: classes_48_17.json.")
  private Optional<Path> classes;

  @Option(
      names = "--zsi-vocabulary",
      paramLabel = "FILE",
      description = "ZSI: the encoder's words, for a published network: vocabulary_w2v.txt.")
  private Optional<Path> vocabulary;

  @Option(
      names = "--word-vectors",
      paramLabel = "FILE",
      description =
          "ZSI: word2vec or GloVe, binary or text, for words that are no classes of the split.")
  private Optional<Path> words;

  @Option(
      names = "--looks-for",
      paramLabel = "CLASSES",
      description = "ZSI: ${COMPLETION-CANDIDATES}. Default: GENERALISED, all.")
  private Optional<Zsi.Classes> looksFor;

  boolean isChosen() {
    return model.isPresent();
  }

  /** Whether vectors are read from a file, of the words asked for only. */
  boolean hasWordVectors() {
    return words.isPresent();
  }

  boolean isDemo() {
    return model.filter(Models.DEMO::equals).isPresent();
  }

  /** The first option that is of no use without a network. */
  Optional<String> useless() {
    if (isDemo() && Stream.of(vectors, classes, vocabulary, words).anyMatch(Optional::isPresent)) {
      return Optional.of("the demo's ZSI has its own words");
    }
    if (isChosen()) {
      return vectors.isPresent() == classes.isPresent()
          ? Optional.empty()
          : Optional.of("--zsi-vectors and --zsi-classes go together");
    }
    boolean any =
        vectors.isPresent()
            || classes.isPresent()
            || vocabulary.isPresent()
            || words.isPresent()
            || looksFor.isPresent();
    return any ? Optional.of("options of ZSI are for a network given by --zsi") : Optional.empty();
  }

  /**
   * The network, with vectors for the words that will be asked for.
   *
   * @param distinct whether a thing gets one name alone
   */
  Zsi open(List<String> asked, boolean distinct, TileOption tiles, Progress progress)
      throws IOException {
    ZsiBuilder builder = Zsi.builder().distinct(distinct).progress(progress);
    looksFor.ifPresent(builder::looksFor);
    if (isDemo()) {
      builder.calibration(distinct ? DemoModels.ZSI_CALIBRATION : 0);
      return DemoModels.zsi(tiles.on(builder));
    }
    builder.model(model.orElseThrow());
    if (vectors.isPresent() && classes.isPresent()) {
      builder.classes(vectors.get(), classes.get());
    }
    vocabulary.ifPresent(builder::vocabulary);
    if (words.isPresent()) {
      builder.words(WordVectors.read(words.get(), asked));
    }
    return tiles.on(builder).build();
  }

  /** What a network finds in the images of a set, boxes where boxes are compared. */
  static CocoDetections detect(
      Zsi zsi,
      CocoGroundTruth truth,
      List<CocoGroundTruth.Category> categories,
      Path images,
      Overlap overlap,
      Progress progress)
      throws IOException {
    Vocabulary words =
        Vocabulary.of(
            categories.stream().map(CocoGroundTruth.Category::name).toArray(String[]::new));
    CocoDetections.Builder found = CocoDetections.builder(truth);
    int done = 0;
    for (CocoGroundTruth.Image image : truth.images()) {
      Path file = images.resolve(image.fileName());
      if (!Files.isRegularFile(file)) {
        throw new NoSuchFileException(file.toString());
      }
      List<Picture> picture = List.of(Picture.readAsStored(file));
      for (Zsi.Detection one : zsi.detect(picture, words).get(0)) {
        long category = categories.get(one.label() - 1).id();
        if (overlap == Overlap.BOX || one.mask().isEmpty()) {
          found.add(image.id(), category, one.score(), one.box());
        } else {
          found.add(image.id(), category, one.score(), one.mask().get());
        }
      }
      progress.update("finding instances", ++done, truth.images().size());
    }
    return found.build();
  }
}
