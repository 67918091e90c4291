package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.network.Mode;
import org.zeroseg.core.tensor.Kernels;
import org.zeroseg.core.tensor.Weights;
import org.zeroseg.core.train.Batches;
import org.zeroseg.core.train.Objective;
import org.zeroseg.core.train.Optimiser;
import org.zeroseg.core.train.Schedule;
import org.zeroseg.core.train.Sgd;
import org.zeroseg.core.train.Training;
import org.zeroseg.core.train.TrainingPlan;

/**
 * Trains ZSI on boxes and masks of seen classes (Zheng et al. 2021, Sec. 3.5 and 4.2; where the
 * released code differs from the paper, as the code does it).
 */
public final class ZsiTrainer {

  /**
   * A batch, resized and normalised.
   *
   * @param pixels {@code [B, 3, rows, columns]}
   * @param rows of the batch, a multiple of 32
   * @param columns of the batch, a multiple of 32
   * @param pictures what each shows
   * @param seed of the draws among anchors and boxes
   */
  @SuppressWarnings("ArrayRecordComponent") // large, and never compared
  public record Samples(float[] pixels, int rows, int columns, List<Objects> pictures, long seed) {

    /**
     * Makes a batch of pictures: resized to fit, one in two mirrored, side by side in zeros.
     *
     * @param pictures with their objects
     * @param longest limit of the longer side
     * @param shortest limit of the shorter side
     * @param seed of the mirroring, and of the draws in training
     * @return the batch
     */
    public static Samples of(
        List<AnnotatedPicture> pictures, int longest, int shortest, long seed) {
      SplittableRandom random = new SplittableRandom(seed);
      List<Picture> resized = new ArrayList<>();
      List<Objects> objects = new ArrayList<>();
      boolean[] flipped = new boolean[pictures.size()];
      int rows = 0;
      int columns = 0;
      for (int i = 0; i < flipped.length; i++) {
        AnnotatedPicture one = pictures.get(i);
        Frame frame = Frame.of(one.picture().width(), one.picture().height(), longest, shortest);
        flipped[i] = random.nextBoolean();
        resized.add(frame.resize(one.picture()));
        objects.add(Objects.of(one, frame, flipped[i]));
        rows = Math.max(rows, Frame.padded(frame.height()));
        columns = Math.max(columns, Frame.padded(frame.width()));
      }
      float[] pixels = new float[Math.multiplyExact(flipped.length, 3 * rows * columns)];
      for (int i = 0; i < flipped.length; i++) {
        Frame.write(resized.get(i), flipped[i], pixels, i, rows, columns);
      }
      return new Samples(pixels, rows, columns, List.copyOf(objects), random.nextLong());
    }
  }

  /**
   * The objects of a picture of a batch.
   *
   * @param width of the picture without padding
   * @param height likewise
   * @param boxes {@code [k, 4]}: x1, y1, x2, y2, the last pixel included
   * @param labels of their classes, from 1
   * @param masks of the picture's size
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Objects(int width, int height, float[] boxes, int[] labels, List<Mask> masks) {

    static Objects of(AnnotatedPicture annotated, Frame frame, boolean flipped) {
      int width = frame.width();
      int height = frame.height();
      float scale = (float) frame.scale();
      int count = annotated.objects().size();
      float[] boxes = new float[4 * count];
      int[] labels = new int[count];
      List<Mask> masks = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        AnnotatedPicture.Thing thing = annotated.objects().get(i);
        float[] corners = AnnotatedPicture.corners(thing.box());
        for (int j = 0; j < 4; j++) {
          float last = (j % 2 == 0 ? width : height) - 1;
          boxes[4 * i + j] = Math.max(0, Math.min(last, corners[j] * scale));
        }
        if (flipped) {
          float left = boxes[4 * i];
          boxes[4 * i] = width - boxes[4 * i + 2] - 1;
          boxes[4 * i + 2] = width - left - 1;
        }
        labels[i] = thing.label();
        masks.add(resized(thing.mask(), width, height, flipped));
      }
      return new Objects(width, height, boxes, labels, masks);
    }

    private static Mask resized(Mask mask, int width, int height, boolean flipped) {
      // The reference's rule takes the source pixel under the upper left corner.
      Picture picture =
          Picture.of(
                  org.zeroseg.core.image.PixelFormat.GREY,
                  mask.width(),
                  mask.height(),
                  mask.toBytes())
              .resize(width, height, Filter.OPENCV_NEAREST);
      byte[] pixels = picture.samples();
      return Mask.of(
          width, height, (x, y) -> pixels[y * width + (flipped ? width - 1 - x : x)] != 0);
    }
  }

  /**
   * Hyper-parameters.
   *
   * @param schedule learning rate of every step
   * @param momentum of SGD
   * @param weightDecay of everything that trains
   * @param longestGradient gradients are shortened to this length, all together
   * @param boxReconstruction weight of the detector's decoder; 0 leaves it out
   * @param maskReconstruction weight of the mask head's decoder; 0 leaves it out
   * @param syncBoxes whether the detector takes the background vector that the proposal network
   *     learns, or keeps the split's
   * @param syncMasks the same for the mask head
   * @param anchors learnt from, a picture
   * @param proposals of a picture, at most
   * @param boxes learnt from, a picture, a quarter of them with an object
   * @param masks learnt from, a picture, at most
   * @param bfloat16 whether products are computed in bfloat16; the weights stay float32
   */
  public record Options(
      Schedule schedule,
      double momentum,
      double weightDecay,
      double longestGradient,
      double boxReconstruction,
      double maskReconstruction,
      boolean syncBoxes,
      boolean syncMasks,
      int anchors,
      int proposals,
      int boxes,
      int masks,
      boolean bfloat16) {

    /**
     * The published values: the rate rises from a third of itself, and falls to a tenth twice.
     *
     * @param rate 0.01 for the split 48/17, 0.0075 for 65/15, with batches of 8
     * @param warmUp 500 steps for 48/17, 7000 for 65/15
     * @param epoch steps of an epoch
     * @param syncMasks false for 48/17, true for 65/15
     * @return the options
     */
    public static Options published(double rate, long warmUp, long epoch, boolean syncMasks) {
      return published(
          Schedule.milestones(rate, 0.1, 8 * epoch, 11 * epoch).warmUp(warmUp, 1 / 3.0), syncMasks);
    }

    /**
     * The published values with another schedule.
     *
     * @param schedule learning rate of every step
     * @param syncMasks whether the mask head takes the background vector that is learnt
     * @return the options
     */
    public static Options published(Schedule schedule, boolean syncMasks) {
      return new Options(
          schedule, 0.9, 1e-4, 35, 0.5, 0.5, true, syncMasks, 256, 2000, 512, 128, false);
    }

    /**
     * With other parts of the method (Tables 1 and 5 of the paper).
     *
     * @param decodeBoxes whether the detector has its decoder
     * @param decodeMasks whether the mask head has its decoder
     * @param backgroundOfBoxes whether the detector takes the learnt background vector
     * @param backgroundOfMasks whether the mask head takes it
     * @return other options
     */
    public Options withParts(
        boolean decodeBoxes,
        boolean decodeMasks,
        boolean backgroundOfBoxes,
        boolean backgroundOfMasks) {
      return new Options(
          schedule,
          momentum,
          weightDecay,
          longestGradient,
          decodeBoxes ? 0.5 : 0,
          decodeMasks ? 0.5 : 0,
          backgroundOfBoxes,
          backgroundOfMasks,
          anchors,
          proposals,
          boxes,
          masks,
          bfloat16);
    }

    /**
     * With other numbers of samples, for small pictures or small machines.
     *
     * @param ofAnchors a picture
     * @param ofProposals a picture, and of every level; as in the released code, a level with more
     *     boxes than this, but few enough to be looked at all, keeps its upper ones
     * @param ofBoxes a picture
     * @param ofMasks a picture; the mask head is the largest part of a step
     * @return other options
     */
    public Options withSamples(int ofAnchors, int ofProposals, int ofBoxes, int ofMasks) {
      return new Options(
          schedule,
          momentum,
          weightDecay,
          longestGradient,
          boxReconstruction,
          maskReconstruction,
          syncBoxes,
          syncMasks,
          ofAnchors,
          ofProposals,
          ofBoxes,
          ofMasks,
          bfloat16);
    }

    /**
     * With products in bfloat16 or float32.
     *
     * @param reduced whether in bfloat16
     * @return other options
     */
    public Options withBfloat16(boolean reduced) {
      return new Options(
          schedule,
          momentum,
          weightDecay,
          longestGradient,
          boxReconstruction,
          maskReconstruction,
          syncBoxes,
          syncMasks,
          anchors,
          proposals,
          boxes,
          masks,
          reduced);
    }
  }

  private final ZsiConfig config;
  private final Map<String, NDArray> weights;
  private final NDArray vocabulary;
  private final ClassVectors classes;
  private final Options options;

  private ZsiTrainer(
      ZsiConfig config,
      Map<String, NDArray> weights,
      NDArray vocabulary,
      ClassVectors classes,
      Options options) {
    this.config = config;
    this.weights = weights;
    this.vocabulary = vocabulary;
    this.classes = classes;
    this.options = options;
  }

  /**
   * What a run's provenance was before proposals could be plain, so that runs of that time go on.
   *
   * @param provenance what is written now, with a {@link ZsiConfig}
   * @return the same without what there was no choice of
   */
  public static Map<String, String> formerProvenance(Map<String, String> provenance) {
    Map<String, String> former = new LinkedHashMap<>(provenance);
    former.replaceAll((name, value) -> value.replace(", backgroundAware=true", ""));
    return former;
  }

  /**
   * Trains from where the weights are.
   *
   * @param config the sizes
   * @param weights every array of {@link ZsiConfig#shapes()}; changed in place
   * @param vocabulary {@code [D, M]}: the words that the detector's encoder goes by; of no use
   *     without encoders
   * @param classes vectors of background and the seen classes
   * @param options hyper-parameters
   * @return the trainer
   * @throws IllegalArgumentException if vocabulary or classes do not fit the network, or options
   *     ask for what goes with a part that it does not have
   */
  public static ZsiTrainer of(
      ZsiConfig config,
      Map<String, NDArray> weights,
      NDArray vocabulary,
      ClassVectors classes,
      Options options) {
    config.requireFit(classes);
    Shape expected = new Shape(config.dimensions(), config.vocabulary());
    if (config.encoders() && !vocabulary.getShape().equals(expected)) {
      throw new IllegalArgumentException(
          "The vocabulary must be a matrix %s, found %s"
              .formatted(expected, vocabulary.getShape()));
    }
    if (!config.encoders() && options.boxReconstruction() + options.maskReconstruction() > 0) {
      throw new IllegalArgumentException(
          "A network without encoders has nothing to decode: give both reconstructions no weight");
    }
    if (!config.backgroundAware() && (options.syncBoxes() || options.syncMasks())) {
      throw new IllegalArgumentException(
          "Without background-aware proposals there is no learnt background vector to take");
    }
    return new ZsiTrainer(config, weights, vocabulary, classes, options);
  }

  /**
   * Trains to the end of a plan, or resumes there.
   *
   * @param batches the data
   * @param plan length, folder, measurements on the way
   * @param progress told the loss of every step, and the share of time spent waiting for batches
   * @return the loss of every step
   * @throws IOException if a file of the plan's folder cannot be read or written
   */
  public float[] run(Batches<Samples> batches, TrainingPlan plan, Progress progress)
      throws IOException {
    try (Optimiser optimiser = optimiser();
        NDManager constants = vocabulary.getManager().newSubManager()) {
      return new Training<>(weights, optimiser, batches, new Loss(constants)).run(plan, progress);
    }
  }

  /**
   * Writes what has been learnt, with the words that it needs: all that {@link ZsiBuilder#model}
   * asks for.
   *
   * @param file such as {@code zsi.safetensors}
   * @param split with the seen classes of training and whatever unseen ones
   * @param half whether in float16, half the size
   * @param provenance what the weights come from
   * @throws IllegalArgumentException if the split has other seen classes
   * @throws IOException if the file cannot be written
   */
  public void write(Path file, ClassVectors split, boolean half, Map<String, String> provenance)
      throws IOException {
    config.requireFit(split);
    ZsiCheckpoint.write(
        file,
        Weights.of(weights, "ZSI in training").checkpoint(),
        split,
        vocabulary,
        options.syncBoxes(),
        options.syncMasks(),
        half ? DataType.FLOAT16 : DataType.FLOAT32,
        provenance);
  }

  /**
   * A segmenter of the network as it is now; later steps do not change it.
   *
   * @param choices of settings; model, split and vocabulary are the training run's
   * @return to be closed
   */
  public Zsi segmenter(ZsiBuilder choices) {
    NDManager manager = vocabulary.getManager().newSubManager();
    ZsiModel plain =
        ZsiModel.of(
            config, Weights.of(weights, "ZSI in training"), vocabulary, Mode.INFERENCE, manager);
    return choices.build(
        plain, classes, options.syncBoxes(), Optional.of(options.syncMasks()), manager);
  }

  Optimiser optimiser() {
    Map<String, NDArray> trained = new LinkedHashMap<>();
    for (String name : config.trained()) {
      boolean decoder = name.contains("head.d_") || name.contains(".dconvT.");
      boolean used =
          !decoder
              || (name.startsWith(ZsiConfig.BOXES)
                      ? options.boxReconstruction()
                      : options.maskReconstruction())
                  > 0;
      if (used) {
        trained.put(name, weights.get(name));
      }
    }
    return new Sgd(
            List.of(new Optimiser.Group(trained, options.schedule(), options.weightDecay())),
            options.momentum())
        .clipping(options.longestGradient());
  }

  /**
   * The losses of a batch.
   *
   * @param proposalClasses of objects and background
   * @param proposalBoxes of their deltas
   * @param classes of sampled boxes
   * @param boxes of their deltas
   * @param boxReconstruction of their features
   * @param masks of positives
   * @param maskReconstruction of their features
   * @param accuracy of the classes in percent, not part of the total
   * @param total what is made small
   */
  record Losses(
      NDArray proposalClasses,
      NDArray proposalBoxes,
      NDArray classes,
      NDArray boxes,
      NDArray boxReconstruction,
      NDArray masks,
      NDArray maskReconstruction,
      NDArray accuracy,
      NDArray total) {}

  /** The loss of a batch; its small constants outlive a step. */
  final class Loss implements Objective<Samples> {

    private final ZsiModel learner;
    private final AnchorTargets.Rules anchorRules;

    Loss(NDManager constants) {
      this(
          constants,
          new AnchorTargets.Rules(
              Matching.PROPOSALS, new Sampling(options.anchors(), options.anchors() / 2), 0));
    }

    Loss(NDManager constants, AnchorTargets.Rules anchorRules) {
      this.learner =
          ZsiModel.of(
              config,
              Weights.of(weights, "ZSI in training"),
              vocabulary,
              Mode.DIFFERENTIABLE,
              constants);
      this.anchorRules = anchorRules;
    }

    @Override
    public NDArray loss(Samples batch, NDManager manager) {
      return losses(batch, manager).total();
    }

    Losses losses(Samples batch, NDManager manager) {
      int count = batch.pictures().size();
      RandomGenerator random = new SplittableRandom(batch.seed());
      NDArray pixels =
          manager.create(batch.pixels(), new Shape(count, 3, batch.rows(), batch.columns()));
      ZsiModel model = options.bfloat16() ? reduced(pixels) : learner;
      NDList levels = model.pyramid(model.stages(pixels));
      List<ProposalNetwork.Answer> answers =
          levels.stream().map(model.proposals()::forward).toList();
      ProposalTargets targets = targets(batch, levels, random);
      NDArray proposalClasses = null;
      NDArray proposalBoxes = null;
      for (int i = 0; i < answers.size(); i++) {
        ProposalNetwork.Losses own =
            ProposalNetwork.losses(
                answers.get(i), targets.labels(i), targets.deltas(i), targets.samples());
        proposalClasses = i == 0 ? own.classes() : proposalClasses.add(own.classes());
        proposalBoxes = i == 0 ? own.boxes() : proposalBoxes.add(own.boxes());
      }
      float[] background =
          config.backgroundAware()
              ? ProposalNetwork.backgroundVector(weights.get(VECTORS))
              : classes.background();
      List<Proposals> proposals = proposals(batch, answers);
      BoxTargets boxTargets = BoxTargets.of(batch.pictures(), proposals, options, random);
      BoxHead.Losses boxes = boxLosses(model, levels, boxTargets, background);
      NDArray total = proposalClasses.add(proposalBoxes).add(boxes.classes()).add(boxes.boxes());
      if (options.boxReconstruction() > 0) {
        total = total.add(Kernels.scaled(boxes.reconstruction(), options.boxReconstruction()));
      }
      NDArray masks = manager.create(0f);
      NDArray maskReconstruction = manager.create(0f);
      if (config.masks() && boxTargets.positives() > 0) {
        MaskHead.Losses own = maskLosses(model, levels, boxTargets, batch, background);
        masks = own.masks();
        maskReconstruction = own.reconstruction();
        total = total.add(masks);
        if (options.maskReconstruction() > 0) {
          total = total.add(Kernels.scaled(maskReconstruction, options.maskReconstruction()));
        }
      }
      return new Losses(
          proposalClasses,
          proposalBoxes,
          boxes.classes(),
          boxes.boxes(),
          boxes.reconstruction(),
          masks,
          maskReconstruction,
          boxes.accuracy(),
          total);
    }

    private ProposalTargets targets(Samples batch, NDList levels, RandomGenerator random) {
      int[][] sizes =
          levels.stream()
              .map(NDArray::getShape)
              .map(shape -> new int[] {(int) shape.get(2), (int) shape.get(3)})
              .toArray(int[][]::new);
      List<AnchorTargets> pictures = new ArrayList<>();
      Pyramid.Grids grids =
          Pyramid.Grids.of(Anchors.PUBLISHED, sizes, batch.rows(), batch.columns());
      for (Objects picture : batch.pictures()) {
        pictures.add(
            AnchorTargets.of(
                grids.anchors(),
                grids.valid(),
                picture.boxes(),
                picture.width(),
                picture.height(),
                anchorRules,
                random));
      }
      return new ProposalTargets(pictures, grids.counts());
    }

    private List<Proposals> proposals(Samples batch, List<ProposalNetwork.Answer> answers) {
      int count = batch.pictures().size();
      List<List<Proposals.Level>> levels = new ArrayList<>();
      List<float[]> anchors = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        levels.add(new ArrayList<>());
      }
      for (int i = 0; i < answers.size(); i++) {
        float[] scores = answers.get(i).scores().toFloatArray();
        float[] deltas = answers.get(i).deltas().toFloatArray();
        for (int picture = 0; picture < count; picture++) {
          levels.get(picture).add(ProposalNetwork.Answer.level(scores, deltas, picture, count));
        }
        Shape shape = answers.get(i).scores().getShape();
        anchors.add(Anchors.PUBLISHED.grid(i, (int) shape.get(2), (int) shape.get(3)));
      }
      Proposals.Rules rules =
          new Proposals.Rules(
              Proposals.Rules.TRAINING.before(),
              options.proposals(),
              options.proposals(),
              Proposals.Rules.TRAINING.overlap());
      List<Proposals> found = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        Objects picture = batch.pictures().get(i);
        found.add(Proposals.of(levels.get(i), anchors, picture.width(), picture.height(), rules));
      }
      return found;
    }

    private BoxHead.Losses boxLosses(
        ZsiModel model, NDList levels, BoxTargets targets, float[] background) {
      NDArray pooled =
          BoxFeatures.BOXES.pool(levels, targets.boxes(), targets.pictures(), Mode.DIFFERENTIABLE);
      float[][] words = classes.seenRows(options.syncBoxes() ? background : classes.background());
      Matrix turned = Matrix.rows(words).transposed();
      NDArray columns =
          pooled.getManager().create(turned.floats(), new Shape(turned.rows(), turned.columns()));
      BoxHead.Answer answer = model.boxes().forward(pooled, columns);
      return model
          .boxes()
          .losses(
              answer,
              targets.labels(),
              targets.deltas(),
              targets.weights(),
              options.boxReconstruction() > 0);
    }

    private MaskHead.Losses maskLosses(
        ZsiModel model, NDList levels, BoxTargets targets, Samples batch, float[] background) {
      BoxTargets.Positives some = targets.positives(options.masks());
      int count = some.pictures().length;
      NDArray pooled =
          BoxFeatures.MASKS.pool(levels, some.boxes(), some.pictures(), Mode.DIFFERENTIABLE);
      float[][] words = classes.seenRows(options.syncMasks() ? background : classes.background());
      float[] own = new float[count * config.dimensions()];
      long[] labels = new long[count];
      float[] wanted = new float[count * PastedMask.SIDE * PastedMask.SIDE];
      for (int i = 0; i < count; i++) {
        Objects picture = batch.pictures().get(some.pictures()[i]);
        int object = some.objects()[i];
        labels[i] = picture.labels()[object];
        System.arraycopy(
            words[picture.labels()[object]], 0, own, i * config.dimensions(), config.dimensions());
        MaskTargets.write(
            picture.masks().get(object),
            some.boxes(),
            i,
            wanted,
            i * PastedMask.SIDE * PastedMask.SIDE);
      }
      NDManager call = pooled.getManager();
      MaskHead head = model.masks().orElseThrow();
      NDArray maps = call.create(wanted, new Shape(count, PastedMask.SIDE, PastedMask.SIDE));
      return head.encodes()
          ? head.losses(
              pooled,
              call.create(own, new Shape(count, config.dimensions())),
              maps,
              options.maskReconstruction() > 0)
          : head.losses(pooled, labels, maps);
    }

    /** The network of this step, with copies of its weights where products are reduced. */
    private ZsiModel reduced(NDArray anchor) {
      Weights step = Weights.bfloat16(weights, ZsiConfig::inProducts, anchor, "ZSI in training");
      return ZsiModel.of(config, step, vocabulary, Mode.DIFFERENTIABLE, anchor.getManager());
    }
  }

  private static final String VECTORS = ZsiConfig.PROPOSALS + "vec_fb.weight";

  /**
   * The boxes that the detector learns from, picture by picture, those with an object first.
   *
   * @param boxes {@code [R, 4]}
   * @param pictures which picture each is in
   * @param objects the object of each in its picture, or -1 for background
   * @param labels of their classes, 0 for background
   * @param deltas {@code [R, 4]}
   * @param weights of the deltas, {@code [R, 4]}
   */
  @SuppressWarnings("ArrayRecordComponent")
  record BoxTargets(
      float[] boxes,
      int[] pictures,
      int[] objects,
      long[] labels,
      float[] deltas,
      float[] weights) {

    static BoxTargets of(
        List<Objects> pictures,
        List<Proposals> proposals,
        Options options,
        RandomGenerator random) {
      Sampling sampling = new Sampling(options.boxes(), options.boxes() / 4);
      BoxTargets all =
          new BoxTargets(
              new float[0], new int[0], new int[0], new long[0], new float[0], new float[0]);
      for (int i = 0; i < pictures.size(); i++) {
        all = all.and(i, pictures.get(i), proposals.get(i), sampling, random);
      }
      return all;
    }

    /** With the sampled boxes of one more picture; its objects are candidates, too, and first. */
    private BoxTargets and(
        int picture,
        Objects objects,
        Proposals proposals,
        Sampling sampling,
        RandomGenerator random) {
      int own = objects.labels().length;
      float[] candidates = Arrays.copyOf(objects.boxes(), 4 * (own + proposals.size()));
      System.arraycopy(proposals.boxes(), 0, candidates, 4 * own, 4 * proposals.size());
      int[] matched = new int[own + proposals.size()];
      int[] found = Matching.DETECTIONS.of(proposals.boxes(), objects.boxes()).objects();
      for (int i = 0; i < matched.length; i++) {
        matched[i] = i < own ? i + 1 : found[i - own];
      }
      Sampling.Chosen chosen = sampling.draw(matched, random);
      int before = pictures.length;
      int count = before + chosen.positives().length + chosen.negatives().length;
      BoxTargets more =
          new BoxTargets(
              Arrays.copyOf(boxes, 4 * count),
              Arrays.copyOf(pictures, count),
              Arrays.copyOf(this.objects, count),
              Arrays.copyOf(labels, count),
              Arrays.copyOf(deltas, 4 * count),
              Arrays.copyOf(weights, 4 * count));
      for (int row = before; row < count; row++) {
        int i = row - before;
        boolean positive = i < chosen.positives().length;
        int box =
            positive ? chosen.positives()[i] : chosen.negatives()[i - chosen.positives().length];
        System.arraycopy(candidates, 4 * box, more.boxes, 4 * row, 4);
        more.pictures[row] = picture;
        more.objects[row] = positive ? matched[box] - 1 : -1;
        if (positive) {
          more.labels[row] = objects.labels()[matched[box] - 1];
          Deltas.DETECTIONS.encode(
              candidates, 4 * box, objects.boxes(), 4 * (matched[box] - 1), more.deltas, 4 * row);
          Arrays.fill(more.weights, 4 * row, 4 * row + 4, 1);
        }
      }
      return more;
    }

    int positives() {
      return (int) Arrays.stream(objects).filter(object -> object >= 0).count();
    }

    /**
     * Boxes with an object.
     *
     * @param boxes {@code [P, 4]}
     * @param pictures which picture each is in
     * @param objects the object of each in its picture
     */
    @SuppressWarnings("ArrayRecordComponent")
    record Positives(float[] boxes, int[] pictures, int[] objects) {}

    /**
     * Those with an object, of every picture so many at most; spread over them evenly, for the
     * objects themselves come first.
     */
    Positives positives(int most) {
      List<Integer> rows = new ArrayList<>();
      int start = 0;
      while (start < pictures.length) {
        int end = start;
        List<Integer> own = new ArrayList<>();
        while (end < pictures.length && pictures[end] == pictures[start]) {
          if (objects[end] >= 0) {
            own.add(end);
          }
          end++;
        }
        int kept = Math.min(most, own.size());
        for (int i = 0; i < kept; i++) {
          rows.add(own.get((int) ((long) i * own.size() / kept)));
        }
        start = end;
      }
      Positives some =
          new Positives(new float[4 * rows.size()], new int[rows.size()], new int[rows.size()]);
      for (int i = 0; i < rows.size(); i++) {
        System.arraycopy(boxes, 4 * rows.get(i), some.boxes, 4 * i, 4);
        some.pictures[i] = pictures[rows.get(i)];
        some.objects[i] = objects[rows.get(i)];
      }
      return some;
    }
  }
}
