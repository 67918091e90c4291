package org.zeroseg.examples.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import org.zeroseg.clip.Clip;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.file.UserCache;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.tensor.TorchEngine;

/**
 * Class vectors of words, kept in the user's cache from one run to the next: with 85 sentences a
 * word they take longer than a picture. What a model is called says little; vectors are kept by
 * what its files hold.
 */
final class WordVectors {

  private static final List<String> TEXT_FILES =
      List.of("merges.txt", "vocab.json", "tokenizer.json", "config.json");

  private WordVectors() {}

  /**
   * The vectors of a model.
   *
   * @param model a path or an id of the hub
   * @param clip what was loaded from it
   * @param precision that it was loaded in
   */
  static TextEmbeddings of(String model, Clip clip, Precision precision) {
    return of(model, clip, precision, UserCache.folder());
  }

  static TextEmbeddings of(String model, Clip clip, Precision precision, Path cache) {
    try {
      String content = content(files(model, ModelHub.fromEnvironment()));
      Precision format = precision.on(TorchEngine.defaultDevice());
      return TextEmbeddings.of(clip, cache.resolve("words"), content + " " + format);
    } catch (IOException e) {
      return clip.textEmbeddings(); // encoded in every run, then
    }
  }

  private static List<Path> files(String model, ModelHub hub) throws IOException {
    List<Path> files = new ArrayList<>();
    Path weights = hub.weights(model);
    files.add(weights);
    if (weights.getFileName().toString().endsWith(".index.json")) {
      for (String shard : Checkpoints.shards(weights)) {
        files.add(hub.file(model, shard));
      }
    }
    // Of a model that is a single file, these lie beside it.
    Path beside = weights.toAbsolutePath().getParent();
    for (String name : TEXT_FILES) {
      Optional.of(beside.resolve(name)).filter(Files::isRegularFile).ifPresent(files::add);
    }
    return files;
  }

  /** Two checksums and the length of each file: against chance, not against intent. */
  static String content(List<Path> files) throws IOException {
    StringBuilder content = new StringBuilder();
    ByteBuffer block = ByteBuffer.allocateDirect(1 << 20);
    for (Path file : files) {
      CRC32 first = new CRC32();
      CRC32C second = new CRC32C();
      try (FileChannel channel = FileChannel.open(file)) {
        while (channel.read(block.clear()) >= 0) {
          first.update(block.flip());
          second.update(block.rewind());
        }
        content.append(
            "%d-%08x-%08x ".formatted(channel.size(), first.getValue(), second.getValue()));
      }
    }
    return content.toString();
  }
}
