package org.zeroseg.core.supervision;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.ReadAhead;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PictureReader;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;

/**
 * Masks that a saliency detector made of pictures, in a folder: what NamedMask and ZUTIS learn from
 * in place of annotations. One small file per picture, {@code NAME.json}, holds COCO's run lengths,
 * as the released code stores them: {@code {"size":[height,width],"counts":"..."}}. Masks as they
 * were released, without the {@code .JPEG} of the pictures' names, are found too.
 *
 * @param folder of the files; pictures in folders have theirs in folders of the same names
 */
public record PseudoMasks(Path folder) {

  /** What ends the names of ImageNet's pictures, but not those of their released masks. */
  private static final String RELEASED = ".JPEG";

  /**
   * A picture without a mask.
   *
   * @param name of the picture
   * @param reason what went wrong
   */
  public record Failure(String name, String reason) {}

  /**
   * How many masks there are now.
   *
   * @param made by this run
   * @param present before it
   * @param failures pictures that could not be read; a later run tries them again
   */
  public record Outcome(int made, int present, List<Failure> failures) {

    /** Copies the list. */
    public Outcome {
      failures = List.copyOf(failures);
    }
  }

  /**
   * The masks of one category, where masks are kept by category and picture: what its expert says
   * of the pictures in its archive. A picture in two archives then has two.
   *
   * @param category any name; those that differ have different folders
   * @return masks in a folder of this one
   */
  public PseudoMasks of(String category) {
    StringBuilder name = new StringBuilder();
    category.codePoints().forEach(letter -> name.append(inFileName(letter)));
    return new PseudoMasks(folder.resolve(name.toString()));
  }

  /** As in web addresses: what a file name cannot hold in hexadecimal digits. */
  private static String inFileName(int letter) {
    String text = Character.toString(letter);
    if (Character.isLetterOrDigit(letter) || " -_".indexOf(letter) >= 0) {
      return text;
    }
    StringBuilder escaped = new StringBuilder();
    for (byte unit : text.getBytes(StandardCharsets.UTF_8)) {
      escaped.append("%%%02X".formatted(unit));
    }
    return escaped.toString();
  }

  /**
   * Whether a picture has a mask.
   *
   * @param name of the picture
   * @return true if its file exists
   */
  public boolean contains(String name) {
    return Files.exists(present(name));
  }

  /**
   * Removes the mask of a picture, if there is one.
   *
   * @param name of the picture
   * @throws IOException if it cannot be removed
   */
  public void remove(String name) throws IOException {
    Files.deleteIfExists(present(name));
  }

  /** What a mask's file holds, if there is one. */
  Optional<byte[]> bytes(String name) throws IOException {
    Path file = present(name);
    return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
  }

  /**
   * The mask of a picture.
   *
   * @param name of the picture
   * @return of the picture's size
   * @throws IOException if there is none or its file is damaged
   */
  public Mask read(String name) throws IOException {
    Path file = present(name);
    return JsonFile.read(
        file,
        json -> {
          int[] size = {};
          String counts = "";
          json.beginObject();
          while (json.hasNext()) {
            switch (json.nextName()) {
              case "size" -> {
                json.beginArray();
                size = new int[] {json.nextInt(), json.nextInt()};
                json.endArray();
              }
              case "counts" -> counts = json.nextString();
              default -> json.skipValue();
            }
          }
          json.endObject();
          if (size.length == 0 || counts.isEmpty()) {
            throw new InvalidFileException(file.toString(), "holds no mask: no size or counts");
          }
          long limit = PictureReader.asStored().maxPixels();
          if ((long) size[0] * size[1] > limit) {
            throw new InvalidFileException(
                file.toString(),
                "holds a mask of %d x %d pixels, more than a picture may have: %d"
                    .formatted(size[1], size[0], limit));
          }
          try {
            return Rle.parse(size[1], size[0], counts).mask();
          } catch (IllegalArgumentException e) {
            throw new InvalidFileException(file.toString(), "holds no mask: " + e.getMessage(), e);
          }
        });
  }

  /**
   * Stores a mask.
   *
   * @param name of the picture
   * @param mask replaces one that exists
   * @throws IOException if it cannot be written
   */
  public void write(String name, Mask mask) throws IOException {
    JsonObject json = new JsonObject();
    JsonArray size = new JsonArray();
    size.add(mask.height());
    size.add(mask.width());
    json.add("size", size);
    json.addProperty("counts", mask.rle().text());
    WholeFile.write(file(name), json.toString());
  }

  /**
   * Makes the masks that are missing. Stopped at any point, another call goes on where it was.
   *
   * @param detector finds what stands out
   * @param pictures the folder that names are relative to
   * @param names of the pictures; one may occur twice
   * @param batch pictures that the detector sees at once, at least 1
   * @param progress told after every batch
   * @return what was done
   * @throws IOException if a mask cannot be written
   * @throws InterruptedIOException if the thread was interrupted
   * @throws IllegalArgumentException if the batch is of no picture, or a name leads out of the
   *     folder
   */
  public Outcome make(
      SaliencyDetector detector,
      Path pictures,
      Collection<String> names,
      int batch,
      Progress progress)
      throws IOException {
    if (batch < 1) {
      throw new IllegalArgumentException("Batches of " + batch + " pictures");
    }
    List<String> missing = new ArrayList<>(new LinkedHashSet<>(names));
    int all = missing.size();
    missing.removeIf(this::contains);
    List<Failure> failures = new ArrayList<>();
    int made = 0;
    int seen = 0;
    try (ReadAhead<String, Picture> ahead =
        ReadAhead.of(
            missing.iterator(), 1, batch, name -> Picture.readAsStored(pictures.resolve(name)))) {
      while (ahead.hasNext()) {
        List<String> read = new ArrayList<>();
        List<Picture> inputs = new ArrayList<>();
        for (int i = 0; i < batch && ahead.hasNext(); i++) {
          requireGoingOn(made, missing.size());
          ReadAhead.Item<String, Picture> next = ahead.next();
          seen++;
          try {
            inputs.add(next.get());
            read.add(next.thing());
          } catch (IOException e) {
            requireGoingOn(made, missing.size());
            failures.add(new Failure(next.thing(), String.valueOf(e.getMessage())));
          }
        }
        List<SaliencyDetector.Salient> found =
            inputs.isEmpty() ? List.of() : detector.detect(inputs);
        for (int i = 0; i < read.size(); i++) {
          write(read.get(i), found.get(i).mask());
          made++;
        }
        progress.update("pseudo-masks", seen, missing.size());
      }
    }
    return new Outcome(made, all - missing.size(), failures);
  }

  private void requireGoingOn(int made, int all) throws InterruptedIOException {
    if (Thread.interrupted()) {
      throw new InterruptedIOException(
          "stopped after %d of %d masks; the same call goes on in %s".formatted(made, all, folder));
    }
  }

  /** The released masks of ImageNet's pictures are called n/1.json for n/1.JPEG. */
  private Path present(String name) {
    Path file = file(name);
    if (name.endsWith(RELEASED) && !Files.exists(file)) {
      Path released = file(name.substring(0, name.length() - RELEASED.length()));
      return Files.exists(released) ? released : file;
    }
    return file;
  }

  /** Names come from files: none may lead out of the folder. */
  private Path file(String name) {
    try {
      Path relative = Path.of(name);
      Path inside = relative.isAbsolute() ? relative.getRoot().relativize(relative) : relative;
      // Absolute, since the empty path begins no other, and ".." begins paths that lead beyond it.
      Path base = folder.toAbsolutePath().normalize();
      Path file = base.resolve(inside + ".json").normalize();
      if (!name.isBlank() && file.startsWith(base)) {
        return file;
      }
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("\"" + name + "\" names no picture", e);
    }
    throw new IllegalArgumentException("\"" + name + "\" leads out of the folder " + folder);
  }
}
