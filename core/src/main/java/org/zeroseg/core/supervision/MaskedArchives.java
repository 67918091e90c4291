package org.zeroseg.core.supervision;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.zeroseg.core.file.Fingerprint;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;

/**
 * What NamedMask and ZUTIS learn from: archives, the pictures that they name, and the pictures'
 * pseudo-masks.
 *
 * @param archives categories in the order of their labels, background left out
 * @param pictures the folder that the archives' names are relative to
 * @param masks of the archives' pictures; those without one, which could not be read when masks
 *     were made, are left out
 * @param byCategory whether a picture has a mask of its own in every archive that holds it, as
 *     category experts make them (see {@link PseudoMasks#of}), or one for all
 */
public record MaskedArchives(
    Archives archives, Path pictures, PseudoMasks masks, boolean byCategory) {

  /**
   * Archives of pictures with one mask each, as a saliency detector makes them.
   *
   * @param archives categories in the order of their labels, background left out
   * @param pictures the folder that the archives' names are relative to
   * @param masks of the archives' pictures
   */
  public MaskedArchives(Archives archives, Path pictures, PseudoMasks masks) {
    this(archives, pictures, masks, false);
  }

  /**
   * A picture with its mask.
   *
   * @param picture in RGB
   * @param mask of its size
   */
  record Masked(Picture picture, Mask mask) {}

  private PseudoMasks masksOf(String category) {
    return byCategory ? masks.of(category) : masks;
  }

  /**
   * The pictures of a category that have a mask.
   *
   * @param category one of the archives'
   * @return their names, in the archive's order
   */
  public List<String> usable(String category) {
    PseudoMasks own = masksOf(category);
    return archives.pictures().get(category).stream().filter(own::contains).toList();
  }

  Masked read(String category, String name) throws IOException {
    Picture picture = Picture.readAsStored(pictures.resolve(name)).rgb();
    Mask mask = masksOf(category).read(name);
    if (mask.width() != picture.width() || mask.height() != picture.height()) {
      throw new IOException(
          "the pseudo-mask of %s is of %d x %d pixels, the picture of %d x %d"
              .formatted(name, mask.width(), mask.height(), picture.width(), picture.height()));
    }
    return new Masked(picture, mask);
  }

  /**
   * What archives and masks hold, for the provenance of a training run: other labels or masks under
   * the same names are other data, and the same under other names are the same.
   *
   * @return SHA-256 of the archives and of all masks that there are
   * @throws IOException if a mask cannot be read
   */
  public Map<String, String> fingerprints() throws IOException {
    Fingerprint all = new Fingerprint();
    for (Map.Entry<String, List<String>> archive : archives.pictures().entrySet()) {
      PseudoMasks own = masksOf(archive.getKey());
      for (String name : new LinkedHashSet<>(archive.getValue())) {
        Optional<byte[]> mask = own.bytes(name);
        all.add(name).add(mask.isPresent() ? "mask" : "none");
        mask.ifPresent(all::add);
      }
    }
    Map<String, String> fingerprints = new LinkedHashMap<>();
    String lists = new Gson().toJson(archives.pictures());
    fingerprints.put("archives-sha256", new Fingerprint().add(lists).hex());
    fingerprints.put("masks-sha256", all.hex());
    return fingerprints;
  }
}
