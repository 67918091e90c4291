package org.zeroseg.examples.serve;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.http.MultiPart;
import org.eclipse.jetty.http.MultiPartFormData;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Promise;
import org.zeroseg.core.Vocabulary;
import org.zeroseg.core.export.AnnotationFormat;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;

/**
 * The fields of a request, from a form of several parts or from JSON. Lists are repeated fields or
 * one with commas in a form, and arrays or a text with commas in JSON.
 */
final class Fields {

  private static final String PICTURE = "picture";

  /** Characters of a word. */
  private static final int LONGEST_WORD = 200;

  /** Parts of a form. */
  private static final int MOST_PARTS = 2000;

  private final Map<String, List<String>> texts = new LinkedHashMap<>();

  /** Those whose values are a list already, so that commas belong to the words. */
  private final Set<String> lists = new HashSet<>();

  private byte[] picture = {};
  private String name = PICTURE;

  private Fields() {}

  /**
   * Reads them.
   *
   * @param known what fields there are, the picture besides
   */
  static Fields read(String contentType, byte[] body, Limits limits, Set<String> known) {
    Fields fields = new Fields();
    switch (mediaType(contentType)) {
      case "multipart/form-data" -> fields.readForm(contentType, body);
      case Answer.JSON -> fields.readJson(object(body), limits);
      default ->
          throw new Refusal(
              415, "Content-Type", "multipart/form-data or application/json", contentType);
    }
    for (String field : fields.texts.keySet()) {
      if (!known.contains(field)) {
        throw Refusal.of(
            field,
            "one of the fields "
                + PICTURE
                + ", "
                + known.stream().sorted().collect(Collectors.joining(", ")),
            field);
      }
    }
    if (fields.picture.length == 0) {
      throw Refusal.of(PICTURE, "the bytes of a picture", "");
    }
    if (fields.picture.length > limits.bytes()) {
      throw new Refusal(
          413, PICTURE, "at most " + limits.bytes() + " bytes", fields.picture.length + " bytes");
    }
    return fields;
  }

  static String mediaType(String contentType) {
    return contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
  }

  /** A body that is one JSON object. */
  static JsonObject object(byte[] body) {
    try {
      return JsonFile.object("body", ByteBuffer.wrap(body), object -> object);
    } catch (InvalidFileException e) {
      throw Refusal.of("body", "a JSON object", e.problem());
    } catch (IOException e) {
      throw Refusal.of("body", "a JSON object", String.valueOf(e.getMessage()));
    }
  }

  private void readForm(String contentType, byte[] body) {
    String boundary = MultiPart.extractBoundary(contentType);
    if (boundary == null || boundary.isEmpty()) {
      throw Refusal.of("Content-Type", "a boundary", contentType);
    }
    MultiPartFormData.Parser parser = new MultiPartFormData.Parser(boundary);
    parser.setMaxParts(MOST_PARTS);
    parser.setMaxMemoryFileSize(-1); // the body is in memory, and bounded
    parser.setMaxLength(-1);
    parser.setMaxFileSize(-1);
    CompletableFuture<MultiPartFormData.Parts> parsed = new CompletableFuture<>();
    parser.parse(Content.Source.from(ByteBuffer.wrap(body)), Promise.Invocable.toPromise(parsed));
    // All of the body is there, so that this does not wait.
    try (MultiPartFormData.Parts parts = parsed.join()) {
      for (MultiPart.Part part : parts) {
        String field = part.getName();
        if (field == null) {
          throw Refusal.of("body", "a name for each part", "a part without");
        }
        if (field.equals(PICTURE)) {
          requireFirst(picture.length == 0, PICTURE);
          picture = bytes(part);
          if (part.getFileName() != null && !part.getFileName().isBlank()) {
            name = part.getFileName();
          }
        } else {
          texts
              .computeIfAbsent(field, key -> new ArrayList<>())
              .add(part.getContentAsString(StandardCharsets.UTF_8));
        }
      }
    } catch (CompletionException | IllegalArgumentException | IllegalStateException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw Refusal.of("body", "a form of several parts", String.valueOf(cause.getMessage()));
    }
  }

  private static byte[] bytes(MultiPart.Part part) {
    try {
      ByteBuffer content = Content.Source.asByteBuffer(part.createContentSource());
      byte[] bytes = new byte[content.remaining()];
      content.get(bytes);
      return bytes;
    } catch (IOException e) {
      throw Refusal.of(PICTURE, "the bytes of a picture", String.valueOf(e.getMessage()));
    }
  }

  private void readJson(JsonObject json, Limits limits) {
    for (Map.Entry<String, JsonElement> entry : json.entrySet()) {
      String field = entry.getKey();
      JsonElement value = entry.getValue();
      if (field.equals(PICTURE)) {
        picture = decode(PICTURE, text(field, value), limits);
      } else if (field.equals("name")) {
        name = text(field, value);
      } else if (value instanceof JsonArray array) {
        List<String> all = new ArrayList<>();
        for (JsonElement one : array) {
          all.add(text(field, one));
        }
        texts.put(field, all);
        lists.add(field);
      } else if (!value.isJsonNull()) {
        texts.put(field, List.of(text(field, value)));
      }
    }
  }

  private static String text(String field, JsonElement value) {
    if (value instanceof JsonPrimitive primitive) {
      return primitive.getAsString();
    }
    throw Refusal.of(field, "a text, a number or a list of texts", value.toString());
  }

  /** Base64, with or without the beginning of a data URL. */
  static byte[] decode(String field, String text, Limits limits) {
    int comma = text.startsWith("data:") ? text.indexOf(',') : -1;
    String base64 = text.substring(comma + 1);
    if (base64.length() / 4 * 3L > limits.bytes() + 3) {
      throw new Refusal(
          413, field, "at most " + limits.bytes() + " bytes", base64.length() / 4 * 3 + " bytes");
    }
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw Refusal.of(field, "base64", String.valueOf(e.getMessage()));
    }
  }

  private static void requireFirst(boolean first, String field) {
    if (!first) {
      throw Refusal.of(field, "one value", "several");
    }
  }

  /** The bytes of the picture's file. */
  byte[] picture() {
    return picture;
  }

  /** What the picture's file is called. */
  String name() {
    return name;
  }

  private Optional<String> one(String field) {
    List<String> values = texts.getOrDefault(field, List.of());
    requireFirst(values.size() < 2, field);
    return values.stream().map(String::strip).filter(value -> !value.isEmpty()).findFirst();
  }

  private boolean flag(String field, boolean otherwise) {
    Optional<String> value = one(field);
    if (value.isEmpty()) {
      return otherwise;
    }
    return switch (value.get()) {
      case "true" -> true;
      case "false" -> false;
      default -> throw Refusal.of(field, "true or false", value.get());
    };
  }

  private Optional<Double> number(String field, double least, double most) {
    return one(field)
        .map(
            text -> {
              double number;
              try {
                number = Double.parseDouble(text);
              } catch (NumberFormatException e) {
                number = Double.NaN;
              }
              if (!(number >= least && number <= most)) {
                throw Refusal.of(field, "a number from " + least + " to " + most, text);
              }
              return number;
            });
  }

  private List<String> list(String field) {
    List<String> values = texts.getOrDefault(field, List.of());
    boolean parted = !lists.contains(field) && values.size() == 1;
    return values.stream()
        .flatMap(value -> parted ? Arrays.stream(value.split(",", -1)) : Stream.of(value))
        .map(String::strip)
        .filter(word -> !word.isEmpty())
        .toList();
  }

  /** What is looked for; the server's own words where the request names none. */
  Question question(Limits limits, List<Vocabulary.Category> usual) {
    List<Vocabulary.Category> categories = new ArrayList<>();
    for (String entry : list("words")) {
      List<String> words = Arrays.stream(entry.split("\\|", -1)).map(String::strip).toList();
      try {
        categories.add(new Vocabulary.Category(words.get(0), words.subList(1, words.size())));
      } catch (IllegalArgumentException e) {
        throw Refusal.of("words", "words, synonyms separated by bars", entry);
      }
    }
    if (categories.isEmpty()) {
      categories.addAll(usual);
    }
    if (categories.isEmpty()) {
      throw Refusal.of("words", "at least one word", "");
    }
    Optional<List<String>> background =
        Optional.of(list("background")).filter(words -> !words.isEmpty());
    boolean allPixels = flag("allPixels", false);
    if (allPixels && background.isPresent()) {
      throw Refusal.of("background", "none together with allPixels", background.get().toString());
    }
    Question question =
        new Question(categories, background, list("not"), allPixels, number("threshold", 0, 1));
    requireFew(question, limits);
    return question;
  }

  static void requireFew(Question question, Limits limits) {
    List<String> words = new ArrayList<>(question.not());
    question.categories().forEach(category -> words.addAll(category.words()));
    question.background().ifPresent(words::addAll);
    if (words.size() > limits.words()) {
      throw Refusal.of("words", "at most " + limits.words() + " words", words.size() + " words");
    }
    for (String word : words) {
      if (word.length() > LONGEST_WORD) {
        throw Refusal.of("words", "words of at most " + LONGEST_WORD + " characters", word);
      }
    }
  }

  /** What the result is sent as. */
  Result.Form form() {
    String text = one("format").orElse(Result.Form.JSON);
    Optional<AnnotationFormat> format = Optional.empty();
    if (!text.equals(Result.Form.JSON) && !text.equals(Result.Form.OVERLAY)) {
      try {
        format = Optional.of(AnnotationFormat.of(text));
      } catch (IllegalArgumentException e) {
        throw Refusal.of("format", String.join(", ", Result.Form.all()), text);
      }
    }
    return new Result.Form(
        text,
        format,
        flag("instances", true),
        number("tolerance", 0, 1000).orElse(0.0),
        flag("preview", false));
  }
}
