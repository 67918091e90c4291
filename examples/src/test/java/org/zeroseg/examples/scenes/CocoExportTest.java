package org.zeroseg.examples.scenes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.Progress;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.mask.Rle;
import org.zeroseg.examples.shapeworld.Scene;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

class CocoExportTest {

  private static final ShapeWorld WORLD = new ShapeWorld(3, 64, 1, 6, Split.ALL);

  @TempDir Path folder;

  @Test
  void filesHoldTheScenes() throws IOException {
    CocoExport.write(WORLD, 5, folder, Progress.SILENT);
    JsonObject instances = read("instances.json");
    assertEquals(5, instances.getAsJsonArray("images").size());
    assertEquals(64, instances.getAsJsonArray("categories").size());
    Map<Integer, Integer> objects = new HashMap<>();
    for (JsonElement element : instances.getAsJsonArray("annotations")) {
      JsonObject annotation = element.getAsJsonObject();
      int image = annotation.get("image_id").getAsInt();
      int object = objects.merge(image, 1, Integer::sum) - 1;
      Scene scene = WORLD.scene(image - 1);
      Mask mask =
          Rle.parse(64, 64, annotation.getAsJsonObject("segmentation").get("counts").getAsString())
              .mask();
      assertEquals(scene.mask(object), mask);
      assertEquals(mask.area(), annotation.get("area").getAsInt());
      assertEquals(scene.objects().get(object).id(), annotation.get("category_id").getAsInt());
      assertEquals(mask.box().width(), annotation.getAsJsonArray("bbox").get(2).getAsDouble());
    }
    JsonObject captions = read("captions.json");
    for (int i = 0; i < 5; i++) {
      Scene scene = WORLD.scene(i);
      assertEquals(scene.objects().size(), objects.get(i + 1));
      assertEquals(
          scene.caption(),
          captions
              .getAsJsonArray("annotations")
              .get(i)
              .getAsJsonObject()
              .get("caption")
              .getAsString());
      String name =
          instances
              .getAsJsonArray("images")
              .get(i)
              .getAsJsonObject()
              .get("file_name")
              .getAsString();
      BufferedImage picture = ImageIO.read(folder.resolve("images").resolve(name).toFile());
      int[] rgb = picture.getRGB(0, 0, 64, 64, null, 0, 64);
      for (int pixel = 0; pixel < rgb.length; pixel++) {
        rgb[pixel] &= 0xffffff;
      }
      assertArrayEquals(scene.rgb(), rgb);
      BufferedImage labels = ImageIO.read(folder.resolve("labels").resolve(name).toFile());
      assertArrayEquals(
          scene.labels(), labels.getRaster().getSamples(0, 0, 64, 64, 0, (int[]) null));
    }
  }

  private JsonObject read(String name) throws IOException {
    return JsonParser.parseString(Files.readString(folder.resolve(name))).getAsJsonObject();
  }
}
