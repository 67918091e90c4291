package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.namedmask.CoSegmentation;
import org.zeroseg.namedmask.CoSegmentation.Merge;
import org.zeroseg.namedmask.CoSegmentation.Rule;
import org.zeroseg.namedmask.ReCo;
import org.zeroseg.namedmask.ReCoBuilder;
import org.zeroseg.namedmask.ReferenceEmbeddings;
import picocli.CommandLine.Option;

/**
 * Options of the commands that ask ReCo: its models, and how it finds what a word's pictures have
 * in common. What a file of reference embeddings notes need not be said again.
 */
final class ReCoModels {

  private static final String NONE = "none";
  private static final String ENCODER = "encoder";
  private static final String ATTENTION = "attention";
  private static final String CONTEXTS = "contexts";

  @Option(
      names = "--pictures",
      paramLabel = "DIR",
      description = "ReCo: the folder that the names in archives and indices are relative to.")
  private Optional<Path> pictures;

  @Option(
      names = "--encoder",
      paramLabel = "ID|PATH",
      description =
          "ReCo: what compares pictures, such as deit_s_sin_dist.pth: a DeiT, a DINO, a ResNet-50"
              + " of MoCo or SwAV, or a CLIP. Default: the demo's DINO, if the CLIP is the demo's.")
  private Optional<String> encoder;

  @Option(
      names = "--text-attention",
      paramLabel = "ID|PATH",
      description =
          "ReCo: the CLIP whose cells are compared with words, RN50x16 as published, or 'none'. "
              + "Default: that of --model.")
  private Optional<String> attention;

  @Option(
      names = "--retrieval",
      paramLabel = "ID|PATH",
      description = "ReCo: the CLIP that made the index. Default: that of --model.")
  private Optional<String> retrieval;

  @Option(
      names = "--archive-size",
      paramLabel = "K",
      description = "ReCo: pictures of a word at most. Default: 50.")
  private Optional<Integer> archiveSize;

  @Option(
      names = "--rule",
      paramLabel = "RULE",
      description =
          "ReCo: ${COMPLETION-CANDIDATES}: a cell is looked for in every picture by itself, or as "
              + "the released code does. Default: PAPER.")
  private Optional<Rule> rule;

  @Option(
      names = "--contexts",
      paramLabel = "A,B,C",
      description =
          "ReCo: what surrounds things and is taken out, or 'none'. Default: tree, sky, building, "
              + "road, person; none for the demo.")
  private Optional<String> contexts;

  /** Whether any option was given. */
  boolean isGiven() {
    return Stream.of(pictures, encoder, attention, retrieval, archiveSize, rule, contexts)
        .anyMatch(Optional::isPresent);
  }

  /** An option with a value that cannot be, or one that is missing for these sources. */
  Optional<String> fault(Sources sources) {
    if (archiveSize.isPresent() && archiveSize.get() < 1) {
      return Optional.of("--archive-size " + archiveSize.get() + ": at least 1 picture");
    }
    return sources.needPictures() && pictures.isEmpty()
        ? Optional.of("archives and indices need their pictures: --pictures DIR")
        : Optional.empty();
  }

  /**
   * Where words are known from.
   *
   * @param known embeddings that were found before
   * @param archives pictures of words
   * @param index in which words are looked up that have neither
   */
  record Sources(
      ReferenceEmbeddings known, Optional<Archives> archives, Optional<ImageIndex> index) {

    /** Folders are indices, JSON files archives, and others reference embeddings. */
    static Sources of(List<Path> paths) throws IOException {
      ReferenceEmbeddings known = new ReferenceEmbeddings(Map.of());
      Map<String, List<String>> archives = new LinkedHashMap<>();
      List<ImageIndex> indexes = new ArrayList<>();
      for (Path path : paths) {
        if (!Files.exists(path)) {
          throw new NoSuchFileException(path.toString());
        }
        if (Files.isDirectory(path)) {
          indexes.add(ImageIndex.open(path));
        } else if (path.toString().toLowerCase(Locale.ROOT).endsWith(".json")) {
          archives.putAll(Archives.read(path).pictures());
        } else {
          known = known.and(ReferenceEmbeddings.read(path));
        }
      }
      return new Sources(
          known,
          archives.isEmpty() ? Optional.empty() : Optional.of(new Archives(archives)),
          indexes.isEmpty()
              ? Optional.empty()
              : Optional.of(ImageIndex.concatenate(indexes.toArray(ImageIndex[]::new))));
    }

    boolean needPictures() {
      return archives.isPresent() || index.isPresent();
    }
  }

  /** What embeddings depend on, as files of them note it. */
  Map<String, String> settings(String model, Sources sources) {
    Map<String, String> noted = sources.known().settings();
    Map<String, String> settings = new LinkedHashMap<>();
    boolean demo = Demo.is(model);
    put(settings, ENCODER, encoder, noted, demo ? Models.DEMO : "");
    put(settings, ATTENTION, attention, noted, model);
    put(settings, CONTEXTS, contexts, noted, demo ? NONE : "tree,sky,building,road,person");
    put(settings, "rule", rule.map(Rule::name), noted, Rule.PAPER.name());
    put(settings, "archive-size", archiveSize.map(String::valueOf), noted, "50");
    return settings;
  }

  private static void put(
      Map<String, String> settings,
      String name,
      Optional<String> given,
      Map<String, String> noted,
      String otherwise) {
    String before = noted.get(name);
    if (given.isPresent() && before != null && !last(given.get()).equals(last(before))) {
      throw new IllegalArgumentException(
          "the reference embeddings were found with --%s %s, not %s"
              .formatted(name, before, given.get()));
    }
    settings.put(name, given.orElse(before == null ? otherwise : before));
  }

  /** Of a path its last part: files move. */
  private static String last(String name) {
    return name.substring(name.lastIndexOf('/') + 1);
  }

  /**
   * The segmenter and the CLIPs that it asks.
   *
   * @param reco asks the CLIPs
   * @param clips closed after it
   */
  record Opened(ReCo reco, Collection<Words> clips) implements Segmenter {

    @Override
    public List<Segmentation> segment(List<Picture> pictures, Vocabulary vocabulary) {
      return reco.segment(pictures, vocabulary);
    }

    @Override
    public void close() {
      reco.close();
      clips.forEach(Words::close);
    }
  }

  /**
   * Opens the models.
   *
   * @param model the CLIP for what no other was named for
   * @param sources of words
   * @param change of the builder's settings
   */
  Opened open(String model, Sources sources, Consumer<ReCoBuilder> change, Progress progress)
      throws IOException {
    Map<String, String> settings = settings(model, sources);
    if (settings.get(ENCODER).isEmpty()) {
      throw new IllegalArgumentException("say what compares pictures: --encoder ID|PATH");
    }
    Rule chosen = Rule.valueOf(settings.get("rule"));
    ReCoBuilder builder = ReCo.builder();
    if (Demo.is(settings.get(ENCODER))) {
      DemoModels.reCo(builder);
    } else {
      builder.encoder(settings.get(ENCODER));
    }
    builder
        .references(sources.known())
        .coSegmentation(new CoSegmentation(chosen, Merge.MEAN))
        .contexts(separated(settings.get(CONTEXTS)))
        .archiveSize(Integer.parseInt(settings.get("archive-size")))
        .progress(progress);
    Map<String, Words> clips = new LinkedHashMap<>();
    try {
      String name = settings.get(ATTENTION);
      if (name.equals(NONE)) {
        builder.withoutTextAttention().templates(Models.templates(model));
      } else {
        Words words = words(name, clips, progress);
        builder.textAttention(words.clip()).textEmbeddings(words.texts());
        builder.templates(Models.templates(name));
      }
      Path folder = pictures.orElse(Path.of(""));
      sources.archives().ifPresent(archives -> builder.archives(archives, folder));
      if (sources.index().isPresent()) {
        Words searching = words(retrieval.orElse(model), clips, progress);
        builder.archives(sources.index().get(), folder, searching.texts());
      }
      change.accept(builder);
      return new Opened(builder.build(), clips.values());
    } catch (IOException | RuntimeException e) {
      clips.values().forEach(Words::close);
      throw e;
    }
  }

  /**
   * A CLIP, and the vectors of words by it that are kept between runs.
   *
   * @param clip in float32, as the published numbers are
   * @param texts by it
   */
  record Words(Clip clip, TextEmbeddings texts) implements AutoCloseable {
    @Override
    public void close() {
      clip.close();
    }
  }

  private static Words words(String model, Map<String, Words> opened, Progress progress)
      throws IOException {
    Words known = opened.get(model);
    if (known != null) {
      return known;
    }
    ModelHub hub = ModelHub.fromEnvironment().withProgress(progress);
    Clip clip =
        Demo.is(model)
            ? Models.clip(model, progress)
            : Clip.load(model, hub, Precision.FLOAT32, TorchEngine.defaultDevice());
    Words words = new Words(clip, Models.texts(model, clip, Precision.FLOAT32));
    opened.put(model, words);
    return words;
  }

  private static String[] separated(String words) {
    return words.equals(NONE)
        ? new String[0]
        : Arrays.stream(words.split(",", -1)).map(String::strip).toArray(String[]::new);
  }
}
