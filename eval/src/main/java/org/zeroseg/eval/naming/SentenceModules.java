package org.zeroseg.eval.naming;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.supervision.InvalidDataException;

/**
 * What Sentence-BERT's files say beside the encoder's own: how much of a text it sees and how a
 * text's vector is made of those of its tokens.
 *
 * @param longest tokens of a text that count
 * @param lowerCase whether texts lose their capitals first
 * @param pooling what is made of the tokens' vectors
 */
record SentenceModules(int longest, boolean lowerCase, Pooling pooling) {

  /** Without side files: the whole text, averaged. */
  static final SentenceModules DEFAULT =
      new SentenceModules(Integer.MAX_VALUE, false, Pooling.MEAN);

  private static final String TRANSFORMER = "Transformer";
  private static final String POOLING = "Pooling";
  private static final String UNIT_LENGTH = "Normalize"; // which vectors have here in any case

  /** What the kernel does. */
  enum Pooling {
    MEAN(0),
    FIRST(1),
    LARGEST(2);

    /** The kernel's name for it. */
    private final int code;

    Pooling(int code) {
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  static SentenceModules find(String model, ModelHub hub) throws IOException {
    String pooling = "1_Pooling";
    Optional<Path> list = hub.find(model, "modules.json");
    if (list.isPresent()) {
      pooling = pooling(list.get()).orElse(pooling);
    }
    Optional<Path> length = hub.find(model, "sentence_bert_config.json");
    Optional<Path> pool = hub.find(model, pooling + "/config.json");
    int longest = length.isPresent() ? read(length.get(), SentenceModules::longest) : 0;
    return new SentenceModules(
        longest > 0 ? longest : DEFAULT.longest(),
        length.isPresent() && read(length.get(), json -> isTrue(json, "do_lower_case")),
        pool.isPresent() ? read(pool.get(), SentenceModules::pooling) : DEFAULT.pooling());
  }

  private static <T> T read(Path file, Function<JsonObject, T> meaning) throws IOException {
    try {
      return JsonFile.object(file, meaning);
    } catch (InvalidFileException e) {
      throw new InvalidDataException(file, e.problem());
    }
  }

  private static boolean isTrue(JsonObject json, String name) {
    return json.has(name) && !json.get(name).isJsonNull() && json.get(name).getAsBoolean();
  }

  /** Tokens of a text, 0 if it does not say. */
  private static int longest(JsonObject json) {
    JsonElement value = json.get("max_seq_length");
    if (value == null || value.isJsonNull()) {
      return 0;
    }
    if (value.getAsInt() < 3) { // a word between the marks of beginning and end
      throw new IllegalArgumentException("max_seq_length: expected 3 or more, found " + value);
    }
    return value.getAsInt();
  }

  private static Pooling pooling(JsonObject json) {
    List<String> modes = new ArrayList<>();
    for (String name : json.keySet()) {
      if (name.startsWith("pooling_mode_") && isTrue(json, name)) {
        modes.add(name.substring("pooling_mode_".length()));
      }
    }
    if (modes.size() != 1) {
      throw new IllegalArgumentException("expected one pooling mode, found " + modes);
    }
    return switch (modes.get(0)) {
      // Of a sum over tokens only the direction is kept, so that both are the same.
      case "mean_tokens", "mean_sqrt_len_tokens" -> Pooling.MEAN;
      case "cls_token" -> Pooling.FIRST;
      case "max_tokens" -> Pooling.LARGEST;
      default ->
          throw new IllegalArgumentException(
              "expected pooling by mean_tokens, cls_token or max_tokens, found " + modes.get(0));
    };
  }

  /** The folder of the pooling among the parts of a model, none of which may be unknown. */
  private static Optional<String> pooling(Path modules) throws IOException {
    Optional<String> folder = Optional.empty();
    List<JsonElement> parts;
    try {
      parts =
          JsonFile.read(modules, json -> JsonParser.parseReader(json).getAsJsonArray().asList());
      for (JsonElement part : parts) {
        String type = part.getAsJsonObject().get("type").getAsString().replaceFirst(".*\\.", "");
        if (type.equals(POOLING)) {
          folder = Optional.of(part.getAsJsonObject().get("path").getAsString());
        } else if (!type.equals(TRANSFORMER) && !type.equals(UNIT_LENGTH)) {
          throw new InvalidDataException(
              modules, "the model has a part that is not supported: " + type);
        }
      }
    } catch (InvalidFileException e) {
      throw new InvalidDataException(modules, e.problem());
    } catch (IllegalStateException | NullPointerException | UnsupportedOperationException e) {
      throw new InvalidDataException(modules, "expected parts with type and path");
    }
    return folder;
  }

  /** A text as the tokenizer shall see it. */
  String prepared(String text) {
    return lowerCase ? text.toLowerCase(Locale.ROOT) : text;
  }
}
