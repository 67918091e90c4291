package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.Progress;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.Archives;
import org.zeroseg.core.supervision.LabelMap;
import org.zeroseg.core.supervision.MaskedArchives;
import org.zeroseg.core.supervision.PseudoMasks;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.run.MaskPredictor;
import org.zeroseg.namedmask.CategoryExperts;
import org.zeroseg.namedmask.NamedMask;
import org.zeroseg.namedmask.NamedMaskBuilder;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of what asks NamedMask's experts: where they are, and which categories share one. */
final class ExpertModels {

  /** Networks of 100 MB that are held at once. */
  private static final int OPEN = 8;

  @Option(
      names = "--experts",
      paramLabel = "DIR",
      description =
          "NamedMask's experts in place of a SelfMask: what 'zeroseg experts' made, or published "
              + "files CATEGORY.pt, with _ for blanks and slashes.")
  private Optional<Path> folder;

  @Option(
      names = "--archives",
      paramLabel = "FILE",
      description = "Experts of groups: the archives that they were trained on.")
  private Optional<Path> archives;

  @Mixin private ExpertGroups groups;

  @Mixin private NetworkSize size;

  boolean isChosen() {
    return folder.isPresent();
  }

  NetworkSize size() {
    return size;
  }

  /** An option that is of no use. */
  Optional<String> useless() {
    if (isChosen()) {
      return groups.isChosen() && archives.isEmpty()
          ? Optional.of("--groups needs the archives that were grouped: --archives FILE")
          : Optional.empty();
    }
    boolean any = archives.isPresent() || groups.isChosen() || size.rule().isPresent();
    return any
        ? Optional.of("--archives, --groups and sizes are for experts given by --experts")
        : Optional.empty();
  }

  /** Experts that were asked last, and the predictor that asks them. */
  final class Opened implements MaskPredictor, AutoCloseable {

    private final Map<Path, NamedMask> networks = new LinkedHashMap<>(OPEN, 0.75f, true);
    private final Map<String, Path> files;

    private Opened(Map<String, Path> files) {
      this.files = files;
    }

    @Override
    public Map<String, LabelMap> predict(SemanticDataset.Item item, List<String> categories)
        throws IOException {
      Map<String, LabelMap> masks = new HashMap<>();
      for (String category : categories) {
        NamedMask expert = expert(files.get(category));
        masks.put(category, EvalMasks.object(expert.detector(), 1).predict(item));
      }
      return masks;
    }

    private NamedMask expert(Path file) throws IOException {
      NamedMask known = networks.get(file);
      if (known != null) {
        return known;
      }
      if (networks.size() == OPEN) {
        networks.remove(networks.keySet().iterator().next()).close();
      }
      NamedMaskBuilder builder = NamedMask.builder().model(file).categories("object");
      builder.input(size.rule().orElse(InputSize.own()));
      NamedMask expert = builder.build();
      networks.put(file, expert);
      return expert;
    }

    @Override
    public void close() {
      networks.values().forEach(NamedMask::close);
    }
  }

  /** An expert for each category of a set. */
  Opened open(List<String> categories, Progress progress) throws IOException {
    Path experts = folder.orElseThrow();
    Map<String, Path> files = new HashMap<>();
    Archives all = archives.isPresent() ? Archives.read(archives.get()) : new Archives(Map.of());
    MaskedArchives data = new MaskedArchives(all, Path.of(""), new PseudoMasks(experts));
    CategoryExperts grouped = new CategoryExperts(data, groups.of(all, progress), experts);
    for (Archives group : grouped.groups()) {
      group.categories().forEach(category -> files.put(category, grouped.model(group)));
    }
    for (String category : categories) {
      Path own = grouped.model(new Archives(Map.of(category, List.of())));
      Path published = experts.resolve(category.replaceAll("[ /]", "_") + ".pt");
      files.putIfAbsent(category, Files.exists(own) ? own : published);
      if (!Files.exists(files.get(category))) {
        throw new NoSuchFileException(
            "%s: there is no expert of \"%s\": neither %s nor %s"
                .formatted(experts, category, files.get(category), published.getFileName()));
      }
    }
    return new Opened(files);
  }
}
