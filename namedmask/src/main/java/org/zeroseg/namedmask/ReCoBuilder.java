package org.zeroseg.namedmask;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.retrieval.ImageIndex;
import org.zeroseg.clip.retrieval.Match;
import org.zeroseg.clip.text.PromptTemplates;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Preprocessing;
import org.zeroseg.core.segment.InputBuilder;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.Archives;

/**
 * Builder of {@link ReCo}. By default it retrieves 50 pictures per word, takes trees, sky,
 * buildings, roads and people for context, sees pictures at their own size, eight of one size at a
 * time, and refines nothing. Models that it loads compute in float32.
 */
public final class ReCoBuilder extends InputBuilder<ReCoBuilder> {

  /** The scale of cosines with words, in the released code. */
  private static final double TEMPERATURE = 10;

  private Source<DenseEncoder> encoder =
      Source.missing("choose what compares pictures: builder().encoder(...)");
  private Source<Optional<Clip>> clip =
      Source.missing(
          "choose a CLIP for text attention, or none: builder().textAttention(...) or"
              + " withoutTextAttention()");
  private Optional<TextEmbeddings> texts = Optional.empty();
  private Optional<Source<Clip>> retrieval = Optional.empty();
  private Optional<TextEmbeddings> retrievalTexts = Optional.empty();
  private Optional<ImageIndex> index = Optional.empty();
  private Optional<Archives> archives = Optional.empty();
  private Path pictures = Path.of("");
  private Map<String, float[]> known = Map.of();
  private List<String> contexts = List.of("tree", "sky", "building", "road", "person");
  private CoSegmentation coSegmentation = CoSegmentation.DEFAULT;
  private PromptTemplates templates = PromptTemplates.ENSEMBLE;
  private int archiveSize = 50;
  private int archiveSide = 224;
  private boolean crf;

  ReCoBuilder() {
    super(InputSize.own(), 8);
  }

  @Override
  protected ReCoBuilder self() {
    return this;
  }

  /**
   * What compares pictures: the published DeiT, or another network ({@link DenseEncoder#open}).
   *
   * @param path such as {@code deit_s_sin_dist.pth}
   * @return this
   */
  public ReCoBuilder encoder(Path path) {
    return encoder(named(path));
  }

  /**
   * As {@link #encoder(Path)}.
   *
   * @param pathOrId a path or an id
   * @return this
   */
  public ReCoBuilder encoder(String pathOrId) {
    return encoder(named(pathOrId));
  }

  private ReCoBuilder encoder(Source<String> name) {
    encoder = () -> DenseEncoder.open(name.open(), hub(), device());
    return this;
  }

  /**
   * Another encoder of pictures.
   *
   * @param chosen closed with the segmenter
   * @return this
   */
  public ReCoBuilder encoder(DenseEncoder chosen) {
    encoder = () -> chosen;
    return this;
  }

  /**
   * The CLIP whose cells are compared with the words: RN50x16 as published.
   *
   * @param pathOrId a path or an id
   * @return this
   */
  public ReCoBuilder textAttention(String pathOrId) {
    clip = () -> Optional.of(Clip.load(pathOrId, hub(), Precision.FLOAT32, device()));
    return this;
  }

  /**
   * A CLIP that is loaded already, and stays open when the segmenter is closed.
   *
   * @param model shared with others
   * @return this
   */
  public ReCoBuilder textAttention(Clip model) {
    clip = () -> Optional.of(model.lent());
    return this;
  }

  /**
   * Pictures alone decide, not what CLIP's cells say of the words.
   *
   * @return this
   */
  public ReCoBuilder withoutTextAttention() {
    clip = Optional::empty;
    return this;
  }

  /**
   * Where the vectors of words for text attention come from, such as from files that the last
   * process left ({@link TextEmbeddings#of(org.zeroseg.clip.text.TextEncoder, Path, String)}).
   *
   * @param chosen by the CLIP of the text attention; its own by default, which are remembered while
   *     it is open
   * @return this
   */
  public ReCoBuilder textEmbeddings(TextEmbeddings chosen) {
    texts = Optional.of(chosen);
    return this;
  }

  /**
   * Where pictures of a word come from: those of an index that are most like it.
   *
   * @param embedded pictures
   * @param folder that their names are relative to
   * @param pathOrId the CLIP that the index was made with
   * @return this
   */
  public ReCoBuilder archives(ImageIndex embedded, Path folder, String pathOrId) {
    retrieval = Optional.of(() -> Clip.load(pathOrId, hub(), Precision.FLOAT32, device()));
    retrievalTexts = Optional.empty();
    return archives(embedded, folder);
  }

  /**
   * As {@link #archives(ImageIndex, Path, String)}, with a CLIP that is loaded already and stays
   * open.
   *
   * @param embedded pictures
   * @param folder that their names are relative to
   * @param model the CLIP that the index was made with
   * @return this
   */
  public ReCoBuilder archives(ImageIndex embedded, Path folder, Clip model) {
    return archives(embedded, folder, model.textEmbeddings());
  }

  /**
   * As {@link #archives(ImageIndex, Path, String)}, with the vectors of words.
   *
   * @param embedded pictures
   * @param folder that their names are relative to
   * @param words by the CLIP that the index was made with, which stays open
   * @return this
   */
  public ReCoBuilder archives(ImageIndex embedded, Path folder, TextEmbeddings words) {
    retrieval = Optional.empty();
    retrievalTexts = Optional.of(words);
    return archives(embedded, folder);
  }

  private ReCoBuilder archives(ImageIndex embedded, Path folder) {
    index = Optional.of(embedded);
    pictures = folder;
    return this;
  }

  /**
   * Where pictures of a word come from: archives that exist; a word without one is refused.
   *
   * @param retrieved pictures of words
   * @param folder that their names are relative to
   * @return this
   */
  public ReCoBuilder archives(Archives retrieved, Path folder) {
    archives = Optional.of(retrieved);
    pictures = folder;
    return this;
  }

  /**
   * Embeddings that were found before; their words need no archive.
   *
   * @param found by the same encoder
   * @return this
   */
  public ReCoBuilder references(ReferenceEmbeddings found) {
    known = found.vectors();
    return this;
  }

  /**
   * What surrounds things, and is not what their pictures have in common.
   *
   * @param words in the order in which they are found, each without those before it; none for no
   *     elimination
   * @return this
   */
  public ReCoBuilder contexts(String... words) {
    contexts = List.of(words);
    return this;
  }

  /**
   * How pictures are co-segmented.
   *
   * @param chosen {@link CoSegmentation#DEFAULT} by default
   * @return this
   */
  public ReCoBuilder coSegmentation(CoSegmentation chosen) {
    coSegmentation = chosen;
    return this;
  }

  /**
   * The sentences around each word.
   *
   * @param chosen the 85 of {@link PromptTemplates#ENSEMBLE} by default, as published
   * @return this
   */
  public ReCoBuilder templates(PromptTemplates chosen) {
    templates = chosen;
    return this;
  }

  /**
   * The square that archive pictures are cut to before they are compared.
   *
   * @param pixels of its side; 224 by default, as published
   * @return this
   * @throws IllegalArgumentException if it is below 32
   */
  public ReCoBuilder archiveSide(int pixels) {
    if (pixels < ReCo.LEAST) {
      throw new IllegalArgumentException(
          "archive pictures of %d pixels, at least %d".formatted(pixels, ReCo.LEAST));
    }
    archiveSide = pixels;
    return this;
  }

  /**
   * Pictures retrieved for a word.
   *
   * @param count at most; 50 by default
   * @return this
   * @throws IllegalArgumentException if it is below 1
   */
  public ReCoBuilder archiveSize(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("archives of " + count + " pictures");
    }
    archiveSize = count;
    return this;
  }

  /**
   * Refines labels by a conditional random field, as the reported numbers are: memory then grows
   * with pixels times words.
   *
   * @return this
   */
  public ReCoBuilder withCrf() {
    crf = true;
    return this;
  }

  /**
   * Loads the models.
   *
   * @return the segmenter
   * @throws IOException if a model cannot be fetched or read
   * @throws CheckpointException if a checkpoint holds something else
   * @throws IllegalStateException if a model was not chosen, or nothing that words are known by
   */
  public ReCo build() throws IOException {
    if (index.isEmpty() && archives.isEmpty() && known.isEmpty()) {
      throw new IllegalStateException(
          "choose where words' pictures come from: builder().archives(...) or references(...)");
    }
    List<Runnable> closing = new ArrayList<>();
    try {
      DenseEncoder images = encoder.open();
      closing.add(images::close);
      Optional<Clip> attention = clip.open();
      attention.ifPresent(model -> closing.add(model::close));
      Optional<Clip> searching =
          retrieval.isPresent() ? Optional.of(retrieval.get().open()) : Optional.empty();
      searching.ifPresent(model -> closing.add(model::close));
      ReCo.Settings settings =
          new ReCo.Settings(
              coSegmentation,
              contexts,
              TEMPERATURE,
              Preprocessing.archive(archiveSide),
              templates,
              crf,
              input(),
              batch(),
              device(),
              progress());
      return new ReCo(
          images,
          attention,
          attention.map(model -> texts.orElseGet(model::textEmbeddings)),
          archive(searching.map(Clip::textEmbeddings).or(() -> retrievalTexts)),
          new LinkedHashMap<>(known),
          () -> closing.forEach(Runnable::run),
          settings);
    } catch (IOException | RuntimeException e) {
      closing.forEach(Runnable::run);
      throw e;
    }
  }

  /** Pictures of archives that exist, and of the index where there are none. */
  private ReCo.Archive archive(Optional<TextEmbeddings> searching) {
    Map<String, List<String>> given = archives.map(Archives::pictures).orElse(Map.of());
    int most = archiveSize;
    Path folder = pictures;
    return word -> {
      List<String> names = given.getOrDefault(word, List.of());
      if (names.isEmpty() && searching.isPresent()) {
        float[] vector = searching.get().embedding(word, templates);
        names = index.orElseThrow().search(vector, most).stream().map(Match::name).toList();
      }
      return read(folder, names.subList(0, Math.min(most, names.size())));
    };
  }

  /** Pictures that cannot be read are left out, and told to the watcher. */
  private List<Picture> read(Path folder, List<String> names) {
    List<Picture> found = new ArrayList<>();
    for (String name : names) {
      try {
        found.add(Picture.readAsStored(folder.resolve(name)));
      } catch (IOException e) {
        progress().update("left out " + name + ": " + e.getMessage(), 0, 0);
      }
    }
    return found;
  }
}
