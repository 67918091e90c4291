package org.zeroseg.core.supervision;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.zeroseg.core.augment.Draws;
import org.zeroseg.core.golden.Golden;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.PixelFormat;
import org.zeroseg.core.mask.Mask;

/** Whole training samples of NamedMask, all draws recorded. */
class PastedScenesGoldenTest {

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> namedMask() {
    return Golden.tests("namedmask", Map.of("training_sample", this::sample));
  }

  /** Draws in the order of the record; fails where another is asked for. */
  private static final class Recorded implements Draws {

    private final Queue<JsonArray> draws = new ArrayDeque<>();

    Recorded(JsonArray record) {
      record.forEach(draw -> draws.add(draw.getAsJsonArray()));
    }

    private static double value(JsonArray draw) {
      return draw.get(draw.size() - 1).getAsDouble();
    }

    @Override
    public double uniform(double low, double high) {
      JsonArray draw = draws.remove();
      if (draw.size() == 4) {
        assertEquals("uniform", draw.get(0).getAsString());
        assertEquals(draw.get(1).getAsDouble(), low);
        assertEquals(draw.get(2).getAsDouble(), high);
      } else {
        assertEquals("random", draw.get(0).getAsString());
      }
      return value(draw);
    }

    @Override
    public int integer(int low, int high) {
      JsonArray draw = draws.remove();
      assertEquals("randint", draw.get(0).getAsString());
      assertEquals(draw.get(1).getAsInt(), low);
      assertEquals(draw.get(2).getAsInt(), high);
      return (int) value(draw);
    }
  }

  private void sample(GoldenCase golden) {
    JsonObject config = golden.config();
    int side = config.get("crop").getAsInt();
    JsonArray scales = config.getAsJsonArray("scale_range");
    PastedScenes.Options options =
        PastedScenes.Options.DEFAULT
            .withSize(side)
            .withMostObjects(config.get("max_n_masks").getAsInt())
            .withScales(scales.get(0).getAsDouble(), scales.get(1).getAsDouble())
            .withIgnore(config.get("ignore_index").getAsInt())
            .withPhotometric(false);
    Recorded draws = new Recorded(config.getAsJsonArray("draws_in_order"));
    PastedScenes.Scene scene = PastedScenes.of(data(golden), options).scene(draws);
    assertEquals(0, draws.draws.size(), "draws left over");
    golden.check("image", GoldenTensor.of(scene.pixels().pixels(), 3, side, side));
    golden.check("mask", GoldenTensor.of(scene.pixels().semantic(), side, side));
  }

  /** One picture a category, as the labels of the record are. */
  private MaskedArchives data(GoldenCase golden) {
    try {
      Path place = Files.createTempDirectory(folder, "case");
      PseudoMasks masks = new PseudoMasks(place.resolve("masks"));
      Map<String, List<String>> archives = new LinkedHashMap<>();
      int number = 0;
      for (JsonElement label : golden.config().getAsJsonArray("labels")) {
        assertEquals(number + 1, label.getAsInt());
        GoldenTensor image = golden.input("image" + number);
        byte[] object = golden.input("mask" + number).bytes();
        int width = (int) image.shape()[1];
        int height = (int) image.shape()[0];
        String name = number + ".png";
        Picture.of(PixelFormat.RGB, width, height, image.bytes()).writePng(place.resolve(name));
        masks.write(name, Mask.of(width, height, (x, y) -> object[y * width + x] == 1));
        archives.put("category " + number, List.of(name));
        number++;
      }
      return new MaskedArchives(new Archives(archives), place, masks);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
