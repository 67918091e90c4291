package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.zeroseg.core.Precision;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.checkpoint.SafetensorsWriter;
import org.zeroseg.core.checkpoint.TensorInfo;
import org.zeroseg.core.tensor.Weights;

/**
 * A network in a file: as published, as training keeps it, or complete with its words.
 *
 * @param network tensors under the published names
 * @param classes the split, if the file says it
 * @param vocabulary {@code [D, M]} row-major, if the file has it
 * @param syncBoxes whether the detector takes the learnt background vector, as it does unless the
 *     file says otherwise
 * @param syncMasks whether the mask head takes it, if the file says so
 */
@SuppressWarnings("ArrayRecordComponent")
record ZsiCheckpoint(
    Checkpoint network,
    Optional<ClassVectors> classes,
    Optional<float[]> vocabulary,
    boolean syncBoxes,
    Optional<Boolean> syncMasks) {

  private static final Logger LOG = LoggerFactory.getLogger(ZsiCheckpoint.class);

  /** Beside the published names in complete files. */
  private static final String WORDS = "words.";

  private static final String VECTORS = WORDS + "vectors";
  private static final String VOCABULARY = WORDS + "vocabulary";
  private static final String SEEN = "zsi.seen";
  private static final String UNSEEN = "zsi.unseen";
  private static final String SYNC_BOXES = "zsi.sync_boxes";
  private static final String SYNC_MASKS = "zsi.sync_masks";

  /** Where networks lie in what trainings write. */
  private static final List<String> INSIDE = List.of("state_dict", "weights");

  /** The network of an open checkpoint, which stays open. */
  static ZsiCheckpoint of(Checkpoint opened) {
    Checkpoint network = opened;
    for (String place : INSIDE) {
      String prefix = place + ".";
      if (network.tensors().keySet().stream().anyMatch(name -> name.startsWith(prefix))) {
        network = network.under(place);
      }
    }
    network = network.unwrapped();
    Map<String, String> metadata = opened.metadata();
    Optional<ClassVectors> classes = Optional.empty();
    if (network.tensors().containsKey(VECTORS) && metadata.containsKey(SEEN)) {
      classes =
          Optional.of(
              ClassVectors.of(
                  names(opened, metadata, SEEN),
                  names(opened, metadata, UNSEEN),
                  rows(network, VECTORS)));
    }
    Optional<float[]> vocabulary =
        network.tensors().containsKey(VOCABULARY)
            ? Optional.of(Matrix.rows(rows(network, VOCABULARY)).floats())
            : Optional.empty();
    return new ZsiCheckpoint(
        network.without(name -> name.startsWith(WORDS)),
        classes,
        vocabulary,
        Boolean.parseBoolean(metadata.getOrDefault(SYNC_BOXES, "true")),
        Optional.ofNullable(metadata.get(SYNC_MASKS)).map(Boolean::parseBoolean));
  }

  private static List<String> names(Checkpoint source, Map<String, String> metadata, String key) {
    try {
      String[] names = new Gson().fromJson(metadata.getOrDefault(key, "[]"), String[].class);
      return List.of(names);
    } catch (JsonParseException | NullPointerException e) {
      throw new CheckpointException(
          source.source() + ": metadata " + key + " is no list of names", e);
    }
  }

  private static float[][] rows(Checkpoint network, String name) {
    Shape shape = network.tensors().get(name).shape();
    if (shape.dimension() != 2 || shape.size() == 0) {
      throw new CheckpointException(
          "%s: tensor %s must have 2 dimensions, found %s"
              .formatted(network.source(), name, shape));
    }
    Checkpoint wide = network.as(DataType.FLOAT32);
    float[] values = new float[Math.toIntExact(shape.size())];
    wide.read(name).asFloatBuffer().get(values);
    int width = (int) shape.get(1);
    float[][] rows = new float[(int) shape.get(0)][];
    Arrays.setAll(rows, i -> Arrays.copyOfRange(values, i * width, (i + 1) * width));
    return rows;
  }

  /** The sizes that the file's shapes tell. */
  ZsiConfig config() {
    return ZsiConfig.of(network);
  }

  /**
   * The tensors that have a part in the network's answer. Names that no ZSI network has are left
   * out with a warning.
   */
  Weights load(ZsiConfig config, Precision precision, NDManager manager) {
    Map<String, Shape> all = config.shapes();
    Map<String, Shape> needed = new LinkedHashMap<>(all);
    needed.keySet().removeIf(name -> !ZsiConfig.infers(name));
    Set<String> unknown = new TreeSet<>(network.tensors().keySet());
    unknown.removeAll(all.keySet());
    // Of networks in the state of testing.
    unknown.remove("mask_head.con_vec_t.weight");
    unknown.remove("mask_head.conv_vec_unseen.weight");
    if (!unknown.isEmpty()) {
      LOG.warn(
          "{}: {} tensors are not part of a ZSI network and left out, such as {}",
          network.source(),
          unknown.size(),
          unknown.iterator().next());
    }
    return Weights.load(
        network.without(name -> !needed.containsKey(name)),
        needed,
        precision,
        ZsiConfig::inProducts,
        manager);
  }

  /**
   * Checks that the network was trained on the words that are given.
   *
   * @throws CheckpointException if the file keeps other vectors of the seen classes
   */
  void requireWords(ClassVectors given) {
    if (!network.tensors().containsKey(ZsiConfig.CLASS_VECTORS)) {
      return;
    }
    Checkpoint wide = network.as(DataType.FLOAT32);
    float[] kept =
        new float[Math.toIntExact(network.tensors().get(ZsiConfig.CLASS_VECTORS).shape().size())];
    wide.read(ZsiConfig.CLASS_VECTORS).asFloatBuffer().get(kept);
    int dimensions = given.dimensions();
    // The first row is whatever vector of background was written last.
    for (int c = 1; c <= given.seen().size(); c++) {
      for (int d = 0; d < dimensions; d++) {
        if (Math.abs(kept[c * dimensions + d] - given.rows()[c][d]) > 1e-2) {
          throw new CheckpointException(
              "%s: was trained with another vector of seen class %d, '%s', than the one given"
                  .formatted(network.source(), c, given.seen().get(c - 1)));
        }
      }
    }
  }

  /** Writes a complete file: the network with its words. */
  static void write(
      Path file,
      Checkpoint network,
      ClassVectors classes,
      NDArray vocabulary,
      boolean syncBoxes,
      boolean syncMasks,
      DataType type,
      Map<String, String> provenance)
      throws IOException {
    try (NDManager scratch = vocabulary.getManager().newSubManager()) {
      Map<String, NDArray> words = new LinkedHashMap<>();
      words.put(VECTORS, scratch.create(classes.rows()));
      if (!network.tensors().containsKey(ZsiConfig.BOXES + "fc_cls.weight")) {
        words.put(VOCABULARY, vocabulary);
      }
      Map<String, String> metadata = new LinkedHashMap<>(provenance);
      metadata.put(SEEN, new Gson().toJson(classes.seen()));
      metadata.put(UNSEEN, new Gson().toJson(classes.unseen()));
      metadata.put(SYNC_BOXES, Boolean.toString(syncBoxes));
      metadata.put(SYNC_MASKS, Boolean.toString(syncMasks));
      Checkpoint all = new Joined(network, Checkpoints.of(words, "words"));
      SafetensorsWriter.write(file, all.as(type), metadata);
    }
  }

  /** Two checkpoints side by side. */
  private record Joined(Checkpoint first, Checkpoint second) implements Checkpoint {

    private Checkpoint of(String name) {
      return first.tensors().containsKey(name) ? first : second;
    }

    @Override
    public String source() {
      return first.source();
    }

    @Override
    public Map<String, TensorInfo> tensors() {
      Map<String, TensorInfo> all = new LinkedHashMap<>(first.tensors());
      all.putAll(second.tensors());
      return all;
    }

    @Override
    public ByteBuffer read(String name) {
      return of(name).read(name);
    }

    @Override
    public void close() {
      first.close();
      second.close();
    }
  }
}
