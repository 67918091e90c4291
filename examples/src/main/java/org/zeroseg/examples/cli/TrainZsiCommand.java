package org.zeroseg.examples.cli;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.network.BackboneLayout;
import org.zeroseg.core.network.BatchNorm;
import org.zeroseg.core.network.ResNetConfig;
import org.zeroseg.core.supervision.CocoGroundTruth;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.TrainingPlan;
import org.zeroseg.core.train.Validation;
import org.zeroseg.eval.coco.CocoEvaluator;
import org.zeroseg.eval.coco.Overlap;
import org.zeroseg.eval.coco.ZeroShotScores;
import org.zeroseg.zsi.AnnotatedPictures;
import org.zeroseg.zsi.ClassVectors;
import org.zeroseg.zsi.Zsi;
import org.zeroseg.zsi.ZsiConfig;
import org.zeroseg.zsi.ZsiTrainer;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** ZSI from annotations of seen classes and word vectors. */
@Command(
    name = "zsi",
    description = "ZSI, from boxes and masks of seen classes and the word vectors of all.",
    mixinStandardHelpOptions = true,
    footer = {
      "",
      "Defaults are those of the paper's split 48/17; for 65/15: --rate 0.0075 --warm-up 7000",
      "--sync-masks. 'zeroseg zsi' makes the files."
    })
final class TrainZsiCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      description = "Annotations in COCO's format: what 'zeroseg zsi split' made for training.")
  private Path annotations;

  @Option(names = "--images", required = true, paramLabel = "DIR", description = "The pictures.")
  private Path images;

  @Mixin private ClassSplit split;

  @Option(
      names = "--vectors",
      required = true,
      paramLabel = "FILE",
      description = "The split's word vectors: what 'zeroseg zsi words' made.")
  private Path vectors;

  @Option(
      names = "--vocabulary",
      paramLabel = "FILE",
      description = "The encoder's words, a column each. Default: the seen classes.")
  private Optional<Path> vocabulary;

  @Option(
      names = "--backbone",
      paramLabel = "FILE",
      description = "A ResNet to start from: torchvision's, DINO's. Default: random weights.")
  private Optional<Path> backbone;

  @Option(
      names = "--depth",
      defaultValue = "101",
      description = "Of a random ResNet: 18, 34, 50 or 101. Default: ${DEFAULT-VALUE}.")
  private int depth;

  @Option(
      names = {"-o", "--out"},
      defaultValue = "zsi",
      paramLabel = "DIR",
      description = "Where checkpoint, curves and model go. Default: ${DEFAULT-VALUE}.")
  private Path out;

  @Option(names = "--epochs", defaultValue = "12", description = "Default: ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(names = "--batch", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--longer-side",
      defaultValue = "1333",
      paramLabel = "PIXELS",
      description = "Limit of a picture's longer side. Default: ${DEFAULT-VALUE}.")
  private int longer;

  @Option(
      names = "--shorter-side",
      defaultValue = "800",
      paramLabel = "PIXELS",
      description = "Limit of a picture's shorter side. Default: ${DEFAULT-VALUE}.")
  private int shorter;

  @Option(names = "--rate", defaultValue = "0.01", description = "Default: ${DEFAULT-VALUE}.")
  private double rate;

  @Option(
      names = "--warm-up",
      defaultValue = "500",
      paramLabel = "STEPS",
      description = "The rate rises from a third of itself. Default: ${DEFAULT-VALUE}.")
  private long warmUp;

  @Option(names = "--channels", defaultValue = "256", description = "Default: ${DEFAULT-VALUE}.")
  private int channels;

  @Option(
      names = "--features",
      defaultValue = "1024",
      description = "Of a box. Default: ${DEFAULT-VALUE}.")
  private int features;

  @Option(names = "--boxes-only", description = "A network without masks.")
  private boolean boxesOnly;

  @Option(
      names = "--plain-rpn",
      description =
          "Proposals as Mask R-CNN makes them, without words, so that there is no learnt background"
              + " vector (Table 5 of the paper).")
  private boolean plainRpn;

  @Option(
      names = "--no-encoders",
      description =
          "Heads that classify as Mask R-CNN's: words have a part in the scores of unseen classes"
              + " alone, and there is nothing to decode (Table 1 of the paper).")
  private boolean noEncoders;

  @Option(
      names = "--no-box-decoder",
      description = "Without the detector's decoder (Table 1 of the paper).")
  private boolean noBoxDecoder;

  @Option(names = "--no-mask-decoder", description = "Without the mask head's decoder (Table 1).")
  private boolean noMaskDecoder;

  @Option(
      names = "--no-sync-boxes",
      description = "The detector keeps the split's background vector (Table 5).")
  private boolean noSyncBoxes;

  @Option(
      names = "--sync-masks",
      description = "The mask head takes the learnt background vector (Table 5).")
  private boolean syncMasks;

  @Option(
      names = "--masks-per-picture",
      defaultValue = "128",
      paramLabel = "N",
      description = "Boxes of a picture that masks are learnt from. Default: ${DEFAULT-VALUE}.")
  private int masks;

  @Mixin private WrittenModel written;

  @Option(names = "--bfloat16", description = "Compute products in bfloat16.")
  private boolean bfloat16;

  @Option(names = "--seed", defaultValue = "0", description = "Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Mixin private TrainingFiles files;

  @ArgGroup(exclusive = false, heading = "Evaluation during training:%n")
  private OnTheWay validation;

  /** Recall of unseen classes, again and again. */
  static final class OnTheWay {
    @Option(
        names = "--validate",
        required = true,
        paramLabel = "FILE",
        description = "Annotations of seen and unseen classes, to measure recall of unseen ones.")
    private Path annotations;

    @Option(
        names = "--validate-images",
        required = true,
        paramLabel = "DIR",
        description = "Their pictures.")
    private Path images;

    @Option(
        names = "--validate-every",
        defaultValue = "1000",
        paramLabel = "STEPS",
        description = "Default: ${DEFAULT-VALUE}.")
    private long every;
  }

  @Override
  public Integer call() throws IOException {
    if (plainRpn && syncMasks) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), "--sync-masks takes a vector that --plain-rpn does not learn");
    }
    Interruption.orderly(this::train);
    return 0;
  }

  private void train() throws IOException {
    ClassVectors classes = ClassVectors.read(vectors, split.file());
    AnnotatedPictures pictures =
        AnnotatedPictures.of(
            CocoGroundTruth.read(annotations),
            images,
            classes,
            new AnnotatedPictures.Options(batch, longer, shorter, seed));
    Path model = out.resolve("zsi.safetensors");
    String outcome;
    try (ConsoleProgress progress = new ConsoleProgress();
        NDManager manager = TorchEngine.newManager();
        NDManager scratch = manager.newSubManager()) {
      NDArray words =
          vocabulary.isPresent()
              ? ClassVectors.readVocabulary(vocabulary.get(), manager)
              : classes.seenVocabulary(manager);
      Start start = start(scratch);
      ZsiConfig config =
          new ZsiConfig(
              start.config(),
              channels,
              channels,
              features,
              boxesOnly ? 0 : channels,
              classes.dimensions(),
              classes.seen().size(),
              noEncoders ? 0 : (int) words.getShape().get(1),
              !plainRpn);
      ZsiTrainer.Options published =
          ZsiTrainer.Options.published(rate, warmUp, pictures.epoch(), syncMasks);
      ZsiTrainer.Options options =
          published
              .withParts(
                  !noBoxDecoder && !noEncoders,
                  !noMaskDecoder && !noEncoders,
                  !noSyncBoxes && !plainRpn,
                  syncMasks)
              .withSamples(published.anchors(), published.proposals(), published.boxes(), masks)
              .withBfloat16(bfloat16);
      Map<String, NDArray> weights =
          config.initialWeights(start.weights(), classes, new SplittableRandom(seed), manager);
      ZsiTrainer trainer = ZsiTrainer.of(config, weights, words, classes, options);
      Map<String, String> provenance = provenance(config);
      TrainingPlan plan =
          files
              .plan(out, (long) epochs * pictures.epoch())
              .withProvenance(provenance)
              .withFormerProvenance(ZsiTrainer.formerProvenance(provenance));
      if (validation != null) {
        plan = plan.withValidation(measured(trainer, classes));
      }
      trainer.run(pictures, plan, progress);
      trainer.write(model, classes, written.type() == DataType.FLOAT16, provenance);
      outcome = progress.detail();
    }
    written.tell(
        model,
        outcome,
        "segment PICTURE --zsi %s --words \"%s\""
            .formatted(
                model,
                classes.unseen().isEmpty() ? classes.seen().get(0) : classes.unseen().get(0)));
  }

  /** Where the backbone starts. */
  private record Start(ResNetConfig config, Map<String, NDArray> weights) {}

  private Start start(NDManager scratch) {
    if (backbone.isEmpty()) {
      ResNetConfig config =
          switch (depth) {
            case 18 -> ResNetConfig.RESNET_18;
            case 34 -> ResNetConfig.RESNET_34;
            case 50 -> ResNetConfig.RESNET_50;
            case 101 -> ResNetConfig.RESNET_101;
            default ->
                throw new IllegalArgumentException("--depth " + depth + ": 18, 34, 50 or 101");
          };
      return new Start(config, Map.of());
    }
    try (Checkpoint opened = Checkpoints.open(backbone.get())) {
      // Counts of batches are in some files only, and no network needs them.
      Checkpoint body = BackboneLayout.backbone(opened).without(BatchNorm::isCount);
      ResNetConfig config = ResNetConfig.of(body);
      Map<String, Shape> shapes = config.shapes("");
      shapes.keySet().removeIf(BatchNorm::isCount);
      Weights loaded = Weights.load(body, shapes, scratch);
      Map<String, NDArray> weights = new LinkedHashMap<>();
      shapes.keySet().forEach(name -> weights.put(name, loaded.get(name)));
      return new Start(config, weights);
    }
  }

  private Validation measured(ZsiTrainer trainer, ClassVectors classes) throws IOException {
    CocoGroundTruth truth = CocoGroundTruth.read(validation.annotations);
    List<Long> seen =
        truth.categories().stream()
            .filter(category -> classes.seen().contains(category.name()))
            .map(CocoGroundTruth.Category::id)
            .toList();
    return new Validation(
        "unseen recall@100",
        validation.every,
        () -> {
          Overlap overlap = boxesOnly ? Overlap.BOX : Overlap.MASK;
          try (Zsi zsi = trainer.segmenter(Zsi.builder().inputWithin(shorter, longer))) {
            return ZeroShotScores.of(
                    new CocoEvaluator(ZeroShotScores.protocol(overlap))
                        .evaluate(
                            ZsiOptions.detect(
                                zsi,
                                truth,
                                truth.categories(),
                                validation.images,
                                overlap,
                                Progress.SILENT)),
                    seen)
                .unseen()
                .recall();
          }
        });
  }

  private Map<String, String> provenance(ZsiConfig config) throws IOException {
    Map<String, String> provenance = new LinkedHashMap<>();
    provenance.put("method", "ZSI (Zheng et al. 2021)");
    // By content: other data under the same names are other data.
    provenance.put("annotations-sha256", new Fingerprint().add(annotations).hex());
    provenance.put("vectors-sha256", new Fingerprint().add(vectors).hex());
    if (vocabulary.isPresent()) {
      provenance.put("vocabulary-sha256", new Fingerprint().add(vocabulary.get()).hex());
    }
    provenance.put(
        "backbone", backbone.isPresent() ? new Fingerprint().add(backbone.get()).hex() : "random");
    provenance.put("config", config.toString());
    provenance.put("epochs", Integer.toString(epochs));
    provenance.put("batch", Integer.toString(batch));
    provenance.put("sides", shorter + " x " + longer);
    provenance.put("rate", Double.toString(rate));
    provenance.put("warm-up", Long.toString(warmUp));
    provenance.put("box-decoder", Boolean.toString(!noBoxDecoder));
    provenance.put("mask-decoder", Boolean.toString(!noMaskDecoder));
    provenance.put("sync-boxes", Boolean.toString(!noSyncBoxes));
    provenance.put("sync-masks", Boolean.toString(syncMasks));
    provenance.put("masks-per-picture", Integer.toString(masks));
    provenance.put("bfloat16", Boolean.toString(bfloat16));
    provenance.put("seed", Long.toString(seed));
    return provenance;
  }
}
