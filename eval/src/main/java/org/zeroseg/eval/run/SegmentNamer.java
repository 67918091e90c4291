package org.zeroseg.eval.run;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Segment;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.eval.data.SemanticDataset;

/** Finds segments in pictures and names them, without being given any words. */
@FunctionalInterface
public interface SegmentNamer {

  /**
   * The segments of a picture.
   *
   * @param item the picture
   * @return segments with embeddings, called by their names if they have any; masks of one size
   * @throws IOException if something cannot be read
   */
  List<Segment> discover(SemanticDataset.Item item) throws IOException;

  /**
   * Names given segments.
   *
   * @param item the picture
   * @param masks segments of it
   * @return one for each mask, in that order; nothing, as here, if this names only what it finds
   * @throws IOException if something cannot be read
   */
  default Optional<List<Segment>> name(SemanticDataset.Item item, List<Mask> masks)
      throws IOException {
    return Optional.empty();
  }
}
