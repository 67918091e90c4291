package org.zeroseg.namedmask;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.supervision.PastedScenes;

/**
 * A configuration of the released code, such as {@code voc_val_n500_cp2_ex.yaml} or {@code
 * coco2017_category.yaml}, which that code itself cannot read in part: some name the key of the
 * experts' masks {@code use_expert_pseudo_masks}, some {@code use_specialist_pseudo_masks}.
 * Learning rate, weight decay and betas count here; the released code reads them and uses its own.
 *
 * @param recipe network, scenes and hyper-parameters; an expert's if the objects have no category
 * @param steps of the run
 * @param evaluateEvery steps between two measurements
 * @param expertMasks whether experts' masks are learnt from, and not a saliency detector's
 * @param categories in the order of their labels; empty for experts
 * @param pictures of each archive
 * @param archives the name of the archives' file
 */
public record PublishedConfig(
    NamedMaskRecipe recipe,
    long steps,
    long evaluateEvery,
    boolean expertMasks,
    List<String> categories,
    int pictures,
    String archives) {

  private static final int LONGEST = 1 << 20;

  /** Copies the list. */
  public PublishedConfig {
    categories = List.copyOf(categories);
  }

  /**
   * Reads a file.
   *
   * @param file YAML as these files have it: keys with numbers, words or lists in brackets, and one
   *     level of keys below others
   * @return the configuration
   * @throws InvalidFileException if it is not of this form, or lacks a key
   * @throws IOException if it cannot be read
   */
  public static PublishedConfig read(Path file) throws IOException {
    List<String> lines = TextFile.read(file, LONGEST).lines().toList();
    try {
      return of(parsed(lines));
    } catch (IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | JsonParseException e) {
      throw new InvalidFileException(
          file.toString(), "is no configuration of NamedMask: " + e.getMessage(), e);
    }
  }

  private static PublishedConfig of(JsonObject keys) {
    boolean expert = value(keys, "n_categories").getAsInt() == 2;
    JsonArray scales = value(keys, "scale_range").getAsJsonArray();
    JsonArray betas = value(keys, "betas").getAsJsonArray();
    JsonElement named = value(keys, "categories");
    PastedScenes.Options scenes =
        (expert ? ArchiveSamples.EXPERT : ArchiveSamples.NAMED_MASK)
            .withMostObjects(value(keys, "max_n_masks").getAsInt())
            .withScales(scales.get(0).getAsDouble(), scales.get(1).getAsDouble())
            .withSize(value(keys, "train_image_size").getAsInt());
    NamedMaskTrainer.Options published = NamedMaskTrainer.Options.DEFAULT;
    NamedMaskTrainer.Options options =
        published
            .withLearningRate(value(keys, "lr").getAsDouble(), published.backboneFactor())
            .withWeightDecay(value(keys, "weight_decay").getAsDouble())
            .withBetas(betas.get(0).getAsDouble(), betas.get(1).getAsDouble());
    JsonObject loader = value(keys, "train_dataloader_kwargs").getAsJsonObject();
    return new PublishedConfig(
        new NamedMaskRecipe(
            network(value(keys, "segmenter_name").getAsString()),
            scenes,
            value(loader, "batch_size").getAsInt(),
            options),
        value(keys, "n_iters").getAsLong(),
        value(keys, "iter_eval").getAsLong(),
        expertMasks(keys),
        named.isJsonNull()
            ? List.of()
            : named.getAsJsonArray().asList().stream().map(JsonElement::getAsString).toList(),
        value(keys, "n_images").getAsInt(),
        value(keys, "category_to_p_images_fp").getAsString().replaceFirst("^.*/", ""));
  }

  /** The same under both of its names. */
  private static boolean expertMasks(JsonObject keys) {
    String other = "use_specialist_pseudo_masks";
    return value(keys, keys.has(other) ? other : "use_expert_pseudo_masks").getAsBoolean();
  }

  private static DeepLabConfig network(String name) {
    return switch (name) {
      case "deeplabv3plus_resnet50" -> DeepLabConfig.resNet50(2);
      case "deeplabv3plus_resnet101" -> DeepLabConfig.resNet101(2);
      default ->
          throw new IllegalArgumentException(
              "segmenter_name "
                  + name
                  + ", expected deeplabv3plus_resnet50 or deeplabv3plus_resnet101");
    };
  }

  private static JsonElement value(JsonObject keys, String name) {
    if (!keys.has(name)) {
      throw new IllegalArgumentException("the key " + name + " is missing");
    }
    return keys.get(name);
  }

  private static JsonObject parsed(List<String> lines) {
    JsonObject top = new JsonObject();
    JsonObject below = top;
    Iterator<String> rest = lines.stream().map(PublishedConfig::withoutComment).iterator();
    while (rest.hasNext()) {
      String line = rest.next();
      if (line.isBlank()) {
        continue;
      }
      int colon = line.indexOf(':');
      if (colon < 0) {
        throw new IllegalArgumentException("no key in the line \"" + line + "\"");
      }
      String key = line.substring(0, colon).strip();
      StringBuilder text = new StringBuilder(line.substring(colon + 1).strip());
      while (text.indexOf("[") == 0 && text.indexOf("]") < 0 && rest.hasNext()) {
        text.append(rest.next().strip());
      }
      boolean inner = Character.isWhitespace(line.charAt(0));
      if (text.isEmpty()) {
        below = new JsonObject();
        top.add(key, below);
      } else {
        (inner ? below : top).add(key, scalar(text.toString()));
      }
    }
    return top;
  }

  private static JsonElement scalar(String text) {
    return switch (text) {
      case "null", "~" -> JsonNull.INSTANCE;
      case "true", "false" -> new JsonPrimitive(Boolean.valueOf(text));
      default -> JsonParser.parseString(text);
    };
  }

  /** A number sign outside quotation marks begins a comment. */
  private static String withoutComment(String line) {
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      if (line.charAt(i) == '"') {
        quoted = !quoted;
      } else if (line.charAt(i) == '#' && !quoted) {
        return line.substring(0, i).stripTrailing();
      }
    }
    return line.stripTrailing();
  }
}
