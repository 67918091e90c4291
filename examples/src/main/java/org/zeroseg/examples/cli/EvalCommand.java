package org.zeroseg.examples.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.zeroseg.clip.Clip;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.eval.coco.CocoProtocol;
import org.zeroseg.eval.coco.Overlap;
import org.zeroseg.eval.coco.ZeroShotScores;
import org.zeroseg.eval.data.Catalog;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.data.Vocabularies;
import org.zeroseg.eval.naming.NamingEvaluator;
import org.zeroseg.eval.naming.SentenceBert;
import org.zeroseg.eval.naming.TextEmbedder;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.run.Evaluation;
import org.zeroseg.eval.run.MaskPredictor;
import org.zeroseg.eval.run.SegmentNamer;
import org.zeroseg.eval.run.SemanticPredictor;
import org.zeroseg.eval.saliency.SaliencyMetrics;
import org.zeroseg.examples.demo.GuidedSegments;
import org.zeroseg.zutis.Zutis;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Predictions on disk, or a model on a data set, against the truth. */
@Command(
    name = "eval",
    description = "Evaluates a model on a data set, or predictions that lie on disk.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Examples:",
      "  zeroseg eval shapeworld --data DIR --html report.html",
      "  zeroseg eval voc2012-val --data DIR --model openai/clip-vit-base-patch16",
      "  zeroseg eval coco2017-val --data DIR --kind instances --predictions results.json",
      "",
      "The data sets, where they belong below DIR, and the papers' tables: docs/recipes.md"
    })
final class EvalCommand implements Callable<Integer> {

  /** What is evaluated. */
  enum Kind {
    SEMANTIC,
    INSTANCES,
    ZERO_SHOT,
    SALIENCY,
    MASKS,
    NAMING;

    /** As it is typed. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private static final String SENTENCES = "sentence-transformers/all-mpnet-base-v2";

  /** How many categories a picture holds. */
  enum Holding {
    ONE,
    SEVERAL
  }

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "DATASET",
      description = "A name out of docs/recipes.md, such as voc2012-val or shapeworld.")
  private String dataset;

  @Option(
      names = "--data",
      defaultValue = ".",
      paramLabel = "DIR",
      description = "The folder that holds the data sets. Default: the current one.")
  private Path data;

  @Option(
      names = "--kind",
      defaultValue = "semantic",
      paramLabel = "KIND",
      description = "What is evaluated: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Kind kind;

  @Mixin private WordModel model;

  @Mixin private GuideModel guides;

  @Mixin private SaliencyModel saliency;

  @Option(
      names = "--sentences",
      paramLabel = "ID|PATH",
      description =
          "Naming: the Sentence-BERT that compares names; CLIP's own words with the demo. "
              + "Default: "
              + SENTENCES)
  private Optional<String> sentences;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Only the first pictures; not for instances and zero-shot.")
  private Optional<Integer> limit;

  @Option(
      names = {"-p", "--predictions"},
      paramLabel = "PATH",
      description =
          "Instead of a model: a folder of label pictures or saliency maps NAME.png, or a COCO "
              + "result file.")
  private Path predictions;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "CATEGORY",
      description =
          "Semantic: only pictures with this category, all others being background. Instances: "
              + "only these categories, separated by commas.")
  private List<String> only = List.of();

  @Option(
      names = "--holding",
      paramLabel = "HOW MANY",
      description = "Semantic: only pictures that hold ${COMPLETION-CANDIDATES} category.")
  private Optional<Holding> holding;

  @Option(
      names = "--unseen",
      paramLabel = "SPLIT",
      description = "Instances: only the unseen categories of COCO's split 48/17 or 65/15.")
  private Optional<String> unseen;

  @Option(
      names = "--annotations",
      paramLabel = "FILE",
      description = "Instances: an instances_*.json of one's own in place of DATASET.")
  private Path annotations;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "The pictures that go with --annotations or --truth.")
  private Path images;

  @Option(
      names = "--truth",
      paramLabel = "DIR",
      description = "Saliency: masks NAME.png in place of DATASET; any value but 0 is the object.")
  private Path truth;

  @Option(
      names = "--overlap",
      defaultValue = "MASK",
      paramLabel = "OVERLAP",
      description = "Instances: measured on ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
  private Overlap overlap;

  @Option(
      names = "--seen",
      paramLabel = "SPLIT|FILE",
      description =
          "Zero-shot: the categories that are seen, told apart from the others: COCO's split 48/17 "
              + "or 65/15, or a file of names, one a line.")
  private Optional<String> seen;

  @Option(
      names = "--beta-square",
      defaultValue = "0.3",
      paramLabel = "B",
      description = "Saliency: of the F measure. Default: ${DEFAULT-VALUE}.")
  private double betaSquare;

  @Option(
      names = "--examples",
      defaultValue = "8",
      paramLabel = "N",
      description = "Worst and best pictures in the HTML report. Default: ${DEFAULT-VALUE}.")
  private int examples;

  @Option(names = "--html", paramLabel = "FILE", description = "Writes a report with pictures.")
  private Path html;

  @Option(names = "--csv", paramLabel = "FILE", description = "Writes all tables with all digits.")
  private Path csv;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes everything but pictures.")
  private Path json;

  @Override
  public Integer call() throws IOException {
    refuseWhatWouldBeIgnored();
    Report report;
    try (ConsoleProgress progress = new ConsoleProgress()) {
      int threads = predictions == null ? 1 : Runtime.getRuntime().availableProcessors();
      Evaluation evaluation = new Evaluation(threads, html == null ? 0 : examples, progress);
      report =
          switch (kind) {
            case SEMANTIC -> semantic(evaluation, progress);
            case INSTANCES -> instances(evaluation, progress);
            case ZERO_SHOT -> zeroShot(evaluation, progress);
            case SALIENCY -> saliency(evaluation);
            case MASKS -> masks(evaluation);
            case NAMING -> naming(evaluation, progress);
          };
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(report);
    if (csv != null) {
      report.writeCsv(csv);
      out.println("Tables: " + csv);
    }
    if (json != null) {
      report.writeJson(json);
      out.println("All digits: " + json);
    }
    if (html != null) {
      report.writeHtml(html);
      out.println("Report: " + html);
    }
    out.flush();
    return 0;
  }

  /** A forgotten --kind would otherwise be noticed only after everything is computed. */
  private void refuseWhatWouldBeIgnored() {
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (!takers(option.longestName()).contains(kind)) {
        throw new IllegalArgumentException(
            "--kind " + kind + " takes no " + option.longestName() + "; see 'zeroseg help eval'");
      }
    }
  }

  private static Set<Kind> takers(String option) {
    return switch (option) {
      case "--sentences", "--dino", "--gpt2", "--names", "--variant" -> EnumSet.of(Kind.NAMING);
      case "--zutis", "--mask-clip", "--threshold", "--longer-side", "--only" ->
          EnumSet.of(Kind.SEMANTIC, Kind.INSTANCES, Kind.ZERO_SHOT);
      case "--holding" -> EnumSet.of(Kind.SEMANTIC);
      case "--unseen", "--annotations", "--overlap" -> EnumSet.of(Kind.INSTANCES, Kind.ZERO_SHOT);
      case "--seen" -> EnumSet.of(Kind.ZERO_SHOT);
      case "--images" -> EnumSet.of(Kind.INSTANCES, Kind.ZERO_SHOT, Kind.SALIENCY);
      case "--truth", "--beta-square" -> EnumSet.of(Kind.SALIENCY);
      case "--raw" -> EnumSet.of(Kind.SALIENCY, Kind.MASKS);
      case "--limit" -> EnumSet.complementOf(EnumSet.of(Kind.INSTANCES, Kind.ZERO_SHOT));
      case "--predictions" -> EnumSet.complementOf(EnumSet.of(Kind.NAMING));
      default -> EnumSet.allOf(Kind.class);
    };
  }

  private Report semantic(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    SemanticDataset set = semantic();
    if (only.size() > 1) {
      throw new IllegalArgumentException("--kind semantic takes one category after --only");
    }
    set = only.isEmpty() ? set : set.only(only.get(0));
    if (holding.isPresent()) {
      set = holding.get() == Holding.ONE ? set.holding(1, 1) : set.holding(2, Integer.MAX_VALUE);
    }
    if (set.size() == 0) {
      throw new IllegalArgumentException(set + ": none is left to evaluate");
    }
    if (predictions != null) {
      return evaluation.semantic(set, SemanticPredictor.ofFolder(predictions));
    }
    try (Clip clip = model.clip(progress);
        Segmenter segmenter = model.segmenter(Zutis.Answer.REGIONS, clip)) {
      return evaluation.semantic(set, SemanticPredictor.of(segmenter, set, model::words));
    }
  }

  /** Ground truth, detections and, where they are known, pictures. */
  private record Objects(
      CocoDetections detections, List<Category> categories, Optional<Path> images) {

    List<Long> ids() {
      return categories.stream().map(Category::id).toList();
    }
  }

  private Report instances(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    Objects objects = objects(evaluation, progress);
    return evaluation.instances(
        objects.detections(),
        CocoProtocol.coco().overlap(overlap).categories(objects.ids()),
        objects.images());
  }

  private Objects objects(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    Optional<Catalog.Instances> known =
        annotations == null
            ? Optional.of(Catalog.find(needed(dataset, "DATASET or --annotations"), data))
            : Optional.empty();
    Path file = known.map(Catalog.Instances::annotations).orElse(annotations);
    Optional<Path> pictures =
        known.map(Catalog.Instances::images).or(() -> Optional.ofNullable(images));
    CocoGroundTruth truth = CocoGroundTruth.read(file);
    List<Category> categories = categories(truth);
    CocoDetections found =
        predictions != null
            ? CocoDetections.read(predictions, truth)
            : detect(
                evaluation,
                truth,
                categories,
                needed(pictures.orElse(null), "--images or --predictions"),
                progress);
    return new Objects(found, categories, pictures);
  }

  /** Those that are asked for, in the order of the file. */
  private List<Category> categories(CocoGroundTruth objects) {
    List<Category> all = objects.categories();
    for (String name : only) {
      if (all.stream().noneMatch(category -> category.name().equals(name))) {
        throw new IllegalArgumentException(
            "--only: there is no category '"
                + name
                + "' in "
                + all.stream().map(Category::name).toList());
      }
    }
    List<Long> ids = unseen.map(Vocabularies::cocoUnseen).orElse(List.of());
    List<Category> chosen =
        all.stream()
            .filter(category -> only.isEmpty() || only.contains(category.name()))
            .filter(category -> unseen.isEmpty() || ids.contains(category.id()))
            .toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException("none of the set's categories is left to evaluate");
    }
    return chosen;
  }

  private CocoDetections detect(
      Evaluation evaluation,
      CocoGroundTruth objects,
      List<Category> categories,
      Path pictures,
      ConsoleProgress progress)
      throws IOException {
    Vocabulary words =
        Vocabulary.of(categories.stream().map(Category::name).toArray(String[]::new));
    try (Clip clip = model.clip(progress);
        Segmenter segmenter = model.segmenter(Zutis.Answer.INSTANCES, clip)) {
      return evaluation.detect(segmenter, objects, categories, pictures, model.words(words));
    }
  }

  private Report zeroShot(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    Objects objects = objects(evaluation, progress);
    return evaluation.zeroShot(
        objects.detections(),
        ZeroShotScores.protocol(overlap),
        seen(objects.detections().truth().categories()),
        objects.images());
  }

  private List<Long> seen(List<Category> categories) throws IOException {
    if (seen.isEmpty()) {
      return List.of();
    }
    Path file = Path.of(seen.get());
    if (!Files.exists(file)) {
      try {
        return Vocabularies.cocoSeen(seen.get());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "--seen: there is no file " + file + ", and " + e.getMessage(), e);
      }
    }
    List<Long> ids = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (String line : TextFile.lines(file)) {
      String name = line.strip();
      List<Long> named =
          categories.stream()
              .filter(category -> category.name().equals(name))
              .map(Category::id)
              .toList();
      if (named.isEmpty() && !name.isEmpty()) {
        problems.add("there is no category '" + name + "' in the set");
      }
      ids.addAll(named);
    }
    if (!problems.isEmpty()) {
      throw new InvalidDataException(file.toString(), problems);
    }
    return ids;
  }

  private Report saliency(Evaluation evaluation) throws IOException {
    SemanticDataset set =
        truth == null
            ? semantic()
            : limited(
                SemanticDataset.ofFolders(
                    needed(images, "--images"), truth, Vocabulary.of("object"), -1));
    SaliencyMetrics metrics = new SaliencyMetrics(betaSquare);
    if (predictions != null) {
      return evaluation.saliency(set, SemanticPredictor.ofGreyFolder(predictions), metrics);
    }
    try (SaliencyDetector detector = saliency.detector(model.name())) {
      return evaluation.saliency(set, object(detector, 255), metrics);
    }
  }

  private Report masks(Evaluation evaluation) throws IOException {
    SemanticDataset set = semantic();
    if (predictions != null) {
      return evaluation.masks(set, MaskPredictor.ofFolder(predictions));
    }
    try (SaliencyDetector detector = saliency.detector(model.name())) {
      return evaluation.masks(set, MaskPredictor.of(object(detector, 1)));
    }
  }

  private static SemanticPredictor object(SaliencyDetector detector, int label) {
    return item -> {
      Mask mask = detector.detect(item.picture()).mask();
      int[] labels = new int[mask.width() * mask.height()];
      mask.forEach((x, y) -> labels[y * mask.width() + x] = label);
      return LabelMap.of(mask.width(), mask.height(), labels);
    };
  }

  private SemanticDataset semantic() throws IOException {
    return limited(Catalog.open(needed(dataset, "DATASET"), data));
  }

  private SemanticDataset limited(SemanticDataset set) {
    if (set.size() == 0) {
      throw new IllegalArgumentException(set + ": there is nothing to evaluate");
    }
    return limit.map(set::first).orElse(set);
  }

  private Report naming(Evaluation evaluation, ConsoleProgress progress) throws IOException {
    SemanticDataset set = semantic();
    try (Clip clip = GuideModel.clip(model.name(), progress);
        GuideModel.Guide guide = guides.guide(model.name(), clip, progress)) {
      TextEmbedder prompts = words -> clip.textEmbeddings().classifier(words, guide.prompt());
      SegmentNamer namer = new GuidedSegments(guide.zeroGuide());
      if (guide.namer().isEmpty()) {
        return evaluation.naming(set, namer, NamingEvaluator.of(set, prompts, Optional.empty()));
      }
      if (model.isDemo() && sentences.isEmpty()) {
        return evaluation.naming(
            set, namer, NamingEvaluator.of(set, prompts, Optional.of(prompts)));
      }
      ModelHub hub = ModelHub.fromEnvironment().withProgress(progress);
      try (SentenceBert bert = SentenceBert.load(sentences.orElse(SENTENCES), hub)) {
        return evaluation.naming(set, namer, NamingEvaluator.of(set, prompts, Optional.of(bert)));
      }
    }
  }

  private <T> T needed(T value, String name) {
    if (value == null) {
      throw new IllegalArgumentException("--kind " + kind + " needs " + name);
    }
    return value;
  }
}
