package org.zeroseg.demo;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.zeroseg.core.Precision;
import org.zeroseg.core.file.Leftovers;

/** Models on the class path, which are read from copies in temporary files. */
final class Embedded {

  static final List<String> CLIP_FILES = List.of("model.safetensors", "merges.txt", "vocab.json");

  static final List<String> GPT2_FILES =
      List.of("model.safetensors", "config.json", "merges.txt", "vocab.json");

  /** Copies that a process could not remove: it was killed, or its system keeps open files. */
  private static final Pattern COPIES =
      Pattern.compile(
          "zeroseg-(everyday-)?(clip-\\w+|dino|gpt2|namedmask|selfmask|zsi|zutis)\\d+"
              + "(\\.safetensors)?");

  static {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    Leftovers.sweep(temporary, COPIES, Duration.ofDays(1));
  }

  private Embedded() {}

  /** Reads a model from files. */
  @FunctionalInterface
  interface Loader<F, M> {
    M load(F files) throws IOException;
  }

  /** Their figures are those of float32; the system property says another, to measure that. */
  static Precision precision() {
    boolean chosen = System.getProperty(Precision.PROPERTY) != null;
    return chosen ? Precision.AUTO : Precision.FLOAT32;
  }

  /** A model of a single file, which is read before the copy is deleted. */
  static <M> M opened(String name, Loader<String, M> loader) throws IOException {
    Path copy = Files.createTempFile(copyOf(name), ".safetensors");
    try (InputStream in = resource(name, "model.safetensors")) {
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      return loader.load(copy.toString());
    } finally {
      Files.delete(copy);
    }
  }

  /** A model of several files, which are read before their copies are deleted. */
  static <M> M inFolder(String name, List<String> files, Loader<Path, M> loader)
      throws IOException {
    Path folder = Files.createTempDirectory(copyOf(name));
    try {
      for (String file : files) {
        try (InputStream in = resource(name, file)) {
          Files.copy(in, folder.resolve(file));
        }
      }
      return loader.load(folder);
    } finally {
      for (String file : files) {
        Files.deleteIfExists(folder.resolve(file));
      }
      Files.delete(folder);
    }
  }

  private static String copyOf(String name) {
    return "zeroseg-" + name.replace('/', '-');
  }

  /** A file of a model. */
  static InputStream resource(String name, String file) throws IOException {
    InputStream in = Embedded.class.getResourceAsStream(name + "/" + file);
    if (in == null) {
      throw new IOException("The demo model " + name + " is not on the class path: " + file);
    }
    return in;
  }
}
