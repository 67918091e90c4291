package org.zeroseg.clip.text;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.zeroseg.core.Progress;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.file.WholeFile;

/**
 * Classifiers made of words: each word's prompts are encoded, normalised, averaged and normalised
 * again (prompt ensembling; Radford et al. 2021, Sec. 3.1.4). What was computed once is remembered,
 * in memory and, if asked, on disk. Thread-safe.
 */
public final class TextEmbeddings {

  /** Vectors kept in memory; the least recently used go first. 16,384 of 768 numbers are 50 MB. */
  private static final int REMEMBERED = 1 << 14;

  /** Prompts handed to the encoder in one call, at least those of one word. */
  private static final int PROMPTS_AT_ONCE = 1024;

  /** Vectors kept in a folder, counted when a process first adds to it; 100 MB or so. */
  private static final int KEPT = 1 << 15;

  private static final String SUFFIX = ".vector";

  private static final int MAGIC = 0x7a733031; // "zs01"

  private final TextEncoder encoder;
  private final Optional<Path> folder;
  private final String model;
  private final Map<Key, float[]> remembered =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, float[]> eldest) {
          return size() > REMEMBERED;
        }
      };

  private final AtomicBoolean pruned = new AtomicBoolean();

  private record Key(PromptTemplates templates, String word) {}

  private TextEmbeddings(TextEncoder encoder, Optional<Path> folder, String model) {
    this.encoder = encoder;
    this.folder = folder;
    this.model = model;
  }

  /**
   * Embeddings remembered in memory only.
   *
   * @param encoder the text tower
   * @return the embeddings
   */
  public static TextEmbeddings of(TextEncoder encoder) {
    return new TextEmbeddings(encoder, Optional.empty(), "");
  }

  /**
   * Embeddings that are also kept in files, so that the next process need not encode. Files that
   * cannot be read or written, or are damaged, cost no more than encoding.
   *
   * @param encoder the text tower
   * @param folder made when first needed; several processes may share it; the oldest files go when
   *     there are more than 32,768
   * @param model what tells this text tower from every other, such as a checkpoint's hash
   * @return the embeddings
   */
  public static TextEmbeddings of(TextEncoder encoder, Path folder, String model) {
    return new TextEmbeddings(encoder, Optional.of(folder), model);
  }

  /**
   * One word's class vector.
   *
   * @param word any text
   * @param templates the sentences around it
   * @return a unit vector [D]
   * @throws IllegalArgumentException if a prompt is too long for the encoder or has no direction
   */
  public float[] embedding(String word, PromptTemplates templates) {
    return classifier(List.of(word), templates)[0];
  }

  /**
   * The class vectors of words.
   *
   * @param words K words; one may occur twice
   * @param templates the sentences around them
   * @return unit vectors [K, D], the caller's own
   * @throws IllegalArgumentException if a prompt is too long for the encoder or has no direction
   */
  public float[][] classifier(List<String> words, PromptTemplates templates) {
    return classifier(words, templates, Progress.SILENT);
  }

  /**
   * The class vectors of words, of which many take a while.
   *
   * @param words K words; one may occur twice
   * @param templates the sentences around them
   * @param progress is told how many of the words that are not known yet are encoded
   * @return unit vectors [K, D], the caller's own
   * @throws IllegalArgumentException if a prompt is too long for the encoder or has no direction
   */
  public float[][] classifier(List<String> words, PromptTemplates templates, Progress progress) {
    Map<String, float[]> vectors = new LinkedHashMap<>();
    Set<String> missing = new LinkedHashSet<>();
    for (String word : words) {
      find(new Key(templates, word))
          .ifPresentOrElse(vector -> vectors.put(word, vector), () -> missing.add(word));
    }
    encode(List.copyOf(missing), templates, vectors, progress);
    return words.stream().map(word -> vectors.get(word).clone()).toArray(float[][]::new);
  }

  /**
   * The class vectors of categories: the mean of the vectors of its name and synonyms for each.
   *
   * @param vocabulary K categories
   * @param templates the sentences around their words
   * @param progress is told how many of the words that are not known yet are encoded
   * @return unit vectors [K, D], the caller's own
   * @throws IllegalArgumentException if a prompt is too long for the encoder or has no direction
   */
  public float[][] classifier(Vocabulary vocabulary, PromptTemplates templates, Progress progress) {
    List<String> words =
        vocabulary.categories().stream().flatMap(category -> category.words().stream()).toList();
    Iterator<float[]> vectors = Arrays.asList(classifier(words, templates, progress)).iterator();
    return vocabulary.categories().stream()
        .map(category -> category.words().stream().map(word -> vectors.next()))
        .map(each -> ensemble(each.toArray(float[][]::new)))
        .toArray(float[][]::new);
  }

  private void encode(
      List<String> words,
      PromptTemplates templates,
      Map<String, float[]> vectors,
      Progress progress) {
    int prompts = templates.templates().size();
    int wordsAtOnce = Math.max(1, PROMPTS_AT_ONCE / prompts);
    for (int start = 0; start < words.size(); start += wordsAtOnce) {
      progress.update("encoding words", start, words.size());
      List<String> some = words.subList(start, Math.min(start + wordsAtOnce, words.size()));
      List<String> texts = new ArrayList<>();
      some.forEach(word -> texts.addAll(templates.prompts(word)));
      float[][] embeddings = encoder.encode(texts);
      for (int i = 0; i < some.size(); i++) {
        String word = some.get(i);
        try {
          vectors.put(
              word, ensemble(Arrays.copyOfRange(embeddings, i * prompts, (i + 1) * prompts)));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException("\"" + word + "\": " + e.getMessage(), e);
        }
        keep(new Key(templates, word), vectors.get(word));
      }
    }
    if (!words.isEmpty()) {
      progress.update("encoding words", words.size(), words.size());
    }
  }

  /**
   * The class vector of one word's prompts.
   *
   * @param prompts embeddings [P, D] as the text tower gives them
   * @return the unit vector [D] along the mean of the unit vectors along them
   * @throws IllegalArgumentException if a vector, or the mean, is zero or not finite
   */
  public static float[] ensemble(float[][] prompts) {
    double[] sum = new double[prompts[0].length];
    for (float[] prompt : prompts) {
      float[] unit = unit(prompt);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += unit[i];
      }
    }
    float[] mean = new float[sum.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) (sum[i] / prompts.length);
    }
    return unit(mean);
  }

  /**
   * The unit vector along a vector.
   *
   * @param vector [D], not changed
   * @return a new vector [D] of length 1
   * @throws IllegalArgumentException if the vector is zero or not finite
   */
  public static float[] unit(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    if (!(squares > 0) || Double.isInfinite(squares)) {
      throw new IllegalArgumentException(
          "an embedding of length " + Math.sqrt(squares) + " has no direction");
    }
    double norm = Math.sqrt(squares);
    float[] unit = new float[vector.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (vector[i] / norm);
    }
    return unit;
  }

  private Optional<float[]> find(Key key) {
    synchronized (remembered) {
      float[] known = remembered.get(key);
      if (known != null) {
        return Optional.of(known);
      }
    }
    Optional<float[]> stored = folder.flatMap(path -> read(file(path, key)));
    stored.ifPresent(vector -> remember(key, vector));
    return stored;
  }

  private void remember(Key key, float[] vector) {
    synchronized (remembered) {
      remembered.put(key, vector);
    }
  }

  private void keep(Key key, float[] vector) {
    remember(key, vector);
    folder.ifPresent(
        path -> {
          write(file(path, key), vector);
          if (!pruned.getAndSet(true)) {
            prune(path, KEPT);
          }
        });
  }

  private Path file(Path path, Key key) {
    String name =
        new Fingerprint().add(model).add(key.templates().fingerprint()).add(key.word()).hex();
    return path.resolve(name.substring(0, 40) + SUFFIX);
  }

  /** A file that is not whole counts as absent: it is a cache. */
  private static Optional<float[]> read(Path file) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      if (bytes.limit() < 16 || bytes.limit() % 4 != 0 || bytes.getInt() != MAGIC) {
        return Optional.empty();
      }
      int checksum = bytes.getInt();
      if (checksum != checksum(bytes.slice())) {
        return Optional.empty();
      }
      float[] vector = new float[bytes.remaining() / Float.BYTES];
      bytes.asFloatBuffer().get(vector);
      return Optional.of(vector);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  private static void write(Path file, float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(8);
    bytes.slice().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(vector);
    int checksum = checksum(bytes.slice());
    bytes.putInt(0, MAGIC).putInt(4, checksum);
    try {
      WholeFile.write(file, bytes.array());
    } catch (IOException e) {
      // The next process encodes the word again.
    }
  }

  /** Files that have not been written for longest go, where there are too many. */
  static void prune(Path folder, int kept) {
    try (Stream<Path> all = Files.list(folder)) {
      List<Path> files =
          all.filter(path -> path.getFileName().toString().endsWith(SUFFIX))
              .sorted(Comparator.comparingLong(path -> path.toFile().lastModified()))
              .toList();
      for (Path old : files.subList(0, Math.max(0, files.size() - kept))) {
        Files.deleteIfExists(old);
      }
    } catch (IOException | UncheckedIOException e) {
      // It stays as large as it is.
    }
  }
}
