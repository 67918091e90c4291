package org.zeroseg.zeroguide;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import org.zeroseg.clip.text.TextEmbeddings;
import org.zeroseg.core.Progress;
import org.zeroseg.core.image.Picture;
import org.zeroseg.core.image.Window;
import org.zeroseg.core.mask.Mask;
import org.zeroseg.core.segment.TileParts;
import org.zeroseg.core.segment.Tiles;

/**
 * Segments of a picture that takes several tiles, each of which is segmented and named as a picture
 * of its own. Every pixel belongs to the tile whose middle is nearest; segments of neighbours that
 * overlap, look and are named alike are one.
 *
 * @param tiles in pixels
 * @param merging says what is alike, as within a tile
 */
record TiledDiscovery(Tiles tiles, SegmentMerging merging) {

  /** A segment before the picture's are numbered. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Found(Mask mask, DiscoveredSegment like, float[] embedding) {}

  Discovery of(Picture picture, Function<Picture, Discovery> discover, Progress progress) {
    List<TileParts.Part<DiscoveredSegment>> parts = new ArrayList<>();
    tiles.forEach(
        picture,
        1,
        progress,
        tile -> tile.stream().map(discover).toList(),
        (windows, found) -> {
          for (int i = 0; i < windows.size(); i++) {
            for (DiscoveredSegment segment : found.get(i).segments()) {
              parts.add(new TileParts.Part<>(windows.get(i), segment.mask(), segment));
            }
          }
        });
    int width = picture.width();
    int height = picture.height();
    List<Found> joined =
        TileParts.objects(parts, merging::alike).stream()
            .map(object -> join(object, width, height))
            .filter(found -> !found.mask().isEmpty())
            .sorted(Comparator.<Found>comparingInt(found -> found.mask().area()).reversed())
            .toList();
    List<DiscoveredSegment> segments = new ArrayList<>();
    for (Found found : joined) {
      DiscoveredSegment like = found.like();
      segments.add(
          new DiscoveredSegment(
              segments.size(),
              -1,
              List.of(),
              found.mask(),
              like.labels(),
              found.embedding(),
              like.saliency()));
    }
    return new Discovery(width, height, segments, List.of());
  }

  /** Named as its largest part, with the mean of the parts' vectors by their areas. */
  private Found join(List<TileParts.Part<DiscoveredSegment>> object, int width, int height) {
    Mask all = Mask.empty(width, height);
    DiscoveredSegment largest = object.get(0).found();
    int most = -1;
    float[] sum = new float[largest.embedding().length];
    for (TileParts.Part<DiscoveredSegment> part : object) {
      Window tile = part.tile();
      Window own = tiles.own(tile, width, height);
      Mask mask =
          part.mask()
              .crop(own.left() - tile.left(), own.top() - tile.top(), own.width(), own.height())
              .crop(-own.left(), -own.top(), width, height);
      all = all.or(mask);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += mask.area() * part.found().embedding()[i];
      }
      if (mask.area() > most) {
        most = mask.area();
        largest = part.found();
      }
    }
    return new Found(
        all, largest, object.size() == 1 ? largest.embedding() : TextEmbeddings.unit(sum));
  }
}
