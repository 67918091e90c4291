package org.zeroseg.clip.text;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.zeroseg.core.file.WholeFile;

/** The files in which vocabularies are published. */
enum VocabularyFiles {
  /** Ends of words are marked; two special tokens. */
  CLIP(true),
  /** Blanks are part of the words behind them; one special token. */
  GPT_2(false);

  private static final String MERGES = "merges.txt";
  private static final String VOCABULARY = "vocab.json";
  private static final String TOKENIZER = "tokenizer.json";
  private static final String ORIGINAL_GPT_2 = "vocab.bpe";

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
    } catch (IllegalArgumentException
        | IllegalStateException
        | UnsupportedOperationException
        | ClassCastException
        | IndexOutOfBoundsException
        | JsonParseException
        | CharacterCodingException
        | EOFException
        | ZipException e) {
      throw new IOException(path + " is not a vocabulary: " + e.getMessage(), e);
    }
  }

  private BytePairs fromMerges(Path file) throws IOException {
    boolean compressed = file.toString().endsWith(".gz");
    List<String> merges = new ArrayList<>();
    try (InputStream stored = Files.newInputStream(file);
        InputStream stream = compressed ? new GZIPInputStream(stored) : stored;
        BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(stream, StandardCharsets.UTF_8.newDecoder()))) {
      String line = reader.readLine();
      // The first line states a version: as a comment, or in OpenAI's file behind a quotation mark.
      if (line != null && !line.contains("#version") && !line.isBlank()) {
        merges.add(line);
      }
      while ((line = reader.readLine()) != null
          && !(compressed && merges.size() == MERGES_OF_CLIP)) {
        if (!line.isEmpty()) {
          merges.add(line);
        }
      }
    }
    BytePairs pairs = BytePairs.of(merges, marksEnds);
    Path vocabulary = file.resolveSibling(VOCABULARY);
    if (!compressed && Files.exists(vocabulary)) {
      try (Reader reader = Files.newBufferedReader(vocabulary)) {
        check(JsonParser.parseReader(reader).getAsJsonObject(), pairs, vocabulary);
      }
    }
    return pairs;
  }

  private BytePairs fromTokenizer(Path file) throws IOException {
    try (Reader reader = Files.newBufferedReader(file)) {
      JsonObject model = JsonParser.parseReader(reader).getAsJsonObject().getAsJsonObject("model");
      if (model == null || !model.has("merges") || !model.has("vocab")) {
        throw new IllegalArgumentException("no model with vocab and merges");
      }
      List<String> merges = new ArrayList<>();
      for (JsonElement merge : model.getAsJsonArray("merges")) {
        merges.add(merge.isJsonArray() ? joined(merge.getAsJsonArray()) : merge.getAsString());
      }
      BytePairs pairs = BytePairs.of(merges, marksEnds);
      check(model.getAsJsonObject("vocab"), pairs, file);
      return pairs;
    }
  }

  /** Newer files hold a merge as an array of two. */
  private static String joined(JsonArray merge) {
    return merge.get(0).getAsString() + " " + merge.get(1).getAsString();
  }

  /** The ids follow from the merges; a file that numbers otherwise belongs to another model. */
  private void check(JsonObject vocabulary, BytePairs pairs, Path file) {
    numbered(pairs)
        .forEach(
            (token, id) -> {
              JsonElement found = vocabulary.get(token);
              if (found == null || found.getAsInt() != id) {
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
