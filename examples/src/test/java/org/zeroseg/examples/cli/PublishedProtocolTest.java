package org.zeroseg.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.zeroseg.clip.Attention;
import org.zeroseg.clip.Protocol;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.golden.Golden;

/**
 * What runs on a data set is what the attention's authors ran, where their settings are at hand.
 */
class PublishedProtocolTest {

  private static final Map<String, String> FILES =
      Map.of(
          "voc2012-val", "voc21",
          "voc2012-20-val", "voc20",
          "pascal-context-59", "pascal_context_60",
          "pascal-context-59-only", "pascal_context_59",
          "coco-object-val", "coco_object",
          "coco-stuff-val", "coco_stuff",
          "cityscapes-19-val", "cityscapes",
          "ade20k-val", "ade20k");

  @Test
  void settingsAndWordsAreTheAuthors() throws IOException {
    Path folder = Golden.data().resolve("dense");
    assumeTrue(Files.isDirectory(folder), "there are no settings in " + folder);
    for (Map.Entry<String, String> set : FILES.entrySet()) {
      JsonObject json;
      try (Reader reader = Files.newBufferedReader(folder.resolve(set.getValue() + ".json"))) {
        json = JsonParser.parseReader(reader).getAsJsonObject();
      }
      for (Map.Entry<String, JsonElement> settings : json.getAsJsonObject("settings").entrySet()) {
        Attention preset = Attention.preset(settings.getKey());
        PublishedProtocol found = PublishedProtocol.of(preset, set.getKey()).orElseThrow();
        String what = set.getKey() + " " + settings.getKey();
        settings(what, settings.getValue().getAsJsonObject(), found);
        words(what, settings.getKey(), json, found.words());
      }
    }
  }

  private static void settings(String what, JsonObject theirs, PublishedProtocol found) {
    Protocol around = found.around();
    assertEquals(theirs.get("shorter_side").getAsInt(), around.shorterSide(), what);
    assertEquals(theirs.get("longer_side_at_most").getAsInt(), around.longerSide(), what);
    assertEquals(theirs.get("crop").getAsInt(), around.crop(), what);
    if (around.crop() > 0) {
      assertEquals(theirs.get("stride").getAsInt(), around.stride(), what);
      JsonElement padding = theirs.get("pad_multiple");
      assertEquals(
          padding.isJsonNull() ? "0" : padding.getAsString(),
          around.padTo() < 0 ? "patch" : "" + around.padTo(),
          what);
    }
    assertEquals(theirs.get("logit_scale").getAsDouble(), around.scale(), what);
    JsonElement area = theirs.get("area_threshold");
    assertEquals(area.isJsonNull() ? 0 : area.getAsDouble(), around.leastArea(), what);
    assertEquals(!theirs.get("pamr").isJsonNull(), around.pamr().isPresent(), what);
    double threshold = theirs.get("probability_threshold").getAsDouble();
    assertEquals(threshold, found.words().backgroundThreshold().orElse(0), what);
    Attention attention = found.attention();
    if (theirs.has("kk_weight")) {
      assertEquals(theirs.get("kk_weight").getAsDouble(), attention.procrustes().keyWeight(), what);
      assertEquals(
          theirs.get("propagation_grid").getAsInt(),
          around.propagation().orElseThrow().grid(),
          what);
    }
    if (theirs.has("gaussian_std")) {
      assertEquals(theirs.get("gaussian_std").getAsDouble(), attention.neighbourhood(), what);
    }
    if (theirs.has("rcs")) {
      Attention.Correlation correlation = attention.correlation().orElseThrow();
      Attention.Feedback feedback = attention.feedback().orElseThrow();
      assertEquals(numbers(theirs, "rcs"), List.of(correlation.tau(), correlation.share()), what);
      assertEquals(numbers(theirs, "sfr"), List.of(feedback.tau(), feedback.share()), what);
      assertEquals(theirs.get("feedback_threshold").getAsDouble(), feedback.threshold(), what);
    }
  }

  private static List<Double> numbers(JsonObject json, String key) {
    return json.getAsJsonArray(key).asList().stream().map(JsonElement::getAsDouble).toList();
  }

  private static void words(String what, String method, JsonObject json, Vocabulary found) {
    JsonObject lists = json.getAsJsonObject("lists");
    JsonObject list = lists.getAsJsonObject(lists.has(method) ? method : "sclip");
    int background =
        json.get("background_index").isJsonNull() ? -1 : json.get("background_index").getAsInt();
    int category = 0;
    List<JsonElement> names = list.getAsJsonArray("names").asList();
    for (int i = 0; i < names.size(); i++) {
      List<String> theirs =
          names.get(i).getAsJsonArray().asList().stream()
              .map(word -> word.getAsString().strip())
              .toList();
      if (i == background) {
        // All but what names a class, too.
        assertTrue(theirs.containsAll(found.backgroundWords()), what);
        assertTrue(found.backgroundWords().size() >= theirs.size() - 1, what);
      } else {
        assertEquals(theirs, found.categories().get(category++).words(), what);
      }
    }
    assertEquals(category, found.size(), what);
  }
}
