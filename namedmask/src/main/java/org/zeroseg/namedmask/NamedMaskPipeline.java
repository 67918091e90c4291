package org.zeroseg.namedmask;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.zeroseg.clip.retrieval.ImageEncoder;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.IndexBuilder;
import org.zeroseg.clip.retrieval.Unreadable;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.train.TrainingPlan;

/**
 * NamedMask whole: a folder of pictures and some words become a segmenter of these words, and
 * nobody draws a mask or names a picture (Shin et al. 2023). Pictures are indexed and retrieved by
 * the words, their objects are found, each category's expert refines the masks, and a network
 * learns from all of them.
 *
 * <pre>{@code
 * try (Clip clip = Clip.load("openai/clip-vit-large-patch14-336");
 *     SelfMask selfMask =
 *         SelfMask.builder()
 *             .model("selfmask_nq20.pt")
 *             .input(InputSize.shorterSide(512))
 *             .refinedBy(BilateralSolver.DEFAULT)
 *             .build()) {
 *   NamedMaskPipeline.Models models =
 *       new NamedMaskPipeline.Models(
 *           clip.imageEncoder("openai/clip-vit-large-patch14-336"),
 *           clip.textEmbeddings(),
 *           PromptTemplates.ENSEMBLE,
 *           selfMask,
 *           "selfmask_nq20.pt, 512, solver",
 *           Optional.of(Path.of("dino_resnet50_pretrain.pth")));
 *   NamedMaskPipeline pipeline =
 *       new NamedMaskPipeline(models, NamedMaskPipeline.Settings.DEFAULT);
 *   Path pictures = Path.of("pictures");
 *   pipeline.run(pictures, Vocabulary.of("cat", "sofa"), Path.of("model"), Progress.SILENT);
 * }
 * try (NamedMask segmenter = NamedMask.builder().model(Path.of("model")).build()) {
 *   Segmentation found = segmenter.segment(Path.of("photo.jpg"), Vocabulary.of("sofa"));
 * }
 * }</pre>
 *
 * <p>Stopped at any point, the same call goes on where it was and ends with the same bits. Every
 * stage notes the fingerprints of what its results were made from (pictures, models, options, and
 * the results of stages before) in the folder {@code manifest}: after a change, the results that
 * depend on it are made again, and no others. Pictures that cannot be read are listed and passed
 * over.
 */
public final class NamedMaskPipeline {

  private static final int STAGES = 6;

  /**
   * What is learnt from.
   *
   * @param images CLIP's image tower; its name tells it from others
   * @param words CLIP's text tower
   * @param templates sentences for the words
   * @param saliency finds what stands out of a picture; stays open
   * @param saliencyName what tells the detector and its settings from others
   * @param backbone a pretrained ResNet of the networks' sizes; random weights without one
   */
  public record Models(
      ImageEncoder images,
      TextEmbeddings words,
      PromptTemplates templates,
      SaliencyDetector saliency,
      String saliencyName,
      Optional<Path> backbone) {}

  /**
   * How.
   *
   * @param pictures retrieved for a category, 500 in the paper
   * @param groups of categories that share an expert; 0 for an expert each
   * @param duplicates what becomes of pictures in several archives; labels follow from it
   * @param expert recipe of each expert
   * @param expertPlan its length, checkpoints and report; its folder is not used. Without one the
   *     detector's masks are learnt from as they are
   * @param network recipe of the segmenter
   * @param plan its length, checkpoints and report; its folder is not used
   * @param type of the numbers in the model file
   */
  public record Settings(
      int pictures,
      int groups,
      Duplicates duplicates,
      NamedMaskRecipe expert,
      Optional<TrainingPlan> expertPlan,
      NamedMaskRecipe network,
      TrainingPlan plan,
      DataType type) {

    /** The paper's for VOC, COCO, CoCA and Cityscapes: 5,000 and 20,000 steps. */
    public static final Settings DEFAULT =
        new Settings(
            500,
            0,
            Duplicates.APART,
            NamedMaskRecipe.EXPERT,
            Optional.of(TrainingPlan.of(Path.of("experts"), 5_000)),
            NamedMaskRecipe.DEFAULT,
            TrainingPlan.of(Path.of("namedmask"), 20_000),
            DataType.FLOAT32);

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if nothing is retrieved, or groups are negative
     */
    public Settings {
      if (pictures < 1 || groups < 0) {
        throw new IllegalArgumentException(
            "archives of %d pictures, %d groups of experts".formatted(pictures, groups));
      }
      network = network.withScenes(network.scenes().withLabels(duplicates.labels()));
    }
  }

  /**
   * What there is in the end.
   *
   * @param model the file that {@link NamedMask} loads
   * @param saliency the archives with the detector's masks
   * @param refined the archives with the experts' masks, or without experts the detector's
   * @param experts the experts, of no group if there are none
   * @param unreadable pictures that were passed over
   * @param times of the stages, in their order: what all calls have spent in the folder together,
   *     but for a stage in which the process was killed
   */
  public record Outcome(
      Path model,
      MaskedArchives saliency,
      MaskedArchives refined,
      CategoryExperts experts,
      List<PseudoMasks.Failure> unreadable,
      Map<String, Duration> times) {

    /** Copies list and map. */
    public Outcome {
      unreadable = List.copyOf(unreadable);
      times = Collections.unmodifiableMap(new LinkedHashMap<>(times));
    }
  }

  private final Models models;
  private final Settings settings;

  /**
   * A pipeline.
   *
   * @param models what is learnt from; they stay open
   * @param settings how
   */
  public NamedMaskPipeline(Models models, Settings settings) {
    this.models = models;
    this.settings = settings;
  }

  /**
   * Makes a segmenter, or goes on where another call was stopped.
   *
   * @param pictures a folder; folders in it count too
   * @param words the categories; pictures are retrieved by their names and synonyms, backgrounds
   *     count for nothing
   * @param out where everything goes: {@code model.safetensors} is the segmenter
   * @param progress told of every stage
   * @return what there is
   * @throws IOException if a folder or file cannot be read or written, no picture can be read, or
   *     another process is at work in the folder
   * @throws InterruptedIOException if the thread was interrupted
   * @throws IllegalArgumentException if a name occurs twice, or no picture of its archive could be
   *     read
   */
  public Outcome run(Path pictures, Vocabulary words, Path out, Progress progress)
      throws IOException {
    List<String> names = new Categories(words.names()).names();
    WholeFile.makeFolder(out);
    Path file = out.resolve(".lock");
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lock(channel, out)) {
      assert lock.isValid();
      try (StageTimes times = new StageTimes(out.resolve("manifest").resolve("times.json"))) {
        return new Run(pictures, words, names, out, progress, times).everything();
      }
    }
  }

  private static FileLock lock(FileChannel channel, Path out) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return lock;
      }
    } catch (OverlappingFileLockException e) {
      throw new IOException(out + " is being worked in by another thread", e);
    }
    throw new IOException(out + " is being worked in by another process");
  }

  /** One call. */
  private final class Run {

    private final Path pictures;
    private final Vocabulary vocabulary;
    private final List<String> words;
    private final Path out;
    private final Progress progress;
    private final StageTimes times;
    private final Map<String, PseudoMasks.Failure> unreadable = new LinkedHashMap<>();
    private Map<String, String> hashes = Map.of();

    Run(
        Path pictures,
        Vocabulary vocabulary,
        List<String> words,
        Path out,
        Progress progress,
        StageTimes times) {
      this.pictures = pictures;
      this.vocabulary = vocabulary;
      this.words = words;
      this.out = out;
      this.progress = progress;
      this.times = times;
    }

    Outcome everything() throws IOException {
      ImageIndex index = index();
      Archives archives = archives(index);
      MaskedArchives saliency = pseudoMasks(archives);
      Optional<TrainingPlan> plan = settings.expertPlan();
      CategoryExperts experts =
          plan.isPresent()
              ? experts(saliency, plan.get())
              : new CategoryExperts(saliency, List.of(), out.resolve("experts"));
      MaskedArchives refined = plan.isPresent() ? refinedMasks(experts) : saliency;
      Path model = network(refined);
      times.end();
      List<PseudoMasks.Failure> passedOver = List.copyOf(unreadable.values());
      return new Outcome(model, saliency, refined, experts, passedOver, times.all());
    }

    /** Begins a stage: what it tells. */
    private Progress stage(int number, String name) throws IOException {
      if (Thread.interrupted()) {
        throw new InterruptedIOException("stopped; the same call goes on from " + out);
      }
      times.begin(name);
      String prefix = "[%d/%d] ".formatted(number, STAGES);
      return new Progress() {
        @Override
        public void update(String task, long done, long total) {
          progress.update(prefix + task, done, total);
        }

        @Override
        public void update(String task, String detail, long done, long total) {
          progress.update(prefix + task, detail, done, total);
        }
      };
    }

    private Manifest manifest(String stage) {
      return new Manifest(out.resolve("manifest").resolve(stage + ".json"));
    }

    private ImageIndex index() throws IOException {
      Progress told = stage(1, "index");
      List<String> names = IndexBuilder.pictures(pictures);
      hashes = new PictureHashes(manifest("pictures")).of(pictures, names, told);
      for (String name : names) {
        if (!hashes.containsKey(name)) {
          missed(new PseudoMasks.Failure(name, "the file cannot be read"));
        }
      }
      String encoder = models.images().model();
      Map<String, String> wanted = new LinkedHashMap<>();
      hashes.forEach((name, hash) -> wanted.put(name, of(encoder, hash)));
      Path folder = out.resolve("index");
      IndexBuilder builder = IndexBuilder.of(models.images()).withProgress(told);
      manifest("index")
          .prepare(
              Map.of("clip", encoder),
              wanted,
              stale -> {
                if (stale.containsAll(wanted.keySet())) {
                  delete(folder);
                } else {
                  remove(builder, folder, stale, wanted.keySet());
                }
              });
      IndexBuilder.Outcome outcome = builder.build(folder, pictures, List.copyOf(hashes.keySet()));
      for (Unreadable failure : outcome.unreadable()) {
        missed(new PseudoMasks.Failure(failure.name(), failure.reason()));
      }
      if (outcome.index().size() == 0) {
        throw new IOException(
            "no picture in %s can be read, of %d files".formatted(pictures, names.size()));
      }
      return outcome.index();
    }

    /** Takes changed pictures out of the index, and those that are no longer there. */
    private void remove(IndexBuilder builder, Path folder, Set<String> stale, Set<String> present)
        throws IOException {
      if (!Files.exists(folder)) {
        return;
      }
      ImageIndex index = ImageIndex.open(folder);
      Set<String> gone = new HashSet<>();
      for (int row = 0; row < index.size(); row++) {
        String name = index.name(row);
        if (stale.contains(name) || !present.contains(name)) {
          gone.add(name);
        }
      }
      if (!gone.isEmpty()) {
        builder.remove(folder, gone);
      }
    }

    private Archives archives(ImageIndex index) throws IOException {
      Progress told = stage(2, "archives");
      Fingerprint inputs = new Fingerprint();
      for (int row = 0; row < index.size(); row++) {
        inputs.add(index.name(row)).add(hashes.get(index.name(row)));
      }
      inputs.add(models.images().model()).add(models.templates().toString());
      inputs
          .add(vocabulary.categories().toString())
          .add(settings.pictures() + " " + settings.groups());
      Path file = out.resolve("archives.json");
      Map<String, String> options = new LinkedHashMap<>();
      options.put("words", vocabulary.categories().toString());
      options.put("templates", models.templates().toString());
      options.put("pictures", Integer.toString(settings.pictures()));
      options.put("groups", Integer.toString(settings.groups()));
      manifest("archives")
          .prepare(
              options,
              Map.of(file.getFileName().toString(), inputs.hex()),
              stale -> {
                if (!stale.isEmpty()) {
                  Files.deleteIfExists(file);
                }
              });
      if (!Files.exists(file)) {
        float[][] classifier = models.words().classifier(vocabulary, models.templates(), told);
        Archives found = index.archives(words, classifier, settings.pictures());
        groups(found, classifier).write(groupsFile());
        found.write(file); // last, since its being there says that this stage is done
      }
      return Archives.read(file);
    }

    private Path groupsFile() {
      return out.resolve("groups.json");
    }

    /** The categories of each group, by its name. */
    private Archives groups(Archives archives, float[][] classifier) {
      Map<String, List<String>> groups = new LinkedHashMap<>();
      if (settings.groups() == 0) {
        words.forEach(word -> groups.put(word, List.of(word)));
      } else {
        int count = Math.min(settings.groups(), words.size());
        CategoryGroups.of(archives, classifier, count, settings.expert().scenes().seed())
            .forEach(group -> groups.put(CategoryExperts.name(group), group.categories()));
      }
      return new Archives(groups);
    }

    private MaskedArchives pseudoMasks(Archives archives) throws IOException {
      Progress told = stage(3, "pseudo-masks");
      PseudoMasks masks = new PseudoMasks(out.resolve("pseudo-masks"));
      Set<String> names = new LinkedHashSet<>();
      archives.entries().forEach(entry -> names.add(entry.picture()));
      Map<String, String> wanted = new LinkedHashMap<>();
      for (String name : names) {
        wanted.put(name, of(models.saliencyName(), hashes.get(name)));
      }
      manifest("pseudo-masks")
          .prepare(Map.of("detector", models.saliencyName()), wanted, stale -> each(masks, stale));
      // One at a time, as in the released code: a mask then does not depend on its neighbours.
      masks.make(models.saliency(), pictures, names, 1, told).failures().forEach(this::missed);
      return new MaskedArchives(archives, pictures, masks);
    }

    private static void each(PseudoMasks masks, Collection<String> names) throws IOException {
      for (String name : names) {
        masks.remove(name);
      }
    }

    private CategoryExperts experts(MaskedArchives saliency, TrainingPlan plan) throws IOException {
      Progress told = stage(4, "experts");
      Map<String, List<String>> lists = saliency.archives().pictures();
      List<Archives> groups = new ArrayList<>();
      for (List<String> categories : Archives.read(groupsFile()).pictures().values()) {
        Map<String, List<String>> own = new LinkedHashMap<>();
        categories.forEach(name -> own.put(name, lists.get(name)));
        groups.add(new Archives(own));
      }
      CategoryExperts experts = new CategoryExperts(saliency, groups, out.resolve("experts"));
      Map<String, String> wanted = new LinkedHashMap<>();
      Map<String, Path> folders = new LinkedHashMap<>();
      for (Archives group : groups) {
        String name = CategoryExperts.name(group);
        folders.put(name, experts.folder(group));
        wanted.put(name, trained(settings.expert(), plan, experts.data(group)));
      }
      manifest("experts")
          .prepare(
              options(settings.expert(), plan),
              wanted,
              stale -> {
                for (String name : stale) {
                  delete(folders.get(name));
                }
              });
      // The manifest vouches for those that are there.
      experts
          .without(group -> Files.exists(experts.model(group)))
          .train(models.backbone(), settings.expert(), plan, told);
      return experts;
    }

    private static Map<String, String> options(NamedMaskRecipe recipe, TrainingPlan plan) {
      return Map.of("recipe", recipe.toString(), "steps", Long.toString(plan.steps()));
    }

    /** What a network depends on. */
    private String trained(NamedMaskRecipe recipe, TrainingPlan plan, MaskedArchives data)
        throws IOException {
      Fingerprint all = new Fingerprint();
      all.add(recipe.toString()).add(Long.toString(plan.steps()));
      all.add(plan.provenance().toString());
      if (models.backbone().isPresent()) {
        all.add(models.backbone().get());
      }
      for (Map.Entry<String, String> print : data.fingerprints().entrySet()) {
        all.add(print.getValue());
      }
      for (Archives.Entry entry : data.archives().entries()) {
        all.add(hashes.get(entry.picture()));
      }
      return all.hex();
    }

    private MaskedArchives refinedMasks(CategoryExperts experts) throws IOException {
      Progress told = stage(5, "refined-masks");
      Duplicates duplicates = settings.duplicates();
      boolean apart = duplicates == Duplicates.APART;
      String folder = apart ? "refined-masks" : "refined-masks-reference";
      PseudoMasks masks = new PseudoMasks(out.resolve(folder));
      Map<String, String> models = new LinkedHashMap<>();
      for (Archives group : experts.groups()) {
        String hash = new Fingerprint().add(experts.model(group)).hex();
        group.categories().forEach(category -> models.put(category, hash));
      }
      record Use(String category, String picture) {}
      Map<String, Use> uses = new LinkedHashMap<>();
      Map<String, String> wanted = new LinkedHashMap<>();
      experts
          .uses(duplicates)
          .forEach(
              (picture, categories) -> {
                for (String category : categories) {
                  String result = category + "\t" + picture;
                  // By the reference's rule a picture has one mask, so its line is one too.
                  String line = apart ? result : picture;
                  uses.put(line, new Use(category, picture));
                  wanted.put(line, of(models.get(category), hashes.get(picture)));
                }
              });
      manifest(folder)
          .prepare(
              Map.of("duplicates", duplicates.toString()),
              wanted,
              stale -> {
                for (String result : stale) {
                  Use use = uses.get(result);
                  CategoryExperts.masks(masks, use.category(), duplicates).remove(use.picture());
                }
              });
      experts.refine(masks, duplicates, InputSize.own(), told).failures().forEach(this::missed);
      return new MaskedArchives(experts.data().archives(), pictures, masks, apart);
    }

    private Path network(MaskedArchives refined) throws IOException {
      Progress told = stage(6, "network");
      TrainingPlan plan = settings.plan().withFolder(out);
      Path model = out.resolve(CategoryExperts.MODEL);
      String training = trained(settings.network(), plan, refined);
      Map<String, String> wanted = new LinkedHashMap<>();
      wanted.put(plan.checkpoint().getFileName().toString(), training);
      wanted.put(CategoryExperts.MODEL, of(training, settings.type().toString()));
      manifest("network")
          .prepare(
              options(settings.network(), plan),
              wanted,
              stale -> {
                for (String result : stale) {
                  Files.deleteIfExists(out.resolve(result));
                }
              });
      if (!Files.exists(model)) {
        try (NamedMaskTraining run =
            NamedMaskTraining.of(refined, models.backbone(), settings.network())) {
          run.run(plan, told);
          run.write(model, settings.type());
        }
      }
      return model;
    }

    private void missed(PseudoMasks.Failure failure) {
      unreadable.putIfAbsent(failure.name(), failure);
    }
  }

  private static String of(String... parts) {
    Fingerprint all = new Fingerprint();
    Arrays.stream(parts).forEach(all::add);
    return all.hex();
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> all;
    try (Stream<Path> inside = Files.walk(folder)) {
      all = inside.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : all) {
      Files.delete(each);
    }
  }
}
