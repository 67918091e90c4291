package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.PlainText;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.zsi.Zsi;
import org.zeroseg.zutis.Zutis;
import org.zeroseg.zutis.ZutisBuilder;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of the commands that segment by words: which model, and from where on it is sure. */
final class WordModel {

  /** Words that the demo does not know and are told of. */
  private static final int MOST_UNKNOWN = 5;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

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
              + "Default: that of demo-shapes, if it is the --model.")
  private Optional<String> zutis;

  @Option(
      names = "--mask-clip",
      description = "Ask the CLIP of demo-shapes alone, without its ZUTIS.")
  private boolean maskClip;

  @Option(
      names = "--threshold",
      paramLabel = "P",
      description =
          "From 0 to 1: pixels whose best word has a lower probability are background, and single "
              + "instances with a lower score are left out.")
  private Optional<Double> threshold;

  @Option(
      names = "--selfmask",
      paramLabel = "ID|PATH",
      description =
          "A SelfMask ('demo', selfmask_nq20.pt) that finds one object, which the CLIP of --model "
              + "names: what NamedMask is compared with.")
  private Optional<String> selfMask;

  @Option(
      names = "--crf",
      description =
          "ReCo, ReCo+ and NamedMask: refines labels by a conditional random field, as ReCo's "
              + "reported numbers.")
  private boolean crf;

  @Mixin private NetworkSize size;
  @Mixin private ZsiOptions zsi;
  @Mixin private NamedMaskOptions namedMask;
  @Mixin private ReCoOptions reCo;
  @Mixin private AttentionOptions attention;
  @Mixin private TileOption tiles;

  /** Of CLIPs of one's own with a vision transformer, where nothing is chosen. */
  private Attention usual = Attention.VALUE;

  /** From the data set's authors or those of the attention, if both are known. */
  private Optional<PublishedProtocol> published = Optional.empty();

  /** Below it a CLIP alone takes words to be absent. */
  private double presence;

  /** What suits pictures of one's own, with CLIPs of one's own: for all that is not chosen. */
  void forPhotographs(double present) {
    usual = Attention.NACLIP;
    presence = present;
  }

  /** Whether a CLIP alone is asked, which can tell that words are absent. */
  boolean asksClipAlone() {
    return !asksZutis() && !hasOwnNetwork();
  }

  /** Evaluates on a data set as the attention's authors did. */
  void published(String dataSet) {
    if (attention.isChosen()) {
      published = attention.published(dataSet);
    }
  }

  /** What people call it: the kind of network, or the model's name without its folder. */
  String title() {
    if (zsi.isChosen()) {
      return "ZSI";
    }
    if (namedMask.isChosen()) {
      return "NamedMask";
    }
    String clip =
        Files.exists(Path.of(name)) ? Path.of(name).toAbsolutePath().getFileName() + "" : name;
    if (reCo.isChosen()) {
      return "ReCo, " + clip;
    }
    return (zutis.isPresent() ? "ZUTIS, " : "") + clip;
  }

  /** Whether the words have to be known when the model is opened. */
  boolean needsWords() {
    return zsi.hasWordVectors();
  }

  /** The demo whose CLIP is asked, if one is. */
  Optional<Demo> demo() {
    return hasOwnNetwork() ? Optional.empty() : Demo.of(name);
  }

  boolean isDemo() {
    return demo().isPresent();
  }

  /** Whether something else than a CLIP and its ZUTIS was chosen. */
  private boolean hasOwnNetwork() {
    return zsi.isChosen() || namedMask.isChosen() || reCo.isChosen();
  }

  /** The demo whose words the network knows, and no others. */
  Optional<Demo> small() {
    return zsi.isDemo() ? Optional.of(Demo.SHAPES) : demo();
  }

  Clip clip(Progress progress) throws IOException {
    Optional<Demo> demo = Demo.of(name);
    return demo.isPresent() && attention.needsTransformer()
        ? demo.get().transformer()
        : Models.clip(name, progress);
  }

  /** Refuses options that contradict each other, or that the chosen model would ignore. */
  void check() {
    if (threshold.isPresent() && !(threshold.get() >= 0 && threshold.get() <= 1)) {
      throw misuse("--threshold " + threshold.get() + ": from 0 to 1");
    }
    if (size.longerSide().isPresent()
        && zutis.isEmpty()
        && !namedMask.isChosen()
        && !reCo.isChosen()) {
      throw misuse("--longer-side is for a network given by --zutis, --namedmask or --reco");
    }
    if (size.shorterSide().isPresent() && !namedMask.isChosen() && !reCo.isChosen()) {
      throw misuse("--shorter-side is for a network given by --namedmask or --reco");
    }
    size.check(spec.commandLine());
    if (crf && !reCo.isChosen() && !namedMask.isChosen()) {
      throw misuse("--crf is for what is given by --reco or --namedmask");
    }
    if (crf && tiles.isChosen()) {
      throw misuse("--crf goes without --tiles: the random field sees a picture as a whole");
    }
    if (selfMask.isPresent() && (hasOwnNetwork() || zutis.isPresent() || maskClip)) {
      throw misuse("--selfmask goes without --zutis, --zsi, --namedmask, --reco and --mask-clip");
    }
    if (selfMask.isPresent() && (attention.isChosen() || tiles.isChosen())) {
      throw misuse("--selfmask goes without --attention and --tiles");
    }
    if (zsi.isChosen() && (maskClip || zutis.isPresent())) {
      throw misuse("--zsi goes without --zutis and --mask-clip");
    }
    if (namedMask.isChosen() && (maskClip || zutis.isPresent() || zsi.isChosen())) {
      throw misuse("--namedmask goes without --zutis, --zsi and --mask-clip");
    }
    if (reCo.isChosen()
        && (maskClip || zutis.isPresent() || zsi.isChosen() || namedMask.isChosen())) {
      throw misuse("--reco goes without --zutis, --zsi, --namedmask and --mask-clip");
    }
    if (reCo.useless().isPresent()) {
      throw misuse(reCo.useless().get());
    }
    if (namedMask.useless().isPresent()) {
      throw misuse(namedMask.useless().get());
    }
    if (zsi.useless().isPresent()) {
      throw misuse(zsi.useless().get());
    }
    if (attention.useless().isPresent()) {
      throw misuse(attention.useless().get());
    }
    if (attention.isChosen() && (zutis.isPresent() || hasOwnNetwork())) {
      throw misuse("--attention is of a CLIP alone, without --zutis, --zsi, --namedmask, --reco");
    }
    if (reCo.isChosen() && tiles.isChosen()) {
      throw misuse("--tiles goes without --reco, whose words compete in a picture as a whole");
    }
    if (maskClip && zutis.isPresent()) {
      throw misuse("--mask-clip and --zutis exclude each other");
    }
  }

  CommandLine.ParameterException misuse(String message) {
    return new CommandLine.ParameterException(spec.commandLine(), message);
  }

  /** The ZSI network, if that was chosen, for a vocabulary. */
  Optional<Zsi> zsi(Vocabulary vocabulary, Progress progress) throws IOException {
    return zsi.isChosen()
        ? Optional.of(zsi(vocabulary.categories(), false, progress))
        : Optional.empty();
  }

  private Zsi zsi(List<Vocabulary.Category> categories, boolean distinct, Progress progress)
      throws IOException {
    List<String> asked =
        categories.stream().flatMap(category -> category.words().stream()).toList();
    return zsi.open(asked, distinct, tiles, progress);
  }

  /** The segmenter with all that it needs, which is closed with it. */
  Segmenter segmenter(Zutis.Answer answer, Vocabulary vocabulary, Progress progress)
      throws IOException {
    return segmenter(answer, vocabulary.categories(), progress);
  }

  /**
   * As {@link #segmenter(Zutis.Answer, Vocabulary, Progress)}, before all words are known.
   *
   * @param known those that vectors are read of, where {@linkplain #needsWords a file} has them
   */
  Segmenter segmenter(Zutis.Answer answer, List<Vocabulary.Category> known, Progress progress)
      throws IOException {
    if (zsi.isChosen()) {
      return zsi(known, true, progress);
    }
    return segmenter(answer, progress);
  }

  /** As {@link #segmenter(Zutis.Answer, Vocabulary, Progress)}, but refuses ZSI. */
  Segmenter segmenter(Zutis.Answer answer, Progress progress) throws IOException {
    check();
    if (zsi.isChosen()) {
      throw misuse("--zsi finds instances: evaluate it with 'instances' or 'zero-shot'");
    }
    if (namedMask.isChosen()) {
      return namedMask.open(size.rule(), tiles, crf, progress);
    }
    if (reCo.isChosen()) {
      return reCo.open(name, size.rule(), crf, progress);
    }
    if (selfMask.isPresent()) {
      return SelfMaskClip.open(selfMask.get(), name, progress);
    }
    Clip clip = clip(progress);
    try {
      Segmenter segmenter = segmenter(answer, clip, progress);
      return new Segmenter() {
        @Override
        public List<Segmentation> segment(List<Picture> pictures, Vocabulary words) {
          return segmenter.segment(pictures, words);
        }

        @Override
        public void close() {
          segmenter.close();
          clip.close();
        }
      };
    } catch (IOException | RuntimeException e) {
      clip.close();
      throw e;
    }
  }

  /** The segmenter on the model's CLIP, which stays open when it is closed. */
  private Segmenter segmenter(Zutis.Answer answer, Clip clip, Progress progress)
      throws IOException {
    if (zutis.isPresent()) {
      ZutisBuilder builder =
          Zutis.builder().model(zutis.get()).clip(clip).answer(answer).progress(progress);
      builder.textEmbeddings(Models.texts(name, clip));
      size.longerSide().ifPresent(pixels -> builder.input(InputSize.own().longerWithin(pixels)));
      return tiles.on(builder).build();
    }
    if (asksZutis()) {
      return demo()
          .orElseThrow()
          .zutis(tiles.on(Zutis.builder().clip(clip).progress(progress)), answer);
    }
    Attention suits = isDemo() ? Attention.VALUE : usual;
    return attention.open(name, clip, suits, published, tiles, presence, progress);
  }

  private boolean asksZutis() {
    return zutis.isPresent()
        || (demo().filter(Demo::hasZutis).isPresent()
            && !maskClip
            && selfMask.isEmpty()
            && !attention.isChosen());
  }

  /**
   * A data set's words for a picture, or those of all its pictures for a network that knows no
   * others, with what is background to the model unless the set says so.
   */
  UnaryOperator<Vocabulary> words(SemanticDataset set) {
    return namedMask.isChosen() ? words -> words(set.vocabulary()) : this::words;
  }

  /** A data set's words, with what is background to the model unless the set says so. */
  Vocabulary words(Vocabulary words) {
    checkWords(words);
    if (published.isPresent()) {
      Vocabulary theirs = published.get().words();
      return threshold.map(theirs::withBackgroundThreshold).orElse(theirs);
    }
    if (threshold.isPresent()) {
      return words.withBackgroundThreshold(threshold.get());
    }
    return isDemo() && words.backgroundWords().isEmpty() ? withBackground(words) : words;
  }

  /** A user's words, with what commonly surrounds things, unless the user says what does. */
  Vocabulary wordsOfPhotographs(Vocabulary words) {
    checkWords(words);
    Vocabulary all = words.backgroundWords().isEmpty() ? withBackground(words) : words;
    return threshold.map(all::withBackgroundThreshold).orElse(all);
  }

  /** Every pixel gets a word, unless it falls below the threshold. */
  Vocabulary wordsAlone(Vocabulary words) {
    checkWords(words);
    return threshold.map(words::withBackgroundThreshold).orElse(words);
  }

  /** A mask for a word that the demo has never read would be any. */
  private void checkWords(Vocabulary words) {
    Optional<Demo> demo = demo().filter(Demo.EVERYDAY::equals);
    List<String> unknown = demo.map(known -> known.unknown(words)).orElse(List.of());
    if (!unknown.isEmpty()) {
      boolean shapes = Demo.SHAPES.unknown(words).isEmpty();
      throw misuse(
          "the demo does not know %s%s; %s; for %s use --model %s"
              .formatted(
                  unknown.stream()
                      .limit(MOST_UNKNOWN)
                      .map(word -> "\"" + PlainText.line(word) + "\"")
                      .collect(Collectors.joining(", ")),
                  unknown.size() > MOST_UNKNOWN ? ", ..." : "",
                  demo.orElseThrow().knows(),
                  shapes ? "shapes" : "photos",
                  shapes ? Demo.SHAPES : "openai/clip-vit-base-patch16"));
    }
  }

  private Vocabulary withBackground(Vocabulary words) {
    if (asksZutis() || hasOwnNetwork() || selfMask.isPresent()) {
      return words; // they have learnt what background is, or need pictures of every word
    }
    return demo().map(demo -> demo.withBackground(words)).orElseGet(words::withCommonBackground);
  }
}
