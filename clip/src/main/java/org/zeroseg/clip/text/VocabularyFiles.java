package org.zeroseg.clip.text;

import com.google.gson.Gson;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zeroseg.core.file.InvalidFileException;
import org.zeroseg.core.file.JsonFile;
import org.zeroseg.core.file.TextFile;
import org.zeroseg.core.file.WholeFile;

/** The files in which vocabularies are published. */
enum VocabularyFiles {
  /** Ends of words are marked; two special tokens. */
  CLIP(true),
  /** Blanks are part of the words after them; one special token. */
  GPT_2(false);

  private static final String MERGES = "merges.txt";
  private static final String VOCABULARY = "vocab.json";
  private static final String TOKENIZER = "tokenizer.json";
  private static final String ORIGINAL_GPT_2 = "vocab.bpe";
  private static final String ORIGINAL_CLIP = "bpe_simple_vocab";

  /** Bytes; of OpenAI's list, the longest, 3 million. */
  private static final int LONGEST_MERGES = 1 << 23;

  /** Merges; no encoder that is known here has a third of it. */
  private static final int MOST = 200_000;

  /** Of OpenAI's list of merges CLIP takes those that fill 49,152 ids. */
  private static final int MERGES_OF_CLIP = 49_152 - 256 - 2;

  private final boolean marksEnds;

  VocabularyFiles(boolean marksEnds) {
    this.marksEnds = marksEnds;
  }

  /** Behind the merges' ids. */
  private List<String> specials() {
    return marksEnds ? List.of(ClipTokenizer.START, ClipTokenizer.END) : List.of(ClipTokenizer.END);
  }

  BytePairs read(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      for (String name : new String[] {MERGES, TOKENIZER, ORIGINAL_GPT_2}) {
        if (Files.exists(path.resolve(name))) {
          return read(path.resolve(name));
        }
      }
      throw new NoSuchFileException(
          path + ": no vocabulary (" + MERGES + " or " + TOKENIZER + ") in this folder");
    }
    try {
      return path.toString().endsWith(".json") ? fromTokenizer(path) : fromMerges(path);
    } catch (IllegalArgumentException e) {
      throw new InvalidFileException(path.toString(), "is not a vocabulary: " + e.getMessage(), e);
    }
  }

  private BytePairs fromMerges(Path file) throws IOException {
    List<String> lines = TextFile.read(file, LONGEST_MERGES).lines().limit(MOST + 2L).toList();
    String first = lines.isEmpty() ? "" : lines.get(0);
    boolean original = file.toString().endsWith(".gz") || first.contains(ORIGINAL_CLIP);
    // The first line states a version: as a comment, or in OpenAI's file behind a quotation mark.
    boolean versioned = first.contains("#version") || first.isBlank();
    List<String> merges =
        lines.stream()
            .skip(versioned ? 1 : 0)
            .filter(line -> !line.isEmpty())
            .limit(original ? MERGES_OF_CLIP : MOST + 1L)
            .toList();
    BytePairs pairs = pairs(merges);
    Path vocabulary = file.resolveSibling(VOCABULARY);
    if (!original && Files.exists(vocabulary)) {
      check(JsonFile.read(vocabulary, VocabularyFiles::ids), pairs, vocabulary);
    }
    return pairs;
  }

  private BytePairs pairs(List<String> merges) {
    if (merges.size() > MOST) {
      throw new IllegalArgumentException("it has over " + MOST + " merges");
    }
    return BytePairs.of(merges, marksEnds);
  }

  /** The part of a tokenizer's file that counts. */
  private record Model(List<String> merges, Map<String, Integer> ids) {}

  private BytePairs fromTokenizer(Path file) throws IOException {
    Model model = JsonFile.read(file, VocabularyFiles::model);
    if (model.merges.isEmpty() && model.ids.isEmpty()) {
      throw new IllegalArgumentException("no model with vocab and merges");
    }
    BytePairs pairs = pairs(model.merges);
    check(model.ids, pairs, file);
    return pairs;
  }

  private static Model model(JsonReader json) throws IOException {
    List<String> merges = new ArrayList<>();
    Map<String, Integer> ids = new HashMap<>();
    json.beginObject();
    while (json.hasNext()) {
      if (!json.nextName().equals("model")) {
        json.skipValue();
        continue;
      }
      json.beginObject();
      while (json.hasNext()) {
        switch (json.nextName()) {
          case "merges" -> merges.addAll(merges(json));
          case "vocab" -> ids.putAll(ids(json));
          default -> json.skipValue();
        }
      }
      json.endObject();
    }
    json.endObject();
    return new Model(merges, ids);
  }

  private static List<String> merges(JsonReader json) throws IOException {
    List<String> merges = new ArrayList<>();
    json.beginArray();
    while (json.hasNext() && merges.size() <= MOST) {
      if (json.peek() == JsonToken.BEGIN_ARRAY) { // newer files hold a merge as an array of two
        json.beginArray();
        merges.add(json.nextString() + " " + json.nextString());
        json.endArray();
      } else {
        merges.add(json.nextString());
      }
    }
    requireEnd(json);
    json.endArray();
    return merges;
  }

  private static Map<String, Integer> ids(JsonReader json) throws IOException {
    Map<String, Integer> ids = new HashMap<>();
    json.beginObject();
    while (json.hasNext() && ids.size() <= MOST) {
      ids.put(json.nextName(), json.nextInt());
    }
    requireEnd(json);
    json.endObject();
    return ids;
  }

  private static void requireEnd(JsonReader json) throws IOException {
    if (json.hasNext()) {
      throw new IllegalStateException("over " + MOST + " tokens at " + json.getPath());
    }
  }

  /** The ids follow from the merges; a file that numbers otherwise belongs to another model. */
  private void check(Map<String, Integer> vocabulary, BytePairs pairs, Path file) {
    numbered(pairs)
        .forEach(
            (token, id) -> {
              Integer found = vocabulary.get(token);
              if (!id.equals(found)) {
                throw new IllegalArgumentException(
                    file.getFileName()
                        + " gives \""
                        + token
                        + "\" the id "
                        + found
                        + "; its merges give "
                        + id);
              }
            });
    if (vocabulary.size() != pairs.size() + specials().size()) {
      throw new IllegalArgumentException(
          file.getFileName()
              + " has "
              + vocabulary.size()
              + " ids; its merges give "
              + (pairs.size() + specials().size()));
    }
  }

  private Map<String, Integer> numbered(BytePairs pairs) {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (int id = 0; id < pairs.size(); id++) {
      vocabulary.put(pairs.token(id), id);
    }
    specials().forEach(special -> vocabulary.put(special, vocabulary.size()));
    return vocabulary;
  }

  void write(BytePairs pairs, Path folder) throws IOException {
    StringBuilder merges = new StringBuilder("#version: 0.2\n");
    pairs.merges().forEach(merge -> merges.append(merge).append('\n'));
    WholeFile.write(folder.resolve(VOCABULARY), new Gson().toJson(numbered(pairs)));
    WholeFile.write(folder.resolve(MERGES), merges.toString());
  }
}
