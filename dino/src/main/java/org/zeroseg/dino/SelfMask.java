package org.zeroseg.dino;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.segment.Batches;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.supervision.SaliencyDetector;
import org.zeroseg.core.tensor.ModelMemory;

/**
 * SelfMask (Shin et al. 2022): finds the object that stands out of a picture, by a network that was
 * trained without labels. Thread-safe; {@link #close} waits for calls that run.
 *
 * <pre>{@code
 * try (SelfMask selfMask = SelfMask.builder().model(Path.of("selfmask_nq20.pt")).build()) {
 *   Mask object = selfMask.detect(Path.of("photo.jpg")).mask();
 * }
 * }</pre>
 */
public final class SelfMask implements SaliencyDetector {

  private final SelfMaskNetwork network;
  private final ModelMemory memory;
  private final Settings settings;

  /** What the builder chose. */
  record Settings(InputSize input, Optional<BilateralSolver> solver, int batch) {}

  SelfMask(SelfMaskNetwork network, NDManager manager, Settings settings) {
    this.network = network;
    this.memory = new ModelMemory(manager, "this SelfMask");
    this.settings = settings;
  }

  /**
   * Creates a builder, on which a model and settings are chosen.
   *
   * @return a builder with the defaults of NamedMask and ZUTIS, without the solver
   */
  public static SelfMaskBuilder builder() {
    return new SelfMaskBuilder();
  }

  @Override
  public List<Salient> detect(List<Picture> pictures) {
    return memory.during(
        call ->
            Batches.map(
                pictures,
                picture -> settings.input().of(picture, 1),
                sizes -> settings.batch(),
                (some, sizes) -> detect(some, sizes, call)));
  }

  /** Pictures of one size, together. */
  private List<Salient> detect(List<Picture> pictures, Sizes sizes, NDManager call) {
    int width = sizes.newWidth();
    int height = sizes.newHeight();
    List<Picture> inputs =
        pictures.stream()
            .map(picture -> picture.rgb().resize(width, height, Filter.BILINEAR))
            .toList();
    float[] probabilities;
    float[] objectness;
    try (NDManager batch = call.newSubManager()) {
      NDList found = network.detect(Normalization.IMAGENET.pixels(batch, inputs));
      probabilities = found.get(0).toFloatArray();
      objectness = found.get(1).toFloatArray();
    }
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
      results.add(new Salient(mask.resizeByFloor(sizes.width(), sizes.height()), objectness[i]));
    }
    return results;
  }

  /** Frees the model, after the calls that run. */
  @Override
  public void close() {
    memory.close();
  }
}
