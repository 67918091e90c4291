package org.zeroseg.examples.scenes;

import com.google.gson.stream.JsonWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.zeroseg.core.Progress;
import org.zeroseg.core.file.WholeFile;
import org.zeroseg.core.mask.Box;
import org.zeroseg.core.mask.Mask;

/**
 * Writes scenes in COCO's format, for every tool that reads it:
 *
 * <pre>
 * images/000000.png     pictures
 * labels/000000.png     grey label maps: 0 background, else the category
 * instances.json        images, annotations with compressed run lengths, categories
 * captions.json         images and one caption each
 * seen.txt              names of the categories that models are trained with, a line each
 * </pre>
 */
public final class CocoExport {

  private CocoExport() {}

  /** Writes one part of a JSON document. */
  @FunctionalInterface
  private interface Part {
    void write(JsonWriter json) throws IOException;
  }

  /**
   * Writes scenes 0 to {@code count - 1}.
   *
   * @param world the scenes
   * @param count how many
   * @param folder where to write; made if absent
   * @param progress told of every scene
   * @throws IOException if a file cannot be written, or the folder holds more scenes than these
   * @throws IllegalArgumentException if no scene is asked for
   */
  public static void write(World world, int count, Path folder, Progress progress)
      throws IOException {
    if (count < 1) {
      throw new IllegalArgumentException("expected at least one scene to write, found " + count);
    }
    if (Files.exists(folder.resolve("images").resolve(fileName(count)))) {
      throw new IOException(
          "%s holds more than %d scenes, which would stay beside the new ones: choose another folder"
              .formatted(folder, count));
    }
    Files.createDirectories(folder.resolve("images"));
    Files.createDirectories(folder.resolve("labels"));
    for (int i = 0; i < count; i++) {
      LabelledScene scene = world.scene(i);
      String name = fileName(i);
      picture(folder.resolve("images").resolve(name), scene.buffered());
      picture(folder.resolve("labels").resolve(name), scene.labelPicture());
      progress.update("writing scenes", i + 1, count);
    }
    document(
        folder.resolve("instances.json"),
        world,
        count,
        json -> {
          annotations(json, world, count);
          categories(json, world);
        });
    WholeFile.writeText(
        folder.resolve("seen.txt"),
        writer -> {
          for (int id = 1; id <= world.names().size(); id++) {
            writer.write(world.seen(id) ? world.names().get(id - 1) + "\n" : "");
          }
        });
    document(folder.resolve("captions.json"), world, count, json -> captions(json, world, count));
  }

  private static void picture(Path file, BufferedImage picture) throws IOException {
    WholeFile.write(file, unfinished -> ImageIO.write(picture, "png", unfinished.toFile()));
  }

  private static String fileName(int index) {
    return String.format(Locale.ROOT, "%06d.png", index);
  }

  private static void document(Path file, World world, int count, Part part) throws IOException {
    WholeFile.writeText(
        file,
        writer -> {
          JsonWriter json = new JsonWriter(writer);
          json.beginObject();
          json.name("info").beginObject();
          json.name("description").value(world.toString());
          json.endObject();
          json.name("images").beginArray();
          for (int i = 0; i < count; i++) {
            json.beginObject();
            json.name("id").value(i + 1);
            json.name("file_name").value(fileName(i));
            json.name("width").value(world.size());
            json.name("height").value(world.size());
            json.endObject();
          }
          json.endArray();
          part.write(json);
          json.endObject();
          json.flush();
        });
  }

  private static void annotations(JsonWriter json, World world, int count) throws IOException {
    json.name("annotations").beginArray();
    int id = 1;
    for (int i = 0; i < count; i++) {
      LabelledScene scene = world.scene(i);
      for (int object = 0; object < scene.ids().size(); object++) {
        annotation(json, id++, i + 1, scene.ids().get(object), scene.mask(object));
      }
    }
    json.endArray();
  }

  private static void annotation(JsonWriter json, int id, int image, int category, Mask mask)
      throws IOException {
    Box box = mask.box();
    json.beginObject();
    json.name("id").value(id);
    json.name("image_id").value(image);
    json.name("category_id").value(category);
    json.name("iscrowd").value(0);
    json.name("area").value(mask.area());
    json.name("bbox").beginArray();
    json.value(box.x()).value(box.y()).value(box.width()).value(box.height());
    json.endArray();
    json.name("segmentation").beginObject();
    json.name("size").beginArray().value(mask.height()).value(mask.width()).endArray();
    json.name("counts").value(mask.rle().text());
    json.endObject();
    json.endObject();
  }

  private static void categories(JsonWriter json, World world) throws IOException {
    json.name("categories").beginArray();
    for (int id = 1; id <= world.names().size(); id++) {
      json.beginObject();
      json.name("id").value(id);
      json.name("name").value(world.names().get(id - 1));
      json.name("supercategory").value(world.kind(id));
      json.name("split").value(world.seen(id) ? "seen" : "unseen");
      json.endObject();
    }
    json.endArray();
  }

  private static void captions(JsonWriter json, World world, int count) throws IOException {
    json.name("annotations").beginArray();
    for (int i = 0; i < count; i++) {
      json.beginObject();
      json.name("id").value(i + 1);
      json.name("image_id").value(i + 1);
      json.name("caption").value(world.scene(i).caption());
      json.endObject();
    }
    json.endArray();
  }
}
