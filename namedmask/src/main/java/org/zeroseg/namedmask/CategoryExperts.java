package org.zeroseg.namedmask;

import ai.djl.ndarray.types.DataType;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.zeroseg.core.Precision;
import org.zeroseg.core.Progress;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.train.TrainingPlan;

/**
 * Experts, each of which learns to tell the objects of one category, or of a group of categories,
 * from their background, and then says again where they are: errors that a saliency detector makes
 * in single pictures average out (Shin et al. 2023, Sec. 3.2).
 *
 * <pre>{@code
 * Archives archives = Archives.read(Path.of("archives.json"));
 * MaskedArchives data =
 *     new MaskedArchives(archives, Path.of("pictures"), new PseudoMasks(Path.of("pseudo-masks")));
 * CategoryExperts experts = CategoryExperts.each(data, Path.of("experts"));
 * Optional<Path> dino = Optional.of(Path.of("dino_resnet50_pretrain.pth"));
 * experts.train(
 *     dino, NamedMaskRecipe.EXPERT, TrainingPlan.of(Path.of("experts"), 5_000), Progress.SILENT);
 * experts.refine(
 *     new PseudoMasks(Path.of("refined-masks")),
 *     Duplicates.APART,
 *     InputSize.own(),
 *     Progress.SILENT);
 * }</pre>
 *
 * @param data pictures, and their masks as a saliency detector made them
 * @param groups the archives of the categories that share an expert; together those of the data
 * @param folder of the experts, each in a folder of its own
 */
public record CategoryExperts(MaskedArchives data, List<Archives> groups, Path folder) {

  /** What comes out of training. */
  static final String MODEL = "model.safetensors";

  /** Experts that are held in memory at once. */
  private static final int OPEN = 8;

  /** Pictures whose experts are asked one after the other. */
  private static final int TOGETHER = 32;

  /** Copies the list. */
  public CategoryExperts {
    groups = List.copyOf(groups);
  }

  /**
   * An expert for each category.
   *
   * @param data pictures and masks
   * @param folder of the experts
   * @return the experts, to be trained
   */
  public static CategoryExperts each(MaskedArchives data, Path folder) {
    List<Archives> groups = new ArrayList<>();
    data.archives()
        .pictures()
        .forEach((name, pictures) -> groups.add(new Archives(Map.of(name, pictures))));
    return new CategoryExperts(data, groups, folder);
  }

  /**
   * The name of a group, and of its folder up to what a file's name cannot hold.
   *
   * @param group its archives
   * @return its first category, and how many follow
   */
  public static String name(Archives group) {
    List<String> categories = group.categories();
    String first = categories.get(0);
    return categories.size() == 1 ? first : first + " and " + (categories.size() - 1) + " more";
  }

  /** Where a group's expert is. */
  Path folder(Archives group) {
    return new PseudoMasks(folder).of(name(group)).folder();
  }

  /**
   * The model of a group's expert.
   *
   * @param group its archives
   * @return the file, there or not
   */
  public Path model(Archives group) {
    return folder(group).resolve(MODEL);
  }

  /** The experts of the other groups. */
  CategoryExperts without(Predicate<Archives> left) {
    return new CategoryExperts(data, groups.stream().filter(left.negate()).toList(), folder);
  }

  MaskedArchives data(Archives group) {
    return new MaskedArchives(group, data.pictures(), data.masks(), data.byCategory());
  }

  /**
   * Trains the experts that are missing. Stopped at any point, another call goes on where it was.
   *
   * @param backbone a pretrained ResNet of the recipe's sizes, such as DINO's
   * @param recipe of each; its scenes label objects as objects
   * @param plan of each: length, checkpoints, provenance, report. Its folder is not used
   * @param progress told of every step
   * @throws IOException if a file cannot be read or written
   * @throws CheckpointException if the folder holds experts of another recipe or other data
   */
  public void train(
      Optional<Path> backbone, NamedMaskRecipe recipe, TrainingPlan plan, Progress progress)
      throws IOException {
    for (int i = 0; i < groups.size(); i++) {
      String task = "expert %d of %d, %s".formatted(i + 1, groups.size(), name(groups.get(i)));
      train(groups.get(i), backbone, recipe, plan, told(task, progress));
    }
  }

  private static Progress told(String task, Progress progress) {
    return new Progress() {
      @Override
      public void update(String training, long done, long total) {
        progress.update(task, done, total);
      }

      @Override
      public void update(String training, String detail, long done, long total) {
        progress.update(task, detail, done, total);
      }
    };
  }

  private void train(
      Archives group,
      Optional<Path> backbone,
      NamedMaskRecipe recipe,
      TrainingPlan plan,
      Progress progress)
      throws IOException {
    TrainingPlan own = plan.withFolder(folder(group));
    NamedMaskRecipe expert =
        recipe.withScenes(
            recipe.scenes().withLabels(ArchiveSamples.EXPERT.labels()).withMostObjects(1));
    try (NamedMaskTraining training = NamedMaskTraining.of(data(group), backbone, expert)) {
      if (Files.exists(model(group))) {
        requireSame(model(group), training.provenance(own));
      } else {
        training.run(own, progress);
        training.write(model(group), DataType.FLOAT32);
      }
    }
    Files.deleteIfExists(own.checkpoint()); // three times the model's size, for each expert
  }

  private static void requireSame(Path model, Map<String, String> provenance) throws IOException {
    try (Checkpoint found = Checkpoints.open(model)) {
      if (!found.metadata().entrySet().containsAll(provenance.entrySet())) {
        throw new CheckpointException(
            "%s is of another training run, of %s, not of %s; choose another folder or remove it"
                .formatted(model, found.metadata(), provenance));
      }
    }
  }

  /** A picture with the categories that its mask is wanted for. */
  private record Wanted(String picture, List<String> categories) {}

  /**
   * Makes the masks that are missing, each as the expert of its category says: pictures at their
   * own size, one at a time, each decoded once for all its experts. Stopped at any point, another
   * call goes on where it was.
   *
   * @param into where masks go: by category and picture, or for {@link Duplicates#REFERENCE} by
   *     picture
   * @param duplicates what becomes of pictures in several archives
   * @param input what pictures are resized to for the experts; their own size as published
   * @param progress told of every picture
   * @return what was done, counted in masks
   * @throws IOException if an expert is missing, or a mask cannot be written
   */
  public PseudoMasks.Outcome refine(
      PseudoMasks into, Duplicates duplicates, InputSize input, Progress progress)
      throws IOException {
    Map<String, Archives> groupOf = new LinkedHashMap<>();
    groups.forEach(group -> group.categories().forEach(name -> groupOf.put(name, group)));
    List<Wanted> wanted = new ArrayList<>();
    int present = 0;
    int missing = 0;
    for (Map.Entry<String, List<String>> uses : uses(duplicates).entrySet()) {
      List<String> open = new ArrayList<>();
      for (String category : uses.getValue()) {
        if (masks(into, category, duplicates).contains(uses.getKey())) {
          present++;
        } else {
          open.add(category);
        }
      }
      if (!open.isEmpty()) {
        wanted.add(new Wanted(uses.getKey(), open));
        missing += open.size();
      }
    }
    List<PseudoMasks.Failure> failures = new ArrayList<>();
    int lost = 0;
    try (Open experts = new Open(input)) {
      for (int from = 0; from < wanted.size(); from += TOGETHER) {
        Map<Archives, List<Wanted>> byExpert = new LinkedHashMap<>();
        Map<String, Picture> pictures = new LinkedHashMap<>();
        for (Wanted one : wanted.subList(from, Math.min(from + TOGETHER, wanted.size()))) {
          try {
            Picture picture = Picture.readAsStored(data.pictures().resolve(one.picture()));
            pictures.put(one.picture(), picture);
          } catch (IOException e) {
            failures.add(new PseudoMasks.Failure(one.picture(), String.valueOf(e.getMessage())));
            lost += one.categories().size();
            continue;
          }
          Map<Archives, List<String>> own = new LinkedHashMap<>();
          for (String category : one.categories()) {
            own.computeIfAbsent(groupOf.get(category), group -> new ArrayList<>()).add(category);
          }
          own.forEach(
              (group, categories) ->
                  byExpert
                      .computeIfAbsent(group, key -> new ArrayList<>())
                      .add(new Wanted(one.picture(), categories)));
        }
        for (Map.Entry<Archives, List<Wanted>> part : byExpert.entrySet()) {
          SaliencyDetector expert = experts.of(part.getKey());
          for (Wanted one : part.getValue()) {
            if (Thread.interrupted()) {
              throw new InterruptedIOException("stopped; the same call goes on from here");
            }
            Mask mask = expert.detect(pictures.get(one.picture())).mask();
            for (String category : one.categories()) {
              masks(into, category, duplicates).write(one.picture(), mask);
            }
          }
        }
        int done = Math.min(from + TOGETHER, wanted.size());
        progress.update("refining masks", done, wanted.size());
      }
    }
    return new PseudoMasks.Outcome(missing - lost, present, failures);
  }

  /** The masks of a category, or of all. */
  static PseudoMasks masks(PseudoMasks all, String category, Duplicates duplicates) {
    return duplicates == Duplicates.APART ? all.of(category) : all;
  }

  /** The categories whose experts say a mask of each picture, in the order of the archives. */
  Map<String, List<String>> uses(Duplicates duplicates) {
    Map<String, List<String>> uses = new LinkedHashMap<>();
    data.archives()
        .pictures()
        .forEach(
            (category, names) -> {
              for (String name : names) {
                List<String> own = uses.computeIfAbsent(name, key -> new ArrayList<>());
                if (duplicates == Duplicates.REFERENCE) {
                  own.clear(); // overwritten
                }
                if (!own.contains(category)) {
                  own.add(category);
                }
              }
            });
    return uses;
  }

  /** The experts that were asked last. */
  private final class Open implements AutoCloseable {

    private final InputSize input;
    private final Map<Archives, NamedMask> networks = new LinkedHashMap<>(OPEN, 0.75f, true);

    Open(InputSize input) {
      this.input = input;
    }

    SaliencyDetector of(Archives group) throws IOException {
      NamedMask network = networks.get(group);
      if (network == null) {
        if (networks.size() == OPEN) {
          networks.remove(networks.keySet().iterator().next()).close();
        }
        network =
            NamedMask.builder()
                .model(model(group))
                .precision(Precision.FLOAT32)
                .input(input)
                .build();
        networks.put(group, network);
      }
      return network.detector();
    }

    @Override
    public void close() {
      networks.values().forEach(NamedMask::close);
    }
  }
}
