package org.zeroseg.dino;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Filter;
import org.zeroseg.core.image.Normalization;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Sizes;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.refine.BilateralSolver;
import org.zeroseg.core.segment.Batches;
import org.zeroseg.core.segment.InputSize;
import org.zeroseg.core.segment.ScoreMap;
import org.zeroseg.core.segment.TiledLabels;
import org.zeroseg.core.segment.Tiles;
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
  record Settings(
      InputSize input,
      Optional<BilateralSolver> solver,
      int batch,
      Optional<Tiles> tiles,
      Progress progress) {}

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
    return Batches.tiled(
        pictures,
        settings.tiles(),
        this::tiled,
        others ->
            Batches.map(
                others,
                picture -> settings.input().of(picture, 1),
                sizes -> settings.batch(),
                (some, sizes) ->
                    find(some, sizes).stream()
                        .map(found -> found.salient(sizes.width(), sizes.height()))
                        .toList()));
  }

  /**
   * A picture that takes several tiles: what stands out of each of them, together. Probabilities
   * fade from tile to tile; the objectness is the mean of the tiles' by what was found in them.
   */
  private Salient tiled(Picture picture) {
    int width = picture.width();
    int height = picture.height();
    // A pixel is of an object if its probability wins over a half.
    TiledLabels pixels =
        new TiledLabels(
            settings.tiles().orElseThrow(),
            width,
            height,
            1,
            map -> map,
            (row, map, x) -> row[map][x],
            OptionalDouble.empty());
    double[] sums = new double[2];
    pixels.add(
        picture,
        settings.batch(),
        settings.progress(),
        parts -> {
          List<Found> found = find(parts, settings.input().of(parts.get(0), 1));
          for (Found each : found) {
            // A tile without an object counts a little, so that there is a mean in any case.
            int weight = 1 + each.mask().area();
            sums[0] += weight * each.objectness();
            sums[1] += weight;
          }
          return found.stream().map(Found::map).toList();
        });
    Mask mask =
        Mask.ofLabels(width, height, pixels.labels().compact())
            .getOrDefault(1, Mask.empty(width, height));
    return new Salient(mask, sums[0] / sums[1]);
  }

  /**
   * What the network finds in a picture or tile.
   *
   * @param mask of the input's size
   * @param probabilities of its pixels; 0 and 1 after the solver
   * @param objectness of the best query
   */
  @SuppressWarnings("ArrayRecordComponent")
  private record Found(Mask mask, float[] probabilities, double objectness) {

    Salient salient(int width, int height) {
      return new Salient(mask.resizeByFloor(width, height), objectness);
    }

    /** A half everywhere, and the probabilities. */
    ScoreMap map() {
      float[] maps = new float[2 * probabilities.length];
      Arrays.fill(maps, 0, probabilities.length, 0.5f);
      System.arraycopy(probabilities, 0, maps, probabilities.length, probabilities.length);
      return new ScoreMap(maps, mask.height(), mask.width());
    }
  }

  /** Pictures of one size, together. */
  private List<Found> find(List<Picture> pictures, Sizes sizes) {
    int width = sizes.newWidth();
    int height = sizes.newHeight();
    List<Picture> inputs =
        pictures.stream()
            .map(picture -> picture.rgb().resize(width, height, Filter.BILINEAR))
            .toList();
    return memory.during(
        call -> {
          NDList found = network.detect(Normalization.IMAGENET.pixels(call, inputs));
          float[] probabilities = found.get(0).toFloatArray();
          float[] objectness = found.get(1).toFloatArray();
          List<Found> results = new ArrayList<>();
          for (int i = 0; i < inputs.size(); i++) {
            int start = i * width * height;
            float[] own = Arrays.copyOfRange(probabilities, start, start + width * height);
            results.add(found(inputs.get(i), own, objectness[i]));
          }
          return results;
        });
  }

  private Found found(Picture input, float[] probabilities, double objectness) {
    int width = input.width();
    Mask mask = Mask.above(width, input.height(), probabilities, 0.5f);
    if (settings.solver().isEmpty()) {
      return new Found(mask, probabilities, objectness);
    }
    // The references guide the solver by the network's input turned back into bytes.
    float[] pixels = input.toPixels(Normalization.IMAGENET);
    Picture guide = Normalization.IMAGENET.restore(pixels, width, input.height());
    Mask refined = settings.solver().get().guide(guide).refine(mask);
    float[] decided = new float[probabilities.length];
    refined.forEach((x, y) -> decided[y * width + x] = 1);
    return new Found(refined, decided, objectness);
  }

  /** Frees the model, after the calls that run. */
  @Override
  public void close() {
    memory.close();
  }
}
