package org.zeroseg.eval.run;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;
import java.util.function.BiConsumer;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Segment;
import org.zeroseg.core.Segmenter;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.ReadAhead;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.supervision.CocoDetections;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.supervision.CocoGroundTruth.Category;
import org.zeroseg.core.supervision.InvalidDataException;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.CocoProtocol;
import org.zeroseg.eval.coco.CocoScores;
import org.zeroseg.eval.coco.ZeroShotScores;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.naming.NamingEvaluator;
import org.zeroseg.eval.report.Report;
import org.zeroseg.eval.saliency.SaliencyMetrics;

/**
 * Runs whole evaluations and reports them.
 *
 * @param threads how many pictures are read at once; 1 for models, which use all processors by
 *     themselves
 * @param examples how many of the worst and of the best pictures a report shows
 * @param progress told of every picture
 */
public record Evaluation(int threads, int examples, Progress progress) {

  /** Pictures that are read while a model looks at one. */
  private static final int AHEAD = 2;

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
    SemanticReport report = new SemanticReport(dataset);
    Extremes<LabelMap> extremes = new Extremes<>(examples);
    inOrder(
        dataset.items(),
        this::ahead,
        item -> new Labels(item.truth(), predictor.predict(item)),
        (item, labels) -> {
          double score = report.add(item.name(), labels.truth(), labels.prediction());
          extremes.offer(item.name(), score, labels.prediction());
        });
    return report.report().examples(Examples.of(extremes, dataset)).build();
  }

  /** What is compared in a picture. */
  private record Labels(LabelMap truth, LabelMap prediction) {}

  /**
   * Lets a model find objects in all images of a set.
   *
   * @param segmenter the model
   * @param truth the set
   * @param categories which of its categories are looked for
   * @param images the folder that the set's file names are relative to
   * @param vocabulary the words for the categories, in their order
   * @return detections, one a segment
   * @throws IOException if an image cannot be read
   * @throws IllegalArgumentException if the number of categories differs
   */
  public CocoDetections detect(
      Segmenter segmenter,
      CocoGroundTruth truth,
      List<Category> categories,
      Path images,
      Vocabulary vocabulary)
      throws IOException {
    if (vocabulary.size() != categories.size()) {
      throw new IllegalArgumentException(
          vocabulary.size() + " words for " + categories.size() + " categories");
    }
    CocoDetections.Builder detections = CocoDetections.builder(truth);
    inOrder(
        truth.images(),
        image -> Picture.readAsStored(file(truth, image, images)),
        picture -> segmenter.segment(picture, vocabulary),
        (image, segmentation) -> {
          for (Segment segment : segmentation.segments()) {
            long category = categories.get(segment.label() - 1).id();
            detections.add(image.id(), category, segment.score(), segment.mask().rle());
          }
        });
    return detections.build();
  }

  private static Path file(CocoGroundTruth truth, CocoGroundTruth.Image image, Path images) {
    if (image.fileName().isEmpty()) {
      throw new InvalidDataException(
          truth.source(), List.of("image " + image.id() + ": file_name is missing"));
    }
    return images.resolve(image.fileName());
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
  public Report instances(CocoDetections detections, CocoProtocol protocol, Optional<Path> images)
      throws IOException {
    CocoEvaluator evaluator = new CocoEvaluator(protocol.useCategories(true));
    CocoEvaluator.Both both =
        evaluator.evaluateBoth(detections, SemanticReport.MOST_CONFUSABLE - 1);
    CocoScores scores = both.aware();
    return instances("detections", detections, evaluator, scores, both.confusions(), images)
        .notes(List.of("A dash: there is no ground truth in that range."))
        .table(InstanceReport.summary(scores, both.agnostic()))
        .table(InstanceReport.categories(scores))
        .build();
  }

  /** What reports on detections share. */
  private Report.Builder instances(
      String what,
      CocoDetections detections,
      CocoEvaluator evaluator,
      CocoScores scores,
      long[][] confusions,
      Optional<Path> images)
      throws IOException {
    CocoGroundTruth truth = detections.truth();
    Report.Builder report =
        new Report.Builder(
            "%d %s on %d images with %d objects"
                .formatted(detections.size(), what, truth.images().size(), truth.size()));
    report.notes(scores.warnings()).chart(InstanceReport.precisionRecall(scores));
    List<String> names = new ArrayList<>(scores.categories().stream().map(Category::name).toList());
    if (names.size() < truth.categories().size()) {
      report.notes(
          List.of(
              "Of %d categories only %d are evaluated: %s."
                  .formatted(truth.categories().size(), names.size(), String.join(", ", names))));
    }
    names.add("nothing");
    SemanticReport.confusion(names, confusions)
        .ifPresent(
            matrix ->
                report
                    .confusion(matrix)
                    .notes(
                        List.of(
                            "Confusion: of every image as many of the best detections as it has"
                                + " objects, matched at IoU "
                                + scores.iouThresholds()[0]
                                + " whatever their category.")));
    if (images.isPresent() && examples > 0) {
      report.examples(
          InstanceReport.examples(
              examples, detections, evaluator.imageScores(detections), images.get()));
    }
    return report;
  }

  /**
   * Evaluates detections by ZSI's protocol: Recall@100 at IoU 0.4, 0.5 and 0.6, mAP at 0.5, and
   * seen, unseen and harmonic mean.
   *
   * @param detections what to evaluate
   * @param protocol out of {@link ZeroShotScores#protocol}
   * @param seen ids of the seen categories, empty if the set holds unseen ones only
   * @param images the folder that the set's file names are relative to, if pictures shall be shown
   * @return a report, in percent
   * @throws IOException if a picture that is shown cannot be read
   * @throws InvalidDataException if an object lacks the mask or box that is compared
   */
  public Report zeroShot(
      CocoDetections detections,
      CocoProtocol protocol,
      Collection<Long> seen,
      Optional<Path> images)
      throws IOException {
    CocoEvaluator evaluator = new CocoEvaluator(protocol);
    CocoScores scores = evaluator.evaluate(detections);
    Report.Builder report =
        instances(
            "zero-shot detections",
            detections,
            evaluator,
            scores,
            scores.categories().size() < SemanticReport.MOST_CONFUSABLE
                ? evaluator.confusions(detections)
                : new long[0][],
            images);
    InstanceReport.zeroShot(scores, seen).forEach(report::table);
    return report.build();
  }

  /**
   * Evaluates saliency maps: any label but 0 is the object.
   *
   * @param dataset the truth
   * @param maps grey values from 0 to 255, which is 1
   * @param metrics with the beta of the comparison at hand
   * @return a report
   * @throws IOException if a picture cannot be read
   * @throws InvalidDataException if a map is missing
   * @throws IllegalArgumentException if a map has another size than its truth, naming the picture
   */
  public Report saliency(SemanticDataset dataset, SemanticPredictor maps, SaliencyMetrics metrics)
      throws IOException {
    SaliencyReport report = new SaliencyReport(dataset, metrics);
    Extremes<LabelMap> extremes = new Extremes<>(examples);
    inOrder(
        dataset.items(),
        this::ahead,
        item -> new Labels(item.truth(), maps.predict(item)),
        (item, labels) -> {
          LabelMap map = labels.prediction();
          double score = report.add(item.name(), labels.truth(), map);
          extremes.offer(item.name(), score, map.map(grey -> grey > 127 ? 1 : 0));
        });
    return report
        .report()
        .examples(Examples.of(extremes, dataset, List.of("object"), label -> label == 0 ? 0 : 1))
        .build();
  }

  /**
   * Evaluates masks category by category, each on the pictures that hold it: how NamedMask compares
   * its experts (Shin et al. 2023, Tab. 1 and 2).
   *
   * @param dataset the truth
   * @param predictor the masks
   * @return a report
   * @throws IOException if a picture cannot be read
   * @throws InvalidDataException if a mask is missing
   * @throws IllegalArgumentException if a mask has another size than its truth, naming the picture
   */
  public Report masks(SemanticDataset dataset, MaskPredictor predictor) throws IOException {
    MaskReport report = new MaskReport(dataset);
    Extremes<LabelMap> extremes = new Extremes<>(examples);
    inOrder(
        dataset.items(),
        this::ahead,
        item -> {
          LabelMap truth = item.truth();
          return new Masks(truth, predictor.predict(item, report.categories(truth)));
        },
        (item, masks) -> {
          MaskReport.Outcome outcome = report.add(item.name(), masks.truth(), masks.predicted());
          extremes.offer(item.name(), outcome.iou(), outcome.painted());
        });
    return report.report().examples(Examples.of(extremes, dataset)).build();
  }

  /** The masks of a picture by category. */
  private record Masks(LabelMap truth, Map<String, LabelMap> predicted) {}

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
        this::ahead,
        item -> NamingReport.Found.in(item, model, evaluator),
        (item, found) -> {
          NamingEvaluator.Outcome outcome = report.add(item, found);
          extremes.offer(item.name(), outcome.iou(), outcome.labels());
        });
    return report.report().examples(Examples.of(extremes, dataset)).build();
  }

  /** Makes something of a thing, on any thread. */
  private interface Step<T, R> {
    R run(T thing) throws IOException;
  }

  /**
   * Predictions that lie on disk need no pictures, and several threads read truths by themselves.
   */
  private SemanticDataset.Item ahead(SemanticDataset.Item item) {
    return threads == 1 ? item.loaded() : item;
  }

  /**
   * Works on several things at once, or on one while the next are read, and takes the results in
   * order, so that sums do not depend on the number of threads. Only a few results wait at a time.
   */
  private <T, S, R> void inOrder(
      List<T> things, Step<T, S> read, Step<S, R> step, BiConsumer<T, R> taker) throws IOException {
    if (threads == 1) {
      int done = 0;
      try (ReadAhead<T, S> ahead = ReadAhead.of(things.iterator(), 1, AHEAD, read::run)) {
        while (ahead.hasNext()) {
          ReadAhead.Item<T, S> next = ahead.next();
          taker.accept(next.thing(), step.run(next.get()));
          progress.update("evaluating", ++done, things.size());
        }
      }
      return;
    }
    int block = 8 * threads;
    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      for (int from = 0; from < things.size(); from += block) {
        List<T> some = things.subList(from, Math.min(things.size(), from + block));
        List<Outcome<R>> outcomes =
            pool.submit(
                    () ->
                        some.parallelStream()
                            .map(thing -> run(one -> step.run(read.run(one)), thing))
                            .toList())
                .join();
        for (int i = 0; i < some.size(); i++) {
          taker.accept(some.get(i), outcomes.get(i).get());
        }
        progress.update("evaluating", from + some.size(), things.size());
      }
    } finally {
      pool.shutdown();
    }
  }

  /**
   * What became of a thing. A failure waits for its turn, and is not the copy that a pool makes.
   */
  private interface Outcome<R> {
    R get() throws IOException;
  }

  private static <T, R> Outcome<R> run(Step<T, R> step, T thing) {
    try {
      R result = step.run(thing);
      return () -> result;
    } catch (IOException | RuntimeException e) {
      return () -> {
        throw e;
      };
    }
  }
}
