package org.zeroseg.eval.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ForkJoinPool;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmentation;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.eval.InvalidDataException;
import org.zeroseg.eval.LabelMap;
import org.zeroseg.eval.coco.CocoDetections;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.CocoGroundTruth;
import org.zeroseg.eval.coco.CocoGroundTruth.Category;
import org.zeroseg.eval.coco.CocoScores;
import org.zeroseg.eval.coco.ZeroShotScores;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.naming.NamingEvaluator;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.report.Report.Chart;
import org.zeroseg.eval.report.Report.Confusion;
import org.zeroseg.eval.report.Report.Curve;
import org.zeroseg.eval.report.Report.Example;
import org.zeroseg.eval.report.Report.Point;
import org.zeroseg.eval.report.Report.Row;
import org.zeroseg.eval.report.Report.Table;
import org.zeroseg.eval.saliency.SaliencyEvaluator;
import org.zeroseg.eval.saliency.SaliencyMetrics;
import org.zeroseg.eval.saliency.SaliencyScores;
import org.zeroseg.eval.semantic.BinaryIou;
import org.zeroseg.eval.semantic.ConfusionMatrix;
import org.zeroseg.eval.semantic.ImageNetSEvaluator;

/**
 * Runs whole evaluations and reports them.
 *
 * @param threads how many pictures are read at once; 1 for models, which use all processors by
 *     themselves
 * @param examples how many of the worst and of the best pictures a report shows
 * @param progress told of every picture
 */
public record Evaluation(int threads, int examples, Progress progress) {

  static final int MOST_CONFUSABLE = 200; // more classes make a matrix nobody can read

  /**
   * Evaluates label maps: mean IoU, accuracies, IoU by class, confusions; on ImageNet-S also the
   * numbers of its toolbox, on a single category also the IoU averaged over pictures.
   *
   * @param dataset the truth
   * @param predictor the predictions
   * @return a report
   * @throws IOException if a picture cannot be read
   * @throws InvalidDataException if a prediction is missing
   * @throws IllegalArgumentException if a prediction has another size than its truth or a label
   *     that is no class, naming the picture
   */
  public Report semantic(SemanticDataset dataset, SemanticPredictor predictor) throws IOException {
    ConfusionMatrix matrix = new ConfusionMatrix(dataset.classes());
    boolean imageNetS = dataset.ignore().equals(Optional.of(ImageNetSEvaluator.IGNORE));
    ImageNetSEvaluator sizes = new ImageNetSEvaluator(dataset.vocabulary().size());
    boolean single = dataset.hasBackground() && dataset.vocabulary().size() == 1;
    List<Double> binary = new ArrayList<>();
    Extremes<LabelMap> extremes = new Extremes<>(examples);
    inOrder(
        dataset.items(),
        item -> new Labels(item.truth(), predictor.predict(item)),
        (item, labels) -> {
          matrix.add(labels.truth(), labels.prediction(), item.name());
          if (imageNetS) {
            sizes.add(labels.truth(), labels.prediction(), item.name());
          }
          if (single) {
            binary.add(BinaryIou.of(labels.truth().labels(), labels.prediction().labels()));
          }
          double score = pictureIou(labels.truth(), labels.prediction(), dataset.classes());
          extremes.offer(item.name(), score, labels.prediction());
        });
    Report.Builder report = new Report.Builder(dataset.toString());
    report.table(summary(dataset, matrix));
    if (single) {
      double mean = binary.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
      report.table(
          new Table(
              "One category, as NamedMask evaluates experts",
              List.of("value"),
              List.of(Row.of("IoU averaged over pictures", mean))));
    }
    if (imageNetS) {
      report.table(new Table("ImageNet-S", List.of("percent"), rows(sizes.summary())));
    }
    List<String> names = names(dataset);
    report.table(
        new Table(
            "Classes",
            List.of("IoU", "true pixels", "predicted pixels"),
            IntStream.range(0, names.size())
                .mapToObj(
                    c ->
                        Row.of(
                            names.get(c),
                            matrix.iou(c),
                            (double) matrix.truths(c),
                            (double) matrix.predictions(c)))
                .toList()));
    if (names.size() <= MOST_CONFUSABLE) {
      report.confusion(confusion(names, matrix));
    }
    return report.examples(examples(extremes, dataset)).build();
  }

  /** What is compared in a picture. */
  private record Labels(LabelMap truth, LabelMap prediction) {}

  private static Table summary(SemanticDataset dataset, ConfusionMatrix matrix) {
    List<Row> rows = new ArrayList<>();
    rows.add(Row.of("mean IoU", matrix.meanIou()));
    if (dataset.hasBackground()) {
      rows.add(Row.of("mean IoU without background", matrix.meanIou(1)));
    }
    rows.add(Row.of("pixel accuracy", matrix.pixelAccuracy()));
    rows.add(Row.of("mean accuracy", matrix.meanAccuracy()));
    rows.add(Row.of("frequency-weighted IoU", matrix.frequencyWeightedIou()));
    return new Table("Summary", List.of("value"), rows);
  }

  private static List<Row> rows(Map<String, Double> numbers) {
    return numbers.entrySet().stream()
        .map(entry -> Row.of(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static List<String> names(SemanticDataset dataset) {
    List<String> names = new ArrayList<>();
    if (dataset.hasBackground()) {
      names.add("background");
    }
    names.addAll(dataset.vocabulary().names());
    return names;
  }

  static Confusion confusion(List<String> names, ConfusionMatrix matrix) {
    List<List<Double>> shares = new ArrayList<>();
    for (int t = 0; t < names.size(); t++) {
      int row = t;
      double total = Math.max(1, matrix.truths(t));
      shares.add(
          IntStream.range(0, names.size()).mapToObj(p -> matrix.count(row, p) / total).toList());
    }
    return new Confusion(names, shares);
  }

  /** Mean IoU of the classes that are in the picture's truth or prediction. */
  private static double pictureIou(LabelMap truth, LabelMap prediction, int classes) {
    int[] trueLabels = truth.labels();
    int[] predicted = prediction.labels();
    long[] both = new long[classes];
    long[] either = new long[classes];
    for (int i = 0; i < Math.min(trueLabels.length, predicted.length); i++) {
      int t = trueLabels[i];
      int p = predicted[i];
      if (t >= 0 && t < classes && p >= 0 && p < classes) {
        either[t]++;
        if (t == p) {
          both[t]++;
        } else {
          either[p]++;
        }
      }
    }
    return IntStream.range(0, classes)
        .filter(c -> either[c] > 0)
        .mapToDouble(c -> (double) both[c] / either[c])
        .average()
        .orElse(Double.NaN);
  }

  private static List<Example> examples(Extremes<LabelMap> extremes, SemanticDataset dataset) {
    return extremes.all().stream()
        .map(
            scored -> {
              SemanticDataset.Item item = dataset.find(scored.name()).orElseThrow();
              return example(item, scored.score(), scored.value(), dataset);
            })
        .toList();
  }

  private static Example example(
      SemanticDataset.Item item, double score, LabelMap prediction, SemanticDataset dataset) {
    try {
      Picture picture = item.picture();
      return new Example(
          item.name(),
          score,
          overlay(picture, prediction, dataset),
          overlay(picture, item.truth(), dataset));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Background, ignored pixels and labels that are no class are left unpainted. */
  private static byte[] overlay(Picture picture, LabelMap labels, SemanticDataset dataset) {
    int shift = dataset.hasBackground() ? 0 : 1;
    int most = dataset.vocabulary().size();
    int[] shown =
        labels
            .map(
                label -> {
                  int moved = label + shift;
                  return moved >= 0 && moved <= most ? moved : 0;
                })
            .labels();
    Segmentation segmentation =
        Segmentation.ofLabels(
            labels.width(), labels.height(), dataset.vocabulary().names(), shown, new double[most]);
    return png(segmentation, picture);
  }

  private static byte[] png(Segmentation segmentation, Picture picture) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      segmentation.overlay(picture.toImage()).save(bytes, "png");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /**
   * Lets a model find objects in all images of a set.
   *
   * @param segmenter the model
   * @param truth the set; its categories, in file order, are the words
   * @param images the folder that the set's file names are relative to
   * @param vocabulary as many categories as the set's, in file order
   * @return detections, one a segment
   * @throws IOException if an image cannot be read
   * @throws IllegalArgumentException if the number of categories differs
   */
  public CocoDetections detect(
      Segmenter segmenter, CocoGroundTruth truth, Path images, Vocabulary vocabulary)
      throws IOException {
    if (vocabulary.size() != truth.categories().size()) {
      throw new IllegalArgumentException(
          vocabulary.size() + " categories for a set of " + truth.categories().size());
    }
    CocoDetections.Builder detections = CocoDetections.builder(truth);
    inOrder(
        truth.images(),
        image ->
            segmenter.segment(Picture.read(images.resolve(image.fileName())).toImage(), vocabulary),
        (image, segmentation) -> {
          for (Segment segment : segmentation.segments()) {
            long category = truth.categories().get(segment.label() - 1).id();
            detections.add(image.id(), category, segment.score(), segment.mask().rle());
          }
        });
    return detections.build();
  }

  /**
   * Evaluates detections by COCO's protocol, with and without categories side by side, as papers
   * mix the two.
   *
   * @param detections what to evaluate
   * @param protocol what overlaps are measured on, thresholds and so on
   * @param images the folder that the set's file names are relative to, if pictures shall be shown
   * @return a report
   * @throws IOException if a picture that is shown cannot be read
   * @throws InvalidDataException if an object lacks the mask or box that is compared
   */
  public Report instances(
      CocoDetections detections, CocoEvaluator.Builder protocol, Optional<Path> images)
      throws IOException {
    CocoEvaluator agnostic = protocol.useCategories(false).build();
    CocoEvaluator aware = protocol.useCategories(true).build();
    CocoScores scores = aware.evaluate(detections);
    Report.Builder report =
        new Report.Builder(
            "%d detections on %d images with %d objects"
                .formatted(
                    detections.size(),
                    detections.truth().images().size(),
                    detections.truth().size()));
    report.notes(List.of("A dash: there is no ground truth in that range."));
    report.notes(scores.warnings());
    report.table(summary(scores, agnostic.evaluate(detections)));
    report.table(categories(scores));
    report.chart(precisionRecall(scores));
    if (images.isPresent() && examples > 0) {
      report.examples(examples(detections, aware.imageScores(detections), images.get()));
    }
    return report.build();
  }

  private static Table summary(CocoScores aware, CocoScores agnostic) {
    Map<String, Double> without = agnostic.summary();
    return new Table(
        "Summary",
        List.of("with categories", "class-agnostic"),
        aware.summary().entrySet().stream()
            .map(
                entry ->
                    Row.of(
                        entry.getKey(),
                        existing(entry.getValue()),
                        existing(without.get(entry.getKey()))))
            .toList());
  }

  private static double existing(double value) {
    return value < 0 ? Double.NaN : value;
  }

  private static Table categories(CocoScores scores) {
    return new Table(
        "Categories",
        List.of("AP", "AP50", "AP75", "AR"),
        scores.perCategory().stream()
            .map(
                score ->
                    Row.of(
                        score.category().name(),
                        existing(score.ap()),
                        existing(score.ap50()),
                        existing(score.ap75()),
                        existing(score.recall())))
            .toList());
  }

  private static Chart precisionRecall(CocoScores scores) {
    List<Curve> curves = new ArrayList<>();
    double[] ious = scores.iouThresholds();
    double[] recalls = scores.recallThresholds();
    int limit = scores.maxDetections().length - 1;
    for (int t = 0; t < ious.length; t++) {
      List<Point> points = new ArrayList<>();
      for (int r = 0; r < recalls.length; r++) {
        OptionalDouble precision = meanPrecision(scores, t, r, limit);
        if (precision.isPresent()) {
          points.add(new Point(recalls[r], precision.getAsDouble()));
        }
      }
      curves.add(new Curve("IoU %.2f".formatted(ious[t]), points));
    }
    return new Chart("Precision and recall, mean over categories", "recall", "precision", curves);
  }

  private static OptionalDouble meanPrecision(CocoScores scores, int iou, int recall, int limit) {
    return IntStream.range(0, scores.categories().size())
        .mapToDouble(k -> scores.precision(iou, recall, k, 0, limit))
        .filter(precision -> precision >= 0)
        .average();
  }

  private List<Example> examples(CocoDetections detections, Map<Long, Double> scores, Path images)
      throws IOException {
    Extremes<CocoGroundTruth.Image> extremes = new Extremes<>(examples);
    for (CocoGroundTruth.Image image : detections.truth().images()) {
      double score = scores.getOrDefault(image.id(), Double.NaN);
      extremes.offer(
          image.fileName().isEmpty() ? "image " + image.id() : image.fileName(), score, image);
    }
    List<Example> shown = new ArrayList<>();
    for (Extremes.Scored<CocoGroundTruth.Image> scored : extremes.all()) {
      Path file = images.resolve(scored.value().fileName());
      if (!Files.isRegularFile(file)) {
        throw new InvalidDataException(file, "there is no such picture to show");
      }
      shown.add(example(scored, Picture.read(file), detections));
    }
    return shown;
  }

  private static Example example(
      Extremes.Scored<CocoGroundTruth.Image> scored, Picture picture, CocoDetections detections) {
    CocoGroundTruth truth = detections.truth();
    List<String> names = truth.categories().stream().map(Category::name).toList();
    List<Segment> objects =
        truth.annotations(scored.value().id()).stream()
            .filter(annotation -> annotation.mask().isPresent())
            .map(
                annotation ->
                    segment(
                        truth, annotation.category(), 1, annotation.mask().orElseThrow().mask()))
            .toList();
    // As many of the best detections as there are objects: more would hide the picture.
    List<Segment> found =
        detections.detections(scored.value().id()).stream()
            .sorted(Comparator.comparingDouble(CocoDetections.Detection::score).reversed())
            .limit(Math.max(1, objects.size()))
            .map(
                detection ->
                    segment(
                        truth, detection.category(), detection.score(), detection.mask().mask()))
            .toList();
    int width = picture.width();
    int height = picture.height();
    return new Example(
        scored.name(),
        scored.score(),
        png(Segmentation.ofSegments(width, height, names, found), picture),
        png(Segmentation.ofSegments(width, height, names, objects), picture));
  }

  private static Segment segment(
      CocoGroundTruth truth, Category category, double score, Mask mask) {
    int label = truth.categories().indexOf(category) + 1;
    return Segment.of(label, category.name(), score, mask);
  }

  /**
   * Evaluates detections by ZSI's protocol: Recall@100 at IoU 0.4, 0.5 and 0.6, mAP at 0.5, and
   * seen, unseen and harmonic mean.
   *
   * @param detections what to evaluate
   * @param evaluator out of {@link ZeroShotScores#evaluator}
   * @param seen ids of the seen categories, empty if the set holds unseen ones only
   * @return a report, in percent
   */
  public Report zeroShot(
      CocoDetections detections, CocoEvaluator evaluator, Collection<Long> seen) {
    CocoScores scores = evaluator.evaluate(detections);
    int limit = scores.maxDetections().length - 1;
    List<Row> rows = new ArrayList<>();
    for (double iou : scores.iouThresholds()) {
      OptionalDouble at = OptionalDouble.of(iou);
      rows.add(
          Row.of(
              "IoU " + iou,
              percent(scores.averageRecall(at, 0, limit)),
              percent(scores.averagePrecision(at, 0, limit))));
    }
    ZeroShotScores groups = ZeroShotScores.of(scores, seen);
    return new Report.Builder("Zero-shot evaluation of " + detections.size() + " detections")
        .notes(scores.warnings())
        .table(new Table("All categories, percent", List.of("Recall@100", "mAP"), rows))
        .table(
            new Table(
                "IoU 0.5, percent",
                List.of("mAP", "Recall@100"),
                List.of(
                    row("seen", groups.seen()),
                    row("unseen", groups.unseen()),
                    row("harmonic mean", groups.harmonicMean()))))
        .table(
            new Table(
                "Categories, percent",
                List.of("AP50", "Recall@100"),
                groups.categories().stream()
                    .map(
                        score ->
                            Row.of(
                                score.category().name(),
                                percent(score.ap()),
                                percent(score.recall())))
                    .toList()))
        .chart(precisionRecall(scores))
        .build();
  }

  private static Row row(String name, ZeroShotScores.GroupScore score) {
    return Row.of(name, existing(score.ap()), existing(score.recall()));
  }

  private static double percent(double value) {
    return value < 0 ? Double.NaN : 100 * value;
  }

  /**
   * Evaluates saliency maps: any label but 0 is the object.
   *
   * @param dataset the truth
   * @param maps folder of 8-bit grey pictures {@code <name>.png}, 255 being 1
   * @param metrics with the beta of the comparison at hand
   * @return a report
   * @throws IOException if a picture cannot be read
   * @throws IllegalArgumentException if a map has another size than its truth, naming the picture
   */
  public Report saliency(SemanticDataset dataset, Path maps, SaliencyMetrics metrics)
      throws IOException {
    SaliencyEvaluator evaluator = new SaliencyEvaluator(metrics);
    inOrder(
        dataset.items(),
        item -> new Labels(item.truth(), LabelMap.read(maps.resolve(item.name() + ".png"))),
        (item, labels) -> {
          LabelMap map = labels.prediction();
          LabelMap truth = labels.truth();
          if (map.width() != truth.width() || map.height() != truth.height()) {
            throw new IllegalArgumentException(
                item.name() + ": the truth is " + truth + ", the map " + map);
          }
          int[] grey = map.labels();
          float[] values = new float[grey.length];
          for (int i = 0; i < values.length; i++) {
            values[i] = grey[i] / 255f;
          }
          evaluator.add(values, truth.mask(0).not());
        });
    SaliencyScores mean = evaluator.mean();
    List<Point> points =
        IntStream.range(0, 255)
            .mapToObj(k -> new Point(evaluator.recall(k), evaluator.precision(k)))
            .toList();
    return new Report.Builder(dataset.toString())
        .notes(List.of("F with beta squared = " + metrics.betaSquare()))
        .table(
            new Table(
                "Means over " + evaluator.pictures() + " pictures",
                List.of("value"),
                List.of(
                    Row.of("IoU", mean.iou()),
                    Row.of("pixel accuracy", mean.pixelAccuracy()),
                    Row.of("MAE", mean.meanAbsoluteError()),
                    Row.of("F", mean.f()),
                    Row.of("max F", mean.maxF()),
                    Row.of("mean F", mean.meanF()),
                    Row.of("S-measure", mean.sMeasure()),
                    Row.of("max of mean F curve (TokenCut)", evaluator.maxOfMeanF()))))
        .chart(
            new Chart(
                "Precision and recall over thresholds",
                "recall",
                "precision",
                List.of(new Curve("mean over pictures", points))))
        .build();
  }

  /**
   * Evaluates segments that were found and named without a list of words.
   *
   * @param dataset the truth
   * @param model what finds them; also names true segments if it can, for the text generation
   *     quality
   * @param evaluator an empty one, for the data set's classes
   * @return a report
   * @throws IOException if a picture cannot be read
   */
  public Report naming(SemanticDataset dataset, SegmentNamer model, NamingEvaluator evaluator)
      throws IOException {
    NamingReport report = new NamingReport(dataset, evaluator);
    Extremes<LabelMap> extremes = new Extremes<>(examples);
    inOrder(
        dataset.items(),
        item -> NamingReport.Found.in(item, model, evaluator),
        (item, found) -> {
          NamingEvaluator.Outcome outcome = report.add(item, found);
          extremes.offer(item.name(), outcome.iou(), outcome.labels());
        });
    return report.report().examples(examples(extremes, dataset)).build();
  }

  /** Makes something of a thing, on any thread. */
  private interface Step<T, R> {
    R run(T thing) throws IOException;
  }

  /**
   * Works on several things at once and takes the results in order, so that sums do not depend on
   * the number of threads. Only a few results wait at a time.
   */
  private <T, R> void inOrder(List<T> things, Step<T, R> step, BiConsumer<T, R> taker)
      throws IOException {
    int block = 8 * threads;
    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      for (int from = 0; from < things.size(); from += block) {
        List<T> some = things.subList(from, Math.min(things.size(), from + block));
        List<R> results =
            pool.submit(() -> some.parallelStream().map(thing -> run(step, thing)).toList()).join();
        for (int i = 0; i < some.size(); i++) {
          taker.accept(some.get(i), results.get(i));
        }
        progress.update("evaluating", from + some.size(), things.size());
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      pool.shutdown();
    }
  }

  private static <T, R> R run(Step<T, R> step, T thing) {
    try {
      return step.run(thing);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
