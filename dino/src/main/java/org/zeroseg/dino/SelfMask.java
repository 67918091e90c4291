package org.zeroseg.dino;

import ai.djl.Device;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.zeroseg.core.checkpoint.Checkpoint;
import org.zeroseg.core.checkpoint.CheckpointException;
import org.zeroseg.core.checkpoint.Checkpoints;
import org.zeroseg.core.hub.ModelHub;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.tensor.ModelMemory;
import org.zeroseg.core.tensor.TorchEngine;
import org.zeroseg.core.tensor.Weights;

/**
 * SelfMask (Shin et al. 2022): finds the object that stands out of a picture, by a network that was
 * trained without labels. Thread-safe; {@link #close} waits for calls that run.
 */
public final class SelfMask implements SaliencyDetector {

  private static final String MODEL = "model";

  /**
   * Longer sides of the input are at most so many of the chosen shorter ones. Departure from the
   * references, where a strip a pixel wide grows to gigabytes and ends a run over a collection.
   */
  private static final int MOST_SIDES = 16;

  private final SelfMaskNetwork network;
  private final ModelMemory memory;
  private final Settings settings;

  private record Settings(
      OptionalInt shorterSide, Optional<BilateralSolver> solver, int batchSize) {}

  private SelfMask(SelfMaskNetwork network, NDManager manager, Settings settings) {
    this.network = network;
    this.memory = new ModelMemory(manager, "this SelfMask");
    this.settings = settings;
  }

  /**
   * Begins to choose a model and its settings.
   *
   * @return a builder with the defaults of NamedMask and ZUTIS, without the solver
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Choices of a {@link SelfMask}. */
  public static final class Builder {

    private Optional<String> model = Optional.empty();
    private OptionalInt shorterSide = OptionalInt.of(512);
    private Optional<BilateralSolver> solver = Optional.empty();
    private PositionRule rule = PositionRule.SELFMASK;
    private Optional<ModelHub> hub = Optional.empty();
    private Optional<Device> device = Optional.empty();
    private int batchSize = 4;

    private Builder() {}

    /**
     * Where the weights are.
     *
     * @param pathOrId a file ({@code selfmask_nq20.pt} or safetensors), a folder, or an id on the
     *     hub
     * @return this
     */
    public Builder model(String pathOrId) {
      model = Optional.of(pathOrId);
      return this;
    }

    /**
     * The input's size: the shorter side is resized to this, 512 by default; of a picture more than
     * sixteen times as long as wide the longer side to sixteen times this.
     *
     * @param pixels of the shorter side
     * @return this
     */
    public Builder shorterSide(int pixels) {
      if (pixels < 1) {
        throw new IllegalArgumentException("A shorter side of " + pixels + " pixels");
      }
      shorterSide = OptionalInt.of(pixels);
      return this;
    }

    /**
     * Pictures stay as large as they are, as in SelfMask's own evaluation.
     *
     * @return this
     */
    public Builder originalSize() {
      shorterSide = OptionalInt.empty();
      return this;
    }

    /**
     * Snaps masks to the edges of the picture, as NamedMask and ZUTIS do.
     *
     * @param solver the solver, such as {@link BilateralSolver#DEFAULT}
     * @return this
     */
    public Builder refinedBy(BilateralSolver solver) {
      this.solver = Optional.of(solver);
      return this;
    }

    /**
     * How positions are carried to other grids than the stored one.
     *
     * @param rule {@link PositionRule#SELFMASK} by default, as the published checkpoint was
     *     evaluated
     * @return this
     */
    public Builder positions(PositionRule rule) {
      this.rule = rule;
      return this;
    }

    /**
     * Pictures of one size that go through the network at once.
     *
     * @param pictures at least 1; 4 by default
     * @return this
     */
    public Builder batchSize(int pictures) {
      if (pictures < 1) {
        throw new IllegalArgumentException("Batches of " + pictures + " pictures");
      }
      batchSize = pictures;
      return this;
    }

    /**
     * Where an id is looked up.
     *
     * @param chosen the hub of this process's environment if none is chosen
     * @return this
     */
    public Builder hub(ModelHub chosen) {
      hub = Optional.of(chosen);
      return this;
    }

    /**
     * Where to compute.
     *
     * @param chosen the engine's default if none is chosen
     * @return this
     */
    public Builder device(Device chosen) {
      device = Optional.of(chosen);
      return this;
    }

    /**
     * Loads the model.
     *
     * @return the detector, to be closed
     * @throws IOException if the model cannot be fetched
     * @throws CheckpointException if the checkpoint cannot be read or holds no SelfMask
     * @throws IllegalStateException if no model was named
     */
    public SelfMask build() throws IOException {
      String named = model.orElseThrow(() -> new IllegalStateException("No model was named"));
      Checkpoint opened = Checkpoints.open(hub.orElseGet(ModelHub::fromEnvironment).weights(named));
      NDManager manager = TorchEngine.newManager(device.orElseGet(TorchEngine::defaultDevice));
      try (Checkpoint checkpoint = named(opened.unwrapped())) {
        SelfMaskConfig config = SelfMaskConfig.of(checkpoint);
        Weights weights = Weights.load(checkpoint, config.shapes(), manager);
        return build(SelfMaskNetwork.of(config, weights, rule, manager), manager);
      } catch (RuntimeException e) {
        manager.close();
        throw e;
      }
    }

    /**
     * A detector on a network that exists.
     *
     * @param network for inference
     * @param manager owns the network's weights; closed with the result
     * @return the detector
     */
    public SelfMask build(SelfMaskNetwork network, NDManager manager) {
      return new SelfMask(network, manager, new Settings(shorterSide, solver, batchSize));
    }

    /** What training writes has the weights under a key, what is published has them bare. */
    private static Checkpoint named(Checkpoint opened) {
      boolean nested =
          opened.tensors().keySet().stream().anyMatch(name -> name.startsWith(MODEL + "."));
      return nested ? opened.under(MODEL) : opened;
    }
  }

  @Override
  public List<Salient> detect(List<Picture> pictures) {
    Map<Sizes, List<Integer>> bySize = new LinkedHashMap<>();
    for (int i = 0; i < pictures.size(); i++) {
      bySize.computeIfAbsent(sizes(pictures.get(i)), key -> new ArrayList<>()).add(i);
    }
    Salient[] results = new Salient[pictures.size()];
    return memory.during(
        call -> {
          bySize.forEach(
              (sizes, members) -> {
                for (int from = 0; from < members.size(); from += settings.batchSize()) {
                  int to = Math.min(from + settings.batchSize(), members.size());
                  List<Integer> some = members.subList(from, to);
                  List<Picture> inputs =
                      some.stream().map(i -> input(pictures.get(i), sizes)).toList();
                  List<Salient> found = detect(inputs, sizes, call);
                  for (int i = 0; i < some.size(); i++) {
                    results[some.get(i)] = found.get(i);
                  }
                }
              });
          return Arrays.asList(results);
        });
  }

  private static Picture input(Picture picture, Sizes sizes) {
    return picture.rgb().resize(sizes.newWidth(), sizes.newHeight(), Filter.BILINEAR);
  }

  private Sizes sizes(Picture picture) {
    int width = picture.width();
    int height = picture.height();
    if (settings.shorterSide().isEmpty()) {
      return new Sizes(width, height, width, height);
    }
    int shorter = settings.shorterSide().getAsInt();
    int longest = (int) Math.min(Integer.MAX_VALUE, (long) MOST_SIDES * shorter);
    return Sizes.shorterSide(width, height, shorter, longest);
  }

  /** Pictures of one size, together. */
  private List<Salient> detect(List<Picture> inputs, Sizes sizes, NDManager call) {
    float[] probabilities;
    float[] objectness;
    try (NDManager batch = call.newSubManager()) {
      NDList found = network.detect(Normalization.IMAGENET.pixels(batch, inputs));
      probabilities = found.get(0).toFloatArray();
      objectness = found.get(1).toFloatArray();
    }
    int width = sizes.newWidth();
    int height = sizes.newHeight();
    List<Salient> results = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      int start = i * width * height;
      Mask mask = Mask.of(width, height, (x, y) -> probabilities[start + y * width + x] > 0.5f);
      if (settings.solver().isPresent()) {
        // The references guide the solver by the network's input turned back into bytes.
        float[] pixels = inputs.get(i).toPixels(Normalization.IMAGENET);
        Picture guide = Normalization.IMAGENET.restore(pixels, width, height);
        mask = settings.solver().get().guide(guide).refine(mask);
      }
      results.add(new Salient(mask.resize(sizes.width(), sizes.height()), objectness[i]));
    }
    return results;
  }

  /** Frees the model, after the calls that run. */
  @Override
  public void close() {
    memory.close();
  }
}
