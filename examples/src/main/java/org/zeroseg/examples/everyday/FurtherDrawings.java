package org.zeroseg.examples.everyday;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * Drawings of the packages whose licence lets weights be shipped, whether or not they are in the
 * list, each named after its file: for models that learn without words.
 *
 * <p>No held-out drawing of the list is among them, nor one that may be the same in other colours,
 * with another shape inside, or of the same series: of nearly the same outline, or with a file name
 * of the same letters in the same folder.
 */
final class FurtherDrawings {

  /** Icons, signs, flags and geometry. */
  private static final List<String> OTHER_FOLDERS =
      List.of(
          "computer/icons/",
          "computer/buttons/",
          "people/stickmen/",
          "shapes/",
          "signs_and_symbols/flags/",
          "signs_and_symbols/led/",
          "signs_and_symbols/map_symbols/",
          "special/",
          "transportation/aiga-symbols/",
          "transportation/roadsigns/",
          "unsorted/duplicates/");

  private static final Set<String> EMOJI =
      Set.of("Activities", "Animals & Nature", "Food & Drink", "Objects", "Travel & Places");

  private static final String CLIP_ART = "openclipart-png/usr/share/openclipart/png/";
  private static final String EMOJI_PACKAGE = "emoji-datasource-google/";

  private static final int LEAST_SIDE = 40;
  private static final int LONGEST_SIDE = 3000;
  private static final int DETAIL = 128;
  private static final int LONGEST_WORD = 12;

  private final Path packages;
  private final Set<String> heldOutFiles = new HashSet<>();
  private final Set<String> heldOutSeries = new HashSet<>();
  private final List<Look> heldOutLooks = new ArrayList<>();

  private FurtherDrawings(Path packages) {
    this.packages = packages;
  }

  /**
   * Reads them.
   *
   * @param list the list whose held-out drawings are kept apart
   * @param packages the folder with a folder of each package
   * @return a thing for each, in the order of the files' names
   */
  static List<CutOuts.Thing> read(Path list, Path packages) throws IOException {
    FurtherDrawings drawings = new FurtherDrawings(packages);
    drawings.holdOut(list);
    return drawings.names().entrySet().parallelStream()
        .flatMap(
            named ->
                drawings
                    .cutOut(named.getKey())
                    .filter(picture -> !drawings.resemblesHeldOut(picture))
                    .map(picture -> thing(named.getValue(), picture))
                    .stream())
        .toList();
  }

  private static CutOuts.Thing thing(String name, CutOut picture) {
    return new CutOuts.Thing(name, List.of(), Size.of(name), List.of(picture));
  }

  private void holdOut(Path list) throws IOException {
    JsonObject root = JsonFile.object(list, json -> json);
    for (JsonElement word : root.getAsJsonArray("words")) {
      for (JsonElement element : word.getAsJsonObject().getAsJsonArray(Part.TEST.key())) {
        JsonObject entry = element.getAsJsonObject();
        String file = CutOuts.name(entry);
        heldOutFiles.add(file);
        heldOutSeries.add(series(file));
        cutOut(file).map(Look::new).ifPresent(heldOutLooks::add);
      }
    }
  }

  /** The name of every file that may be taken. */
  private Map<String, String> names() throws IOException {
    Map<String, String> names = new TreeMap<>();
    Path art = packages.resolve(CLIP_ART);
    try (Stream<Path> all = Files.walk(art)) {
      for (Path file :
          all.filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS)).toList()) {
        String inside = art.relativize(file).toString().replace('\\', '/');
        if (inside.endsWith(".png") && OTHER_FOLDERS.stream().noneMatch(inside::startsWith)) {
          names.put(CLIP_ART + inside, name(file.getFileName().toString().replace(".png", "")));
        }
      }
    }
    Path emoji = packages.resolve(EMOJI_PACKAGE + "emoji.json");
    for (JsonElement element :
        JsonFile.read(emoji, json -> JsonParser.parseReader(json).getAsJsonArray())) {
      JsonObject entry = element.getAsJsonObject();
      if (EMOJI.contains(entry.get("category").getAsString())) {
        names.put(
            EMOJI_PACKAGE + "img/google/64/" + entry.get("image").getAsString(),
            name(entry.get("short_name").getAsString()));
      }
    }
    names
        .keySet()
        .removeIf(file -> heldOutFiles.contains(file) || heldOutSeries.contains(series(file)));
    names.values().removeIf(String::isEmpty);
    return names;
  }

  /** The first two words of a file's name, which its author's name often follows. */
  private static String name(String file) {
    List<String> words =
        Stream.of(
                file.replaceAll("([a-z])([A-Z])", "$1 $2")
                    .toLowerCase(Locale.ROOT)
                    .split("[^a-z]+", -1))
            .filter(word -> word.length() > 2 && word.length() <= LONGEST_WORD)
            .limit(2)
            .toList();
    return String.join(" ", words);
  }

  /** The same for drawings of one series: its folder and the letters of its name. */
  private static String series(String file) {
    String letters = file.replaceAll("(?<![a-z])bw(?![a-z])|[^A-Za-z/]", "");
    return file.startsWith(CLIP_ART) ? letters : file;
  }

  /** What is opaque of a PNG file; empty if it shows no single thing, alone and in detail. */
  private Optional<CutOut> cutOut(String name) {
    Optional<Path> file = name.endsWith(".png") ? CutOuts.file(packages, name) : Optional.empty();
    if (file.isEmpty()) {
      return Optional.empty();
    }
    try (ImageInputStream input = ImageIO.createImageInputStream(file.get().toFile())) {
      ImageReader reader = ImageIO.getImageReadersByFormatName("png").next();
      reader.setInput(input);
      if (Math.max(reader.getWidth(0), reader.getHeight(0)) > LONGEST_SIDE) {
        return Optional.empty();
      }
      BufferedImage picture = reader.read(0);
      int width = picture.getWidth();
      int height = picture.getHeight();
      int[] argb = picture.getRGB(0, 0, width, height, null, 0, width);
      Mask opaque = Mask.of(width, height, (x, y) -> argb[y * width + x] >>> 24 > 127);
      Box box = opaque.box();
      int wide = (int) box.width();
      int high = (int) box.height();
      double filled = opaque.area() / box.area();
      return Math.max(wide, high) < LEAST_SIDE || filled < 0.15 || filled > 0.97
          ? Optional.empty()
          : Optional.of(new CutOut(picture, (int) box.x(), (int) box.y(), wide, high, DETAIL));
    } catch (IOException | RuntimeException e) { // a damaged file is one less
      return Optional.empty();
    }
  }

  private boolean resemblesHeldOut(CutOut picture) {
    Look look = new Look(picture);
    return heldOutLooks.stream().anyMatch(look::isLike);
  }

  /** A drawing's outline and its brightness on grey, in a few cells. */
  private static final class Look {

    private static final int CELLS = 24;

    private final double aspect;
    private final double[] outline = new double[CELLS * CELLS];
    private final double[] light = new double[CELLS * CELLS];

    Look(CutOut picture) {
      aspect = picture.aspect();
      CutOut.Sampler sampler = picture.sampler(CELLS);
      double[] argb = new double[4];
      for (int i = 0; i < outline.length; i++) {
        int row = i / CELLS;
        sampler.read((i % CELLS + 0.5) / CELLS, (row + 0.5) / CELLS, argb);
        outline[i] = argb[0] / 255;
        light[i] = 0.3 * argb[1] + 0.59 * argb[2] + 0.11 * argb[3] + 127.5 * (1 - outline[i]);
      }
      double mean = 0;
      for (double value : light) {
        mean += value / light.length;
      }
      for (int i = 0; i < light.length; i++) {
        light[i] -= mean;
      }
    }

    boolean isLike(Look other) {
      return Math.abs(Math.log(aspect / other.aspect)) < Math.log(1.25)
          && (isLike(other, false) || isLike(other, true));
    }

    private boolean isLike(Look other, boolean mirrored) {
      double both = 0;
      double either = 0;
      double product = 0;
      double squares = 0;
      double otherSquares = 0;
      for (int i = 0; i < outline.length; i++) {
        int j = mirrored ? i - i % CELLS + CELLS - 1 - i % CELLS : i;
        both += Math.min(outline[i], other.outline[j]);
        either += Math.max(outline[i], other.outline[j]);
        product += light[i] * other.light[j];
        squares += light[i] * light[i];
        otherSquares += other.light[j] * other.light[j];
      }
      double overlap = both / either;
      double correlation = Math.abs(product) / Math.sqrt(squares * otherSquares + 1e-9);
      return overlap > 0.95 || (overlap > 0.85 && correlation > 0.6);
    }
  }
}
