package org.zeroseg.examples;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.namedmask.NamedMaskPipeline;

/** Masks of archive pictures before and after the expert of their category has seen them all. */
public final class MasksByExperts {

  private static final int EACH = 4;

  private MasksByExperts() {}

  /**
   * Distils as {@link DistilFolder} does, and shows masks of each word from where SelfMask and the
   * expert differ most to where they differ least.
   *
   * @param arguments none
   * @throws IOException if files cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    NamedMaskPipeline.Outcome outcome = DistilFolder.distil();
    record Pair(String name, Mask before, Mask after) {
      double agreement() {
        return before.iou(after);
      }
    }
    List<Sheet.Tile> tiles = new ArrayList<>();
    for (String word : outcome.refined().archives().categories()) {
      List<Pair> pairs = new ArrayList<>();
      for (String name : outcome.refined().usable(word)) {
        Mask after = outcome.refined().masks().of(word).read(name);
        pairs.add(new Pair(name, outcome.saliency().masks().read(name), after));
      }
      pairs.sort((a, b) -> Double.compare(a.agreement(), b.agreement()));
      for (int i = 0; i < EACH; i++) {
        Pair pair = pairs.get(i * (pairs.size() - 1) / (EACH - 1));
        Path file = outcome.refined().pictures().resolve(pair.name());
        Picture picture = Picture.readAsStored(file).rgb();
        tiles.add(new Sheet.Tile(Maps.cut(picture, pair.before()), "SelfMask"));
        tiles.add(new Sheet.Tile(Maps.cut(picture, pair.after()), "expert for " + word));
      }
    }
    Sheet.write(Path.of("zeroseg-out", "masks-by-experts.png"), tiles, 2 * EACH, 128);
  }
}
