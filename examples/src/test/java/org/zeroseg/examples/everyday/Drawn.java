package org.zeroseg.examples.everyday;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.imageio.ImageIO;

/** Packages of discs and bars, with their list, in place of drawings. */
public final class Drawn {

  /** The folder of pictures in the clip art package. */
  static final String CLIP_ART = "usr/share/openclipart/png/";

  private static final List<String> WORDS = List.of("apple", "bus", "cherry");
  private static final List<Color> COLOURS = List.of(Color.RED, Color.YELLOW, Color.MAGENTA);

  private final Path folder;
  private final List<String> emoji = new ArrayList<>();

  private Drawn(Path folder) {
    this.folder = folder;
  }

  /** Three words with three pictures to train with, one to test with; two have a photograph. */
  public static Drawn in(Path folder) throws IOException {
    Drawn drawn = new Drawn(folder);
    List<String> entries = new ArrayList<>();
    for (int i = 0; i < WORDS.size(); i++) {
      String word = WORDS.get(i);
      List<String> train = new ArrayList<>();
      for (int j = 0; j < 3; j++) {
        train.add(drawn.picture("openclipart-png", word + "/" + j + ".png", i, 40 + 9 * j));
      }
      train.add(drawn.picture("tuxpaint-stamps-default", word + "/4.png", i, 50));
      String test = drawn.picture("openclipart-png", word + "/test.png", i, 61);
      String photos =
          i == 2 ? "" : drawn.picture("tuxpaint-stamps-default", word + "/photo.png", i, 45);
      entries.add(
          "{\"word\": \"%s\", \"synonyms\": [], \"train\": [%s], \"test\": [%s], \"photos\": [%s]}"
              .formatted(word, String.join(", ", train), test, photos));
    }
    entries.add("{\"word\": \"key\", \"synonyms\": [], \"train\": [], \"test\": []}");
    Files.writeString(drawn.list(), "{\"words\": [" + String.join(",\n", entries) + "]}");
    return drawn;
  }

  /** Adds a picture of the clip art package: the lower part of a disc. */
  void further(String path, double part) throws IOException {
    slice(packages().resolve("openclipart-png").resolve(CLIP_ART + path), part);
  }

  /** Adds a picture of the emoji package and its entry: the lower part of a disc. */
  void emoji(String image, String category, String name, double part) throws IOException {
    Path pack = packages().resolve("emoji-datasource-google");
    slice(pack.resolve("img/google/64").resolve(image), part);
    emoji.add(
        "{\"image\": \"%s\", \"category\": \"%s\", \"short_name\": \"%s\"}"
            .formatted(image, category, name));
    Files.writeString(pack.resolve("emoji.json"), "[" + String.join(",\n", emoji) + "]");
  }

  private static void slice(Path file, double part) throws IOException {
    BufferedImage image = new BufferedImage(64, 64, BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(Color.GREEN);
    graphics.setClip(0, (int) (60 - 60 * part), 64, 64);
    graphics.fillOval(2, 0, 60, 60);
    graphics.dispose();
    Files.createDirectories(file.getParent());
    ImageIO.write(image, "png", file.toFile());
  }

  public Path list() {
    return folder.resolve("words.json");
  }

  public Path packages() {
    return folder.resolve("packages");
  }

  private String picture(String pack, String path, int kind, int side) throws IOException {
    BufferedImage image = new BufferedImage(side + 4, side + 2, BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(COLOURS.get(kind));
    if (kind == 1) {
      graphics.fillRect(4, side / 2, side, side / 2 + 2);
    } else {
      graphics.fillOval(4, 2, side, side);
    }
    graphics.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    Path file = packages().resolve(pack).resolve(path);
    Files.createDirectories(file.getParent());
    Files.write(file, bytes.toByteArray());
    try {
      String hash =
          HexFormat.of()
              .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.toByteArray()));
      return """
      {"package": "%s", "path": "%s", "sha256": "%s", "format": "png", "size": [%d, %d],
       "box": [4, %d, %d, %d]}\
      """
          .formatted(
              pack, path, hash, side + 4, side + 2, kind == 1 ? side / 2 : 2, side + 4, side + 2);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
