package org.zeroseg.examples.demo;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.zeroseg.core.Segment;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.eval.data.SemanticDataset;
import org.zeroseg.eval.run.SegmentNamer;
import org.zeroseg.zeroguide.DiscoveredSegment;
import org.zeroseg.zeroguide.ZeroGuide;

/**
 * Zero-guidance segmentation as the evaluation asks for it.
 *
 * @param guide stays open
 */
public record GuidedSegments(ZeroGuide guide) implements SegmentNamer {

  @Override
  public List<Segment> discover(SemanticDataset.Item item) throws IOException {
    return segments(guide.discover(item.picture()).segments());
  }

  @Override
  public Optional<List<Segment>> name(SemanticDataset.Item item, List<Mask> masks)
      throws IOException {
    return Optional.of(segments(guide.describe(item.picture(), masks)));
  }

  private static List<Segment> segments(List<DiscoveredSegment> found) {
    return found.stream().map(DiscoveredSegment::segment).toList();
  }
}
